"""An index of releases by site, for the figures.

Revision ID: 0025
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_release_site", "release", ["site_id", "signed_at"])


def downgrade() -> None:
    op.drop_index("ix_release_site", "release")
