"""The ledger: rows that can be added and read, never changed or taken away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("ledger_entry", "ledger_about", "ledger_signed_head", "ledger_key")

# Whoever was granted rights on new tables by default loses those that would change the past.
_WITHDRAW = """
do $$
declare granted record;
begin
  for granted in
    select distinct table_name, grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name in ({tables}) and grantee <> current_user
  loop
    execute format(
      'revoke update, delete, truncate, references, trigger on %I from %I',
      granted.table_name, granted.grantee
    );
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "ledger_lane",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_ledger_lane"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "sequence", name="pk_ledger_entry"),
        sa.UniqueConstraint("release_id", name="uq_ledger_entry_release_id"),
    )
    op.create_table(
        "ledger_about",
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "pseudonym", "recorded_at", "lane", "sequence", "part", name="pk_ledger_about"
        ),
    )
    op.create_table(
        "ledger_signed_head",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "sequence", "signed_at", name="pk_ledger_signed_head"),
    )
    op.create_table(
        "ledger_key",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("jwk", JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_ledger_key"),
    )
    op.create_table(
        "participant_pseudonym",
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", name="pk_participant_pseudonym"),
        sa.UniqueConstraint("pseudonym", name="uq_participant_pseudonym_pseudonym"),
    )
    op.execute(_WITHDRAW.format(tables=", ".join(f"'{name}'" for name in _APPEND_ONLY)))


def downgrade() -> None:
    for name in (
        "participant_pseudonym",
        "ledger_key",
        "ledger_signed_head",
        "ledger_about",
        "ledger_entry",
        "ledger_lane",
    ):
        op.drop_table(name)
