"""SQL of what is counted: one row for each person of a population, with nothing that names them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra.database import AnySession, rows
from svc_participants.indicators.rules import About, Step

_ABOUT = """d.race, d.gender_identity, d.sex, d.disability, p.born_on, p.estimated_birth_year"""
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
_ENROLLED = f"""
select distinct on (e.participant_id) e.id, e.participant_id, e.provider_agency_id, e.status,
  e.enrolled_on, e.exited_on, e.exit_reason, r.door, {_ABOUT}
from enrollment e
join participant p on p.id = e.participant_id
left join referral r on r.id = e.referral_id
left join participant_demographics d on d.participant_id = e.participant_id
where e.site_id = :site and e.enrolled_on <= :ends_on
  and (e.exited_on is null or e.exited_on >= :starts_on)
  and e.exit_reason is distinct from 'ADMIN_ERROR'
order by e.participant_id, e.enrolled_on desc, e.id
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
where referral_id = any(:ids) and happened_at < :until order by happened_at, id
"""
_ENROLLMENT_STEPS = """
select enrollment_id as id, to_status, happened_on::timestamp at time zone 'UTC' as happened_at
from enrollment_event
where enrollment_id = any(:ids) and happened_on < cast(:until as date) order by happened_at, id
"""
_CASELOADS = """
with held as (
  select a.account_id, a.participant_id from caseload_assignment a
  where a.starts_on <= :on and (a.ended_at is null or a.ended_at::date > :on)
)
select h.participant_id, count(*) as size
from held h join held of on of.account_id = h.account_id
where h.participant_id = any(:ids) group by h.participant_id, h.account_id
"""
_HOUSING = """
select participant_id,
  (array_agg(situation order by as_of, recorded_at, id))[1] as first,
  (array_agg(situation order by as_of desc, recorded_at desc, id desc))[1] as latest
from housing_status where participant_id = any(:ids) and as_of <= :on group by participant_id
"""


async def first_days(session: AnySession) -> dict[str, date]:
    """Return by site since when there are referrals."""
    found = await rows(
        session, "select site_id::text as id, min(submitted_on) as day from referral group by 1", {}
    )
    return {each["id"]: each["day"] for each in found}


async def agencies(session: AnySession, site_id: UUID) -> list[str]:
    """Return every agency that ever referred or served somebody at a site."""
    found = await session.scalars(
        text(
            "select author_agency_id::text from referral where site_id = :site"
            " union select provider_agency_id::text from enrollment where site_id = :site"
            " order by 1"
        ),
        {"site": site_id},
    )
    return [str(each) for each in found]


async def districts(session: AnySession, site_id: UUID) -> list[str]:
    """Return the districts that the site's newest protocol lists."""
    found = await session.scalar(
        text(
            "select rules -> 'districts' from protocol_version where site_id = :site"
            " order by number desc limit 1"
        ),
        {"site": site_id},
    )
    return [str(each) for each in found or ()]


async def referred(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people whose first referral lies in a period."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _REFERRED, given)


async def enrolled(
    session: AnySession, site_id: UUID, starts_on: date, ends_on: date
) -> Sequence[Mapping[str, Any]]:
    """Return people who were enrolled at some time in a period, by their latest stay."""
    given = {"site": site_id, "starts_on": starts_on, "ends_on": ends_on}
    return await rows(session, _ENROLLED, given)


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
