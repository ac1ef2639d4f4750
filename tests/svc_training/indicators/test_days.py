"""Who came on a roster in the evening of a year's last day is of that year, at the academy."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from infra.indicators.definitions import Grain, Split
from infra.indicators.periods import Period
from svc_training.clearances.rules import ACADEMY_ZONE
from svc_training.indicators import counted, repository, rules
from svc_training.indicators.counted import TrainingFigures
from tests.fixtures.service_app import ServiceApp
from tests.svc_training.indicators.test_figures import people

YEAR = Period(date(2024, 1, 1), Grain.YEAR)
EVENING = datetime(2024, 12, 31, 23, 30, tzinfo=ACADEMY_ZONE)
NIGHT = datetime(2025, 1, 1, 0, 30, tzinfo=ACADEMY_ZONE)


async def counted_at(service: ServiceApp, at: datetime) -> int:
    """Return how many of an agency are counted in the year: one person, who came at a moment."""
    agency = f"police-{uuid4()}"
    await people(service, agency, [None])
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update personnel set created_at = :at where agency_id = :agency"),
            {"at": at, "agency": agency},
        )
    async with service.chassis.database.read() as session:
        found = await TrainingFigures().observations(session, rules.EVERYWHERE, rules.STAFF, YEAR)
    return sum(each.categories[Split.AGENCY] == agency for each in found)


async def test_the_last_evening_is_of_the_year(training: ServiceApp) -> None:
    assert await counted_at(training, EVENING) == 1
    assert await counted_at(training, NIGHT) == 0


async def test_planted_days_of_utc_are_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "ACADEMY_ZONE", UTC)
    assert await counted_at(training, EVENING) == 0


async def test_figures_begin_with_the_day_at_the_academy(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first(_session: Any) -> datetime:
        return EVENING.astimezone(UTC)

    monkeypatch.setattr(repository, "first_entry", first)
    async with training.chassis.database.read() as session:
        found = await TrainingFigures().first_days(session)
    assert found == {rules.EVERYWHERE: EVENING.date()}
