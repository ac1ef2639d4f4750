"""What the journal of authority changes is made of: changed rows, caught as they change.

Caught only for sessions that have ``gt.journal`` on, which are those of a program with a journal.
A table made later joins by ``select journal_rows_of('its_name')``.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The ledger is a journal itself and grows with reading; the rest is bookkeeping of this machinery.
NOT_JOURNALLED = (
    "alembic_version",
    "authority_captured",
    "authority_journal",
    "denied_attempts",
    "ended_session",
    "ledger_about",
    "ledger_entry",
    "ledger_key",
    "ledger_lane",
    "ledger_signed_head",
    "participant_pseudonym",
    "purge_record",
    "rate_bucket",
    "rate_peer",
    "stream_event",
)

_CAPTURE = """
create function capture_row() returns trigger language plpgsql as $$
begin
  insert into authority_captured (of_table, did, image) values (
    tg_table_name, tg_op, case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end);
  return null;
end $$
"""
_JOIN = """
create function journal_rows_of(name text) returns void language plpgsql as $$
begin
  execute format('create trigger capture_row after insert or update or delete on %I'
    ' for each row when (current_setting(''gt.journal'', true) = ''on'')'
    ' execute function capture_row()', name);
end $$
"""
_JOIN_ALL = """
select journal_rows_of(table_name::text) from information_schema.tables
where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> all(:left)
order by table_name
"""
_LEAVE_ALL = """
do $$
declare found record;
begin
  for found in select tgrelid::regclass as name from pg_trigger where tgname = 'capture_row' loop
    execute format('drop trigger capture_row on %s', found.name);
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "authority_captured",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("of_table", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("image", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_authority_captured"),
    )
    op.create_table(
        "authority_journal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("database_id", sa.Uuid(), nullable=False),
        sa.Column("last_line", sa.Uuid(), nullable=True),
        sa.Column("is_restored", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_authority_journal"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute(
        "insert into authority_journal (id, database_id, is_restored)"
        " values (1, gen_random_uuid(), false)"
    )
    op.execute(_CAPTURE)
    op.execute(_JOIN)
    op.execute(sa.text(_JOIN_ALL).bindparams(left=list(NOT_JOURNALLED)))


def downgrade() -> None:
    op.execute(_LEAVE_ALL)
    op.execute("drop function journal_rows_of(text)")
    op.execute("drop function capture_row()")
    op.drop_table("authority_journal")
    op.drop_table("authority_captured")
