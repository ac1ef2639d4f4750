"""A course's own pages: how it counts, and what is taken back of what it asks for."""

import re
from typing import Any

import pytest

from gateway.web.console.views import course_terms, prerequisites
from tests.gateway.web.console.test_long_training_lists import Row, course_of, shown
from tests.gateway.web.console.test_training_forms import Desk

CHANGED = "The record has changed meanwhile; read it again and repeat."
STALE = {"code": "VERSION_CONFLICT", "message": CHANGED, "field": ["input", "expectedVersion"]}
FORM = {"version": "4", "key": "k", "category": "Harm reduction", "months": "24"}


class CourseDesk(Desk):
    """Answers for one course."""

    def __init__(self, **planted: Any) -> None:
        super().__init__(**planted)
        self.terms: Row = {
            "trainingCategory": "LEAD", "validityMonths": 12, "isActive": True, "version": 4
        }  # fmt: skip
        self.asked_for: list[Row] = [
            {"id": id_, "kind": "DOCUMENT", "title": title, "version": version,
             "requiredCourseNumber": None}
            for id_, title, version in (("one", "Pledge", 1), ("two", "Approval", 3))
        ]  # fmt: skip

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "course": lambda _info, number: {**course_of(int(number)), **self.terms},
            "prerequisites": lambda _info, **_asked: self.asked_for,
            "changeCourse": self._keeping("changeCourse", course=None),
            "endPrerequisite": self._keeping("endPrerequisite", prerequisite=None),
        }


async def test_how_a_course_counts_stands_in_the_form() -> None:
    page = await shown(CourseDesk(), course_terms.changed, number="9101")
    assert 'value="LEAD"' in page
    assert 'value="12"' in page
    assert 'name="is_active" value="yes" checked' in page
    assert 'name="version" value="4"' in page


@pytest.mark.parametrize("is_offered", [True, False])
async def test_a_change_names_the_version_that_was_looked_at(is_offered: bool) -> None:
    desk = CourseDesk()
    form = FORM | ({"is_active": "yes"} if is_offered else {})
    assert await shown(desk, course_terms.changed, number="9101", form=form) == ""
    assert desk.sent["changeCourse"] == {
        "number": "9101", "expectedVersion": 4, "trainingCategory": "Harm reduction",
        "validityMonths": 24, "isActive": is_offered, "idempotencyKey": "k",
    }  # fmt: skip


async def test_what_is_left_empty_is_taken_off_the_course() -> None:
    desk = CourseDesk()
    form = FORM | {"category": " ", "months": ""}
    await shown(desk, course_terms.changed, number="9101", form=form)
    assert desk.sent["changeCourse"]["trainingCategory"] is None
    assert desk.sent["changeCourse"]["validityMonths"] is None


@pytest.mark.parametrize("months", ["two", "-1", "1.5", "²"])
async def test_what_is_no_number_of_months_is_said_beside_it_and_not_sent(months: str) -> None:
    desk = CourseDesk()
    page = await shown(desk, course_terms.changed, number="9101", form=FORM | {"months": months})
    assert desk.sent == {}
    assert 'id="e-months">Write a whole number' in page
    assert 'value="Harm reduction"' in page


async def test_a_refusal_stands_beside_its_field_with_what_was_written() -> None:
    desk = CourseDesk()
    field = ["input", "trainingCategory"]
    desk.refusal = {"code": "BAD_CATEGORY", "message": "Too long.", "field": field}
    page = await shown(desk, course_terms.changed, number="9101", form=FORM)
    assert 'id="e-category">Too long.' in page
    assert 'value="Harm reduction"' in page


async def after_a_change_by_somebody_else() -> str:
    desk = CourseDesk()
    desk.terms |= {"trainingCategory": "Law", "version": 5}
    desk.refusal = STALE
    return await shown(desk, course_terms.changed, number="9101", form=FORM)


async def test_who_was_overtaken_reads_how_it_counts_now() -> None:
    page = await after_a_change_by_somebody_else()
    assert CHANGED in page
    assert 'name="version" value="5"' in page
    assert 'value="Law"' in page
    assert "Harm reduction" not in page


async def test_planted_form_that_keeps_what_was_written_would_overwrite_it_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(course_terms, "VERSION_CONFLICT", "never")
    page = await after_a_change_by_somebody_else()
    assert 'name="version" value="5"' in page
    assert 'value="Law"' not in page


def offered(page: str) -> list[tuple[str, str, str]]:
    """Return what can be taken back: which, from which version, and what its button says."""
    return re.findall(
        r'prerequisites/(\w+)/end">.*?name="version" value="(\d+)".*?Take it back'
        r'<span class="hidden-text"> (\w+)<',
        page,
    )


async def test_what_a_course_asks_for_can_be_taken_back_one_by_one() -> None:
    page = await shown(CourseDesk(), prerequisites.of_course, number="9101")
    assert offered(page) == [("one", "1", "Pledge"), ("two", "3", "Approval")]


async def test_what_is_taken_back_is_sent_with_its_version() -> None:
    desk = CourseDesk()
    form = {"version": "3", "key": "k"}
    assert await shown(desk, prerequisites.end, number="9101", id_="two", form=form) == ""
    assert desk.sent["endPrerequisite"] == {
        "prerequisiteId": "two", "expectedVersion": 3, "idempotencyKey": "k"
    }  # fmt: skip


async def test_who_comes_second_is_told_and_sees_what_is_left() -> None:
    desk = CourseDesk()
    desk.refusal, desk.asked_for = STALE, desk.asked_for[:1]
    page = await shown(desk, prerequisites.end, number="9101", id_="two", form={"version": "3"})
    assert CHANGED in page
    assert [id_ for id_, _, _ in offered(page)] == ["one"]
