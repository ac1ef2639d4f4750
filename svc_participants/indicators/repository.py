"""SQL of what is counted: one row for each person of a population, with nothing that names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra.database import AnySession, rows
from svc_participants.indicators.rules import About, Step
from svc_participants.protocols.rules import ProtocolState

_ABOUT = """d.race, d.gender_identity, d.sex, d.disability, p.born_on, p.estimated_birth_year"""
REFERRAL_OF_STAY = """left join lateral (
  select f.door, f.place from referral f
  where f.participant_id = e.participant_id and f.site_id = e.site_id and (
    f.id = e.referral_id or f.submitted_on <= e.enrolled_on and f.status not in
      ('DRAFT', 'DUPLICATE', 'DECLINED_INELIGIBLE', 'WITHDRAWN', 'EXPIRED')
  )
  order by f.id is not distinct from e.referral_id desc, f.submitted_at desc, f.id desc limit 1
) r on true"""
"""The stay's own referral; of somebody who came back without one, the newest that led in before."""
_REFERRED = f"""
select r.id, r.participant_id, r.door, r.author_agency_id, r.place, r.counterfactual, r.status,
  r.decision_reason, r.submitted_at, r.submitted_on, {_ABOUT}
from (
  select distinct on (participant_id) * from referral
  where site_id = :site and status <> 'DRAFT' order by participant_id, submitted_at, id
) r
join participant p on p.id = r.participant_id
left join participant_demographics d on d.participant_id = r.participant_id
where r.submitted_on between :starts_on and :ends_on
"""  # noqa: S608 - put together from constants
_FIRST_REFERRALS = f"""
select distinct on (r.participant_id) r.participant_id, r.door, r.place, {_ABOUT}
from referral r
join participant p on p.id = r.participant_id
left join participant_demographics d on d.participant_id = r.participant_id
where r.site_id = :site and r.status <> 'DRAFT' and r.participant_id = any(:ids)
order by r.participant_id, r.submitted_at, r.id
"""  # noqa: S608 - put together from constants
# By site and day, for which there is an index; then whether it was the person's first there.
_REFERRED_DAYS = """
select distinct r.participant_id, r.submitted_on from referral r
where r.site_id = :site and r.status <> 'DRAFT'
  and r.submitted_on between :starts_on and :ends_on
  and (cast(:after as uuid) is null or r.participant_id > cast(:after as uuid))
  and not exists (
    select from referral e
    where e.participant_id = r.participant_id and e.site_id = r.site_id and e.status <> 'DRAFT'
      and (e.submitted_at, e.id) < (r.submitted_at, r.id)
  )
order by r.participant_id limit :most
"""
_ENROLLED = f"""
select distinct on (e.participant_id) e.id, e.participant_id, e.provider_agency_id, e.status,
  e.enrolled_on, e.exited_on, e.exit_reason, r.door, r.place, {_ABOUT}
from enrollment e
join participant p on p.id = e.participant_id
{REFERRAL_OF_STAY}
left join participant_demographics d on d.participant_id = e.participant_id
where e.site_id = :site and e.enrolled_on <= :ends_on
  and (e.exited_on is null or e.exited_on >= :starts_on)
  and e.exit_reason is distinct from 'ADMIN_ERROR'
order by e.participant_id, e.enrolled_on desc, e.id
"""  # noqa: S608 - put together from constants
# By the site's day of the call, like a referral's; the first call of each in the period.
_CALLED = f"""
select c.provider_agency_id, c.called_on, c.requested_at, c.met_at, c.target_minutes, r.place,
  {_ABOUT}
from (
  select distinct on (h.participant_id) h.*,
    (h.requested_at at time zone s.time_zone)::date as called_on
  from handoff h join site_program s on s.site_id = h.site_id
  where h.site_id = :site
    and (h.requested_at at time zone s.time_zone)::date between :starts_on and :ends_on
  order by h.participant_id, h.requested_at, h.id
) c
join referral r on r.id = c.referral_id
join participant p on p.id = c.participant_id
left join participant_demographics d on d.participant_id = c.participant_id
"""  # noqa: S608 - put together from constants
_REFERRERS = """
select author_subject, count(*) as made,
  (array_agg(door order by submitted_at, id))[1] as door,
  (array_agg(author_agency_id order by submitted_at, id))[1] as agency_id
from referral
where site_id = :site and status <> 'DRAFT' and submitted_on between :starts_on and :ends_on
group by author_subject
"""
_REFERRAL_STEPS = """
select referral_id as id, to_status, happened_at from referral_event
where referral_id = any(:ids) and happened_at < :until and from_status <> to_status
order by happened_at, id
"""
# A step keeps the day that it was recorded with; a day that was corrected since is the stay's.
_ENROLLMENT_STEPS = """
select s.id, s.to_status, s.day::timestamp at time zone 'UTC' as happened_at
from (
  select v.enrollment_id as id, v.to_status, v.happened_at, v.id as step, case
    when v.to_status = 'EXITED' then coalesce(e.exited_on, v.happened_on)
    when v.from_status in ('PENDING_INTAKE', 'EXITED') and v.to_status = 'ENROLLED_ACTIVE'
      then coalesce(e.enrolled_on, v.happened_on)
    else v.happened_on end as day
  from enrollment_event v join enrollment e on e.id = v.enrollment_id
  where v.enrollment_id = any(:ids)
) s
where s.day < cast(:until as date) order by s.happened_at, s.step
"""
# By site, so that an index gives each its first entry; whoever refers has a site with a programme.
_FIRST_DAYS = """
select s.site_id::text as id, f.day from site_program s
cross join lateral (
  select min(r.submitted_on) as day from referral r where r.site_id = s.site_id
) f where f.day is not null
"""
_INTAKES = """
select e.participant_id, min(e.intake_completed_on) as day from enrollment e
where e.site_id = :site and e.participant_id = any(:ids) and e.intake_completed_on < :until
  and e.exit_reason is distinct from 'ADMIN_ERROR'
group by e.participant_id
"""
_CASELOADS = """
with held as (
  select a.participant_id, a.account_id from caseload_assignment a
  where a.participant_id = any(:ids) and a.starts_on <= :on
    and (a.ended_at is null or a.ended_at::date > :on)
), loads as (
  select w.account_id, count(*) as size
  from (select distinct account_id from held) w
  join caseload_assignment o on o.account_id = w.account_id
  where o.starts_on <= :on and (o.ended_at is null or o.ended_at::date > :on)
  group by w.account_id
)
select distinct h.participant_id, h.account_id, l.size
from held h join loads l on l.account_id = h.account_id
"""
_HOUSING = """
select participant_id,
  (array_agg(situation order by as_of, recorded_at, id))[1] as first,
  (array_agg(situation order by as_of desc, recorded_at desc, id desc))[1] as latest
from housing_status where participant_id = any(:ids) and as_of <= :on group by participant_id
"""

