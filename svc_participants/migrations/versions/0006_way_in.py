"""The way in: protocols as rule sets, clocks, handoffs, attempts, programmes, linked records."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NEW: dict[str, tuple[tuple[str, TypeEngine[Any], str | None], ...]] = {
    "enrollment": (("consent_to_contact", sa.String(), "'NOT_ASKED'"),),
    "participant_contact": (("is_confidential", sa.Boolean(), "false"),),
    "protocol_version": (
        ("state", sa.String(), "'ADOPTED'"),
        ("drafted_by", sa.String(), None),
        ("drafted_at", MOMENT, "now()"),
        ("adopted_by", sa.String(), None),
        ("adopted_at", MOMENT, None),
        ("agreed_by", sa.String(), None),
        ("version", sa.BigInteger(), "1"),
    ),
    "referral": (
        ("person_agreed", sa.String(), "'NOT_ASKED'"),
        ("referrer", JSONB(), "'{}'"),
        ("exclusions", JSONB(), "'{}'"),
        ("judgement", JSONB(), "'{}'"),
        ("priority_rank", sa.BigInteger(), "0"),
        ("queued_since", MOMENT, "now()"),
        ("exception_reason", sa.String(), None),
    ),
    "site_program": (
        ("time_zone", sa.String(), "'America/Los_Angeles'"),
        ("public_name", sa.String(), None),
        ("version", sa.BigInteger(), "1"),
    ),
}
"""Columns of older tables: name, type, and what the rows have that are there already."""
MADE = (
    "on_call_shift",
    "programme",
    "contact_attempt",
    "person_key",
    "person_link",
    "programme_place",
    "handoff",
    "referral_clock",
    "handoff_event",
    "referral_clock_pause",
)
APPEND_ONLY = ("contact_attempt", "handoff_event")

# Before, a protocol named its charges by NIBRS code alone.
TO_RULE_SETS = """
update protocol_version set rules = jsonb_build_object(
    'minimum_age_years', rules -> 'minimum_age_years',
    'charges', coalesce(
        (select jsonb_agg(jsonb_build_object('nibrs', code))
         from jsonb_array_elements(rules -> 'divertible_nibrs') as code), '[]'::jsonb))
where rules ? 'divertible_nibrs'
"""
FROM_RULE_SETS = """
update protocol_version set rules = jsonb_build_object(
    'minimum_age_years', rules -> 'minimum_age_years',
    'divertible_nibrs', coalesce(
        (select jsonb_agg(charge -> 'nibrs')
         from jsonb_array_elements(rules -> 'charges') as charge
         where charge ->> 'nibrs' is not null), '[]'::jsonb))
