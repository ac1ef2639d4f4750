"""Indexes by site, for the figures.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_referral_site", "referral", ["site_id", "submitted_on"])
    op.create_index("ix_enrollment_site", "enrollment", ["site_id", "enrolled_on"])


def downgrade() -> None:
    op.drop_index("ix_enrollment_site", "enrollment")
    op.drop_index("ix_referral_site", "referral")
