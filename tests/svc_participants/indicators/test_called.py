"""How soon somebody came to the scene: in bands of people, and nobody's own minutes among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from infra.indicators import counting
from infra.indicators.definitions import Indicator
from infra.indicators.publishing import Publisher
from infra.small_cells import THRESHOLD
from infra.vocabulary import Category, Purpose, Role
from svc_participants.handoffs.rules import HandoffState
from svc_participants.handoffs.tables import HandoffRow
from svc_participants.indicators import called, repository, rules
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import CALLED
from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.service_app import ServiceApp, caller
from tests.svc_participants.indicators.people_of_a_site import (
    PROVIDER,
    Somebody,
    add_people,
    settle_site,
)
from tests.svc_participants.indicators.test_well_being import _naive, groups_of, people_of

ALL = frozenset({Category.REFERRAL, Category.DEMOGRAPHICS})
QUERY = """query($by: IndicatorSplit!) { reachIndicators(splitBy: $by) {
  key period family people outcomes { outcome people }
  groups { code people cells { outcome people share equityRatio } } } }"""
AT = datetime(2025, 2, 10, 18, tzinfo=UTC)
EVENING = datetime(2025, 4, 1, 2, tzinfo=UTC)
"""Seven in the evening of the site, on the last day of the quarter."""
WHITE, BLACK = Somebody(), Somebody(race=("BLACK_AFRICAN_AMERICAN",))


@dataclass(frozen=True, slots=True)
class Call:
    """A call: when, and after how many minutes they met, if they did."""

    minutes: float | None
    at: datetime = AT
    target: int = 30


async def a_site(service: ServiceApp, people: Sequence[tuple[Somebody, Iterable[Call]]]) -> UUID:
    """Make a site with people who were called to, and publish what has settled on 1 May 2025."""
    site = uuid4()
    await settle_site(service, site)
    ids = await add_people(service, site, [somebody for somebody, _ in people])
    async with service.chassis.database.write() as session:
        for person, (_, calls) in zip(ids, people, strict=True):
            (referral,) = await session.scalars(
                select(ReferralRow.id).where(ReferralRow.participant_id == person)
            )
            session.add_all(_row(each, site, person, referral) for each in calls)
    await Publisher(service.chassis.database, OfOnePopulation()).publish_settled(date(2025, 5, 1))
    return site


class OfOnePopulation(ParticipantFigures):
    """The source, of the one population that is looked at here."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return its indicators."""
        return [each for each in rules.INDICATORS if each.population is CALLED]


def _row(each: Call, site: UUID, person: UUID, referral: UUID) -> HandoffRow:
    met_at = None if each.minutes is None else each.at + timedelta(minutes=each.minutes)
    return HandoffRow(
        id=uuid4(), referral_id=referral, participant_id=person, site_id=site,
        provider_agency_id=PROVIDER, on_call_account="cm", duty_phone="206-555-0142",
        requested_by="officer-1", place=None, target_minutes=each.target, requested_at=each.at,
        state=(HandoffState.HANDOFF_MET if met_at else HandoffState.HANDOFF_FAILED).value,
        en_route_at=each.at, met_at=met_at, failed_at=None if met_at else each.at,
        failure_reason=None if met_at else "PERSON_LEFT", version=3,
    )  # fmt: skip


async def table(
    service: ServiceApp, site: UUID, by: str = "NONE", aggregates: frozenset[Category] = ALL
) -> dict[str, Any] | None:
    """Return the table of the quarter, if there is one."""
    asking = caller(
        Role.PCG, {}, site_id=str(site), purpose=Purpose.LEAD_EVAL, aggregates=aggregates
    )
    answer = await service.graphql(asking, QUERY, {"by": by})
    wanted = ("HANDOFF", "2025-Q1")
    found = answer.data["reachIndicators"] or ()
    return next((each for each in found if (each["key"], each["period"]) == wanted), None)


async def shown(service: ServiceApp, site: UUID, by: str = "NONE") -> dict[str, Any]:
    """Return the table of the quarter."""
    found = await table(service, site, by)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("minutes", "target", "outcome"),
    [
        (0, 30, "WITHIN_TARGET"), (30, 30, "WITHIN_TARGET"), (31, 30, "WITHIN_TWICE"),
        (60, 30, "WITHIN_TWICE"), (61, 30, "AFTER_TWICE"), (None, 30, "NOT_MET"),
        (31, 45, "WITHIN_TARGET"), (91, 45, "AFTER_TWICE"),
    ],
)  # fmt: skip
def test_bands_are_of_the_target_of_the_day(minutes: int | None, target: int, outcome: str) -> None:
    assert called.handoff(minutes, target) == outcome


