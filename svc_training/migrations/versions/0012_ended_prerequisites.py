"""A prerequisite that is taken back says by whom and when; its version guards the step.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "prerequisite"


def upgrade() -> None:
    op.add_column(
        _TABLE, sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("1"))
    )
    op.add_column(_TABLE, sa.Column("ended_by", sa.String, nullable=True))
    op.add_column(_TABLE, sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("ended_at", "ended_by", "version"):
        op.drop_column(_TABLE, name)
