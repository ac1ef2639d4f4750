"""SQL of what is counted. Who was referred, and when, ``svc_participants`` tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from infra.database import AnySession, rows
from svc_cases.indicators.rules import MatchedCase

_OF_PERSON = """
left join unnest(cast(:records as uuid[]), cast(:persons as uuid[])) as g (record_id, person_id)
  on g.record_id = {0}.participant_id
"""
_CASES = f"""
select coalesce(g.person_id, k.participant_id) as participant_id, c.id, c.incident_on,
  c.filed_on, c.prosecutor_agency_id, c.site_id,
  k.is_diverted_arrest, k.coordination_status, k.matched_on,
  (select array_agg(h.nibrs order by h.position) from charge h where h.case_id = c.id) as offences,
  (select array_agg(h.charge_class) from charge h where h.case_id = c.id) as classes
from lead_link k join legal_case c on c.id = k.case_id {_OF_PERSON.format("k")}
where k.ended_at is null
  and k.participant_id = any(cast(:ids as uuid[]) || array(
    select m.record_id from unnest(cast(:records as uuid[]), cast(:persons as uuid[]))
      as m (record_id, person_id) where m.person_id = any(:ids)
  ))
order by 1, k.matched_on, k.id
"""  # noqa: S608 - put together from constants
_MATCHED = f"""
select coalesce(g.person_id, k.participant_id) as id, min(k.matched_on) as day
from lead_link k join legal_case c on c.id = k.case_id {_OF_PERSON.format("k")}
where k.ended_at is null and c.site_id = :site group by 1
having min(k.matched_on) between :starts_on and :ends_on
"""  # noqa: S608 - put together from constants
_IS_PUBLISHED = """
select 1 as found from indicator_publication
where site_id = cast(:site as text) and population = :key and starts_on = :starts_on
"""
_WARRANTS = f"""
with of as (
  select w.*, coalesce(g.person_id, w.participant_id) as person_id
  from warrant w {_OF_PERSON.format("w")}
)
select distinct on (w.person_id) w.person_id as participant_id, w.status, c.prosecutor_agency_id,
  f.first_on
from of w join lead_link k on k.id = w.link_id join legal_case c on c.id = k.case_id
join (select e.person_id, min(e.recorded_on) as first_on from of e group by e.person_id) f
  on f.person_id = w.person_id
where c.site_id = :site and f.first_on between :starts_on and :ends_on
order by w.person_id, w.recorded_on desc, w.id
"""  # noqa: S608 - put together from constants
_INVITED = """
select a.account, min(a.agency_id) as agency_id, count(*) as invited,
  count(*) filter (where a.has_attended) as came
from owg_attendee a join owg_meeting m on m.id = a.meeting_id
where m.site_id = :site and a.removed_at is null and m.status in ('CLOSED', 'MINUTES_APPROVED')
  and m.starts_at >= :since and m.starts_at < :over
group by a.account
"""
_AGREED = f"""
select coalesce(g.person_id, a.participant_id) as participant_id, min(a.set_on) as day,
  count(*) as agreed,
  count(*) filter (where a.closed_at < :until) as closed
from owg_action a join owg_item i on i.id = a.item_id join owg_meeting m on m.id = i.meeting_id
{_OF_PERSON.format("a")}
where m.site_id = :site and a.set_on between :starts_on and :ends_on
group by 1
"""  # noqa: S608 - put together from constants


Merged = Mapping[UUID, UUID]
"""Records that are merged into another one, with that one, as ``svc_participants`` tells."""


def _who(merged: Merged) -> dict[str, list[UUID]]:
    return {"records": list(merged), "persons": list(merged.values())}


async def first_days(session: AnySession) -> dict[str, date]:
    """Return by site since when participants are matched, at least two years before the match."""
    found = await rows(
        session,
        "select c.site_id::text as id, (min(k.matched_on) - interval '2 years')::date as day"
        " from lead_link k join legal_case c on c.id = k.case_id group by 1",
        {},
    )
    return {each["id"]: each["day"] for each in found}


async def agencies(session: AnySession, site_id: UUID) -> list[str]:
    """Return prosecuting offices of a site's cases, and agencies invited to its meetings."""
    found = await rows(
        session,
        "select distinct prosecutor_agency_id::text as id from legal_case where site_id = :site"
        " union select a.agency_id from owg_attendee a join owg_meeting m on m.id = a.meeting_id"
        " where m.site_id = :site order by 1",
        {"site": site_id},
    )
    return [each["id"] for each in found]


