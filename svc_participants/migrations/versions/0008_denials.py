"""An index of the few denials, which every narrowed statement asks for.

Revision ID: 0008
"""

from infra import chassis_tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    chassis_tables.create_denial_index()


def downgrade() -> None:
    chassis_tables.drop_denial_index()
