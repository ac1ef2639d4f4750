"""SQL of what is counted: one row for each person of a population, with nothing but an id.

A day is one of the site.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from infra.database import AnySession, rows
from infra.indicators.periods import bounds, midnight

# A release that was ever in force: not a draft, not defective, not an error.
_SIGNED = "status in ('ACTIVE', 'REVOKED', 'SUPERSEDED') and signed_at is not null"
# By holder, for which there is an index; whoever holds anyone at a site is or was a member of it.
_HOLDERS = """select 'agency:' || m.agency_id || '@' || :site from membership m
  where m.site_id = cast(:site as uuid)"""
# Records that were merged are of one person: who they are is told, which releases are whose stays.
_RECORDS = """merged as materialized (
  select g.record_id, g.person_id
  from unnest(cast(:records as uuid[]), cast(:persons as uuid[])) as g (record_id, person_id)
)"""
_WHO = """coalesce((select g.person_id from merged g where g.record_id = {0}), {0})"""
_OF = """= any({0} || array(select g.record_id from merged g where g.person_id = {0}))"""
_TAKEN_IN = f"""
with {_RECORDS}, first as (
  select distinct on (1) {_WHO.format("participant_id")} as participant_id, holder, starts_at
  from authority_visibility
  where basis = 'o' and effect = 'permit' and holder in ({_HOLDERS})
  order by 1, starts_at, id
)
select f.participant_id, (f.starts_at at time zone cast(:zone as text))::date as day,
  split_part(substr(f.holder, 8), '@', 1) as agency_id, f.starts_at as taken_in_at,
  (select min(r.signed_at) from release r where r.participant_id {_OF.format("f.participant_id")}
     and r.site_id = cast(:site as uuid) and r.{_SIGNED} and r.signed_at < :until) as signed_at
from first f where f.starts_at >= :since and f.starts_at < :over
"""  # noqa: S608 - put together from constants
_SIGNERS = f"""
with {_RECORDS}, first as (
  select distinct on (person_id) id, person_id as participant_id, disclosing_agency_id, signed_at
  from (select r.*, {_WHO.format("r.participant_id")} as person_id from release r) s
  where site_id = cast(:site as uuid) and {_SIGNED}
  order by person_id, signed_at, number, id
)
select f.participant_id, (f.signed_at at time zone cast(:zone as text))::date as day,
  f.disclosing_agency_id::text as agency_id,
  (select array_agg(distinct a.type) from authority_agency_window w
     join agency a on a.id::text = w.agency_id
     where w.site_id = cast(cast(:site as uuid) as text)
       and a.id is distinct from f.disclosing_agency_id
       and w.starts_at <= f.signed_at and (w.ends_at is null or w.ends_at > f.signed_at))
    as partners,
  (select jsonb_agg(jsonb_build_object('kind', a.type, 'is_denial', p.effect = 'deny',
       'categories', p.categories, 'purposes', p.purposes))
     from release_provision p join agency a on a.id = p.recipient_agency_id
     where p.release_id = f.id) as provisions,
  exists (select 1 from release r where r.participant_id {_OF.format("f.participant_id")}
     and r.site_id = cast(:site as uuid) and r.{_SIGNED} and r.revoked_at < :until)
    as was_taken_back,
  exists (select 1 from release r where r.participant_id {_OF.format("f.participant_id")}
     and r.site_id = cast(:site as uuid) and r.{_SIGNED} and r.signed_at < :until
     and (r.revoked_at is null or r.revoked_at >= :until)
     and (r.superseded_at is null or r.superseded_at >= :until)
     and (r.expires_at is null or r.expires_at >= :until)) as is_in_force
from first f where f.signed_at >= :since and f.signed_at < :over
"""  # noqa: S608 - put together from constants
# A release ends for somebody when the last one does; an end by an event has no day.
_HOLDERS = f"""
with {_RECORDS}, held as (
  select {_WHO.format("release.participant_id")} as participant_id,
    bool_or(expires_at is null or expires_at >= :until) as lasts,
    (array_agg(disclosing_agency_id order by signed_at desc, number desc, id))[1] as agency_id
  from release
  where site_id = cast(:site as uuid) and {_SIGNED} and signed_at < :over
    and (revoked_at is null or revoked_at >= :over)
    and (superseded_at is null or superseded_at >= :over)
    and (expires_at is null or expires_at >= :over)
  group by 1
)
select h.participant_id, cast(:ends_on as date) as day, h.agency_id::text as agency_id, h.lasts,
  exists (select 1 from release r where r.participant_id {_OF.format("h.participant_id")}
     and r.site_id = cast(:site as uuid) and r.{_SIGNED}
     and r.signed_at >= :over and r.signed_at < :until
     and (r.expires_at is null or r.expires_at >= :until)) as is_renewed
from held h
"""  # noqa: S608 - put together from constants
_ASKERS = """
select sum(d.attempts) as times from denied_attempts d
where d.hour >= :since and d.hour < :over and d.subject in (
  select g.account_id::text from role_grant g where g.site_id = cast(:site as uuid)
) group by d.subject
"""
# By site, so that an index gives each its first entry.
_FIRST = """
select s.id::text as id, (f.signed_at at time zone s.time_zone)::date as day from site s
cross join lateral (
  select min(r.signed_at) as signed_at from release r where r.site_id = s.id
) f where f.signed_at is not null
"""
_ZONE = "select time_zone from site where id = cast(:site as uuid)"
_AGENCIES = """
select distinct m.agency_id::text as id from membership m where m.site_id = cast(:site as uuid)
union
select distinct disclosing_agency_id::text from release
where site_id = cast(:site as uuid) and disclosing_agency_id is not null
order by 1
"""


async def first_days(session: AnySession) -> dict[str, date]:
    """Return by site since when there are releases."""
    return {each["id"]: each["day"] for each in await rows(session, _FIRST, {})}


async def agencies(session: AnySession, site_id: str) -> list[str]:
    """Return the agencies that are or were members of a site, or are named in its releases."""
    return [each["id"] for each in await rows(session, _AGENCIES, {"site": site_id})]


async def people(
    session: AnySession,
    population: str,
    site_id: str,
    days: tuple[date, date],
    until: date,
    merged: Mapping[UUID, UUID],
) -> Sequence[Mapping[str, Any]]:
    """Return everybody of a population in a period.

    Args:
        session: a snapshot.
        population: its key.
        site_id: site.
        days: first and last day of the period.
        until: first day on which outcomes count no more.
        merged: records that are merged into another one, with that one.
    """
    zone = await _zone(session, site_id)
    since, over = bounds(days, zone)
    given: dict[str, object] = {"site": site_id, "over": over}
    if population == "ASKERS":
        return await rows(session, _ASKERS, given | {"since": since})
    given |= {"records": list(merged), "persons": list(merged.values())}
    given["until"] = midnight(until, zone)
    if population == "HOLDERS":
        return await rows(session, _HOLDERS, given | {"ends_on": days[1]})
    statement = {"TAKEN_IN": _TAKEN_IN, "SIGNERS": _SIGNERS}[population]
    return await rows(session, statement, given | {"since": since, "zone": zone.key})


async def _zone(session: AnySession, site_id: str) -> ZoneInfo:
    found = await session.execute(text(_ZONE), {"site": site_id})
    return ZoneInfo(found.scalar_one())
