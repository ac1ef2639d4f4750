"""Rows without names: what an evaluator has of each person under an agreement in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from infra.authority.facts import agency_holder
from infra.database import AnySession, rows
from infra.identity_token import Caller
from infra.indicators.definitions import Split
from infra.indicators.periods import SETTLING_DAYS
from infra.indicators.studies import Study, masks
from infra.pagination import Page
from svc_participants.indicators import (
    repository,
    repository_after,
    repository_care,
    rules,
    started,
    well_being,
)
from svc_participants.indicators.merged import PERSON, RECORDS
from svc_participants.people.site_days import today_at

_TRAITS = (Split.RACE, Split.AGE, Split.GENDER)

# Everybody of the site whose first referral has settled, unless they said no to all or to this
# agency. The order is by a random id, which says nothing. Of stays, the one that began first
# counts: one that was brought in from an earlier system is entered last.
_PEOPLE = f"""
select r.person_id as participant_id, r.door, r.counterfactual, r.status,
  r.decision_reason, r.submitted_on, d.race, d.gender_identity, d.sex, d.disability, p.born_on,
  p.estimated_birth_year,
  e.enrolled_on, e.status as stay
from (
  select distinct on (person_id) * from (
    select f.*, {PERSON.format("f.participant_id")} as person_id from referral f
    where f.site_id = :site and f.status <> 'DRAFT'
  ) of order by person_id, submitted_at, id
) r
join participant p on p.id = r.person_id
left join participant_demographics d on d.participant_id = r.person_id
left join lateral (
  select enrolled_on, status from enrollment e
  where e.participant_id = any({RECORDS.format("r.person_id")}) and e.site_id = :site
    and e.exit_reason is distinct from 'ADMIN_ERROR'
  order by e.enrolled_on, e.created_at, e.id limit 1
) e on true
where r.submitted_on <= :until and not exists (
  select 1 from authority_visibility v
  where v.participant_id = any({RECORDS.format("r.person_id")}) and v.effect = 'deny'
    and v.holder in ('any', :agency, :agency_here)
    and (v.purpose is null or v.purpose = :purpose)
    and v.starts_at <= statement_timestamp()
    and (v.ends_at is null or v.ends_at > statement_timestamp()))
order by r.person_id
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One person without a name; ``key`` orders pages and is never shown."""

    key: UUID
    pseudonym: str
    door: str
    counterfactual: str
    decision: str
    referred_on: date | None
    enrolled_on: date | None
    status: str | None
    race: str
    age: str
    gender: str
    housing_at_first: str
    housing_latest: str
    funds_spent: str
    nights_lodged: str


async def page_of_rows(
    session: AnySession, caller: Caller, study: Study, first: int, after: UUID | None
) -> Page[StudyRow]:
    """Return one page of rows under an agreement.

    Args:
        session: the request's snapshot.
        caller: the evaluator.
        study: the agreement in force.
        first: how many rows.
        after: key of the last row of the page before.
    """
    today = await today_at(session, caller)
    found = await rows(
        session,
        _PEOPLE,
        {
            "site": UUID(caller.site_id),
            "until": today - timedelta(days=SETTLING_DAYS),
            "agency": agency_holder(caller.agency_id),
            "agency_here": agency_holder(caller.agency_id, caller.site_id),
            "purpose": caller.purpose.value if caller.purpose else "",
        },
    )
    traits = [_traits(row) for row in found]
    shown = masks(traits)  # over everybody, so that pages are alike however they are cut
    wanted = [
        (row, mask)
        for row, mask in zip(found, shown, strict=True)
        if after is None or row["participant_id"] > after
    ]
    here = wanted[:first]
    people = [row["participant_id"] for row, _ in here]
    homes = await repository_care.housing(session, people, today)
    costs = await repository_after.costs(session, people, today)
    made = [_row(row, mask, study, homes, costs[row["participant_id"]]) for row, mask in here]
    return Page(made, has_next=len(wanted) > first, total=None)


def _traits(row: Mapping[str, Any]) -> tuple[str, ...]:
    known = rules.of_person(repository.about(row), row["submitted_on"])
    return tuple(known[each] for each in _TRAITS)


def _row(
    row: Mapping[str, Any],
    mask: Sequence[str],
    study: Study,
    homes: Mapping[UUID, tuple[str, str]],
    costs: tuple[int, int],
) -> StudyRow:
    person: UUID = row["participant_id"]
    began, latest = homes.get(person, (None, None))
    race, age, gender = mask
    return StudyRow(
        key=person,
        pseudonym=study.pseudonym(person),
        door=row["door"],
        counterfactual=rules.counterfactual(row["counterfactual"]),
        decision=rules.decision(row["status"], row["decision_reason"]),
        referred_on=study.shifted(person, row["submitted_on"]),
        enrolled_on=study.shifted(person, row["enrolled_on"]),
        status=row["stay"],
        race=race,
        age=age,
        gender=gender,
        housing_at_first=well_being.housing(began),
        housing_latest=well_being.housing(latest),
        funds_spent=started.funds(costs[0]),
        nights_lodged=started.nights(costs[1]),
    )
