"""Places of a session: counted over all agencies, and who waits is named to the own agency only.

Each test has a session of its own.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Select, select, true
from sqlalchemy.orm import contains_eager, joinedload

from infra.vocabulary import Role
from svc_training.assignments.repository import waiting
from svc_training.assignments.rules import Places
from svc_training.assignments.tables import Assignment
from svc_training.sessions.tables import Session
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import (
    CASE_MANAGEMENT,
    POLICE,
    staff_member,
    training_manager,
)
from tests.svc_training.acadis.speaking import ask, cancelled, registered, status_of
from tests.svc_training.assignments.test_assigning import CHANGE, codes, person
from tests.svc_training.assignments.test_registering import PLACES
from tests.svc_training.sessions.test_planning import plan

ASKED = """query ($number: String!) { placesTaken(sessionNumber: $number) {
  taken free waiting waitingList { position isNext since
  assignment { id status version personnel { externalId } session { number } } } } }"""
VERSION = "query ($number: String!) { session(number: $number) { version } }"
OTHER = training_manager(CASE_MANAGEMENT)


async def asked(training: ServiceApp, number: str, asking: Any = None) -> Any:
    answer = await training.graphql(asking or training_manager(), ASKED, {"number": number})
    return answer.data["placesTaken"]


async def counted(training: ServiceApp, number: str) -> tuple[int, int | None, int]:
    """Return how many places are taken, free, and how many people wait: the same for all."""
    ours, theirs = await asked(training, number), await asked(training, number, OTHER)
    both = [(each["taken"], each["free"], each["waiting"]) for each in (ours, theirs)]
    assert both[0] == both[1]
    return both[0]


async def queue(training: ServiceApp, number: str, asking: Any = None) -> list[tuple[Any, ...]]:
    """Return who waits: position, whether it is the person's turn, who."""
    found = await asked(training, number, asking)
    return [
        (each["position"], each["isNext"], each["assignment"]["personnel"]["externalId"])
        for each in found["waitingList"]
    ]


async def planned(training: ServiceApp, number: str, **places: Any) -> None:
    assert codes(await plan(training, number=number, **places)) == []


async def moved(
    training: ServiceApp, number: str, who: str, status: str, asking: Any = None, **said: str
) -> None:
    (row,) = await status_of(training, number, who, asking)
    given = {"assignmentId": row["id"], "expectedVersion": row["version"], "status": status}
    await ask(training, CHANGE, asking, **given, **said)


async def capacity(training: ServiceApp, number: str, places: int) -> None:
    answer = await training.graphql(training_manager(), VERSION, {"number": number})
    version = answer.data["session"]["version"]
    await ask(training, PLACES, number=number, expectedVersion=version, capacity=places)


async def one_has_it_three_wait(training: ServiceApp, number: str) -> None:
    """One place: CF001 has it; BW001 of another agency, then CF002 and CF003 wait."""
    await planned(training, number, capacity=1)
    await registered(training, number, person("CF001"))
    await registered(training, number, person("BW001"), asking=OTHER)
    await registered(training, number, person("CF002"))
    await registered(training, number, person("CF003"))


async def test_places_are_counted_over_all_agencies(training: ServiceApp) -> None:
    await planned(training, "8020-911", capacity=2)
    assert await counted(training, "8020-911") == (0, 2, 0)
    await registered(training, "8020-911", person("CF001"))
    assert await counted(training, "8020-911") == (1, 1, 0)
    await registered(training, "8020-911", person("BW001"), person("BW002"), asking=OTHER)
    assert await counted(training, "8020-911") == (2, 0, 1)
    await capacity(training, "8020-911", 1)  # who has a place keeps it
    assert await counted(training, "8020-911") == (2, 0, 1)


async def test_a_place_that_was_given_up_shows_and_is_the_next_ones_turn(
    training: ServiceApp,
) -> None:
    number = "8020-912"
    await one_has_it_three_wait(training, number)
    assert await counted(training, number) == (1, 0, 3)
    assert await queue(training, number) == [(2, False, "CF002"), (3, False, "CF003")]
    await cancelled(training, number, "CF001")
    assert await counted(training, number) == (0, 1, 3)
    assert await queue(training, number, OTHER) == [(1, True, "BW001")]
    await moved(training, number, "BW001", "ACCEPTED", OTHER)
    assert await counted(training, number) == (1, 0, 2)
    assert await queue(training, number) == [(1, False, "CF002"), (2, False, "CF003")]
    await capacity(training, number, 2)
    assert await queue(training, number) == [(1, True, "CF002"), (2, False, "CF003")]
    (next_one, _) = (await asked(training, number))["waitingList"]
    row = next_one["assignment"]
    given = {"assignmentId": row["id"], "expectedVersion": row["version"], "status": "ACCEPTED"}
    await ask(training, CHANGE, **given)
    assert await counted(training, number) == (2, 0, 1)
    assert await queue(training, number) == [(1, False, "CF003")]