where rules ? 'charges'
"""


def upgrade() -> None:
    for table, columns in NEW.items():
        for name, kind, default in columns:
            filled = None if default is None else sa.text(default)
            op.add_column(
                table, sa.Column(name, kind, nullable=default is None, server_default=filled)
            )
    op.execute("update referral set queued_since = submitted_at")
    op.execute("update protocol_version set adopted_at = effective_on, drafted_at = effective_on")
    op.execute(TO_RULE_SETS)
    op.create_index(
        "ix_referral_waitlist", "referral", ["status", "priority_rank", "queued_since", "id"]
    )

    op.create_table(
        "on_call_shift",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("duty_phone", sa.String, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_shift")),
    )
    op.create_index("ix_on_call_shift_site", "on_call_shift", ["site_id", "ends_at", "id"])
    op.create_table(
        "programme",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("entry_doors", ARRAY(sa.String), nullable=False),
        sa.Column("capacity", sa.BigInteger, nullable=False),
        sa.Column("lodging_units", sa.BigInteger, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_programme_site_id_name")),
    )
    op.create_table(
        "contact_attempt",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("place", sa.String),
        sa.Column("attempted_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_contact_attempt_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempt")),
    )
    op.create_index(
        "ix_contact_attempt_participant",
        "contact_attempt",
        ["participant_id", "attempted_at", "id"],
    )
    op.create_table(
        "person_key",
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_person_key_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", "key", name=op.f("pk_person_key")),
    )
    op.create_index("ix_person_key", "person_key", ["key", "participant_id"])
    op.create_table(
        "person_link",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("surviving_id", sa.Uuid, nullable=False),
        sa.Column("merged_id", sa.Uuid, nullable=False),
        sa.Column("score", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.Column("linked_by", sa.String, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.String),
        sa.Column("end_reason", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["participant.id"], name=op.f("fk_person_link_merged_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["surviving_id"],
            ["participant.id"],
            name=op.f("fk_person_link_surviving_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_link")),
    )
    op.create_index("ix_person_link_surviving", "person_link", ["surviving_id", "linked_at", "id"])
    op.create_index(
        "uq_person_link_merged",
        "person_link",
        ["merged_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "programme_place",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("programme_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("entered_on", sa.Date, nullable=False),
        sa.Column("left_on", sa.Date),
        sa.Column("is_lodged", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_programme_place_participant_id_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_programme_place_programme_id_programme"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_place")),
    )
    op.create_index(
        "ix_programme_place_participant", "programme_place", ["participant_id", "created_at", "id"]
    )
    op.create_index(
        "uq_programme_place_open",
        "programme_place",
        ["programme_id", "participant_id"],
        unique=True,
        postgresql_where=sa.text("left_on is null"),
    )
    op.create_table(
        "handoff",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("referral_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("provider_agency_id", sa.Uuid, nullable=False),
        sa.Column("on_call_account", sa.String, nullable=False),
        sa.Column("duty_phone", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("place", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("target_minutes", sa.BigInteger, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("en_route_at", MOMENT),
        sa.Column("met_at", MOMENT),
        sa.Column("failed_at", MOMENT),
        sa.Column("failure_reason", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_handoff_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff")),
    )
    op.create_index("ix_handoff_agency", "handoff", ["provider_agency_id", "requested_at", "id"])
    op.create_index("ix_handoff_referral", "handoff", ["referral_id", "requested_at", "id"])
    op.create_index(
        "uq_handoff_open",
        "handoff",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("state in ('HANDOFF_REQUESTED', 'HANDOFF_EN_ROUTE')"),
    )
    op.create_table(
        "referral_clock",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("source_id", sa.Uuid, nullable=False),
        sa.Column("referral_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("time_zone", sa.String, nullable=False),
        sa.Column("limit_minutes", sa.BigInteger),
        sa.Column("limit_days", sa.BigInteger),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("met_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_clock_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_clock")),
        sa.UniqueConstraint("source_id", "kind", name=op.f("uq_referral_clock_source_id_kind")),
    )
    op.create_index(
        "ix_referral_clock_referral", "referral_clock", ["referral_id", "started_at", "id"]
    )
    op.create_table(
        "handoff_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("handoff_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("from_state", sa.String),
        sa.Column("to_state", sa.String, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("by_subject", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoff.id"], name=op.f("fk_handoff_event_handoff_id_handoff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_event")),
    )
    op.create_index(op.f("ix_handoff_event_handoff_id"), "handoff_event", ["handoff_id"])
    op.create_table(
        "referral_clock_pause",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["clock_id"],
            ["referral_clock.id"],
            name=op.f("fk_referral_clock_pause_clock_id_referral_clock"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_clock_pause")),
    )
    op.create_index(op.f("ix_referral_clock_pause_clock_id"), "referral_clock_pause", ["clock_id"])
    for name in APPEND_ONLY:
        op.execute(
            f"create trigger {name}_append_only before update or delete or truncate on {name} "
            "for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    for name in reversed(MADE):
        op.drop_table(name)
    op.drop_index("ix_referral_waitlist", "referral")
    op.execute("delete from protocol_version where state <> 'ADOPTED'")
    op.execute(FROM_RULE_SETS)
    for table, columns in NEW.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
