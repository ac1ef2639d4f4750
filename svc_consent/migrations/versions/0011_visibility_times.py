"""Indexes that find the next instant at which a holder's view changes.

Revision ID: 0011
"""

from infra import chassis_tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_visibility_time_indexes()


def downgrade() -> None:
    chassis_tables.drop_visibility_time_indexes()
