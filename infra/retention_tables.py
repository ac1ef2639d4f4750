"""What is left of a person whose record was purged, and the functions that purge. For migrations.

The service's own role can delete nothing of what is append-only: it calls ``purge_participants``,
which runs with the rights of the owner, finds by itself every table that says something about a
person, refuses what is not due and leaves a proof. A table that is added later is found as well.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

_LEAST_YEARS = 6
"""45 CFR 164.316(b)(2)(i). The database refuses less, whatever a program asks for."""


PROOFS = "purge_proof"
"""Of people who were purged: hashes of their ids, when, by whom and why, rows by table.

Not mapped: the database's function alone writes it, and operators read it.
"""

# Which tables say something about people: those with a `participant_id`, the person's own, and
# those that refer to one of these and name nobody themselves. $1 is the people, $2 a moment.
_REACH = """
create function purge_reach() returns table (relation regclass, condition text, newer text)
language sql stable set search_path from current as $$
  with first as (
    select a.attrelid::regclass as relation, 'participant_id = any($1)' as condition
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
      and a.attname = 'participant_id' and not a.attisdropped
      and c.relname not in ('authority_visibility')
    {root}
  ), second as (
    select k.conrelid::regclass as relation,
      string_agg(format('%I in (select id from %s where %s)',
        a.attname, f.relation, f.condition), ' or ') as condition
    from pg_constraint k
    join first f on f.relation = k.confrelid
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.conrelid::regclass not in (select relation from first)
    group by k.conrelid
  ), reached as (select * from first union all select * from second)
  select r.relation, r.condition, coalesce(
    (select string_agg(format('%I > $2', a.attname), ' or ')
     from pg_attribute a
     where a.attrelid = r.relation and a.attnum > 0 and not a.attisdropped
       and a.atttypid in ('timestamptz'::regtype, 'date'::regtype)), 'false')
  from reached r
$$
"""
_ROOT = "union all select '{root}'::regclass, 'id = any($1)'"

_KEPT = """
create function purge_keeps(whom uuid[], cutoff timestamptz) returns boolean
language plpgsql stable set search_path from current as $$
declare reached record; found boolean;
begin
  select {open} into found;
  if found then return true; end if;
  for reached in select * from purge_reach() loop
    execute format('select exists (select from %s where (%s) and (%s))',
      reached.relation, reached.condition, reached.newer) into found using whom, cutoff;
    if found then return true; end if;
  end loop;
  return false;
end $$
"""

_DUE = """
create function purge_due(kept_years int, most int) returns setof uuid
language sql stable set search_path from current as $$
  select id from ({people}) each
  where not purge_keeps(array[id], clock_timestamp() - make_interval(years => kept_years))
  order by id limit most
$$
"""

_PURGE = """
create function purge_participants(whom uuid[], by_whom text, why text, kept_years int)
returns jsonb language plpgsql security definer set search_path from current as $$
declare
  reached record; own record; rest regclass[]; ready regclass[]; counted bigint;
  counts jsonb := '{{}}';
begin
  if length(trim(why)) = 0 or length(trim(by_whom)) = 0 or cardinality(whom) = 0 then
    raise exception 'a purge needs people, a reason and a name' using errcode = 'check_violation';
  end if;
  if kept_years < {least} or purge_keeps(
    whom, clock_timestamp() - make_interval(years => kept_years)
  ) then
    raise exception 'not due' using errcode = 'check_violation';
  end if;
  perform set_config('gt.purging', 'on', true);
  for own in
    select r.relation, r.condition, a.attname from purge_reach() r
    join pg_constraint k on k.contype = 'f' and k.conrelid = r.relation and k.confrelid = r.relation
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  loop
    execute format('update %1$s set %2$I = null where %2$I in (select id from %1$s where %3$s)',
      own.relation, own.attname, own.condition) using whom;
  end loop;
  select array_agg(relation) into rest from purge_reach();
  while cardinality(rest) > 0 loop
    select array_agg(each) into ready from unnest(rest) each where not exists (
      select from pg_constraint k
      where k.contype = 'f' and k.confrelid = each and k.conrelid <> each
        and k.conrelid::regclass = any(rest)
    );
    if ready is null then raise exception 'tables refer to each other in a circle'; end if;
    for reached in select * from purge_reach() where relation = any(ready) loop
      execute format('delete from %s where %s', reached.relation, reached.condition) using whom;
      get diagnostics counted = row_count;
      if counted > 0 then
        counts := counts || jsonb_build_object(reached.relation::text, counted);
      end if;
    end loop;
    select array_agg(each) into rest from unnest(rest) each where each <> all(ready);
  end loop;
  perform set_config('gt.purging', 'off', true);
  insert into purge_proof (persons, purged_at, purged_by, reason, rows)
  select array_agg(encode(sha256(each::text::bytea), 'hex')), clock_timestamp(), by_whom, why,
    counts
  from unnest(whom) each;
  return counts;
end $$
"""

REFUSE_BUT_PURGE = """
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op <> 'TRUNCATE' and current_setting('gt.purging', true) = 'on'
        and current_user = pg_get_userbyid((select relowner from pg_class where oid = tg_relid))
    then
        return null;
    end if;
    raise exception 'table % is append-only', tg_table_name;
end $$
"""
"""What guards append-only tables, where a service has them: ``purge_participants`` alone passes."""

_READ_ONLY = """
do $$
declare granted record;
begin
  for granted in
    select distinct grantee from information_schema.role_table_grants
    where table_schema = current_schema() and table_name = 'purge_proof'
      and grantee <> current_user
  loop
    execute format('revoke insert, update, delete, truncate on purge_proof from %I',
      granted.grantee);
  end loop;
end $$
"""


def create_purge(*, root: str | None, people: str, still_open: str) -> None:
    """Create the table of proofs and the functions that purge.

    Args:
        root: table of which a row is a person; None where people are only referred to.
        people: query of everybody who may be due, ``id`` as its one column.
        still_open: condition on ``whom`` under which something about them has not ended.
    """
    op.create_table(
        PROOFS,
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("persons", ARRAY(sa.String), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("rows", JSONB, nullable=False),
    )
    op.execute(_READ_ONLY)
    op.execute(_REACH.format(root="" if root is None else _ROOT.format(root=root)))
    op.execute(_KEPT.format(open=still_open))
    op.execute(_DUE.format(people=people))
    op.execute(_PURGE.format(least=_LEAST_YEARS))


def drop_purge() -> None:
    """Drop what ``create_purge`` made."""
    op.execute("drop function purge_participants(uuid[], text, text, int)")
    op.execute("drop function purge_due(int, int)")
    op.execute("drop function purge_keeps(uuid[], timestamptz)")
    op.execute("drop function purge_reach()")
    op.drop_table(PROOFS)