async def turn_of_another_agency_is_kept(training: ServiceApp, number: str) -> None:
    await one_has_it_three_wait(training, number)
    await cancelled(training, number, "CF001")
    assert [is_next for _, is_next, _ in await queue(training, number)] == [False, False]


async def test_the_turn_of_another_agency_is_kept(training: ServiceApp) -> None:
    await turn_of_another_agency_is_kept(training, "8020-913")


async def test_planted_order_of_the_own_agency_alone_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = waiting.waiting_of

    async def own_alone(*given: Any) -> Sequence[waiting.Waiting]:
        rows = await counting(*given)
        return [
            waiting.Waiting(row.assignment, number, row.since)
            for number, row in enumerate(rows, start=1)
        ]

    monkeypatch.setattr(waiting, "waiting_of", own_alone)
    with pytest.raises(AssertionError):
        await turn_of_another_agency_is_kept(training, "8020-914")


async def only_the_own_are_named(training: ServiceApp, number: str) -> None:
    await one_has_it_three_wait(training, number)
    for asking, own in ((training_manager(), {"CF002", "CF003"}), (OTHER, {"BW001"})):
        assert {who for _, _, who in await queue(training, number, asking)} == own


async def test_who_waits_is_named_to_the_own_agency_only(training: ServiceApp) -> None:
    await only_the_own_are_named(training, "8020-915")


async def test_planted_list_of_everybody_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everybody(_caller: object) -> Select[Any]:
        course = joinedload(Assignment.session, innerjoin=True).joinedload(
            Session.course, innerjoin=True
        )
        whole = select(Assignment).join(Assignment.personnel)
        return whole.options(contains_eager(Assignment.personnel), course)

    monkeypatch.setattr(waiting, "visible_to", everybody)
    monkeypatch.setattr(waiting, "of_own_agency", lambda _caller: true())
    with pytest.raises(AssertionError, match="BW001"):
        await only_the_own_are_named(training, "8020-916")


async def test_either_narrowing_alone_holds(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "of_own_agency", lambda _caller: true())
    await only_the_own_are_named(training, "8020-917")


async def test_alternates_come_first_and_others_by_since_when(training: ServiceApp) -> None:
    number = "8020-918"
    await one_has_it_three_wait(training, number)
    await moved(training, number, "CF003", "ALTERNATE", exceptionReason="Works nights.")
    assert await queue(training, number) == [(1, False, "CF003"), (3, False, "CF002")]
    await moved(training, number, "CF003", "WAITLISTED")  # since when it was the first time
    assert await queue(training, number) == [(2, False, "CF002"), (3, False, "CF003")]
    times = [each["since"] for each in (await asked(training, number))["waitingList"]]
    assert times == sorted(times)


async def test_who_waits_by_the_academys_word_is_not_given_a_place_here(
    training: ServiceApp,
) -> None:
    await planned(training, "8020-919")
    await registered(training, "8020-919", person("CF001"))
    await moved(training, "8020-919", "CF001", "WAITLISTED")
    assert await counted(training, "8020-919") == (0, None, 1)
    assert await queue(training, "8020-919") == [(1, False, "CF001")]


async def test_who_reads_no_training_of_the_agency_is_told_nothing(training: ServiceApp) -> None:
    """Not even how many: a count is never looser than the rows."""
    await one_has_it_three_wait(training, "8020-920")
    officer = staff_member("officer", Role.LEO, POLICE)
    assert await asked(training, "8020-920", officer) is None
    assert await asked(training, "8020-920", training_manager(access={})) is None
    assert await asked(training, "0000-0") is None


@pytest.mark.parametrize(
    ("places", "free", "turns"),
    [
        (Places(20, 12, None, 3), 8, [True, True, True]),
        (Places(20, 18, None, 3), 2, [True, True, False]),
        (Places(20, 20, 5, 3), 0, [False, False, False]),
        (Places(20, 25, 5, 3), 0, [False, False, False]),
        (Places(None, 12, None, 3), None, [False, False, False]),
    ],
)
def test_as_many_as_there_are_free_places_are_next(
    places: Places, free: int | None, turns: list[bool]
) -> None:
    assert places.free == free
    assert [places.is_next(position) for position in (1, 2, 3)] == turns
