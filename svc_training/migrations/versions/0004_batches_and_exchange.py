"""Batches, outside training, exchange with the academy, library, assistance.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "assistance_request",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("site_id", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("question", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assistance_request"),
    )
    op.create_index(
        "ix_assistance_request_agency_id",
        "assistance_request",
        ["agency_id", "requested_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_assistance_request_requested_at",
        "assistance_request",
        ["requested_at", "id"],
        unique=False,
    )
    op.create_table(
        "exchange_batch",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("batch_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("errors", JSONB, nullable=False),
        sa.Column("imported_by", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_batch"),
        sa.UniqueConstraint("source", "batch_id", name="uq_exchange_batch_source_batch_id"),
    )
    op.create_index(
        "ix_exchange_batch_finished_at", "exchange_batch", ["finished_at", "id"], unique=False
    )
    op.create_table(
        "exchange_cursor",
        sa.Column("source", sa.String, nullable=False),
        sa.Column("cursor", sa.String, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_exchange_cursor"),
    )
    op.create_table(
        "library_resource",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("summary", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("tags", JSONB, nullable=False),
        sa.Column("is_printable", sa.Boolean, nullable=False),
        sa.Column("link", sa.String, nullable=True),
        sa.Column("body", sa.String, nullable=True),
        sa.Column("updated_on", sa.Date, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_library_resource"),
        sa.UniqueConstraint("slug", name="uq_library_resource_slug"),
    )
    op.create_index(
        "ix_library_resource_order", "library_resource", ["updated_on", "id"], unique=False
    )
    op.create_table(
        "assistance_step",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("comment", sa.String, nullable=True),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["assistance_request.id"],
            name="fk_assistance_step_request_id_assistance_request",
        ),
        sa.PrimaryKeyConstraint("request_id", "version", name="pk_assistance_step"),
    )
    op.create_table(
        "exchange_conflict",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("agency_id", sa.String, nullable=True),
        sa.Column("personnel_id", sa.Uuid, nullable=True),
        sa.Column("person_external_id", sa.String, nullable=True),
        sa.Column("session_number", sa.String, nullable=True),
        sa.Column("ours", sa.String, nullable=True),
        sa.Column("theirs", sa.String, nullable=True),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("settled_by", sa.String, nullable=True),
        sa.Column("settlement", sa.String, nullable=True),
        sa.Column("comment", sa.String, nullable=True),
        sa.ForeignKeyConstraint(
            ["personnel_id"], ["personnel.id"], name="fk_exchange_conflict_personnel_id_personnel"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_conflict"),
    )
    op.create_index(
        "ix_exchange_conflict_agency_id",
        "exchange_conflict",
        ["agency_id", "found_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_exchange_conflict_open",
        "exchange_conflict",
        ["kind", "personnel_id", "session_number"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "library_resource_version",
        sa.Column("resource_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["library_resource.id"],
            name="fk_library_resource_version_resource_id_library_resource",
        ),
        sa.PrimaryKeyConstraint("resource_id", "version", name="pk_library_resource_version"),
    )
    op.create_table(
        "outside_training",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("hours", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("instruction_provider", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("submitted_by", sa.String, nullable=False),
        sa.Column("submitted_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.String, nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("comment", sa.String, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name="fk_outside_training_course_id_course"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outside_training"),
    )
    op.create_index(
        "ix_outside_training_agency_id",
        "outside_training",
        ["agency_id", "submitted_at", "id"],
        unique=False,
    )
    op.create_table(
        "assignment_batch",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.String, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("due_on", sa.Date, nullable=True),
        sa.Column("reminder_days", sa.BigInteger, nullable=True),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("assigned", sa.BigInteger, nullable=False),
        sa.Column("kept", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("undone_by", sa.String, nullable=True),
        sa.Column("undone_at", _MOMENT, nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_assignment_batch_session_id_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assignment_batch"),
    )
    op.create_index(
        "ix_assignment_batch_agency_id",
        "assignment_batch",
        ["agency_id", "requested_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_assignment_batch_running",
        "assignment_batch",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'RUNNING'"),
    )
    op.create_table(
        "outside_training_person",
        sa.Column("outside_training_id", sa.Uuid, nullable=False),
        sa.Column("personnel_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(
            ["outside_training_id"],
            ["outside_training.id"],
            name="fk_outside_training_person_outside_training_id_outside_training",
        ),
        sa.ForeignKeyConstraint(
            ["personnel_id"],
            ["personnel.id"],
            name="fk_outside_training_person_personnel_id_personnel",
        ),
        sa.PrimaryKeyConstraint(
            "outside_training_id", "personnel_id", name="pk_outside_training_person"
        ),
    )
    op.create_index(
        "ix_outside_training_person_personnel_id",
        "outside_training_person",
        ["personnel_id"],
        unique=False,
    )
    op.create_table(
        "assignment_batch_person",
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("personnel_id", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=True),
        sa.Column("assignment_id", sa.Uuid, nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["assignment_batch.id"],
            name="fk_assignment_batch_person_batch_id_assignment_batch",
        ),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_assignment_batch_person"),
    )
    op.create_table(
        "exchange_enrollment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("assignment_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("tries", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
            name="fk_exchange_enrollment_assignment_id_assignment",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_enrollment"),
        sa.UniqueConstraint("assignment_id", name="uq_exchange_enrollment_assignment_id"),
    )
    op.create_index(
        "ix_exchange_enrollment_open",
        "exchange_enrollment",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'OPEN'"),
    )


def downgrade() -> None:
    for name in (
        "exchange_enrollment",
        "assignment_batch_person",
        "outside_training_person",
        "assignment_batch",
        "outside_training",
        "library_resource_version",
        "exchange_conflict",
        "assistance_step",
        "library_resource",
        "exchange_cursor",
        "exchange_batch",
        "assistance_request",
    ):
        op.drop_table(name)
