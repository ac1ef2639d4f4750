"""SQL of what is counted. Who was referred, and when, ``svc_participants`` tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from infra.database import AnySession, rows
from svc_cases.indicators.rules import MatchedCase

_CASES = """
select k.participant_id, c.incident_on, c.filed_on, c.prosecutor_agency_id, c.site_id,
  k.is_diverted_arrest, k.coordination_status, k.matched_on,
  (select array_agg(h.nibrs order by h.position) from charge h where h.case_id = c.id) as offences,
  (select array_agg(h.charge_class) from charge h where h.case_id = c.id) as classes
from lead_link k join legal_case c on c.id = k.case_id
where k.ended_at is null and k.participant_id = any(:ids)
order by k.participant_id, k.matched_on, k.id
"""
_MATCHED = """
select k.participant_id as id, min(k.matched_on) as day
from lead_link k join legal_case c on c.id = k.case_id
where k.ended_at is null and c.site_id = :site group by 1
having min(k.matched_on) between :starts_on and :ends_on
"""
_IS_PUBLISHED = """
select 1 as found from indicator_publication
where site_id = cast(:site as text) and population = :key and starts_on = :starts_on
"""
_WARRANTS = """
select distinct on (w.participant_id) w.participant_id, w.status, c.prosecutor_agency_id,
  f.first_on
from warrant w join lead_link k on k.id = w.link_id join legal_case c on c.id = k.case_id
cross join lateral (
  select min(e.recorded_on) as first_on from warrant e where e.participant_id = w.participant_id
) f
where c.site_id = :site and f.first_on between :starts_on and :ends_on
order by w.participant_id, w.recorded_on desc, w.id
"""
_INVITED = """
select a.account, min(a.agency_id) as agency_id, count(*) as invited,
  count(*) filter (where a.has_attended) as came
from owg_attendee a join owg_meeting m on m.id = a.meeting_id
where m.site_id = :site and a.removed_at is null and m.status in ('CLOSED', 'MINUTES_APPROVED')
  and m.starts_at::date between :starts_on and :ends_on
group by a.account
"""
_AGREED = """
select a.participant_id, min(a.set_on) as day, count(*) as agreed,
  count(*) filter (where a.closed_at < :until) as closed
from owg_action a join owg_item i on i.id = a.item_id join owg_meeting m on m.id = i.meeting_id
where m.site_id = :site and a.set_on between :starts_on and :ends_on
group by a.participant_id
"""


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
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> dict[UUID, date]:
    """Return participants whose first match lies in a period, with its day."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
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


async def cases(session: AnySession, participants: Sequence[UUID]) -> dict[UUID, list[Docketed]]:
    """Return matched cases of participants at all sites, in the order of matching."""
    found: dict[UUID, list[Docketed]] = {}
    for row in await rows(session, _CASES, {"ids": list(participants)}):
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
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return participants whose first warrant was recorded in a period, with the last one."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _WARRANTS, given)


async def invited(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return who was invited to meetings in a period, and how often they came."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _INVITED, given)


async def agreed(
    session: AnySession, site_id: UUID, days: tuple[date, date], until: datetime
) -> Sequence[Mapping[str, Any]]:
    """Return about whom the work group agreed actions in a period, and how many are closed.

    Args:
        session: a snapshot.
        site_id: site.
        days: first and last day of the period.
        until: instant that outcomes are looked at.
    """
    given = {"site": site_id, "starts_on": days[0], "ends_on": days[1], "until": until}
    return await rows(session, _AGREED, given)
