"""Rates that gateways share. Unlogged: a crash empties them, and nobody restores them.

Revision ID: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rate_bucket",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("per_second", sa.Float(), nullable=False),
        sa.Column("burst", sa.Float(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rate_bucket"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "rate_peer",
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("instance", name="pk_rate_peer"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.drop_table("rate_peer")
    op.drop_table("rate_bucket")
