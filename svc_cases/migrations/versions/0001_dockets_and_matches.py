"""Dockets, and the matches to participants.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from infra.chassis_tables import (
    create_idempotency_table,
    create_replica_tables,
    drop_replica_tables,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OWN_TABLES = (
    "counsel_of_record",
    "warrant_change",
    "warrant",
    "filing_decision",
    "lead_link",
    "case_date_correction",
    "hearing",
    "charge",
    "legal_case",
    "court",
)


def upgrade() -> None:
    create_replica_tables()
    create_idempotency_table()
    _create_public_record()
    _create_coordination()


def _case_reference() -> sa.Column[object]:
    return sa.Column("case_id", sa.Uuid, sa.ForeignKey("legal_case.id"), nullable=False)


def _create_public_record() -> None:
    op.create_table(
        "court",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("time_zone", sa.String, nullable=False),
    )
    op.create_table(
        "legal_case",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("court_id", sa.Uuid, sa.ForeignKey("court.id"), nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("prosecutor_agency_id", sa.Uuid, nullable=False),
        sa.Column("defendant_given_name", sa.String, nullable=False),
        sa.Column("defendant_family_name", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("incident_on", sa.Date),
        sa.Column("filed_on", sa.Date),
        sa.Column("closed_on", sa.Date),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_legal_case_prosecutor_agency_id", "legal_case", ["prosecutor_agency_id"])
    op.create_table(
        "charge",
        sa.Column("id", sa.Uuid, primary_key=True),
        _case_reference(),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("statute", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("nibrs", sa.String, nullable=False),
        sa.Column("charge_class", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
    )
    op.create_index("ix_charge_case_id", "charge", ["case_id"])
    op.create_table(
        "hearing",
        sa.Column("id", sa.Uuid, primary_key=True),
        _case_reference(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("courtroom", sa.String),
    )
    op.create_index("ix_hearing_case_id", "hearing", ["case_id"])
    op.create_index("ix_hearing_starts_at_case_id", "hearing", ["starts_at", "case_id"])
    op.create_table(
        "case_date_correction",
        sa.Column("id", sa.Uuid, primary_key=True),
        _case_reference(),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("before_on", sa.Date),
        sa.Column("after_on", sa.Date),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("corrected_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("corrected_at", MOMENT, nullable=False),
    )
    op.create_index("ix_case_date_correction_case_id", "case_date_correction", ["case_id"])


def _create_coordination() -> None:
    op.create_table(
        "lead_link",
        sa.Column("id", sa.Uuid, primary_key=True),
        _case_reference(),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("is_diverted_arrest", sa.Boolean, nullable=False),
        sa.Column("coordination_status", sa.String, nullable=False),
        sa.Column("matched_by", sa.String, nullable=False),
        sa.Column("matched_on", sa.Date, nullable=False),
        sa.Column("matched_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.String),
        sa.Column("ended_at", MOMENT),
        sa.Column("end_reason", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ix_lead_link_participant_id_matched_at",
        "lead_link",
        ["participant_id", "matched_at", "id"],
    )
    op.create_index(
        "uq_lead_link_case_participant",
        "lead_link",
        ["case_id", "participant_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "filing_decision",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("link_id", sa.Uuid, sa.ForeignKey("lead_link.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("independent_source", sa.String),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("decided_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
    )
    op.create_index("ix_filing_decision_link_id", "filing_decision", ["link_id"])
    op.create_table(
        "warrant",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("link_id", sa.Uuid, sa.ForeignKey("lead_link.id"), nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("issued_on", sa.Date),
        sa.Column("recorded_on", sa.Date, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        # No criminal-justice information is stored: the database refuses it as well.
        sa.CheckConstraint("source in ('PUBLIC_COURT', 'PARTNER_STATEMENT')", name="source"),
    )
    op.create_index("ix_warrant_link_id", "warrant", ["link_id"])
    op.create_table(
        "warrant_change",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("warrant_id", sa.Uuid, sa.ForeignKey("warrant.id"), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint("source in ('PUBLIC_COURT', 'PARTNER_STATEMENT')", name="source"),
    )
    op.create_index("ix_warrant_change_warrant_id", "warrant_change", ["warrant_id"])
    op.create_table(
        "counsel_of_record",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("defender", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("confirmed_on", sa.Date, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.String),
        sa.Column("ended_at", MOMENT),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ix_counsel_of_record_participant_id",
        "counsel_of_record",
        ["participant_id", "recorded_at", "id"],
    )
    op.create_index(
        "uq_counsel_of_record_participant_defender",
        "counsel_of_record",
        ["participant_id", "defender"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def downgrade() -> None:
    for table in OWN_TABLES:
        op.drop_table(table)
    op.drop_table("idempotent_request")
    drop_replica_tables()
