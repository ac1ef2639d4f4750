"""Purging with proof, suspending an accounting, counting denied attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FOR_EACH_GRANTEE = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = '{table}' and grantee <> current_user
  loop
    execute format('{verb} {rights} on {table} {direction} %I', granted.grantee);
  end loop;
end $$
"""
_KEPT = {
    "purge_record": "insert, update, delete, truncate",
    "accounting_suspension": "update, delete, truncate",
    "participant_pseudonym": "update, delete, truncate",
}

# Runs with the rights of the owner: the service's own role can take no pseudonym away but by this,
# which leaves a proof. It refuses while a legal demand holds.
_PURGE = """
create function purge_participant(whom uuid, by_whom text, why text) returns uuid
language plpgsql security definer set search_path from current as $$
declare known uuid;
begin
  if length(trim(why)) = 0 or length(trim(by_whom)) = 0 then
    raise exception 'a purge needs a reason and a name' using errcode = 'check_violation';
  end if;
  perform pg_advisory_xact_lock(20260216, 1);
  if exists (
    select from legal_demand where participant_id = whom and hold_ended_at is null
  ) then
    raise exception 'a legal demand holds deletion' using errcode = 'check_violation';
  end if;
  delete from participant_pseudonym where participant_id = whom returning pseudonym into known;
  if known is not null then
    insert into purge_record (pseudonym, purged_at, purged_by, reason, entries)
    select known, clock_timestamp(), by_whom, why, count(*)
    from ledger_about where pseudonym = known;
  end if;
  return known;
end $$
"""
# A pseudonym that was purged is never given to anybody again: nobody can be tied to it anew.
_NEVER_AGAIN = """
create function refuse_purged_pseudonym() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  if exists (select from purge_record where pseudonym = new.pseudonym) then
    raise exception 'this pseudonym was purged' using errcode = 'unique_violation';
  end if;
  return new;
end $$
"""
_TRIGGER = """
create trigger refuse_purged before insert on participant_pseudonym
for each row execute function refuse_purged_pseudonym()
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "purge_record",
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.Column("purged_at", moment, nullable=False),
        sa.Column("purged_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_purge_record"),
    )
    op.create_table(
        "accounting_suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("official", sa.String(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("is_written", sa.Boolean(), nullable=False),
        sa.Column("starts_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounting_suspension"),
    )
    op.create_index(
        "ix_accounting_suspension_participant_id",
        "accounting_suspension",
        ["participant_id"],
        unique=False,
    )
    op.create_table(
        "denied_attempts",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("hour", moment, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "hour", name="pk_denied_attempts"),
    )
    for table, rights in _KEPT.items():
        op.execute(
            _FOR_EACH_GRANTEE.format(table=table, verb="revoke", rights=rights, direction="from")
        )
    op.execute(_PURGE)
    op.execute(_NEVER_AGAIN)
    op.execute(_TRIGGER)


def downgrade() -> None:
    op.execute("drop trigger refuse_purged on participant_pseudonym")
    op.execute("drop function refuse_purged_pseudonym()")
    op.execute("drop function purge_participant(uuid, text, text)")
    op.execute(
        _FOR_EACH_GRANTEE.format(
            table="participant_pseudonym", verb="grant", rights="delete", direction="to"
        )
    )
    for table in ("denied_attempts", "accounting_suspension", "purge_record"):
        op.drop_table(table)
