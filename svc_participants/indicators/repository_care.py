"""SQL of how people are: housing, income, benefits, safety, contacts; by all of their records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from infra.database import AnySession, rows
from svc_participants.care.encounters.rules import MET
from svc_participants.care.notes.rules import ContactMode
from svc_participants.indicators.merged import MEMBERS, RECORDS

_HOUSING = f"""
select m.person_id as participant_id,
  (array_agg(situation order by as_of, recorded_at, id))[1] as first,
  (array_agg(situation order by as_of desc, recorded_at desc, id desc))[1] as latest
from {MEMBERS} m join housing_status h on h.participant_id = m.record_id
where h.as_of <= :on group by m.person_id
"""  # noqa: S608 - put together from constants

_PLACES = f"""
select e.id as participant_id, coalesce(of.kind, 'CORE') as kind,
  coalesce(of.funding_source, core.funding_source, 'NOT_KNOWN') as funding_source
from unnest(cast(:ids as uuid[])) as e (id)
left join lateral (
  select g.kind, g.funding_source from programme_place p join programme g on g.id = p.programme_id
  where p.participant_id = any({RECORDS.format("e.id")}) and p.entered_on <= :ends_on
    and (p.left_on is null or p.left_on >= :starts_on)
  order by p.entered_on desc, p.created_at desc, p.id limit 1
) of on true
left join lateral (
  select c.funding_source from programme c where c.site_id = :site and c.kind = 'CORE'
  order by c.created_at desc, c.id limit 1
) core on true
"""  # noqa: S608 - put together from constants
_INCOME = f"""
select m.person_id as participant_id,
  (array_agg(any_source order by as_of, recorded_at, id))[1] as first_answer,
  (array_agg(array_to_string(sources, ',') order by as_of, recorded_at, id))[1] as first_sources,
  (array_agg(any_source order by as_of desc, recorded_at desc, id desc))[1] as latest_answer,
  (array_agg(array_to_string(sources, ',') order by as_of desc, recorded_at desc, id desc))[1]
    as latest_sources
from {MEMBERS} m join income_status i on i.participant_id = m.record_id
where i.as_of <= :on group by m.person_id
"""  # noqa: S608 - put together from constants
_BENEFITS = f"""
select m.person_id as participant_id, coalesce(
  (select v.to_state from care_move v where v.record_id = b.id and v.happened_on <= :on
   order by v.recorded_at desc, v.id desc limit 1),
  (select v.from_state from care_move v where v.record_id = b.id
   order by v.recorded_at, v.id limit 1),
  b.state) as state
from {MEMBERS} m join benefit b on b.participant_id = m.record_id where b.applied_on <= :on
"""  # noqa: S608 - put together from constants
_SAFETY = f"""
select e.id as participant_id,
  exists (select from overdose_event o where o.participant_id = any({RECORDS.format("e.id")})
    and o.occurred_on between :starts_on and :ends_on) as overdose,
  exists (select from naloxone_given n where n.participant_id = any({RECORDS.format("e.id")})
    and n.given_on between :starts_on and :ends_on) as naloxone
from unnest(cast(:ids as uuid[])) as e (id)
"""  # noqa: S608 - put together from constants
_CONTACTS = f"""
select m.person_id as participant_id, count(*) as made
from {MEMBERS} m join encounter c on c.participant_id = m.record_id
where c.occurred_on between :starts_on and :ends_on
  and c.outcome = any(:met) and c.mode <> :of_others
group by m.person_id
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class Income:
    """An answer about income."""

    any_source: str | None
    sources: tuple[str, ...]


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


async def contacts(
    session: AnySession, participants: Sequence[UUID], starts_on: date, ends_on: date
) -> dict[UUID, int]:
    """Return how often people were met in a period; word of somebody else is no contact."""
    given = {
        "ids": participants, "starts_on": starts_on, "ends_on": ends_on,
        "met": [each.value for each in MET], "of_others": ContactMode.COLLATERAL.value,
    }  # fmt: skip
    found = await rows(session, _CONTACTS, given)
    return {each["participant_id"]: each["made"] for each in found}
