"""SQL of what is counted: one row for each person of a population, with nothing that names them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra.database import AnySession, rows
from infra.indicators.periods import bounds
from svc_participants.indicators.merged import MEMBERS, PERSON, RECORDS
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
select r.id, r.person_id as participant_id, r.door, r.author_agency_id, r.place, r.counterfactual,
  r.status, r.decision_reason, r.submitted_at, r.submitted_on, {_ABOUT}
from (
  select distinct on (person_id) * from (
    select f.*, {PERSON.format("f.participant_id")} as person_id from referral f
    where f.site_id = :site and f.status <> 'DRAFT'
  ) of order by person_id, submitted_at, id
) r
join participant p on p.id = r.person_id
left join participant_demographics d on d.participant_id = r.person_id
where r.submitted_on between :starts_on and :ends_on
"""  # noqa: S608 - put together from constants
_FIRST_REFERRALS = f"""
select distinct on (m.person_id) m.person_id as participant_id, r.door, r.place, {_ABOUT}
from {MEMBERS} m
join referral r on r.participant_id = m.record_id
join participant p on p.id = m.person_id
left join participant_demographics d on d.participant_id = m.person_id
where r.site_id = :site and r.status <> 'DRAFT'
order by m.person_id, r.submitted_at, r.id
"""  # noqa: S608 - put together from constants
# By site and day, for which there is an index; then whether it was the person's first there.
_REFERRED_DAYS = f"""
select distinct r.person_id as participant_id, r.submitted_on from (
  select f.*, {PERSON.format("f.participant_id")} as person_id from referral f
  where f.site_id = :site and f.status <> 'DRAFT'
    and f.submitted_on between :starts_on and :ends_on
) r
where (cast(:after as uuid) is null or r.person_id > cast(:after as uuid))
  and not exists (
    select from referral e
    where e.participant_id = any({RECORDS.format("r.person_id")})
      and e.site_id = r.site_id and e.status <> 'DRAFT'
      and (e.submitted_at, e.id) < (r.submitted_at, r.id)
  )
order by r.person_id limit :most
"""  # noqa: S608 - put together from constants
_ENROLLED = f"""
select distinct on (p.id) e.id, p.id as participant_id, e.provider_agency_id, e.status,
  e.enrolled_on, e.exited_on, e.exit_reason, r.door, r.place, {_ABOUT}
from enrollment e
join participant p on p.id = {PERSON.format("e.participant_id")}
{REFERRAL_OF_STAY}
left join participant_demographics d on d.participant_id = p.id
where e.site_id = :site and e.enrolled_on <= :ends_on
  and (e.exited_on is null or e.exited_on >= :starts_on)
  and e.exit_reason is distinct from 'ADMIN_ERROR'
order by p.id, e.enrolled_on desc, e.id
"""  # noqa: S608 - put together from constants
# By the site's day of the call, like a referral's; the first call of each in the period.
_CALLED = f"""
select c.provider_agency_id, c.called_on, c.requested_at, c.met_at, c.target_minutes, r.place,
  {_ABOUT}
from (
  select distinct on (of.person_id) of.* from (
    select h.*, (h.requested_at at time zone s.time_zone)::date as called_on,
      {PERSON.format("h.participant_id")} as person_id
    from handoff h join site_program s on s.site_id = h.site_id
    where h.site_id = :site
      and (h.requested_at at time zone s.time_zone)::date between :starts_on and :ends_on
  ) of order by of.person_id, of.requested_at, of.id
) c
join referral r on r.id = c.referral_id
join participant p on p.id = c.person_id
left join participant_demographics d on d.participant_id = c.person_id
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
_INTAKES = f"""
select m.person_id as participant_id, min(e.intake_completed_on) as day
from {MEMBERS} m join enrollment e on e.participant_id = m.record_id
where e.site_id = :site and e.intake_completed_on < :until
  and e.exit_reason is distinct from 'ADMIN_ERROR'
group by m.person_id
"""  # noqa: S608 - put together from constants
_CASELOADS = f"""
with held as (
  select m.person_id as participant_id, a.account_id
  from {MEMBERS} m join caseload_assignment a on a.participant_id = m.record_id
  where a.starts_on <= :on and (a.ended_at is null or a.ended_at >= :over)
), loads as (
  select w.account_id, count(distinct {PERSON.format("o.participant_id")}) as size
  from (select distinct account_id from held) w
  join caseload_assignment o on o.account_id = w.account_id
  where o.starts_on <= :on and (o.ended_at is null or o.ended_at >= :over)
  group by w.account_id
)
select distinct h.participant_id, h.account_id, l.size
from held h join loads l on l.account_id = h.account_id
"""  # noqa: S608 - put together from constants


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
    session: AnySession, participants: Sequence[UUID], on: date, zone: tzinfo
) -> dict[UUID, list[int]]:
    """Return how large the caseloads are that people are on at the end of a day at a place."""
    sizes: dict[UUID, list[int]] = {}
    _, over = bounds((on, on), zone)
    for each in await rows(session, _CASELOADS, {"ids": participants, "on": on, "over": over}):
        sizes.setdefault(each["participant_id"], []).append(each["size"])
    return sizes


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
