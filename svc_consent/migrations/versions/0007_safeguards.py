"""Duties, emergency access, incidents, legal demands, amendments, handouts, bindings by code."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KINDS: dict[str, Any] = {
    "id": sa.Uuid,
    "text": sa.String,
    "flag": sa.Boolean,
    "day": sa.Date,
    "moment": lambda: sa.DateTime(timezone=True),
    "count": sa.BigInteger,
}
# Column: kind, with "?" where it may be null. The first column is the key.
_TABLES: dict[str, dict[str, str]] = {
    "duty": {
        "id": "id", "site_id": "id", "participant_id": "id", "kind": "text", "about_id": "id",
        "raised_at": "moment", "due_at": "moment", "done_at": "moment?", "done_by": "id?",
        "outcome": "text?", "version": "count",
    },
    "emergency_access": {
        "id": "id", "participant_id": "id", "account_id": "id", "agency_id": "id?",
        "site_id": "id", "recipient_name": "text", "recipient_facility": "text",
        "discloser": "text", "nature": "text", "unobtainable_because": "text",
        "starts_at": "moment", "ends_at": "moment", "version": "count",
    },
    "incident": {
        "id": "id", "site_id": "id", "participant_id": "id", "agency_id": "id", "what": "text",
        "reported_by": "id?", "reported_at": "moment", "frozen_at": "moment?",
        "lifted_at": "moment?", "assessed_at": "moment?", "assessed_by": "id?",
        "is_breach": "flag?", "affected": "count?", "outcome": "text?", "version": "count",
    },
    "legal_demand": {
        "id": "id", "site_id": "id", "participant_id": "id", "kind": "text", "issued_by": "text",
        "order_number": "text?", "scope": "text", "return_on": "day?", "document_sha256": "text?",
        "recorded_by": "id?", "recorded_at": "moment", "hold_ended_at": "moment?",
        "hold_ended_by": "id?", "outcome": "text?", "version": "count",
    },
    "amendment_request": {
        "id": "id", "participant_id": "id", "category": "text", "what": "text",
        "requested_by": "id?", "requested_at": "moment", "is_accepted": "flag?",
        "answer": "text?", "answered_at": "moment?", "answered_by": "id?", "version": "count",
    },
    "handout": {
        "id": "id", "participant_id": "id", "kind": "text", "what": "text", "language": "text",
        "given_at": "moment", "recorded_by": "id?", "recorded_at": "moment",
    },
    "binding_code": {
        "id": "id", "code_hash": "text", "participant_id": "id", "site_id": "id", "kind": "text",
        "authority": "text?", "is_parent": "flag", "issued_by": "id?", "issued_at": "moment",
        "expires_at": "moment", "used_at": "moment?", "used_by": "id?",
    },
    "binding_attempt": {"login": "text", "since_at": "moment", "failures": "count"},
}  # fmt: skip
_BY_PARTICIPANT = (
    "emergency_access", "incident", "legal_demand", "amendment_request", "handout", "binding_code",
)  # fmt: skip
_REFERENCES = {
    "duty": {"site_id": "site"},
    "incident": {"site_id": "site", "agency_id": "agency"},
    "legal_demand": {"site_id": "site"},
}
# What has happened stays: the service may add to these, not rewrite or delete.
_KEPT = {
    "emergency_access": "update, delete, truncate",
    "handout": "update, delete, truncate",
    "incident": "delete, truncate",
    "legal_demand": "delete, truncate",
    "amendment_request": "delete, truncate",
    "duty": "delete, truncate",
    "release_revocation_order": "update, delete, truncate",
}
_WITHDRAW = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = '{table}' and grantee <> current_user
  loop
    execute format('revoke {rights} on {table} from %I', granted.grantee);
  end loop;
end $$
"""


def upgrade() -> None:
    for table, columns in _TABLES.items():
        key = next(iter(columns))
        references = [
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=f"fk_{table}_{name}_{of}")
            for name, of in _REFERENCES.get(table, {}).items()
        ]
        op.create_table(
            table,
            *(
                sa.Column(name, _KINDS[kind.rstrip("?")](), nullable=kind.endswith("?"))
                for name, kind in columns.items()
            ),
            sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
            *references,
        )
    op.create_unique_constraint("uq_binding_code_code_hash", "binding_code", ["code_hash"])
    for table in _BY_PARTICIPANT:
        op.create_index(f"ix_{table}_participant_id", table, ["participant_id"], unique=False)
    op.create_index("ix_duty_participant", "duty", ["participant_id", "raised_at", "id"])
    op.create_index(
        "ix_duty_open",
        "duty",
        ["site_id", "due_at", "id"],
        postgresql_where=sa.text("done_at is null"),
    )
    op.add_column("account_binding", sa.Column("authority", sa.String(), nullable=True))
    op.add_column(
        "account_binding",
        sa.Column("is_parent", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column("account_binding", sa.Column("grant_id", sa.Uuid(), nullable=True))
    op.add_column("account_binding", sa.Column("ended_by", sa.Uuid(), nullable=True))
    op.add_column(
        "account_binding",
        sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
    )
    for table, rights in _KEPT.items():
        op.execute(_WITHDRAW.format(table=table, rights=rights))


def downgrade() -> None:
    for name in ("version", "ended_by", "grant_id", "is_parent", "authority"):
        op.drop_column("account_binding", name)
    for table in reversed(_TABLES):
        op.drop_table(table)
