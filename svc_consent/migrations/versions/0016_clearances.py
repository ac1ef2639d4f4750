"""What training opens, handed over by the training service.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "authority_clearance"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_authority_clearance"),
    )
    op.create_index("ix_authority_clearance_subject", _TABLE, ["subject", "agency_id"])
    op.execute(f"select journal_rows_of('{_TABLE}')")


def downgrade() -> None:
    op.drop_table(_TABLE)
