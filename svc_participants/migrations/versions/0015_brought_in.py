"""Steps of enrollments that were brought in from an earlier system: which one.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollment_event", sa.Column("source", sa.String()))


def downgrade() -> None:
    op.drop_column("enrollment_event", "source")
