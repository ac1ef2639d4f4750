"""Forms of a training manager's day where lists are long, and what they send.

The committed operations run against the packaged supergraph, over lists that are held here.
"""

import re
from datetime import timedelta
from typing import Any

import pytest

from gateway.web.console.views import (
    on_session,
    outside_training,
    planning,
    registering,
    requirements,
    statewide,
)
from gateway.web.console.visit import Visit
from tests.gateway.web.console.test_long_training_lists import (
    DAY,
    NOW,
    Row,
    Service,
    assignment_of,
    course_of,
    page_of,
    person_of,
    session_of,
    shown,
)


class Desk(Service):
    """Answers what the pages here ask beside lists, and keeps what they send."""

    def __init__(self, **planted: Any) -> None:
        super().__init__(**planted)
        self.sent: dict[str, Row] = {}
        self.refusal: Row | None = None
        self.rules: list[Row] = []
        self.counts: list[Row] = []

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "outsideTrainings": lambda _info, **page: page_of([], **page),
            "prerequisites": lambda _info, **_asked: [],
            "trainingRequirements": self.rules,
            "statewideCompliance": self.counts,
            "registerAssignments": self._keeping("registerAssignments", registrations=[]),
            "changeAssignmentStatus": self._keeping("changeAssignmentStatus", assignment=None),
            "setAgencyRequirement": self._keeping("setAgencyRequirement", requirement=None),
            "submitOutsideTraining": self._keeping("submitOutsideTraining", outsideTraining=None),
        }

    def _keeping(self, name: str, **payload: Any) -> Any:
        def answer(_info: Any, input: Row) -> Row:  # noqa: A002 - the argument's name
            self.sent[name] = input
            return {**payload, "userErrors": [self.refusal] if self.refusal else []}

        return answer


@pytest.mark.parametrize("sessions", [3, 130])
async def test_the_next_number_is_after_all_that_a_course_has(sessions: int) -> None:
    desk = Desk()
    desk.sessions = [session_of(f"9101-{n}", NOW + n * DAY) for n in range(1, sessions + 1)]
    page = await shown(desk, planning.plan, number="9101")
    assert f'value="9101-{sessions + 1}"' in page


async def test_planted_reading_of_one_page_offers_a_number_that_is_taken() -> None:
    desk = Desk(CourseTitle=lambda text: text.replace(", after: $after", ""))
    desk.sessions = [session_of(f"9101-{n}", NOW + n * DAY) for n in range(1, 131)]
    assert 'value="9101-101"' in await shown(desk, planning.plan, number="9101")


def with_many() -> Desk:
    desk = Desk()
    desk.people = [*(person_of(n) for n in range(250)), person_of(900, "Zoë Quillfeather")]
    desk.courses = [course_of(number) for number in range(9000, 9150)]
    return desk


async def test_everybody_can_be_said_to_have_taken_part() -> None:
    desk = with_many()
    page = await shown(desk, outside_training.listed)
    assert "151 more answer than are listed" in page
    assert 'value="9149"' in page  # the last of the courses is offered, too
    asked = [("step", "find"), ("who", "Quillf"), ("people", "p3"), ("title", "Listening")]
    page = await shown(desk, outside_training.listed, form=asked)
    assert desk.sent == {}
    ticks = re.findall(r'name="people" value="(p\d+)"( checked)?', page)
    assert ticks == [("p3", " checked"), ("p900", "")]
    assert 'value="Listening"' in page


