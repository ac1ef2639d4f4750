"""A session's page says how many places are taken and free, and whose turn the next one is."""

import re
from datetime import timedelta
from typing import Any

import pytest

from gateway.web.console.views import registering, roster, training
from gateway.web.console.visit import Visit
from tests.gateway.web.console.test_long_training_lists import (
    NOW,
    Row,
    assignment_of,
    person_of,
    session_of,
    shown,
)
from tests.gateway.web.console.test_training_forms import Desk

BUTTON = re.compile(
    r'assignments/([\w-]+)/status">.*?name="version" value="(\d+)".*?'
    r'name="status" value="ACCEPTED".*?Give the place'
)


class PlacesDesk(Desk):
    """Has a session with places, of which some are taken."""

    def __init__(self, *, days: int = 5, **planted: Any) -> None:
        super().__init__(**planted)
        self.starts_at = NOW + timedelta(days=days)
        self.places: Row = {"capacity": 20, "waitlistCapacity": 4}
        self.taken: Row | None = {"taken": 12, "free": 8, "waiting": 0, "waitingList": []}

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "session": lambda _info, number: session_of(number, self.starts_at) | self.places,
            "placesTaken": lambda _info, sessionNumber: self.taken,  # noqa: N803
        }


def waits(person: int, position: int, *, is_next: bool) -> Row:
    return {
        "position": position, "isNext": is_next, "since": NOW.isoformat(),
        "assignment": {**assignment_of(person_of(person), "WAITLISTED"), "version": person + 3},
    }  # fmt: skip


def with_waiting(*, free: int, waiting: int, own: list[Row], **more: Any) -> PlacesDesk:
    desk = PlacesDesk(**more)
    desk.taken = {"taken": 20 - free, "free": free, "waiting": waiting, "waitingList": own}
    return desk


async def page_of_session(desk: PlacesDesk) -> str:
    return await shown(desk, training.session, number="9101-7")


@pytest.mark.parametrize(
    ("places", "taken", "said"),
    [
        ({}, (12, 8, 3), "12 of 20 places taken, 8 free, 3 waiting; the waiting list has 4"),
        ({}, (20, 0, 0), "20 of 20 places taken, 0 free; the waiting list has 4"),
        ({"capacity": None, "waitlistCapacity": None}, (7, None, 0), "7 places taken, no limit<"),
    ],
)
async def test_both_pages_say_how_many_places_are_taken_and_free(
    places: Row, taken: tuple[int, int | None, int], said: str
) -> None:
    desk = PlacesDesk()
    desk.places |= places
    desk.taken = {**dict(zip(("taken", "free", "waiting"), taken, strict=True)), "waitingList": []}
    assert said in await page_of_session(desk)
    desk.assigned = [assignment_of(person_of(1))]
    page = await shown(desk, registering.register, number="9101-7")
    assert said.partition(";")[0].rstrip("<") in page


async def test_the_academys_own_count_stands_beside_ours() -> None:
    desk = PlacesDesk()
    assert "The academy last counted" not in await page_of_session(desk)
    desk.places |= {"providerEnrolled": 30, "providerWaitlisted": 2}
    assert "The academy last counted 30 enrolled and 2 waiting." in await page_of_session(desk)


async def test_who_may_not_know_sees_the_page_without_it() -> None:
    desk = PlacesDesk()
    desk.taken = None
    page = await page_of_session(desk)
    assert "20, and 4 on the waiting list" in page
    assert "taken" not in page
    assert "SessionDetail" not in desk.asked
    await shown(desk, training.session, number="9101-7", role="LEO")
    assert desk.asked[-1] == "SessionDetail"


def three(**more: Any) -> PlacesDesk:
    own = [waits(n, position, is_next=position <= 1) for n, position in ((5, 1), (6, 2), (7, 4))]
    return with_waiting(free=1, waiting=4, own=own, **more)


async def test_who_waits_is_listed_in_order_and_the_next_one_is_given_the_place() -> None:
    page = await page_of_session(three())
    assert re.findall(r'<li value="(\d+)">.*?Family(\d+)', page) == [
        ("1", "005"), ("2", "006"), ("4", "007"),
    ]  # fmt: skip
    assert BUTTON.findall(page) == [("a-p5-WAITLISTED", "8")]
    assert "1 of those who wait are not listed: they are people of other agencies." in page


async def test_planted_page_that_offers_the_place_to_everybody_is_caught() -> None:
    """The operation says of everybody that it is their turn."""
    planted = three(SessionRoster=lambda text: text.replace("isNext", "isNext: __typename"))
    assert len(BUTTON.findall(await page_of_session(planted))) == 3


async def test_a_place_that_is_another_agencys_turn_is_said_to_be() -> None:
    desk = with_waiting(free=1, waiting=2, own=[waits(5, 2, is_next=False)])
    page = await page_of_session(desk)
    assert BUTTON.findall(page) == []
    assert "people of other agencies, and it is their turn." in page
    desk = with_waiting(free=1, waiting=1, own=[])
    page = await page_of_session(desk)
    assert "1 of those who wait are people of other agencies, and it is their turn." in page


async def test_nothing_is_given_where_nothing_is_free_or_all_is_over() -> None:
    desk = with_waiting(free=0, waiting=1, own=[waits(5, 1, is_next=False)])
    page = await page_of_session(desk)
    assert "1 waiting, and no place is free" in page
    assert BUTTON.findall(page) == []
    assert "Waiting list" not in await page_of_session(PlacesDesk())
    over = with_waiting(free=1, waiting=1, own=[waits(5, 1, is_next=True)], days=-5)
    assert "Waiting list" not in await page_of_session(over)


@pytest.mark.parametrize(
    ("code", "note"),
    [
        (None, "moved"),
        ("VERSION_CONFLICT", "not_moved"),
        ("NO_PLACE_LEFT", "no_place_left"),
        ("ORDER_REASON_MISSING", "not_their_turn"),
    ],
)
async def test_a_place_is_given_and_who_comes_too_late_is_told_so(
    monkeypatch: pytest.MonkeyPatch, code: str | None, note: str
) -> None:
    desk, gone = three(), []
    if code:
        desk.refusal = {"code": code, "message": "No.", "field": ["status"]}
    go = Visit.go

    def going(visit: Visit, to: str, said: str = "") -> Any:
        gone.append((to, said))
        return go(visit, to, said)

    monkeypatch.setattr(Visit, "go", going)
    form = {"number": "9101-7", "version": "8", "status": "ACCEPTED"}
    await shown(desk, roster.move, id_="a-p5-WAITLISTED", form=form)
    sent = desk.sent["changeAssignmentStatus"]
    assert (sent["assignmentId"], sent["status"], sent["expectedVersion"]) == (
        "a-p5-WAITLISTED", "ACCEPTED", 8,
    )  # fmt: skip
    assert gone == [("/console/training/sessions/9101-7", note)]
