"""Which training completed elsewhere was reported to the academy's system.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("outside_training_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("tries", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["outside_training_id"],
            ["outside_training.id"],
            name="fk_exchange_event_outside_training_id_outside_training",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_event"),
        sa.UniqueConstraint("outside_training_id", name="uq_exchange_event_outside_training_id"),
    )


def downgrade() -> None:
    op.drop_table("exchange_event")
