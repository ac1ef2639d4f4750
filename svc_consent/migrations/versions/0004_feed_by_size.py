"""How many operations a revision has, so that the feed can cut its answers without reading them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    count = sa.Computed("jsonb_array_length(operations)", persisted=True)
    op.add_column(
        "authority_change", sa.Column("operation_count", sa.BigInteger(), count, nullable=False)
    )


def downgrade() -> None:
    op.drop_column("authority_change", "operation_count")
