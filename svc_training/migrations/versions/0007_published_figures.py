"""Tables of published figures.

Revision ID: 0007
"""

from infra import chassis_tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_indicator_tables()


def downgrade() -> None:
    chassis_tables.drop_indicator_tables()
