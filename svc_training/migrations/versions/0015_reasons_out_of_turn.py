"""A step by which somebody got a place before others who waited says why.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment_step", sa.Column("exception_reason", sa.String, nullable=True))


def downgrade() -> None:
    op.drop_column("assignment_step", "exception_reason")
