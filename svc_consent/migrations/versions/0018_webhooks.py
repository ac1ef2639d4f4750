"""Webhooks: endpoints of agencies, events for them, and how far agencies were told.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TABLES = ("webhook_endpoint", "webhook_delivery", "webhook_cursor")
# Nobody is told of what was before there were webhooks.
_BEGIN = """
insert into webhook_cursor (id, revision)
select 1, coalesce((select revision from authority_applied where id = 1), 0)
"""


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def upgrade() -> None:
    endpoint, delivery, cursor = _TABLES
    op.create_table(
        endpoint,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("topics", JSONB(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("old_secret_until", _MOMENT, nullable=True),
        sa.Column("since_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _reference(endpoint, "agency_id", "agency"),
        _reference(endpoint, "site_id", "site"),
        _reference(endpoint, "grant_id", "role_grant"),
        _reference(endpoint, "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{endpoint}"),
    )
    op.create_index("ix_webhook_endpoint_agency_id", endpoint, ["agency_id"])
    op.create_table(
        delivery,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", _MOMENT, nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", _MOMENT, nullable=True),
        sa.Column("last_status", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        _reference(delivery, "endpoint_id", endpoint),
        sa.UniqueConstraint(
            "endpoint_id", "participant_id", "topic", "revision",
            name="uq_webhook_delivery_endpoint_id_participant_id_topic_revision",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{delivery}"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_delivery_due", delivery, ["next_attempt_at"],
        postgresql_where=sa.text("state = 'WAITING'"),
    )  # fmt: skip
    op.create_index("ix_webhook_delivery_endpoint", delivery, ["endpoint_id", "created_at"])
    op.create_table(
        cursor,
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{cursor}"),
    )
    op.execute(_BEGIN)
    for table in _TABLES:
        op.execute(f"select journal_rows_of('{table}')")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
