"""Tables of care and of caseloads; what is a record is append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "case_note",
    "case_note_amendment",
    "goal",
    "goal_progress",
    "housing_status",
    "progress_summary",
    "caseload_assignment",
)
APPEND_ONLY = (
    "referral_event",
    "enrollment_event",
    "case_note",
    "case_note_amendment",
    "goal_progress",
    "housing_status",
)

REFUSE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "case_note",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("author_account_id", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("occurred_on", sa.Date, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_case_note_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_note")),
    )
    op.create_index("ix_case_note_participant", "case_note", ["participant_id", "written_at", "id"])
    op.create_table(
        "case_note_amendment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("note_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("author_account_id", sa.String, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["case_note.id"], name=op.f("fk_case_note_amendment_note_id_case_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_note_amendment")),
        sa.UniqueConstraint(
            "note_id", "number", name=op.f("uq_case_note_amendment_note_id_number")
        ),
    )
    op.create_table(
        "goal",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("own_words", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("set_on", sa.Date, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_goal_participant_id_participant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal")),
    )
    op.create_index("ix_goal_participant", "goal", ["participant_id", "created_at", "id"])
    op.create_table(
        "goal_progress",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("goal_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("marker", sa.String, nullable=False),
        sa.Column("own_words", sa.String),
        sa.Column("noted_on", sa.Date, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["goal_id"], ["goal.id"], name=op.f("fk_goal_progress_goal_id_goal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_progress")),
    )
    op.create_index("ix_goal_progress", "goal_progress", ["goal_id", "recorded_at", "id"])
    op.create_table(
        "housing_status",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("situation", sa.String, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_housing_status_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_housing_status")),
    )
    op.create_index(
        "ix_housing_status_participant",
        "housing_status",
        ["participant_id", "as_of", "recorded_at", "id"],
    )
    op.create_table(
        "progress_summary",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("statement", sa.String),
        sa.Column("engagement", sa.String),
        sa.Column("barriers", sa.String),
        sa.Column("what_would_help", sa.String),
        sa.Column("is_nothing_to_add", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("written_by", sa.String, nullable=False),
        sa.Column("approved_at", MOMENT),
        sa.Column("approved_on", sa.Date),
        sa.Column("approved_by", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_progress_summary_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_summary")),
    )
    op.create_index(
        "ix_progress_summary_participant",
        "progress_summary",
        ["participant_id", "written_at", "id"],
    )
    op.create_index(
        "uq_progress_summary_approved",
        "progress_summary",
        ["participant_id"],
        unique=True,
        postgresql_where=sa.text("state = 'APPROVED'"),
    )
    op.create_table(
        "caseload_assignment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_caseload_assignment_participant_id_participant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caseload_assignment")),
    )
    op.create_index(
        "ix_caseload_assignment_account", "caseload_assignment", ["account_id", "created_at", "id"]
    )
    op.create_index(
        "ix_caseload_assignment_participant",
        "caseload_assignment",
        ["participant_id", "created_at", "id"],
    )
    op.create_index(
        "uq_caseload_assignment_open",
        "caseload_assignment",
        ["participant_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.execute(REFUSE)
    for name in APPEND_ONLY:
        op.execute(
            f"create trigger {name}_append_only before update or delete or truncate on {name} "
            "for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    for name in APPEND_ONLY:
        op.execute(f"drop trigger {name}_append_only on {name}")
    op.execute("drop function refuse_change")
    for name in reversed(TABLES):
        op.drop_table(name)
