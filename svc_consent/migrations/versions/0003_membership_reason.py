"""Why and by whom a membership was last changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("changed_by", sa.Uuid(), nullable=True))
    op.add_column("membership", sa.Column("reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("membership", "reason")
    op.drop_column("membership", "changed_by")
