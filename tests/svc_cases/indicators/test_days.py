"""What happens in the evening of a period's last day counts there, by the zone of the courts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from infra.indicators.definitions import Grain, Population
from infra.indicators.periods import Period
from svc_cases.indicators import counted, rules
from svc_cases.indicators.counted import CaseFigures
from tests.fixtures.service_app import ServiceApp
from tests.svc_cases.indicators.test_figures import agreed_about

ZONE = ZoneInfo("America/Los_Angeles")
QUARTER = Period(date(2024, 1, 1), Grain.QUARTER)
EVENING = datetime(2024, 3, 31, 23, 30, tzinfo=ZONE)
NIGHT = datetime(2024, 4, 1, 0, 30, tzinfo=ZONE)
BEFORE_COUNTING = datetime(2024, 4, 30, 23, 30, tzinfo=ZONE)


async def a_site(service: ServiceApp) -> UUID:
    """Make a site with a court, and a meeting each on the last evening and in the night after.

    An action that was agreed in the quarter is closed the evening before the quarter is counted.
    """
    site, person = uuid4(), uuid4()
    async with service.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into court (id, code, name, site_id, time_zone)"
                " values (:id, :code, 'Court', :site, :zone)"
            ),
            {"id": uuid4(), "code": str(site), "site": site, "zone": ZONE.key},
        )
        for account, at in (("evening", EVENING), ("night", NIGHT)):
            meeting = uuid4()
            await session.execute(
                text(
                    "insert into owg_meeting (id, site_id, starts_at, place, status, chaired_by,"
                    " agency_id, version) values (:id, :site, :at, 'Hall', 'CLOSED', 'x', 'a', 1)"
                ),
                {"id": meeting, "site": site, "at": at},
            )
            await session.execute(
                text(
                    "insert into owg_attendee (id, meeting_id, account, agency_id, role,"
                    " invited_at, has_attended) values (:id, :meeting, :account, 'a', 'CM',"
                    " '2024-01-01', :came)"
                ),
                {"id": uuid4(), "meeting": meeting, "account": account,
                 "came": account == "evening"},
            )  # fmt: skip
    await agreed_about(service, site, [person], [(1, 1)])
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update owg_action set closed_at = :at where participant_id = :who"),
            {"at": BEFORE_COUNTING, "who": person},
        )
    return site


async def observed(
    service: ServiceApp, site: UUID, population: Population
) -> list[Mapping[str, Any]]:
    """Return the outcomes of everybody of a population in the quarter."""
    async with service.chassis.database.read() as session:
        found = await CaseFigures().observations(session, str(site), population, QUARTER)
    return [each.outcomes for each in found]


EXPECTED = {rules.INVITED: [{"ATTENDANCE": "ALL"}], rules.AGREED: [{"ACTIONS": "ALL_CLOSED"}]}


@pytest.mark.parametrize("population", EXPECTED, ids=lambda each: each.key)
async def test_the_last_evening_counts(cases: ServiceApp, population: Population) -> None:
    site = await a_site(cases)
    assert await observed(cases, site, population) == EXPECTED[population]


@pytest.mark.parametrize("population", EXPECTED, ids=lambda each: each.key)
async def test_planted_days_of_utc_are_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    async def utc(_session: Any, _site_id: UUID) -> str:
        return "UTC"

    monkeypatch.setattr(counted, "zone_of_site", utc)
    site = await a_site(cases)
    assert await observed(cases, site, population) != EXPECTED[population]
