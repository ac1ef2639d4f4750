"""DDL of the tables that every service has: authority replica, idempotency. For migrations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


def create_replica_tables() -> None:
    """Create the replica tables and their indexes."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "authority_visibility",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("participant_id", sa.Uuid, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("effect", sa.String, nullable=False),
        sa.Column("category", sa.String),
        sa.Column("purpose", sa.String),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment),
        sa.Column("data_from", sa.Date),
        sa.Column("data_to", sa.Date),
        sa.Column("source_id", sa.Uuid),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.CheckConstraint("effect in ('permit', 'deny')", name="effect"),
    )
    op.create_index(
        "ix_authority_visibility_holder",
        "authority_visibility",
        ["holder", "basis", "category", "participant_id"],
    )
    op.create_index(
        "ix_authority_visibility_participant", "authority_visibility", ["participant_id", "holder"]
    )
    op.create_table(
        "authority_agency_window",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency_id", sa.String, nullable=False, index=True),
        sa.Column("site_id", sa.String, nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    applied = op.create_table(
        "authority_applied",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(applied, [{"id": 1, "revision": 0}])
    op.create_table(
        "authority_outbox",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("operations", JSONB, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("revision", sa.BigInteger),
    )


def create_visibility_time_indexes() -> None:
    """Create the indexes that find the next instant at which a holder's view changes."""
    op.create_index(
        "ix_authority_visibility_starts", "authority_visibility", ["holder", "starts_at"]
    )
    op.create_index(
        "ix_authority_visibility_ends",
        "authority_visibility",
        ["holder", "ends_at"],
        postgresql_where=sa.text("ends_at is not null"),
    )


def drop_visibility_time_indexes() -> None:
    """Drop what ``create_visibility_time_indexes`` made."""
    op.drop_index("ix_authority_visibility_ends", "authority_visibility")
    op.drop_index("ix_authority_visibility_starts", "authority_visibility")


def create_denial_index() -> None:
    """Create the index that says whether a participant has a denial at all."""
    op.create_index(
        "ix_authority_visibility_denials",
        "authority_visibility",
        ["participant_id"],
        postgresql_where=sa.text("effect = 'deny'"),
    )


def drop_denial_index() -> None:
    """Drop what ``create_denial_index`` made."""
    op.drop_index("ix_authority_visibility_denials", "authority_visibility")


def drop_replica_tables() -> None:
    """Drop what ``create_replica_tables`` made."""
    for name in (
        "authority_outbox",
        "authority_applied",
        "authority_agency_window",
        "authority_visibility",
    ):
        op.drop_table(name)


def create_idempotency_table() -> None:
    """Create the table of requests that had their effect (``infra.idempotency``)."""
    op.create_table(
        "idempotent_request",
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("request_hash", sa.String, nullable=False),
        sa.Column("result", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


_TELL_OF_EVENT = """
create function tell_of_stream_event() returns trigger language plpgsql as $$
begin
    perform pg_notify('stream_event', '');
    return null;
end $$
"""


def create_event_table() -> None:
    """Create the table of events for streams (``infra.events``); a commit wakes who listens."""
    op.create_table(
        "stream_event",
        sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column(
            "xid",
            sa.BigInteger,
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("entity_id", sa.Uuid, nullable=False),
        sa.Column("keys", JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_stream_event_xid", "stream_event", ["xid", "number"])
    op.create_index("ix_stream_event_at", "stream_event", ["at"])
    op.execute(_TELL_OF_EVENT)
    op.execute(
        "create trigger stream_event_told after insert on stream_event"
        " for each statement execute function tell_of_stream_event()"
    )


def drop_event_table() -> None:
    """Drop what ``create_event_table`` made."""
    op.drop_table("stream_event")
    op.execute("drop function tell_of_stream_event")


_REFUSE_CHANGE = """
create function refuse_indicator_change() returns trigger language plpgsql as $$
begin
    raise exception 'what was published stays as it is: %', tg_table_name;
end $$
"""
_INDICATOR_TABLES = ("indicator_publication", "indicator_table")


def create_indicator_tables() -> None:
    """Create the tables of published figures (``infra.indicators``); nothing in them changes."""
    op.create_table(
        "indicator_publication",
        sa.Column("site_id", sa.String, primary_key=True),
        sa.Column("population", sa.String, primary_key=True),
        sa.Column("starts_on", sa.Date, primary_key=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "indicator_table",
        sa.Column("site_id", sa.String, primary_key=True),
        sa.Column("indicator", sa.String, primary_key=True),
        sa.Column("split", sa.String, primary_key=True),
        sa.Column("starts_on", sa.Date, primary_key=True),
        sa.Column("population", sa.String, nullable=False),
        sa.Column("shown", JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "population", "starts_on"],
            [
                "indicator_publication.site_id",
                "indicator_publication.population",
                "indicator_publication.starts_on",
            ],
            name="fk_indicator_table_publication",
        ),
    )
    op.execute(_REFUSE_CHANGE)
    for name in _INDICATOR_TABLES:
        op.execute(
            f"create trigger {name}_stays before update or delete or truncate on {name}"
            " for each statement execute function refuse_indicator_change()"
        )


def drop_indicator_tables() -> None:
    """Drop what ``create_indicator_tables`` made."""
    for name in reversed(_INDICATOR_TABLES):
        op.drop_table(name)
    op.execute("drop function refuse_indicator_change")
