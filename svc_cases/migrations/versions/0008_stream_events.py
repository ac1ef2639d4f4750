"""Events for streams, kept for an hour.

Revision ID: 0008
"""

from infra import chassis_tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_event_table()


def downgrade() -> None:
    chassis_tables.drop_event_table()
