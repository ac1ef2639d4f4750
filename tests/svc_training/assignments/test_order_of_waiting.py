"""A free place is the turn of who waits first; who is taken before others is so for a reason.

Each test has a session of its own.
"""

from typing import Any

import pytest

from infra.identity_token import Caller
from svc_training.assignments import commands
from svc_training.assignments.repository import waiting
from svc_training.assignments.rules import MAX_COMMENT_LENGTH, Places, RegistrationOutcome
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import CASE_MANAGEMENT, training_manager
from tests.svc_training.acadis.speaking import cancelled, registered, status_of
from tests.svc_training.assignments.test_assigning import assign, change, codes, person
from tests.svc_training.assignments.test_waiting import (
    capacity,
    counted,
    moved,
    one_has_it_three_wait,
    planned,
    queue,
)

OTHER = training_manager(CASE_MANAGEMENT)
HISTORY = """query ($id: ID!) { trainingAssignment(id: $id) {
  statusHistory { status comment exceptionReason } } }"""
WHY = "Begins with the unit on Monday."
MISSING = ["ORDER_REASON_MISSING"]


async def taken(
    training: ServiceApp,
    number: str,
    who: str,
    status: str = "ACCEPTED",
    asking: Caller | None = None,
    **said: Any,
) -> list[str]:
    """Ask for a step; returns the codes of its refusal."""
    (row,) = await status_of(training, number, who, asking)
    given = {"assignmentId": row["id"], "expectedVersion": row["version"], "status": status}
    return codes(await change(training, asking, **given, **said))


async def history(training: ServiceApp, number: str, who: str) -> list[tuple[Any, ...]]:
    """Return the steps of a person: status, comment, and why before others."""
    (row,) = await status_of(training, number, who)
    answer = await training.graphql(training_manager(), HISTORY, {"id": row["id"]})
    steps = answer.data["trainingAssignment"]["statusHistory"]
    return [(each["status"], each["comment"], each["exceptionReason"]) for each in steps]


async def who_is_passed_over_is_minded(training: ServiceApp, number: str) -> None:
    """One place came free; BW001 of another agency waits first, then CF002 and CF003."""
    await one_has_it_three_wait(training, number)
    await cancelled(training, number, "CF001")
    assert await taken(training, number, "CF002") == MISSING
    assert await taken(training, number, "CF002", exceptionReason=" ", comment="Now.") == MISSING
    assert await counted(training, number) == (0, 1, 3), "nothing has changed"


async def test_who_is_before_their_turn_is_taken_for_a_reason_that_is_kept(
    training: ServiceApp,
) -> None:
    number = "8020-931"
    await who_is_passed_over_is_minded(training, number)
    assert await taken(training, number, "CF002", exceptionReason=f" {WHY} ", comment="Now.") == []
    assert (await history(training, number, "CF002"))[-1] == ("ACCEPTED", "Now.", WHY)
    assert await counted(training, number) == (1, 0, 2)
    assert await queue(training, number, OTHER) == [(1, False, "BW001")]


async def test_who_is_first_needs_none_and_none_is_noted(training: ServiceApp) -> None:
    number = "8020-932"
    await one_has_it_three_wait(training, number)
    await capacity(training, number, 3)
    assert await taken(training, number, "BW001", asking=OTHER) == []
    assert await taken(training, number, "CF002", exceptionReason=WHY) == []
    assert (await history(training, number, "CF002"))[-1] == ("ACCEPTED", None, None)
    assert await taken(training, number, "CF003", exceptionReason=WHY) == ["NO_PLACE_LEFT"]


async def test_as_many_as_there_are_free_places_are_in_turn(training: ServiceApp) -> None:
    number = "8020-933"
    await one_has_it_three_wait(training, number)
    await capacity(training, number, 3)
    assert await taken(training, number, "CF003") == MISSING
    assert await taken(training, number, "CF002") == []


async def who_comes_later_waits_behind(training: ServiceApp, number: str) -> None:
    await one_has_it_three_wait(training, number)
    await cancelled(training, number, "CF001")
    await registered(training, number, person("CF004"))
    assert await counted(training, number) == (0, 1, 4)
    assert (await queue(training, number))[-1] == (4, False, "CF004")


async def test_who_registers_while_others_wait_gets_not_their_place(training: ServiceApp) -> None:
    await who_comes_later_waits_behind(training, "8020-934")


