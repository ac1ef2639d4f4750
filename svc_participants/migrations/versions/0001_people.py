"""Chassis tables, and the tables of people, referrals and enrollments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from infra import chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "participant",
    "participant_alias",
    "participant_contact",
    "participant_demographics",
    "staff_name",
    "site_program",
    "protocol_version",
    "referral",
    "referral_event",
    "enrollment",
    "enrollment_event",
)


def upgrade() -> None:
    chassis_tables.create_replica_tables()
    chassis_tables.create_idempotency_table()
    op.create_table(
        "participant",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("given_name", sa.String),
        sa.Column("family_name", sa.String),
        sa.Column("preferred_name", sa.String),
        sa.Column("name_quality", sa.String, nullable=False),
        sa.Column("born_on", sa.Date),
        sa.Column("birth_date_quality", sa.String, nullable=False),
        sa.Column("estimated_birth_year", sa.BigInteger),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
    )
    op.create_index("ix_participant_created", "participant", ["created_at", "id"])
    op.create_table(
        "participant_alias",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_alias_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_alias")),
    )
    op.create_index(
        op.f("ix_participant_alias_participant_id"), "participant_alias", ["participant_id"]
    )
    op.create_table(
        "participant_contact",
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("phone", sa.String),
        sa.Column("usual_places", ARRAY(sa.String), nullable=False),
        sa.Column("emergency_name", sa.String),
        sa.Column("emergency_relation", sa.String),
        sa.Column("emergency_phone", sa.String),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_contact_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_participant_contact")),
    )
    op.create_table(
        "participant_demographics",
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("race", ARRAY(sa.String), nullable=False),
        sa.Column("sex", sa.String, nullable=False),
        sa.Column("gender_identity", sa.String, nullable=False),
        sa.Column("preferred_language", sa.String),
        sa.Column("language_state", sa.String, nullable=False),
        sa.Column("veteran", sa.String, nullable=False),
        sa.Column("disability", sa.String, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_demographics_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_participant_demographics")),
    )
    op.create_table(
        "staff_name",
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_staff_name")),
    )
    op.create_table(
        "site_program",
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("project_agency_id", sa.Uuid),
        sa.Column("caseload_warning", sa.BigInteger, nullable=False),
        sa.Column("caseload_limit", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site_program")),
    )
    op.create_table(
        "protocol_version",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("rules", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_version")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_protocol_version_site_id_number")),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("door", sa.String, nullable=False),
        sa.Column("author_subject", sa.String, nullable=False),
        sa.Column("author_agency_id", sa.Uuid, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("submitted_on", sa.Date, nullable=False),
        sa.Column("protocol_version_id", sa.Uuid, nullable=False),
        sa.Column("urgency", sa.String, nullable=False),
        sa.Column("intercept_point", sa.String, nullable=False),
        sa.Column("counterfactual", sa.String, nullable=False),
        sa.Column("person_given_name", sa.String),
        sa.Column("person_family_name", sa.String),
        sa.Column("person_alias", sa.String),
        sa.Column("person_description", sa.String),
        sa.Column("occurred_at", MOMENT),
        sa.Column("place", sa.String),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("needs", ARRAY(sa.String), nullable=False),
        sa.Column("safety_concerns", sa.String),
        sa.Column("preferred_language", sa.String),
        sa.Column("person_is_aware", sa.String, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("decision_reason", sa.String),
        sa.Column("decided_at", MOMENT),
        sa.Column("provider_agency_id", sa.Uuid),
        sa.Column("duplicate_of_id", sa.Uuid),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["referral.id"], name=op.f("fk_referral_duplicate_of_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_referral_participant_id_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["protocol_version_id"],
            ["protocol_version.id"],
            name=op.f("fk_referral_protocol_version_id_protocol_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index("ix_referral_author", "referral", ["author_subject", "submitted_at", "id"])
    op.create_index("ix_referral_participant", "referral", ["participant_id", "submitted_at", "id"])
    op.create_index("ix_referral_status", "referral", ["status", "submitted_at", "id"])
    op.create_table(
        "referral_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("referral_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("from_status", sa.String, nullable=False),
        sa.Column("to_status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("by_subject", sa.String, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_event_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_event")),
    )
    op.create_index(op.f("ix_referral_event_referral_id"), "referral_event", ["referral_id"])
    op.create_table(
        "enrollment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        sa.Column("provider_agency_id", sa.Uuid, nullable=False),
        sa.Column("referral_id", sa.Uuid),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("enrolled_on", sa.Date),
        sa.Column("intake_completed_on", sa.Date),
        sa.Column("inactive_reason", sa.String),
        sa.Column("exited_on", sa.Date),
        sa.Column("exit_reason", sa.String),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_enrollment_participant_id_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_enrollment_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
    )
    op.create_index(
        "ix_enrollment_participant", "enrollment", ["participant_id", "created_at", "id"]
    )
    op.create_index(
        "uq_enrollment_open",
        "enrollment",
        ["participant_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'EXITED'"),
    )
    op.create_table(
        "enrollment_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("enrollment_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("from_status", sa.String, nullable=False),
        sa.Column("to_status", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("by_subject", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollment.id"],
            name=op.f("fk_enrollment_event_enrollment_id_enrollment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_event")),
    )
    op.create_index(
        "ix_enrollment_event", "enrollment_event", ["enrollment_id", "happened_at", "id"]
    )


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    op.drop_table("idempotent_request")
    chassis_tables.drop_replica_tables()