_PLACES = """
select e.id as participant_id, coalesce(of.kind, 'CORE') as kind,
  coalesce(of.funding_source, core.funding_source, 'NOT_KNOWN') as funding_source
from unnest(cast(:ids as uuid[])) as e (id)
left join lateral (
  select g.kind, g.funding_source from programme_place p join programme g on g.id = p.programme_id
  where p.participant_id = e.id and p.entered_on <= :ends_on
    and (p.left_on is null or p.left_on >= :starts_on)
  order by p.entered_on desc, p.created_at desc, p.id limit 1
) of on true
left join lateral (
  select c.funding_source from programme c where c.site_id = :site and c.kind = 'CORE'
  order by c.created_at desc, c.id limit 1
) core on true
"""
_INCOME = """
select participant_id,
  (array_agg(any_source order by as_of, recorded_at, id))[1] as first_answer,
  (array_agg(array_to_string(sources, ',') order by as_of, recorded_at, id))[1] as first_sources,
  (array_agg(any_source order by as_of desc, recorded_at desc, id desc))[1] as latest_answer,
  (array_agg(array_to_string(sources, ',') order by as_of desc, recorded_at desc, id desc))[1]
    as latest_sources
from income_status where participant_id = any(:ids) and as_of <= :on group by participant_id
"""
_BENEFITS = """
select b.participant_id, coalesce(
  (select m.to_state from care_move m where m.record_id = b.id and m.happened_on <= :on
   order by m.recorded_at desc, m.id desc limit 1),
  (select m.from_state from care_move m where m.record_id = b.id
   order by m.recorded_at, m.id limit 1),
  b.state) as state
from benefit b where b.participant_id = any(:ids) and b.applied_on <= :on
"""
_SAFETY = """
select e.id as participant_id,
  exists (select from overdose_event o where o.participant_id = e.id
    and o.occurred_on between :starts_on and :ends_on) as overdose,
  exists (select from naloxone_given n where n.participant_id = e.id
    and n.given_on between :starts_on and :ends_on) as naloxone
from unnest(cast(:ids as uuid[])) as e (id)
"""


