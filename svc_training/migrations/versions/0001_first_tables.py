"""First tables: catalogue, sessions, personnel, assignments.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from infra.chassis_tables import (
    create_idempotency_table,
    create_replica_tables,
    drop_replica_tables,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_NOT_ENDED = sa.text(
    "status not in ('CANCELLED', 'DENIED', 'EXPIRED', 'FAILED', 'INCOMPLETE', 'LATE_CANCELLED', "
    "'NO_SHOW', 'RECERT_DUE')"
)


def upgrade() -> None:
    create_replica_tables()
    create_idempotency_table()
    _create_catalogue()
    _create_personnel()
    _create_assignments()


def _create_catalogue() -> None:
    op.create_table(
        "course",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("contact_name", sa.String),
        sa.Column("contact_role", sa.String),
        sa.Column("contact_phone", sa.String),
        sa.Column("raw_contact_phone", sa.String),
        sa.Column("audience", JSONB, nullable=False),
        sa.Column("raw_audience", sa.String),
        sa.Column("authority", JSONB, nullable=False),
        sa.Column("raw_authority", sa.String),
        sa.Column("registration_text", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "course_page_text",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), index=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("row_errors", JSONB, nullable=False),
        sa.Column("imported_by", sa.String, nullable=False),
        sa.Column("imported_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), nullable=False, index=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("is_zone_assumed", sa.Boolean, nullable=False),
        sa.Column("hours", sa.Numeric(6, 2), nullable=False),
        sa.Column("location_mode", sa.String, nullable=False),
        sa.Column("location_platform", sa.String),
        sa.Column("raw_location", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("raw_date", sa.String, nullable=False),
        sa.Column("raw_hours", sa.String, nullable=False),
        sa.Column("raw_status", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_session_starts_at_id", "session", ["starts_at", "id"])


def _create_personnel() -> None:
    op.create_table(
        "personnel",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("external_id", sa.String),
        sa.Column("account_id", sa.String),
        sa.Column("given_name", sa.String, nullable=False),
        sa.Column("family_name", sa.String, nullable=False),
        sa.Column("email", sa.String),
        sa.Column("appointment_type", sa.String, nullable=False),
        sa.Column("is_certified", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("agency_id", "external_id"),
        sa.UniqueConstraint("agency_id", "account_id"),
    )
    op.create_index(
        "ix_personnel_agency_id_name", "personnel", ["agency_id", "family_name", "given_name", "id"]
    )
    op.create_index("ix_personnel_account_id", "personnel", ["account_id"])


def _create_assignments() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "personnel_id", sa.Uuid, sa.ForeignKey("personnel.id"), nullable=False, index=True
        ),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id"), nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("reminder_days", sa.BigInteger),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("assigned_by", sa.String, nullable=False),
        sa.Column("assigned_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_assignment_session_id", "assignment", ["session_id", "personnel_id"])
    op.create_index(
        "uq_assignment_personnel_id_session_id",
        "assignment",
        ["personnel_id", "session_id"],
        unique=True,
        postgresql_where=_NOT_ENDED,
    )
    op.create_table(
        "assignment_step",
        sa.Column("assignment_id", sa.Uuid, sa.ForeignKey("assignment.id"), primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("comment", sa.String),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    for name in (
        "assignment_step",
        "assignment",
        "personnel",
        "session",
        "course_page_text",
        "course",
        "idempotent_request",
    ):
        op.drop_table(name)
    drop_replica_tables()
