"""Tables of published figures.

Revision ID: 0013
"""

from infra import chassis_tables

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_indicator_tables()


def downgrade() -> None:
    chassis_tables.drop_indicator_tables()