@dataclass(frozen=True, slots=True)
class Income:
    """An answer about income."""

    any_source: str | None
    sources: tuple[str, ...]


async def first_days(session: AnySession) -> dict[str, date]:
    """Return by site since when there are referrals."""
    found = await rows(session, _FIRST_DAYS, {})
    return {each["id"]: each["day"] for each in found}


async def agencies(session: AnySession, site_id: UUID) -> list[str]:
    """Return every agency that ever referred, was called to or served somebody at a site."""
    found = await session.scalars(
        text(
            "select author_agency_id::text from referral where site_id = :site"
            " union select provider_agency_id::text from enrollment where site_id = :site"
            " union select provider_agency_id::text from handoff where site_id = :site"
            " order by 1"
        ),
        {"site": site_id},
    )
    return [str(each) for each in found]


async def districts(session: AnySession, site_id: UUID) -> list[str]:
    """Return the districts that the site's newest agreed protocol lists."""
    found = await session.scalar(
        text(
            "select rules -> 'districts' from protocol_version where site_id = :site"
            " and state = :adopted order by number desc limit 1"
        ),
        {"site": site_id, "adopted": ProtocolState.ADOPTED.value},
    )
    return [str(each) for each in found or ()]


async def referred(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people whose first referral lies in a period."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _REFERRED, given)


async def first_referrals(
    session: AnySession, site_id: UUID, participants: Sequence[UUID]
) -> Sequence[Mapping[str, Any]]:
    """Return the first referral at a site of each of some people, with what splits need."""
    return await rows(session, _FIRST_REFERRALS, {"site": site_id, "ids": participants})


async def referred_days(
    session: AnySession, site_id: UUID, days: tuple[date, date], after: UUID | None, most: int
) -> dict[UUID, date]:
    """Return whose first referral at a site lies in a period, with the site's day of it.

    Args:
        session: a snapshot.
        site_id: site.
        days: first and last day of the period.
        after: whoever comes after this one, by id; None: from the first on.
        most: how many at most.
    """
    starts_on, ends_on = days
    given = {
        "site": site_id, "starts_on": starts_on, "ends_on": ends_on, "after": after, "most": most,
    }  # fmt: skip
    found = await rows(session, _REFERRED_DAYS, given)
    return {each["participant_id"]: each["submitted_on"] for each in found}


async def enrolled(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people who were enrolled at some time in a period, by their latest stay."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _ENROLLED, given)


async def called(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people to whom a case manager was called in a period, by the first of these calls."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _CALLED, given)


async def referrers(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return who referred in a period, and how often."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _REFERRERS, given)


async def referral_steps(
    session: AnySession, ids: Sequence[UUID], until: datetime
) -> dict[UUID, list[Step]]:
    """Return the steps of referrals before an instant, in order."""
    return _steps(await rows(session, _REFERRAL_STEPS, {"ids": ids, "until": until}))


async def enrollment_steps(
    session: AnySession, ids: Sequence[UUID], until: date
) -> dict[UUID, list[Step]]:
    """Return the steps of enrollments before a day, in order."""
    return _steps(await rows(session, _ENROLLMENT_STEPS, {"ids": ids, "until": until}))


def _steps(found: Sequence[Mapping[str, Any]]) -> dict[UUID, list[Step]]:
    steps: dict[UUID, list[Step]] = {}
    for each in found:
        steps.setdefault(each["id"], []).append(Step(each["to_status"], each["happened_at"]))
    return steps


async def intakes(
    session: AnySession, site_id: UUID, participants: Sequence[UUID], until: date
) -> dict[UUID, date]:
    """Return on which day before another one people's first intake at a site was completed."""
    given = {"site": site_id, "ids": participants, "until": until}
    return {each["participant_id"]: each["day"] for each in await rows(session, _INTAKES, given)}


async def caseloads(
    session: AnySession, participants: Sequence[UUID], on: date
) -> dict[UUID, list[int]]:
    """Return how large the caseloads are that people are on at the end of a day."""
    sizes: dict[UUID, list[int]] = {}
    for each in await rows(session, _CASELOADS, {"ids": participants, "on": on}):
        sizes.setdefault(each["participant_id"], []).append(each["size"])
    return sizes


async def housing(
    session: AnySession, participants: Sequence[UUID], on: date
) -> dict[UUID, tuple[str, str]]:
    """Return the first and the latest living situation of people up to a day."""
    found = await rows(session, _HOUSING, {"ids": participants, "on": on})
    return {each["participant_id"]: (each["first"], each["latest"]) for each in found}


async def places(
    session: AnySession, site_id: UUID, participants: Sequence[UUID], starts_on: date, ends_on: date
) -> dict[UUID, tuple[str, str]]:
    """Return in which programme people were last in a period, and who pays for it."""
    given = {"site": site_id, "ids": participants, "starts_on": starts_on, "ends_on": ends_on}
    found = await rows(session, _PLACES, given)
    return {each["participant_id"]: (each["kind"], each["funding_source"]) for each in found}


async def incomes(
    session: AnySession, participants: Sequence[UUID], on: date
) -> dict[UUID, tuple[Income, Income]]:
    """Return the first and the latest answer about income of people up to a day."""
    found = await rows(session, _INCOME, {"ids": participants, "on": on})
    return {
        each["participant_id"]: (
            Income(each["first_answer"], tuple(each["first_sources"].split(","))),
            Income(each["latest_answer"], tuple(each["latest_sources"].split(","))),
        )
        for each in found
    }


async def benefits(
    session: AnySession, participants: Sequence[UUID], on: date
) -> dict[UUID, list[str]]:
    """Return the states of people's benefits at the end of a day."""
    states: dict[UUID, list[str]] = {}
    for each in await rows(session, _BENEFITS, {"ids": participants, "on": on}):
        states.setdefault(each["participant_id"], []).append(each["state"])
    return states


async def safety(
    session: AnySession, participants: Sequence[UUID], starts_on: date, ends_on: date
) -> dict[UUID, tuple[bool, bool]]:
    """Return whether people had an overdose in a period, and whether naloxone was given."""
    given = {"ids": participants, "starts_on": starts_on, "ends_on": ends_on}
    found = await rows(session, _SAFETY, given)
    return {each["participant_id"]: (each["overdose"], each["naloxone"]) for each in found}


def about(row: Mapping[str, Any]) -> About:
    """Return what a row says of a person that a table can be split by."""
    return About(
        race=tuple(row["race"] or ()),
        gender=row["gender_identity"],
        sex=row["sex"],
        disability=row["disability"],
        born_on=row["born_on"],
        birth_year=row["estimated_birth_year"],
    )
