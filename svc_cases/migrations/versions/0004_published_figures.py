"""Tables of published figures.

Revision ID: 0004
"""

from infra import chassis_tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_indicator_tables()


def downgrade() -> None:
    chassis_tables.drop_indicator_tables()
