"""Counsel, warrants and agendas go by the day at the courts of the site, not by that of UTC."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra import clock
from svc_cases.cases import commands as record
from svc_cases.cases import repository
from tests.fixtures.cases_service import POLICE, SITE, new_case, new_match
from tests.fixtures.conferences import item, meeting, police
from tests.fixtures.service_app import ServiceApp
from tests.svc_cases.workbench.test_changes import codes, record_counsel

DAY = clock.now().date() + timedelta(days=2)
USUAL = "America/Los_Angeles"
PLACES = [
    (USUAL, datetime.combine(DAY, time(23, 30))),
    (USUAL, datetime.combine(DAY, time(0, 30))),
    ("Asia/Tokyo", datetime.combine(DAY, time(23, 30))),
    ("Asia/Tokyo", datetime.combine(DAY, time(0, 30))),
]


@pytest_asyncio.fixture(loop_scope="session")
async def site(cases: ServiceApp) -> AsyncIterator[ServiceApp]:
    """The service; the site's courts have their own zone again afterwards."""
    yield cases
    await _settle(cases, USUAL)


async def _settle(service: ServiceApp, zone: str) -> None:
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update court set time_zone = :zone where site_id = :site"),
            {"zone": zone, "site": SITE},
        )


def stop_at(monkeypatch: pytest.MonkeyPatch, zone: str, local: datetime) -> date:
    now = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    return local.date()


async def _column(service: ServiceApp, statement: str, **given: object) -> object:
    async with service.chassis.database.read() as session:
        return await session.scalar(text(statement), given)


async def counsel_is_confirmed_by_today(service: ServiceApp, today: date) -> None:
    _, whose = await new_match(service, await new_case(service))
    tomorrow = str(today + timedelta(days=1))
    assert codes(await record_counsel(service, whose, confirmedOn=tomorrow)) == ["NOT_CONFIRMED"]
    made = await record_counsel(service, whose, confirmedOn=str(today))
    assert codes(made) == []
    statement = "select starts_on from counsel_of_record where id = :id"
    assert await _column(service, statement, id=made["counsel"]["id"]) == today


@pytest.mark.parametrize(("zone", "local"), PLACES)
async def test_counsel_is_confirmed_by_today_at_the_site(
    site: ServiceApp, monkeypatch: pytest.MonkeyPatch, zone: str, local: datetime
) -> None:
    await _settle(site, zone)
    await counsel_is_confirmed_by_today(site, stop_at(monkeypatch, zone, local))


@pytest.mark.parametrize(("zone", "local"), [PLACES[0], PLACES[3]])
async def test_planted_day_of_utc_is_caught(
    site: ServiceApp, monkeypatch: pytest.MonkeyPatch, zone: str, local: datetime
) -> None:
    async def planted(*_: object) -> str:
        return "UTC"

    await _settle(site, zone)
    monkeypatch.setattr(repository, "zone_of_site", planted)
    with pytest.raises(AssertionError):
        await counsel_is_confirmed_by_today(site, stop_at(monkeypatch, zone, local))


@pytest.mark.parametrize(("zone", "local"), PLACES)
async def test_an_agenda_says_the_day_of_the_site(
    site: ServiceApp, monkeypatch: pytest.MonkeyPatch, zone: str, local: datetime
) -> None:
    await _settle(site, zone)
    meeting_id = await meeting(site, police())
    today = stop_at(monkeypatch, zone, local)
    item_id, _ = await item(site, meeting_id, POLICE, admitted=False)
    statement = "select proposed_on from owg_item where id = :id"
    assert await _column(site, statement, id=item_id) == today


async def test_a_site_without_courts_refuses_nobodys_today(
    site: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which day it is there is not known: what is today anywhere may be typed."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 15, 30, tzinfo=UTC))
    async with site.chassis.database.write() as session:
        for unknown in (uuid4(), None):
            assert await record.latest_day_at_site(session, unknown) == date(2026, 11, 25)
            assert await record.today_at_site(session, unknown) == date(2026, 11, 24)
