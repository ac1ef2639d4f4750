"""Events for streams, kept for an hour.

Revision ID: 0017
"""

from infra import chassis_tables

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_event_table()


def downgrade() -> None:
    chassis_tables.drop_event_table()
