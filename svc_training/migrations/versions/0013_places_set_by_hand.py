"""A session says which places and deadlines, a course which terms were set by hand, and by whose.

Each column that a training manager set, with the manager's agency.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("session", "course")
_COLUMN = "set_by_hand"


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(
            table, sa.Column(_COLUMN, JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))
        )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, _COLUMN)