async def test_who_was_chosen_is_lost_where_only_what_was_found_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: the choice does not outlive the search."""

    async def forgetting(_visit: Any, listed: list[Any], _chosen: Any) -> list[tuple[str, str]]:
        return [(each["id"], each["name"]) for each in listed]

    monkeypatch.setattr(outside_training, "_with_chosen", forgetting)
    asked = [("step", "find"), ("who", "Quillf"), ("people", "p3")]
    page = await shown(with_many(), outside_training.listed, form=asked)
    assert 'value="p3"' not in page


def on_a_session(status: str, **more: Any) -> Row:
    row = assignment_of(person_of(1), status)
    return {**row, "statusHistory": [], "prerequisites": [], "remindedAt": None, **more}


async def test_who_waits_on_a_later_page_can_be_registered() -> None:
    desk = Desk()
    desk.assigned = [assignment_of(person_of(n), "ACCEPTED") for n in range(120)]
    desk.assigned += [assignment_of(person_of(n)) for n in range(120, 240)]
    page = await shown(desk, registering.register, number="9101-7")
    assert len(re.findall('name="people"', page)) == 120
    await shown(desk, registering.register, number="9101-7", form=[("people", "a"), ("key", "k")])
    assert desk.sent["registerAssignments"] == {
        "sessionNumber": "9101-7", "assignmentIds": ["a"], "idempotencyKey": "k"
    }  # fmt: skip
    desk.sent.clear()
    page = await shown(desk, registering.register, number="9101-7", form={"key": "k"})
    assert "Choose at least one person" in page
    assert desk.sent == {}
    await shown(desk, registering.register, number="9101-7", form={"whole": "yes"})
    assert desk.sent["registerAssignments"]["assignmentIds"] is None


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("ASSIGNED", ["NOTIFIED", "CANCELLED"]), ("NOTIFIED", ["CANCELLED"]),
        ("ACCEPTED", ["CANCELLED", "LATE_CANCELLED"]), ("DENIED", []), ("FAILED", []),
    ],
)  # fmt: skip
async def test_only_possible_steps_are_offered(status: str, offered: list[str]) -> None:
    desk = Desk()
    desk.assigned = [on_a_session(status)]
    page = await shown(desk, on_session.shown, number="9101-7", id_="p1")
    assert re.findall(r'<option value="([A-Z_]+)"', page) == offered
    assert ('action="/console/training/sessions/9101-7/people/p1"' in page) is bool(offered)


async def test_a_step_names_the_version_it_was_made_from_and_keeps_a_refusal_beside_it() -> None:
    desk = Desk()
    desk.assigned = [on_a_session("ASSIGNED")]
    id_ = desk.assigned[0]["id"]
    desk.refusal = {"code": "X", "message": "Changed meanwhile.", "field": ["expectedVersion"]}
    form = {"assignment": id_, "status": "NOTIFIED", "version": "3", "key": "k", "comment": " "}
    page = await shown(desk, on_session.shown, number="9101-7", id_="p1", form=form)
    assert desk.sent["changeAssignmentStatus"] == {
        "assignmentId": id_, "status": "NOTIFIED", "expectedVersion": 3, "comment": None,
        "exceptionReason": None, "idempotencyKey": "k",
    }  # fmt: skip
    assert f'id="e-status-{id_}">Changed meanwhile.' in page


async def why_before_others_is_asked_and_sent() -> None:
    desk = Desk()
    desk.assigned = [on_a_session("ASSIGNED")]
    assert 'name="reason"' not in await shown(desk, on_session.shown, number="9101-7", id_="p1")
    step = {"status": "WAITLISTED", "changedAt": NOW.isoformat(), "comment": None}
    desk.assigned = [on_a_session("WAITLISTED", statusHistory=[step])]
    id_ = desk.assigned[0]["id"]
    assert 'name="reason"' in await shown(desk, on_session.shown, number="9101-7", id_="p1")
    desk.refusal = {
        "code": "ORDER_REASON_MISSING", "message": "Say why.",
        "field": ["input", "exceptionReason"],
    }  # fmt: skip
    form = {"assignment": id_, "status": "ACCEPTED", "version": "3", "key": "k"}
    page = await shown(desk, on_session.shown, number="9101-7", id_="p1", form=form)
    assert f'id="e-reason-{id_}">Say why.' in page
    assert '<option value="ACCEPTED" selected>' in page
    desk.refusal = None
    given = {**form, "reason": "Nights <b>"}
    await shown(desk, on_session.shown, number="9101-7", id_="p1", form=given)
    assert desk.sent["changeAssignmentStatus"]["exceptionReason"] == "Nights <b>"
    assert "Before others" not in page
    step["exceptionReason"] = "Nights <b>"
    page = await shown(desk, on_session.shown, number="9101-7", id_="p1")
    assert "Before others who waited: “Nights &lt;b&gt;”" in page


async def test_why_before_others_is_asked_and_sent() -> None:
    await why_before_others_is_asked_and_sent()


async def test_planted_form_that_loses_the_reason_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = Visit.text

    def lost(visit: Visit, name: str, *given: int) -> str:
        return "" if name == "reason" else text(visit, name, *given)

    monkeypatch.setattr(Visit, "text", lost)
    with pytest.raises(AssertionError):
        await why_before_others_is_asked_and_sent()


def rule_of(key: str, *, is_own: bool) -> Row:
    return {
        "key": key, "title": f"Rule {key}", "authority": None, "isAgencyPolicy": is_own,
        "courseNumbers": ["9101"], "appointmentTypes": ["CIVILIAN"], "inForceOn": "2027-01-01",
        "dueOn": None, "dueDays": 30, "renewMonths": None, "version": 4,
    }  # fmt: skip


async def test_the_laws_requirements_have_no_page_to_change_them() -> None:
    desk = Desk()
    desk.rules = [rule_of("law", is_own=False), rule_of("own", is_own=True)]
    page = await shown(desk, requirements.listed)
    assert "/requirements/own" in page
    assert "/requirements/law" not in page
    assert "There is nothing here" in await shown(desk, requirements.changed, id_="law")
    page = await shown(desk, requirements.changed, id_="own")
    assert 'value="CIVILIAN" checked' in page
    assert 'name="version" value="4"' in page


async def test_a_requirement_is_sent_as_it_was_written() -> None:
    desk = Desk()
    desk.rules = [rule_of("own", is_own=True)]
    form = [
        ("title", "Listening"), ("courses", "9101, 9102"), ("types", "CIVILIAN"), ("key", "k"),
        ("types", "PEACE_OFFICER"), ("in_force_on", "2027-02-01"), ("renew_months", "12"),
        ("version", "4"),
    ]  # fmt: skip
    await shown(desk, requirements.changed, id_="own", form=form)
    assert desk.sent["setAgencyRequirement"] == {
        "key": "own", "expectedVersion": 4, "title": "Listening", "dueOn": None, "dueDays": None,
        "courseNumbers": ["9101", "9102"], "appointmentTypes": ["CIVILIAN", "PEACE_OFFICER"],
        "inForceOn": "2027-02-01", "renewMonths": 12, "idempotencyKey": "k",
    }  # fmt: skip


async def test_counts_of_the_state_are_added_up_by_requirement() -> None:
    desk = Desk()
    desk.counts = [
        {"requirement": rule_of(key, is_own=False), "agency": {"id": name, "name": name},
         "people": 20, "met": met, "due": 0, "overdue": 0, "exempt": 1}
        for key, name, met in (("a", "Zeta", 3), ("a", "Alpha", 4), ("b", "Beta", 5))
    ]  # fmt: skip
    page = await shown(desk, statewide.shown, role="LSB")
    assert "7 of 38" in page
    assert page.index("Alpha") < page.index("Zeta")
    assert "Beta" not in page
    page = await shown(desk, statewide.shown, role="LSB", query="requirement=b")
    assert "Beta" in page
    assert "Alpha" not in page


async def test_a_day_that_is_over_takes_the_free_cancellation_off_the_page() -> None:
    desk = Desk()
    desk.assigned = [on_a_session("ACCEPTED")]
    gone = (NOW - timedelta(hours=1)).isoformat()
    late = {**session_of("9101-7", NOW + DAY), "cancelByAt": gone}
    root = {**desk.root(), "session": lambda _info, **_asked: late}
    desk.root = lambda: root  # type: ignore[method-assign]
    page = await shown(desk, on_session.shown, number="9101-7", id_="p1")
    assert re.findall(r'<option value="([A-Z_]+)"', page) == ["LATE_CANCELLED"]
