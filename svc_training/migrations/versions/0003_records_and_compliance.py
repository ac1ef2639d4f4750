"""Prerequisites, training records, and compliance.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "requirement",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("authority", sa.String, nullable=True),
        sa.Column("applies_to", JSONB, nullable=False),
        sa.Column("course_numbers", JSONB, nullable=False),
        sa.Column("academy_since", sa.Date, nullable=True),
        sa.Column("in_force_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=True),
        sa.Column("due_days", sa.BigInteger, nullable=True),
        sa.Column("renew_months", sa.BigInteger, nullable=True),
        sa.Column("clearance", sa.String, nullable=True),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requirement"),
        sa.UniqueConstraint("key", name="uq_requirement_key"),
    )
    op.create_index("ix_requirement_agency_id", "requirement", ["agency_id", "key"], unique=False)
    op.create_table(
        "training_clearance",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("held_until", sa.Date, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_clearance"),
        sa.UniqueConstraint("account_id", "kind", name="uq_training_clearance_account_id_kind"),
    )
    op.create_table(
        "prerequisite",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("required_course_id", sa.Uuid, nullable=True),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name="fk_prerequisite_course_id_course"
        ),
        sa.ForeignKeyConstraint(
            ["required_course_id"], ["course.id"], name="fk_prerequisite_required_course_id_course"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_prerequisite"),
    )
    op.create_index("ix_prerequisite_course_id", "prerequisite", ["course_id"], unique=False)
    op.create_table(
        "requirement_exemption",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("requirement_id", sa.Uuid, nullable=False),
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=True),
        sa.Column("granted_by", sa.String, nullable=False),
        sa.Column("granted_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["personnel_id"],
            ["personnel.id"],
            name="fk_requirement_exemption_personnel_id_personnel",
        ),
        sa.ForeignKeyConstraint(
            ["requirement_id"],
            ["requirement.id"],
            name="fk_requirement_exemption_requirement_id_requirement",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_requirement_exemption"),
        sa.UniqueConstraint(
            "requirement_id",
            "personnel_id",
            name="uq_requirement_exemption_requirement_id_personnel_id",
        ),
    )
    op.create_index(
        "ix_requirement_exemption_personnel_id",
        "requirement_exemption",
        ["personnel_id"],
        unique=False,
    )
    op.create_table(
        "requirement_standing",
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.Column("requirement_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("held_until", sa.Date, nullable=True),
        sa.Column("exempt_until", sa.Date, nullable=True),
        sa.Column("due_on", sa.Date, nullable=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["personnel_id"],
            ["personnel.id"],
            name="fk_requirement_standing_personnel_id_personnel",
        ),
        sa.ForeignKeyConstraint(
            ["requirement_id"],
            ["requirement.id"],
            name="fk_requirement_standing_requirement_id_requirement",
        ),
        sa.PrimaryKeyConstraint("personnel_id", "requirement_id", name="pk_requirement_standing"),
    )
    op.create_index(
        "ix_requirement_standing_agency",
        "requirement_standing",
        ["agency_id", "requirement_id", "due_on"],
        unique=False,
    )
    op.create_index(
        "ix_requirement_standing_requirement",
        "requirement_standing",
        ["requirement_id", "agency_id"],
        unique=False,
    )
    op.create_table(
        "training_document",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("uploaded_by", sa.String, nullable=False),
        sa.Column("uploaded_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["personnel_id"], ["personnel.id"], name="fk_training_document_personnel_id_personnel"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_document"),
    )
    op.create_index(
        "ix_training_document_personnel_id", "training_document", ["personnel_id"], unique=False
    )
    op.create_table(
        "fulfillment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.Column("prerequisite_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("document_id", sa.Uuid, nullable=True),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["training_document.id"],
            name="fk_fulfillment_document_id_training_document",
        ),
        sa.ForeignKeyConstraint(
            ["personnel_id"], ["personnel.id"], name="fk_fulfillment_personnel_id_personnel"
        ),
        sa.ForeignKeyConstraint(
            ["prerequisite_id"],
            ["prerequisite.id"],
            name="fk_fulfillment_prerequisite_id_prerequisite",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_fulfillment"),
        sa.UniqueConstraint(
            "personnel_id", "prerequisite_id", name="uq_fulfillment_personnel_id_prerequisite_id"
        ),
    )
    op.create_table(
        "training_record",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=True),
        sa.Column("course_id", sa.Uuid, nullable=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("attendance", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("hours_credited", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("score", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("completed_on", sa.Date, nullable=False),
        sa.Column("certificate_number", sa.String, nullable=True),
        sa.Column("expires_on", sa.Date, nullable=True),
        sa.Column("instruction_provider", sa.String, nullable=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name="fk_training_record_course_id_course"
        ),
        sa.ForeignKeyConstraint(
            ["personnel_id"], ["personnel.id"], name="fk_training_record_personnel_id_personnel"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_training_record_session_id_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_record"),
        sa.UniqueConstraint("certificate_number", name="uq_training_record_certificate_number"),
        sa.UniqueConstraint(
            "personnel_id", "session_id", name="uq_training_record_personnel_id_session_id"
        ),
    )
    op.create_index(
        "ix_training_record_course_id",
        "training_record",
        ["course_id", "personnel_id"],
        unique=False,
    )
    op.create_index(
        "ix_training_record_personnel_id",
        "training_record",
        ["personnel_id", "completed_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_training_record_session_id", "training_record", ["session_id"], unique=False
    )
    op.create_table(
        "fulfillment_step",
        sa.Column("fulfillment_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=True),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["fulfillment_id"],
            ["fulfillment.id"],
            name="fk_fulfillment_step_fulfillment_id_fulfillment",
        ),
        sa.PrimaryKeyConstraint("fulfillment_id", "version", name="pk_fulfillment_step"),
    )


def downgrade() -> None:
    for name in (
        "fulfillment_step",
        "training_record",
        "fulfillment",
        "training_document",
        "requirement_standing",
        "requirement_exemption",
        "prerequisite",
        "training_clearance",
        "requirement",
    ):
        op.drop_table(name)
