"""Requests to the office, reminders, the list of statutes, and court dates that are cancelled.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "hearing",
        sa.Column("is_cancelled", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.alter_column("hearing", "is_cancelled", server_default=None)
    op.create_table(
        "statute",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("nibrs", sa.String, nullable=False),
        sa.Column("charge_class", sa.String, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date),
    )
    op.create_index("uq_statute_site_code", "statute", ["site_id", "code", "from_on"], unique=True)
    # What the dockets charge already is in the list of their site.
    op.execute(
        "INSERT INTO statute (id, site_id, code, title, nibrs, charge_class, from_on)"
        " SELECT gen_random_uuid(), site_id, statute, min(description), min(nibrs),"
        " min(charge_class), date '1900-01-01'"
        " FROM charge JOIN legal_case ON legal_case.id = charge.case_id GROUP BY site_id, statute"
    )
    op.create_table(
        "coordination_request",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("link_id", sa.Uuid, sa.ForeignKey("lead_link.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("recipient_agency_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("warrant_id", sa.Uuid, sa.ForeignKey("warrant.id")),
        sa.Column("context", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("requested_on", sa.Date, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("answer", sa.String),
        sa.Column("answered_by", sa.String),
        sa.Column("answered_at", MOMENT),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ix_coordination_request_link_id",
        "coordination_request",
        ["link_id", "requested_at", "id"],
    )
    op.create_index(
        "ix_coordination_request_recipient",
        "coordination_request",
        ["recipient_agency_id", "status"],
    )
    op.create_table(
        "court_reminder",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("hearing_id", sa.Uuid, sa.ForeignKey("hearing.id"), nullable=False),
        sa.Column("link_id", sa.Uuid, sa.ForeignKey("lead_link.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("reminded_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("reminded_on", sa.Date, nullable=False),
        sa.Column("reminded_at", MOMENT, nullable=False),
    )
    op.create_index(
        "ix_court_reminder_hearing", "court_reminder", ["hearing_id", "link_id", "reminded_at"]
    )


def downgrade() -> None:
    op.drop_table("court_reminder")
    op.drop_table("coordination_request")
    op.drop_table("statute")
    op.drop_column("hearing", "is_cancelled")
