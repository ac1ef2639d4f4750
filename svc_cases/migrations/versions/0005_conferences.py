"""Meetings of the work group: invitations, agenda, notes and actions.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = ("owg_action", "owg_note", "owg_item", "owg_attendee", "owg_meeting")


def upgrade() -> None:
    op.create_table(
        "owg_meeting",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("chaired_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("minutes", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_owg_meeting_site_id", "owg_meeting", ["site_id", "starts_at", "id"])
    op.create_table(
        "owg_attendee",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("meeting_id", sa.Uuid, sa.ForeignKey("owg_meeting.id"), nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("pledged_at", MOMENT),
        sa.Column("pledge_version", sa.String),
        sa.Column("has_attended", sa.Boolean),
        sa.Column("removed_at", MOMENT),
    )
    op.create_index(
        "uq_owg_attendee_meeting_account",
        "owg_attendee",
        ["meeting_id", "account"],
        unique=True,
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_index("ix_owg_attendee_account", "owg_attendee", ["account"])
    op.create_table(
        "owg_item",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("meeting_id", sa.Uuid, sa.ForeignKey("owg_meeting.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("question", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("proposed_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("proposed_on", sa.Date, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("uq_owg_item_place", "owg_item", ["meeting_id", "position"], unique=True)
    op.create_index("ix_owg_item_participant_id", "owg_item", ["participant_id"])
    op.create_table(
        "owg_note",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("item_id", sa.Uuid, sa.ForeignKey("owg_item.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("written_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("written_on", sa.Date, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
    )
    op.create_index("ix_owg_note_item_id", "owg_note", ["item_id"])
    op.create_table(
        "owg_action",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("item_id", sa.Uuid, sa.ForeignKey("owg_item.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("responsible_agency_id", sa.String, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.Column("set_on", sa.Date, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("closed_by", sa.String),
        sa.Column("closed_at", MOMENT),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_owg_action_item_id", "owg_action", ["item_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