def a_quarter() -> list[tuple[Somebody, list[Call]]]:
    """Return people of one quarter; each is counted once, by the first call in it."""
    return [
        *[(WHITE, [Call(12)])] * 14,
        *[(WHITE, [Call(30.9), Call(None, AT + timedelta(days=3))])] * 12,
        *[(WHITE, [Call(40, EVENING)])] * 13,
        *[(WHITE, [Call(None, datetime(2025, 1, 1, 7, tzinfo=UTC)), Call(75)])] * 11,
        *[(WHITE, [Call(None), Call(12, AT + timedelta(hours=2))])] * 15,
        *[(WHITE, list[Call]())] * 5,
        *[(WHITE, [Call(12, EVENING + timedelta(hours=6))])] * 3,
    ]


EXPECTED = {"WITHIN_TARGET": 26, "WITHIN_TWICE": 13, "AFTER_TWICE": 11, "NOT_MET": 15}


async def test_each_is_counted_once_by_the_first_call_of_the_quarter(
    participants: ServiceApp,
) -> None:
    site = await a_site(participants, a_quarter())
    found = await shown(participants, site)
    assert (found["family"], found["people"]) == ("SPEED", 65)
    assert people_of(found) == EXPECTED
    by_agency = await shown(participants, site, "AGENCY")
    assert dict(groups_of(by_agency))[str(PROVIDER)] == 65
    assert await table(participants, site, "DOOR") is None, "one door has calls at all"
    assert await table(participants, site, "NONE", ALL - {Category.REFERRAL}) is None
    assert await table(participants, site, "RACE", ALL - {Category.DEMOGRAPHICS}) is None


@pytest.mark.parametrize(
    ("sound", "planted"),
    [
        ("at time zone s.time_zone)::date between", "at time zone 'UTC')::date between"),
        ("order by of.person_id, of.requested_at,", "order by of.person_id, of.met_at,"),
        ("distinct on (of.person_id)", "distinct on (of.id)"),
    ],
    ids=["day of UTC", "the best call", "every call"],
)
async def test_planted_statement_that_counts_otherwise_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, sound: str, planted: str
) -> None:
    statement = repository._CALLED
    assert sound in statement
    changed = statement.replace(sound, planted)
    if "of.id)" in planted:
        changed = changed.replace("order by of.person_id,", "order by of.id,")
    monkeypatch.setattr(repository, "_CALLED", changed)
    site = await a_site(participants, a_quarter())
    assert people_of(await shown(participants, site)) != EXPECTED


def few() -> list[tuple[Somebody, list[Call]]]:
    """Return people of whom three Black ones waited longer than twice the target."""
    waits = (Call(12), Call(45), Call(90), Call(None))
    of_race = ((WHITE, (30, 20, 25, 15)), (BLACK, (14, 12, 3, 11)))
    return [
        (replace(somebody), [call])
        for somebody, counts in of_race
        for call, many in zip(waits, counts, strict=True)
        for _ in range(many)
    ]


def _rebuilt(found: dict[str, Any]) -> int | None:
    """Return how many Black people waited longest, if subtraction from all tells."""
    cells = {
        each["code"]: {cell["outcome"]: cell["people"] for cell in each["cells"]}
        for each in found["groups"]
    }
    whole, rest = people_of(found)["AFTER_TWICE"], cells["WHITE"]["AFTER_TWICE"]
    return None if whole is None or rest is None else whole - rest


async def test_no_number_is_under_eleven_and_subtraction_gives_nobody_back(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack finds three people where only small cells are hidden."""
    sound = await a_site(participants, few())
    for by in CALLED.splits:
        found = await shown(participants, sound, by.value)
        numbers = [found["people"], *people_of(found).values(), *groups_of(found).values()]
        numbers += [cell["people"] for each in found["groups"] for cell in each["cells"]]
        assert all(not each or each >= THRESHOLD for each in numbers), found
    monkeypatch.setattr(counting, "protect_together", _naive)
    leaky = await a_site(participants, few())
    assert _rebuilt(await shown(participants, sound, "RACE")) is None
    assert _rebuilt(await shown(participants, leaky, "RACE")) == 3