async def matched(
    session: AnySession, site_id: UUID, days: tuple[date, date], merged: Merged
) -> dict[UUID, date]:
    """Return participants whose first match lies in a period, with its day."""
    given = {"site": site_id, "starts_on": days[0], "ends_on": days[1], **_who(merged)}
    return {each["id"]: each["day"] for each in await rows(session, _MATCHED, given)}


async def is_published(session: AnySession, site_id: UUID, key: str, starts_on: date) -> bool:
    """Return whether tables of a population stand for the period that begins on a day."""
    given = {"site": str(site_id), "key": key, "starts_on": starts_on}
    return bool(await rows(session, _IS_PUBLISHED, given))


@dataclass(frozen=True, slots=True)
class Docketed:
    """A matched case, with the site and the office whose docket it is on."""

    case: MatchedCase
    site_id: UUID
    office: str


async def cases(
    session: AnySession, participants: Sequence[UUID], merged: Merged
) -> dict[UUID, list[Docketed]]:
    """Return matched cases of participants at all sites, in the order of matching, each once."""
    found: dict[UUID, list[Docketed]] = {}
    seen: set[tuple[UUID, UUID]] = set()
    for row in await rows(session, _CASES, {"ids": list(participants), **_who(merged)}):
        if (row["participant_id"], row["id"]) in seen:
            continue  # matched to two records of the person
        seen.add((row["participant_id"], row["id"]))
        case = MatchedCase(
            incident_on=row["incident_on"],
            is_filed=row["filed_on"] is not None,
            is_diverted=row["is_diverted_arrest"],
            status=row["coordination_status"],
            offence=(row["offences"] or [None])[0],
            classes=tuple(row["classes"] or ()),
        )
        docketed = Docketed(case, row["site_id"], str(row["prosecutor_agency_id"]))
        found.setdefault(row["participant_id"], []).append(docketed)
    return found


async def warrants(
    session: AnySession, site_id: UUID, days: tuple[date, date], merged: Merged
) -> Sequence[Mapping[str, Any]]:
    """Return participants whose first warrant was recorded in a period, with the last one."""
    given = {"site": site_id, "starts_on": days[0], "ends_on": days[1], **_who(merged)}
    return await rows(session, _WARRANTS, given)


async def invited(
    session: AnySession, site_id: UUID, since: datetime, over: datetime
) -> Sequence[Mapping[str, Any]]:
    """Return who was invited to meetings in a time, and how often they came.

    Args:
        session: a snapshot.
        site_id: site.
        since: first instant of the time.
        over: first instant after it.
    """
    given = {"site": site_id, "since": since, "over": over}
    return await rows(session, _INVITED, given)


async def agreed(
    session: AnySession,
    site_id: UUID,
    days: tuple[date, date],
    until: datetime,
    merged: Merged,
) -> Sequence[Mapping[str, Any]]:
    """Return about whom the work group agreed actions in a period, and how many are closed.

    Args:
        session: a snapshot.
        site_id: site.
        days: first and last day of the period.
        until: instant that outcomes are looked at.
        merged: records that are of one person.
    """
    given = {
        "site": site_id, "starts_on": days[0], "ends_on": days[1], "until": until, **_who(merged),
    }  # fmt: skip
    return await rows(session, _AGREED, given)
