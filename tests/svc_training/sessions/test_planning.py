"""A session planned by hand: what it must say, and that the academy's own word comes after it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.errors import RuleError
from infra.vocabulary import Category, Role
from svc_training.sessions.planning import PlannedSession, checked
from svc_training.sessions.rules import LocationMode
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import POLICE, training_manager

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2027, 1, 4, 12, tzinfo=UTC)
STARTS = datetime(2027, 3, 1, 8, 0, tzinfo=ZONE)
PLAN = """mutation ($input: PlanSessionInput!) { planSession(input: $input) {
  session { number title hours status timeZone isTimeZoneAssumed rawDate rawHours capacity
    registrationClosesAt location { mode platform raw } }
  userErrors { code field } } }"""


def planned(**changes: Any) -> PlannedSession:
    given: dict[str, Any] = {
        "number": "8020-77", "title": " LEAD  101 ", "starts_at": STARTS,
        "ends_at": STARTS + timedelta(minutes=90), "zone": "America/Los_Angeles", "hours": None,
        "mode": LocationMode.VIRTUAL, "place": "Virtual- Zoom",
    }  # fmt: skip
    return PlannedSession(**{**given, **changes})


def test_it_stands_as_a_session_of_a_course_page_does() -> None:
    found = checked(planned(), NOW)
    assert (found.title, str(found.hours), found.course_number) == ("LEAD 101", "1.50", "8020")
    assert (found.raw_date, found.raw_hours) == ("3/1/2027", "0800 - 0930")
    assert found.location.platform == "ZOOM"
    assert not found.is_zone_assumed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "8020"}, "number"),
        ({"number": "8020-1234"}, "number"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"zone": "Somewhere/Else"}, "timeZone"),
        ({"zone": "/etc/passwd"}, "timeZone"),
        ({"starts_at": NOW}, "startsAt"),
        ({"starts_at": datetime(2027, 3, 1)}, "startsAt"),  # noqa: DTZ001 - what is refused
        ({"ends_at": STARTS}, "endsAt"),
        ({"ends_at": STARTS + timedelta(days=8)}, "endsAt"),
        ({"hours": 0.0}, "hours"),
        ({"hours": 2.0}, "hours"),
        ({"hours": float("nan")}, "hours"),
        ({"mode": LocationMode.UNSTATED}, "locationMode"),
        ({"mode": LocationMode.IN_PERSON, "place": " "}, "place"),
        ({"place": "x" * 201}, "place"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleError) as refused:
        checked(planned(**changes), NOW)
    assert refused.value.field == ("input", field)


async def plan(service: ServiceApp, asking: Any = None, **changes: Any) -> Any:
    starts_at = datetime.now(UTC).replace(hour=17, minute=0, second=0) + timedelta(days=60)
    given = {
        "number": "8020-900", "title": "LEAD 101 in the evening",
        "startsAt": starts_at.isoformat(), "endsAt": (starts_at + timedelta(hours=2)).isoformat(),
        "locationMode": "IN_PERSON", "place": "Room 4", "idempotencyKey": new_key(), **changes,
    }  # fmt: skip
    answer = await service.graphql(asking or training_manager(), PLAN, {"input": given})
    return answer.data["planSession"]


def told(payload: Any) -> list[tuple[str, str]]:
    return [(each["code"], (each["field"] or ["", ""])[-1]) for each in payload["userErrors"]]


async def test_a_session_is_planned_once_under_its_number(training: ServiceApp) -> None:
    made = await plan(training, capacity=12)
    assert made["userErrors"] == []
    assert (made["session"]["capacity"], made["session"]["hours"]) == (12, 2.0)
    assert made["session"]["location"] == {"mode": "IN_PERSON", "platform": None, "raw": "Room 4"}
    assert told(await plan(training)) == [("ALREADY_THERE", "number")]
    assert told(await plan(training, number="7777-1")) == [("NO_COURSE", "number")]
    assert told(await plan(training, number="8020-901", capacity=-1)) == [
        ("BAD_CAPACITY", "capacity")
    ]
    found = await training.graphql(training_manager(), '{ session(number: "8020-901") { id } }')
    assert found.data["session"] is None


async def test_only_a_training_manager_plans(training: ServiceApp) -> None:
    officer = caller(Role.LEO, {Category.TRAINING: "s"}, agency_id=POLICE)
    assert [code for code, _ in told(await plan(training, officer, number="8020-902"))] == [
        "FORBIDDEN"
    ]
