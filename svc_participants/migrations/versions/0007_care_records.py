"""Contacts, arranged services, income, benefits, naloxone, overdoses, funds, documents, visits."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "care_move",
    "encounter",
    "arranged_service",
    "income_status",
    "benefit",
    "naloxone_given",
    "overdose_event",
    "fund_limit",
    "fund_spend",
    "care_document",
    "care_document_part",
    "appointment",
)
APPEND_ONLY = (
    "care_move",
    "encounter",
    "income_status",
    "naloxone_given",
    "overdose_event",
    "fund_limit",
    "care_document_part",
)


def text(name: str, *, is_optional: bool = False) -> "sa.Column[str]":
    """Return a column of text."""
    return sa.Column(name, sa.String, nullable=is_optional)


def day(name: str) -> "sa.Column[object]":
    """Return a column of days."""
    return sa.Column(name, sa.Date, nullable=False)


def number(name: str, *, is_optional: bool = False) -> "sa.Column[int]":
    """Return a column of whole numbers."""
    return sa.Column(name, sa.BigInteger, nullable=is_optional)


def record(table: str, *columns: sa.schema.SchemaItem) -> None:
    """Create a table of records of care."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        text("recorded_by"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f(f"fk_{table}_participant_id_participant"),
        ),
    )


def upgrade() -> None:
    record(
        "care_move",
        sa.Column("record_id", sa.Uuid, nullable=False),
        text("from_state"),
        text("to_state"),
        day("happened_on"),
        text("remark", is_optional=True),
    )
    op.create_index("ix_care_move", "care_move", ["record_id", "recorded_at", "id"])
    record(
        "encounter",
        text("mode"),
        text("outcome"),
        day("occurred_on"),
        number("minutes", is_optional=True),
        text("with_whom", is_optional=True),
        text("place", is_optional=True),
    )
    op.create_index(
        "ix_encounter", "encounter", ["participant_id", "occurred_on", "recorded_at", "id"]
    )
    record(
        "arranged_service",
        text("kind"),
        text("provider"),
        day("arranged_on"),
        text("state"),
        number("version"),
    )
    op.create_index(
        "ix_arranged_service", "arranged_service", ["participant_id", "arranged_on", "id"]
    )
    record(
        "income_status",
        text("any_source"),
        number("monthly_cents", is_optional=True),
        sa.Column("sources", sa.ARRAY(sa.String), nullable=False),
        day("as_of"),
    )
    op.create_index(
        "ix_income_status", "income_status", ["participant_id", "as_of", "recorded_at", "id"]
    )
    record("benefit", text("kind"), day("applied_on"), text("state"), number("version"))
    op.create_index("ix_benefit", "benefit", ["participant_id", "applied_on", "id"])
    record("naloxone_given", day("given_on"), number("kits"), text("given_to"), text("was_shown"))
    op.create_index("ix_naloxone_given", "naloxone_given", ["participant_id", "given_on", "id"])
    record(
        "overdose_event",
        day("occurred_on"),
        text("outcome"),
        text("naloxone_used"),
        text("emergency_called"),
        text("hospital"),
        text("told_by"),
    )
    op.create_index("ix_overdose_event", "overdose_event", ["participant_id", "occurred_on", "id"])
    op.create_table(
        "fund_limit",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("site_id", sa.Uuid, nullable=False),
        number("number"),
        number("each_cents"),
        number("year_cents"),
        day("effective_on"),
        sa.Column("set_at", MOMENT, nullable=False),
        text("set_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_limit")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_fund_limit_site_id_number")),
    )
    record(
        "fund_spend",
        text("purpose"),
        number("amount_cents"),
        day("asked_on"),
        text("payee", is_optional=True),
        text("fund"),
        text("state"),
        number("version"),
    )
    op.create_index("ix_fund_spend", "fund_spend", ["participant_id", "asked_on", "id"])
    record(
        "care_document",
        text("kind"),
        text("title"),
        text("media_type"),
        number("size_bytes"),
        text("sha256"),
        day("dated_on"),
        text("state"),
        number("version"),
    )
    op.create_index("ix_care_document", "care_document", ["participant_id", "recorded_at", "id"])
    op.create_index(
        "uq_care_document_hash",
        "care_document",
        ["participant_id", "agency_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'WITHDRAWN'"),
    )
    op.create_table(
        "care_document_part",
        sa.Column("document_id", sa.Uuid, nullable=False),
        number("number"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_care_document_part")),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["care_document.id"],
            name=op.f("fk_care_document_part_document_id_care_document"),
        ),
    )
    record(
        "appointment",
        text("kind"),
        sa.Column("starts_at", MOMENT, nullable=False),
        day("on_day"),
        text("with_whom", is_optional=True),
        text("place", is_optional=True),
        text("remind_by"),
        sa.Column("remind_at", MOMENT),
        sa.Column("reminded_at", MOMENT),
        text("state"),
        number("version"),
    )
    op.create_index("ix_appointment", "appointment", ["participant_id", "starts_at", "id"])
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
