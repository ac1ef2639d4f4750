"""SQL of what became of people a year after their first day, and of what was spent on them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from infra.database import AnySession, rows
from svc_participants.indicators.merged import PERSON, RECORDS
from svc_participants.indicators.repository import REFERRAL_OF_STAY
from svc_participants.indicators.started import KINDS, Arranged

# Whoever has left is looked at on the last day: 'least' passes over what is not there.
_STARTED = f"""
select e.person_id as participant_id, e.provider_agency_id, e.enrolled_on,
  least((e.enrolled_on + interval '6 months')::date, e.exited_on) as half_year_on,
  least((e.enrolled_on + interval '12 months')::date, e.exited_on) as year_on,
  r.door, r.place,
  d.race, d.gender_identity, d.sex, d.disability, p.born_on, p.estimated_birth_year
from (
  select distinct on (person_id) * from (
    select s.*, {PERSON.format("s.participant_id")} as person_id from enrollment s
    where s.site_id = :site and s.enrolled_on is not null
      and s.exit_reason is distinct from 'ADMIN_ERROR'
  ) of order by person_id, enrolled_on, id
) e
join participant p on p.id = e.person_id
{REFERRAL_OF_STAY}
left join participant_demographics d on d.participant_id = e.person_id
where e.enrolled_on between :starts_on and :ends_on
"""  # noqa: S608 - put together from constants
_HOMES = f"""
select g.id, (
  select h.situation from housing_status h
  where h.participant_id = any({RECORDS.format("g.id")}) and h.as_of <= g.day
  order by h.as_of desc, h.recorded_at desc, h.id desc limit 1
) as situation
from unnest(cast(:ids as uuid[]), cast(:days as date[])) as g (id, day)
"""  # noqa: S608 - put together from constants
# A service that was taken over from elsewhere has no moves; it stands as it stands.
_ARRANGED = f"""
select g.id as participant_id, s.kind, s.state, count(m.id) as moves,
  array_agg(m.to_state) filter (where m.happened_on <= g.day) as reached
from unnest(cast(:ids as uuid[]), cast(:days as date[])) as g (id, day)
join arranged_service s
  on s.participant_id = any({RECORDS.format("g.id")}) and s.arranged_on <= g.day
left join care_move m on m.record_id = s.id
where s.kind = any(:kinds) group by s.id, g.id, s.kind, s.state
"""  # noqa: S608 - put together from constants
_COSTS = f"""
select g.id, coalesce((
    select sum(f.amount_cents) from fund_spend f
    where f.participant_id = any({RECORDS.format("g.id")}) and f.state = 'SPENT'
  ), 0)::bigint as cents, coalesce((
    select sum(least(coalesce(p.left_on, :on), :on) - p.entered_on) from programme_place p
    where p.participant_id = any({RECORDS.format("g.id")}) and p.is_lodged and p.entered_on <= :on
  ), 0)::bigint as nights
from unnest(cast(:ids as uuid[])) as g (id)
"""  # noqa: S608 - put together from constants


async def started(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people who were first enrolled in a period."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _STARTED, given)


async def homes(
    session: AnySession, participants: Sequence[UUID], days: Sequence[date]
) -> dict[UUID, str | None]:
    """Return the last living situation on record of each of some people on a day of their own."""
    found = await rows(session, _HOMES, {"ids": participants, "days": days})
    return {each["id"]: each["situation"] for each in found}


async def arranged(
    session: AnySession, participants: Sequence[UUID], days: Sequence[date]
) -> dict[UUID, list[Arranged]]:
    """Return what was arranged for each of some people up to a day of their own."""
    given = {"ids": participants, "days": days, "kinds": [each.value for each in KINDS]}
    known: dict[UUID, list[Arranged]] = {}
    for row in await rows(session, _ARRANGED, given):
        reached = (row["reached"] or ()) if row["moves"] else (row["state"],)
        known.setdefault(row["participant_id"], []).append(Arranged(row["kind"], tuple(reached)))
    return known


async def costs(
    session: AnySession, participants: Sequence[UUID], on: date
) -> dict[UUID, tuple[int, int]]:
    """Return what was spent on people from flexible funds, in cents, and nights of lodging."""
    found = await rows(session, _COSTS, {"ids": participants, "on": on})
    return {each["id"]: (each["cents"], each["nights"]) for each in found}
