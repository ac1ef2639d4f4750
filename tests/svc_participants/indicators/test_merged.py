"""Whoever has two records that were merged is counted once, with what both of them hold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from infra.indicators.definitions import Observation, Population
from infra.indicators.groups import GroupsError
from infra.indicators.periods import Period
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.duplicates.tables import PersonLinkRow
from svc_participants.indicators import (
    merged,
    repository,
    repository_after,
    repository_care,
    rules,
    study,
)
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import (
    CALLED,
    ENROLLED,
    REFERRED,
    REFERRERS,
    SERVED,
    STARTED,
)
from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.indicators.people_of_a_site import (
    PROVIDER,
    Somebody,
    add_people,
    settle_site,
)
from tests.svc_participants.indicators.test_called import Call, _row
from tests.svc_participants.indicators.test_groups_door import door

FIRST, LAST = date(2025, 1, 20), date(2025, 3, 2)
HOMELESS, HOUSED = "PLACE_NOT_MEANT_FOR_HABITATION", "RENTAL_WITH_SUBSIDY"
PEOPLE = tuple(dict.fromkeys(each.population for each in rules.INDICATORS))
MODULES = (repository, repository_after, repository_care, study, merged)
BEGINS = date(2025, 1, 1)
OLD = Somebody(
    submitted_on=FIRST, enrolled_on=LAST, homes=((FIRST, HOMELESS),), spent_cents=100,
    overdose_on=date(2025, 3, 9),
)  # fmt: skip
NEW = replace(OLD, submitted_on=LAST, homes=((LAST, HOUSED),), overdose_on=None)


def _link(merged_id: UUID, surviving_id: UUID, ended_at: datetime | None = None) -> PersonLinkRow:
    return PersonLinkRow(
        id=uuid4(), surviving_id=surviving_id, merged_id=merged_id, score=9, reason="One person.",
        linked_at=datetime(2025, 4, 1, tzinfo=UTC), linked_by="pm", ended_at=ended_at, version=1,
    )  # fmt: skip


async def a_site(service: ServiceApp) -> tuple[UUID, UUID, UUID]:
    """Make a site with two people, one of them twice; returns it, the survivor and the other."""
    site = uuid4()
    await settle_site(service, site)
    new, old, _ = ids = await add_people(service, site, [NEW, OLD, NEW])
    async with service.chassis.database.write() as session:
        for person in ids:
            (referral,) = await session.scalars(
                select(ReferralRow.id).where(ReferralRow.participant_id == person)
            )
            session.add(_row(Call(12), site, person, referral))
            session.add(
                AssignmentRow(
                    id=uuid4(), participant_id=person, agency_id=PROVIDER, account_id=str(site),
                    starts_on=LAST, ended_at=None, created_at=datetime(2025, 3, 2, tzinfo=UTC),
                )
            )  # fmt: skip
            session.add(
                EncounterRow(
                    id=uuid4(), participant_id=person, agency_id=PROVIDER,
                    recorded_at=datetime(2025, 3, 3, tzinfo=UTC), recorded_by="cm",
                    occurred_on=date(2025, 3, 3), mode="STREET_OUTREACH", outcome="MET",
                )
            )  # fmt: skip
        session.add(_link(old, new))
    return site, new, old


async def observed(
    service: ServiceApp, site: UUID, population: Population
) -> list[Mapping[str, Any]]:
    """Return the outcomes of everybody of a population in the period that begins with 2025."""
    period = Period(BEGINS, population.grain)
    async with service.chassis.database.read() as session:
        found: list[Observation] = list(
            await ParticipantFigures().observations(session, str(site), population, period)
        )
    return [each.outcomes for each in found]


async def assert_counted_once(service: ServiceApp, population: Population) -> None:
    site, _, _ = await a_site(service)
    assert len(await observed(service, site, population)) == 2, population.key


OF_PEOPLE = [each for each in PEOPLE if each is not REFERRERS]


def test_every_population_of_people_is_tried() -> None:
    assert set(OF_PEOPLE) == {REFERRED, CALLED, ENROLLED, STARTED, SERVED}


@pytest.mark.parametrize("population", OF_PEOPLE, ids=lambda each: each.key)
async def test_two_records_of_one_person_are_counted_once(
    participants: ServiceApp, population: Population
) -> None:
    await assert_counted_once(participants, population)


def blind(module: ModuleType) -> dict[str, str]:
    """Return the statements of a module as they would be without a look at merges."""
    return {
        name: text.replace("l.ended_at is null", "false")
        for name, text in vars(module).items()
        if isinstance(text, str) and "person_link" in text
    }


@pytest.mark.parametrize("population", OF_PEOPLE, ids=lambda each: each.key)
async def test_planted_figures_that_are_blind_to_merges_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    for module in MODULES:
        for name, text in blind(module).items():
            monkeypatch.setattr(module, name, text)
    with pytest.raises(AssertionError):
        await assert_counted_once(participants, population)


async def test_what_both_records_hold_is_the_persons(participants: ServiceApp) -> None:
    site, new, old = await a_site(participants)
    async with participants.chassis.database.read() as session:
        last = date(2025, 12, 31)
        homes = await repository_care.housing(session, [new], last)
        assert homes == {new: (HOMELESS, HOUSED)}
        assert await repository_care.contacts(session, [new], BEGINS, last) == {new: 2}
        assert await repository_care.safety(session, [new], BEGINS, last) == {new: (True, False)}
        assert (await repository_after.costs(session, [new], last))[new][0] == 200
        # Three records on the caseload are two people.
        assert await repository.caseloads(session, [new], date(2025, 3, 31), UTC) == {new: [2]}
        period = (FIRST, FIRST)
        assert await repository.referred_days(session, site, period, None, 9) == {new: FIRST}
        (row,) = await repository.first_referrals(session, site, [new])
        assert row["participant_id"] == new
        assert await merged.merged_records(session, site) == {old: new}
    assert await observed(participants, site, SERVED) == [{"CONTACTS": "ONE_TO_FOUR"}] * 2


async def test_a_link_that_was_taken_away_counts_no_more(participants: ServiceApp) -> None:
    site = uuid4()
    await settle_site(participants, site)
    new, old = await add_people(participants, site, [NEW, OLD])
    async with participants.chassis.database.write() as session:
        session.add(_link(old, new, datetime(2025, 4, 2, tzinfo=UTC)))
    for population in (REFERRED, ENROLLED, STARTED, SERVED):
        assert len(await observed(participants, site, population)) == 2, population.key


@pytest.mark.parametrize("asking", ["cases", "consent"])
async def test_who_counts_elsewhere_is_told_which_records_are_of_one_person(
    participants: ServiceApp, tmp_path: Path, asking: str
) -> None:
    site, new, old = await a_site(participants)
    async with door(participants, tmp_path, asking) as groups:
        assert await groups.merged(site) == {old: new}
        assert await groups.merged(uuid4()) == {}


async def test_nobody_else_is_told_which_records_are_of_one_person(
    participants: ServiceApp, tmp_path: Path
) -> None:
    async with door(participants, tmp_path, "training") as groups:
        with pytest.raises(GroupsError):
            await groups.merged(uuid4())


@pytest.mark.parametrize(
    ("made", "first", "last", "expected"),
    [
        (0, date(2025, 1, 1), date(2025, 3, 31), "NONE"),
        (2, date(2025, 1, 1), date(2025, 3, 31), "LESS_THAN_ONE"),
        (3, date(2025, 1, 1), date(2025, 3, 31), "ONE_TO_FOUR"),
        (12, date(2025, 1, 1), date(2025, 3, 31), "FOUR_OR_MORE"),
        (1, date(2025, 3, 25), date(2025, 3, 31), "ONE_TO_FOUR"),
        (4, date(2025, 3, 31), date(2025, 3, 31), "FOUR_OR_MORE"),
    ],
)
def test_contacts_are_reckoned_by_the_month(
    made: int, first: date, last: date, expected: str
) -> None:
    assert rules.contacts(made, first, last) == expected
