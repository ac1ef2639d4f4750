"""Letters to a court.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "court_letter",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("link_id", sa.Uuid, sa.ForeignKey("lead_link.id"), nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("legal_case.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("court_id", sa.Uuid, sa.ForeignKey("court.id"), nullable=False),
        sa.Column("statement", sa.String, nullable=False),
        sa.Column("what_would_help", sa.String),
        sa.Column("template_version", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("written_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("written_on", sa.Date, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.String),
        sa.Column("approved_at", MOMENT),
        sa.Column("delivered_by", sa.String),
        sa.Column("delivered_at", MOMENT),
        sa.Column("recipient_name", sa.String),
        sa.Column("delivery_method", sa.String),
        sa.Column("document_sha256", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ix_court_letter_participant_id", "court_letter", ["participant_id", "written_at", "id"]
    )


def downgrade() -> None:
    op.drop_table("court_letter")
