"""Indexes that find the next instant at which a holder's view changes.

Revision ID: 0006
"""

from alembic import op

from infra import chassis_tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Earlier versions followed the whole feed; nothing about a participant belongs here.
    op.execute("delete from authority_visibility")
    chassis_tables.create_visibility_time_indexes()


def downgrade() -> None:
    chassis_tables.drop_visibility_time_indexes()
