"""Topics and signatures of notes, plans with steps, assessments."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "case_note_topic",
    "case_note_sign_off",
    "care_plan",
    "goal_step",
    "goal_step_event",
    "assessment",
    "assessment_answer",
    "assessment_score",
)
APPEND_ONLY = (
    "case_note_topic",
    "case_note_sign_off",
    "care_plan",
    "goal_step_event",
    "assessment_answer",
    "assessment_score",
)


def kept(table: str) -> list[sa.schema.SchemaItem]:
    """Return the columns that every record of care has."""
    return [
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        reference(table, "participant_id", "participant"),
    ]


def reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key."""
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """Return a unique constraint."""
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    for table, columns in {
        "case_note_topic": ("topic", sa.String, "marked_at", "marked_by"),
        "case_note_sign_off": ("wording", sa.BigInteger, "signed_at", "signed_by"),
    }.items():
        what, kind, at, by = columns
        op.create_table(
            table,
            sa.Column("id", sa.Uuid, nullable=False),
            sa.Column("note_id", sa.Uuid, nullable=False),
            sa.Column("participant_id", sa.Uuid, nullable=False),
            sa.Column(what, kind, nullable=False),
            sa.Column(at, MOMENT, nullable=False),
            sa.Column(by, sa.String, nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            reference(table, "note_id", "case_note"),
            unique(table, "note_id", what),
        )
    op.create_table(
        "care_plan",
        *kept("care_plan"),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hopes", sa.String, nullable=False),
        sa.Column("strengths", sa.String),
        sa.Column("supports", sa.String),
        sa.Column("agreed_on", sa.Date, nullable=False),
        sa.Column("review_on", sa.Date),
        unique("care_plan", "participant_id", "agency_id", "number"),
    )
    op.create_table(
        "goal_step",
        *kept("goal_step"),
        sa.Column("goal_id", sa.Uuid, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("doer", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("planned_on", sa.Date, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        reference("goal_step", "goal_id", "goal"),
    )
    op.create_index("ix_goal_step", "goal_step", ["goal_id", "recorded_at", "id"])
    op.create_table(
        "goal_step_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("step_id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("from_state", sa.String, nullable=False),
        sa.Column("to_state", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("own_words", sa.String),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_step_event")),
        reference("goal_step_event", "step_id", "goal_step"),
    )
    op.create_index("ix_goal_step_event", "goal_step_event", ["step_id", "recorded_at", "id"])
    op.create_table(
        "assessment",
        *kept("assessment"),
        sa.Column("instrument", sa.String, nullable=False),
        sa.Column("instrument_version", sa.BigInteger, nullable=False),
        sa.Column("taken_on", sa.Date, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("wording", sa.BigInteger, nullable=False),
        sa.Column("signed_at", MOMENT),
        sa.Column("signed_by", sa.String),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_assessment_participant", "assessment", ["participant_id", "taken_on", "id"])
    op.create_table(
        "assessment_answer",
        *kept("assessment_answer"),
        sa.Column("assessment_id", sa.Uuid, nullable=False),
        sa.Column("wording", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("choices", sa.ARRAY(sa.String), nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("text", sa.String),
        reference("assessment_answer", "assessment_id", "assessment"),
        unique("assessment_answer", "assessment_id", "wording", "item"),
    )
    op.create_table(
        "assessment_score",
        *kept("assessment_score"),
        sa.Column("assessment_id", sa.Uuid, nullable=False),
        sa.Column("wording", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("points", sa.BigInteger),
        sa.Column("meaning", sa.String),
        reference("assessment_score", "assessment_id", "assessment"),
        unique("assessment_score", "assessment_id", "wording", "key"),
    )
    for name in APPEND_ONLY:
        op.execute(
            f"create trigger {name}_append_only before update or delete or truncate on {name} "
            "for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    for name in APPEND_ONLY:
        op.execute(f"drop trigger {name}_append_only on {name}")
    for name in reversed(TABLES):
        op.drop_table(name)
