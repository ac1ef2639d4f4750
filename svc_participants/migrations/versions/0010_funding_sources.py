"""Who pays for a programme.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "programme",
        sa.Column("funding_source", sa.String(), server_default="NOT_KNOWN", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("programme", "funding_source")
