"""A typed day is one of the site: today passes there and tomorrow does not, whatever UTC says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra import clock
from svc_participants.people import site_days
from tests.fixtures.participants_service import (
    SITE,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    refer,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

DAY = clock.now().date() - timedelta(days=2)
PLACES = [
    ("America/Los_Angeles", datetime.combine(DAY, time(23, 30))),
    ("America/Los_Angeles", datetime.combine(DAY, time(0, 30))),
    ("Asia/Tokyo", datetime.combine(DAY, time(23, 30))),
    ("Asia/Tokyo", datetime.combine(DAY, time(0, 30))),
    ("Pacific/Kiritimati", datetime.combine(DAY, time(0, 30))),
]
"""Zone of the site, and what its clocks show: on one side of UTC's midnight and on the other."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def somebody(participants: ServiceApp) -> str:
    """Somebody enrolled, whom all these tests write about."""
    who, _ = await enrolled(participants)
    return who


@pytest_asyncio.fixture(loop_scope="session")
async def whose(participants: ServiceApp, somebody: str) -> AsyncIterator[str]:
    """The same person; the site has its own zone again afterwards."""
    yield somebody
    await _settle(participants, site_days.DEFAULT_ZONE)


async def _settle(service: ServiceApp, zone: str) -> None:
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update site_program set time_zone = :zone where site_id = :site"),
            {"zone": zone, "site": SITE},
        )


Typing = Callable[[ServiceApp, str, date], Awaitable[dict[str, Any]]]


async def _note(service: ServiceApp, who: str, day: date) -> dict[str, Any]:
    return await change(
        service, case_manager(), "addCaseNote", "note { occurredOn }",
        participantId=who, mode="OFFICE", occurredOn=day.isoformat(), text="Met.",
    )  # fmt: skip


async def _goal(service: ServiceApp, who: str, day: date) -> dict[str, Any]:
    return await change(
        service, case_manager(), "addGoal", "goal { id }", participantId=who,
        ownWords="A door.", area="HOUSING", stage="CONTEMPLATION", setOn=day.isoformat(),
    )  # fmt: skip


async def _housing(service: ServiceApp, who: str, day: date) -> dict[str, Any]:
    return await change(
        service, case_manager(), "recordHousing", "housing { code }",
        participantId=who, situation="EMERGENCY_SHELTER", asOf=day.isoformat(),
    )  # fmt: skip


async def _naloxone(service: ServiceApp, who: str, day: date) -> dict[str, Any]:
    return await change(
        service, case_manager(), "recordNaloxone", "naloxone { id }",
        participantId=who, givenOn=day.isoformat(), kits=1, givenTo="PARTICIPANT",
    )  # fmt: skip


TYPED: list[Typing] = [_note, _goal, _housing, _naloxone]


def stop_at(monkeypatch: pytest.MonkeyPatch, zone: str, local: datetime) -> date:
    """Stop the clock when it is this time at the site; returns the day there."""
    now = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    return local.date()


async def today_passes_and_tomorrow_does_not(
    service: ServiceApp, who: str, today: date, typed: Typing
) -> None:
    assert codes(await typed(service, who, today)) == []
    assert codes(await typed(service, who, today + timedelta(days=1))) == ["DATE_IN_FUTURE"]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(("zone", "local"), PLACES)
async def test_a_typed_day_is_one_of_the_site(
    participants: ServiceApp, whose: str, monkeypatch: pytest.MonkeyPatch,
    zone: str, local: datetime, typed: Typing,
) -> None:  # fmt: skip
    await _settle(participants, zone)
    today = stop_at(monkeypatch, zone, local)
    await today_passes_and_tomorrow_does_not(participants, whose, today, typed)


@pytest.mark.parametrize(("zone", "local"), [PLACES[0], PLACES[3], PLACES[4]])
async def test_planted_day_of_utc_is_caught(
    participants: ServiceApp, whose: str, monkeypatch: pytest.MonkeyPatch,
    zone: str, local: datetime,
) -> None:  # fmt: skip
    """West of Greenwich tomorrow passes in the evening, east of it today is refused at night."""

    async def planted(*_: object) -> ZoneInfo:
        return ZoneInfo("UTC")

    await _settle(participants, zone)
    monkeypatch.setattr(site_days, "zone_of_site", planted)
    today = stop_at(monkeypatch, zone, local)
    with pytest.raises(AssertionError):
        await today_passes_and_tomorrow_does_not(participants, whose, today, _note)


@pytest.mark.parametrize(("zone", "local"), PLACES)
async def test_days_that_the_service_writes_are_those_of_the_site(
    participants: ServiceApp, whose: str, monkeypatch: pytest.MonkeyPatch,
    zone: str, local: datetime,
) -> None:  # fmt: skip
    await _settle(participants, zone)
    today = stop_at(monkeypatch, zone, local)
    born = {"alias": "Wren", "dateOfBirth": today.isoformat()}
    await refer(participants, person=born)  # born today is no day to come
    asked = await change(
        participants, case_manager(), "makeAppointment", "appointment { id }",
        participantId=whose, kind="HOUSING", remindBy="NONE",
        startsAt=clock.now().astimezone(UTC).isoformat(),
    )  # fmt: skip
    assert codes(asked) == []
    async with participants.chassis.database.read() as session:
        on_day = await session.scalar(
            text("select on_day from appointment where id = :id"),
            {"id": asked["appointment"]["id"]},
        )
    assert on_day == today


async def test_nobody_is_born_tomorrow_at_the_site(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = stop_at(monkeypatch, *PLACES[0])
    payload = await change(
        participants, officer(), "submitSocialContact", "referral { id }", pattern="-",
        form={
            "person": {"alias": "Wren", "dateOfBirth": (today + timedelta(days=1)).isoformat()},
            "account": "Sleeps by the fountain.", "urgency": "SOON",
            "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "WOULD_BOOK",
            "personIsAware": "YES",
        },
    )  # fmt: skip
    assert codes(payload) == ["BIRTH_OUT_OF_RANGE"]


async def test_stays_follow_the_day_of_the_site(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, enrollment_id = await enrolled(participants)
    zone, local = PLACES[0]
    today = stop_at(monkeypatch, zone, local + timedelta(days=4))
    given = {"enrollmentId": enrollment_id, "expectedVersion": 2, "reason": "MOVED"}
    for day, expected in ((today + timedelta(days=1), ["DATE_IN_FUTURE"]), (today, [])):
        payload = await change(
            participants, supervisor(), "exitEnrollment", "enrollment { id }",
            exitedOn=day.isoformat(), **given,
        )  # fmt: skip
        assert codes(payload) == expected