async def test_nor_step_by_step(training: ServiceApp) -> None:
    number = "8020-935"
    await one_has_it_three_wait(training, number)
    await cancelled(training, number, "CF001")
    await assign(training, number, personnelIds=[person("CF005")])
    await moved(training, number, "CF005", "NOTIFIED")
    assert await taken(training, number, "CF005", "REGISTERED") == MISSING
    assert await taken(training, number, "CF005", "REGISTERED", exceptionReason=WHY) == []
    assert (await history(training, number, "CF005"))[-1] == ("REGISTERED", None, WHY)
    assert await taken(training, number, "CF005", "ACCEPTED") == [], "who has a place keeps it"


async def nor_by_becoming_an_alternate(training: ServiceApp, number: str) -> None:
    await one_has_it_three_wait(training, number)
    assert await taken(training, number, "CF003", "ALTERNATE") == MISSING
    assert await taken(training, number, "BW001", "ALTERNATE", OTHER) == [], "is the first anyway"


async def test_nor_by_becoming_an_alternate(training: ServiceApp) -> None:
    number = "8020-936"
    await nor_by_becoming_an_alternate(training, number)
    assert await taken(training, number, "CF002", "ALTERNATE") == []
    assert await taken(training, number, "CF003", "ALTERNATE") == []
    assert await queue(training, number) == [(2, False, "CF002"), (3, False, "CF003")]


async def test_the_academys_own_order_is_not_ours_to_keep(training: ServiceApp) -> None:
    """Where no number of places is kept here, what is noted is the academy's word."""
    number = "8020-937"
    await planned(training, number)
    await registered(training, number, person("CF001"), person("CF002"))
    for who in ("CF001", "CF002"):
        await moved(training, number, who, "WAITLISTED")
    assert await taken(training, number, "CF002", "ALTERNATE") == []
    assert await taken(training, number, "CF002") == []


async def test_leaving_the_list_takes_no_reason(training: ServiceApp) -> None:
    number = "8020-938"
    await one_has_it_three_wait(training, number)
    assert await taken(training, number, "CF003", "CANCELLED") == []
    assert await taken(training, number, "CF002", "DENIED") == []


async def test_a_reason_has_its_length(training: ServiceApp) -> None:
    number = "8020-939"
    await one_has_it_three_wait(training, number)
    await cancelled(training, number, "CF001")
    long = "x" * (MAX_COMMENT_LENGTH + 1)
    assert await taken(training, number, "CF002", exceptionReason=long) == ["BAD_COMMENT"]


async def test_planted_turn_of_everybody_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Places, "is_next", lambda _places, _position: True)
    with pytest.raises(AssertionError):
        await who_is_passed_over_is_minded(training, "8020-941")


async def test_planted_order_of_the_own_agency_alone_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def own_alone(session: Any, assignment: Any) -> int | None:
        rows = await waiting.waiting_of(session, training_manager(), assignment.session_id, 100)
        own = [row.assignment.id for row in rows]
        return own.index(assignment.id) + 1 if assignment.id in own else None

    monkeypatch.setattr(waiting, "position_of", own_alone)
    with pytest.raises(AssertionError):
        await who_is_passed_over_is_minded(training, "8020-942")


async def test_planted_reason_that_may_be_empty_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "checked_reason", lambda reason, **_: reason or "")
    with pytest.raises(AssertionError):
        await who_is_passed_over_is_minded(training, "8020-943")


async def test_planted_registration_past_who_waits_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Places.next_outcome

    def past(places: Places) -> RegistrationOutcome:
        free = places.capacity is None or places.taken < places.capacity
        return RegistrationOutcome.REGISTERED if free else sound(places)

    monkeypatch.setattr(Places, "next_outcome", past)
    with pytest.raises(AssertionError):
        await who_comes_later_waits_behind(training, "8020-944")


async def test_planted_alternates_without_order_are_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def enough(_session: Any, _session_id: Any) -> int:
        return 100

    monkeypatch.setattr(waiting, "alternates", enough)
    with pytest.raises(AssertionError):
        await nor_by_becoming_an_alternate(training, "8020-945")


@pytest.mark.parametrize(
    ("places", "what"),
    [
        (Places(20, 18, None, 1), RegistrationOutcome.REGISTERED),
        (Places(20, 18, None, 2), RegistrationOutcome.WAITLISTED),
        (Places(20, 19, 4, 4), RegistrationOutcome.NO_PLACE_LEFT),
        (Places(None, 19, 0, 4), RegistrationOutcome.REGISTERED),
    ],
)
def test_who_registers_gets_what_nobody_waits_for(
    places: Places, what: RegistrationOutcome
) -> None:
    assert places.next_outcome() is what
