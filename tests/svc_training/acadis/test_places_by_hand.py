"""Files of sessions: an empty cell says nothing, and what a manager set by hand is never lost.

Each test has sessions of its own, which its first file brings.
"""

from typing import Any
from uuid import uuid4

import pytest

from infra.database import WriteSession
from svc_training.acadis import repository, taking
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import CASE_MANAGEMENT, training_manager
from tests.svc_training.acadis.test_files import (
    CONFLICTS,
    IMPORT,
    SETTLE,
    batch,
    counts,
    run,
    send,
    table,
)

FULL = {
    "title": "LEAD 101 at the lake", "hours": "2.5", "location_mode": "IN_PERSON",
    "location_text": "Room 4", "capacity": "30", "enrolled": "12", "waitlisted": "2",
    "status": "WAITLIST", "registration_opens": "2027-01-10T08:00",
    "registration_closes": "2027-03-01T17:00", "cancel_deadline": "2027-03-05T17:00",
}  # fmt: skip
FOUND = """query ($number: String!) { session(number: $number) {
  title hours status capacity waitlistCapacity registrationOpensAt registrationClosesAt
  cancelByAt providerEnrolled providerWaitlisted version location { mode raw } } }"""
SET = """mutation ($input: ChangeSessionPlacesInput!) { changeSessionPlaces(input: $input) {
  session { version } userErrors { code field } } }"""
TERMS = """mutation ($input: ChangeCourseInput!) { changeCourse(input: $input) {
  userErrors { code field } } }"""
COURSE = """query ($number: String!) { course(number: $number) {
  trainingCategory validityMonths isActive } }"""
FILE = "sessions.csv"
KNOWN = {"conflicts known": 1, "sessions unchanged": 1}
NEW = {"conflicts listed": 1, "sessions unchanged": 1}
Told = list[tuple[str, str | None, str | None]]


async def say(training: ServiceApp, number: str, **cells: str) -> dict[str, int]:
    """Take a file of one session that says these cells; returns what was done."""
    row = {
        "session_number": number, "course_number": number.partition("-")[0],
        "start_local": "2027-03-09T09:00", "end_local": "2027-03-09T12:00",
        "tz": "America/Los_Angeles", **cells,
    }  # fmt: skip
    return counts(await send(training, batch(f"b-{uuid4()}", sessions_csv=table(FILE, [row]))))


async def found(training: ServiceApp, number: str) -> Any:
    answer = await training.graphql(training_manager(), FOUND, {"number": number})
    return answer.data["session"]


async def by_hand(training: ServiceApp, number: str, asking: Any = None, **places: Any) -> None:
    """Send what the form of places sends: all five, of which these are changed."""
    now = await found(training, number)
    kept = ("capacity", "waitlistCapacity", "registrationOpensAt", "registrationClosesAt")
    given = {
        **{name: now[name] for name in (*kept, "cancelByAt")}, **places,
        "number": number, "expectedVersion": now["version"], "idempotencyKey": new_key(),
    }  # fmt: skip
    answer = await training.graphql(asking or training_manager(), SET, {"input": given})
    assert answer.data["changeSessionPlaces"]["userErrors"] == []


async def listed(training: ServiceApp, number: str, asking: Any = None) -> Told:
    """Return the open conflicts about a session: which, ours, theirs."""
    answer = await training.graphql(asking or training_manager(), CONFLICTS)
    nodes = [edge["node"] for edge in answer.data["exchangeConflicts"]["edges"]]
    return sorted(
        (each["kind"], each["ours"], each["theirs"])
        for each in nodes
        if each["sessionNumber"] == number and each["personExternalId"] is None
    )


async def settle(training: ServiceApp, number: str) -> None:
    answer = await training.graphql(training_manager(), CONFLICTS)
    for edge in answer.data["exchangeConflicts"]["edges"]:
        if edge["node"]["sessionNumber"] == number:
            done = await run(training, SETTLE, conflictId=edge["node"]["id"], comment="Ours")
            assert done["isSettled"] is True


async def empty_cells_leave_what_is_there(training: ServiceApp, number: str) -> None:
    assert await say(training, number, **FULL) == {"sessions created": 1}
    before = await found(training, number)
    assert (before["capacity"], before["hours"], before["status"]) == (30, 2.5, "WAITLIST")
    assert await say(training, number) == {"sessions unchanged": 1}
    assert await found(training, number) == before


async def test_an_empty_cell_leaves_what_is_there(training: ServiceApp) -> None:
    await empty_cells_leave_what_is_there(training, "9101-611")


async def test_planted_import_that_writes_empty_cells_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_is_said", lambda _row, _name: True)
    with pytest.raises(AssertionError, match="sessions updated"):
        await empty_cells_leave_what_is_there(training, "9101-612")


@pytest.mark.parametrize("name", sorted(taking._CELLS))
async def test_planted_import_that_writes_one_empty_cell_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each cell by itself: none of them is left out by chance."""
    others = {key: cell for key, cell in taking._CELLS.items() if key != name}
    monkeypatch.setattr(taking, "_CELLS", others)
    with pytest.raises(AssertionError, match="sessions updated"):
        await empty_cells_leave_what_is_there(training, f"9101-{uuid4().hex[:8]}")


async def say_course(training: ServiceApp, number: str, **cells: str) -> dict[str, int]:
    """Take a file of one course; returns what was done."""
    row = {
        "course_number": number, "title": "Listening", "training_category": "LEAD",
        "default_hours": "3", "active": "Y", **cells,
    }  # fmt: skip
    text = table("courses.csv", [row])
    return counts(await send(training, batch(f"b-{uuid4()}", courses_csv=text)))


async def test_an_empty_cell_of_a_course_leaves_how_it_counts(training: ServiceApp) -> None:
    assert await say_course(training, "9611") == {"courses created": 1}
    empty = {"training_category": "", "default_hours": ""}
    assert await say_course(training, "9611", **empty) == {"courses unchanged": 1}


async def course_by_hand_stands_and_is_listed(training: ServiceApp, number: str) -> None:
    await say_course(training, number)
    given = {"trainingCategory": "Elective", "validityMonths": 12, "isActive": False}
    done = await run(training, TERMS, number=number, expectedVersion=1, **given)
    assert done["userErrors"] == []
    taken = await say_course(training, number, default_hours="4")
    assert await listed(training, number) == [
        ("CATEGORY_DIFFERS", "Elective", "LEAD"),
        ("OFFERED_DIFFERS", "not offered", "offered"),
    ]
    assert taken == {"conflicts listed": 2, "courses updated": 1}
    answer = await training.graphql(training_manager(), COURSE, {"number": number})
    assert answer.data["course"] == given


async def test_how_a_course_counts_by_hand_stands_and_the_difference_is_listed(
    training: ServiceApp,
) -> None:
    await course_by_hand_stands_and_is_listed(training, "9612")


async def test_planted_silent_overwrite_of_a_course_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_BY_HAND", {})
    with pytest.raises(AssertionError, match="CATEGORY_DIFFERS"):
        await course_by_hand_stands_and_is_listed(training, "9613")


async def test_hours_follow_the_times_unless_somebody_said_another_number(
    training: ServiceApp,
) -> None:
    longer = {"end_local": "2027-03-09T13:00"}
    for number, hours, wanted in (("9101-613", "", 4.0), ("9101-614", "2.5", 2.5)):
        await say(training, number, hours=hours)
        await say(training, number, **longer)
        assert (await found(training, number))["hours"] == wanted


async def hand_stands_and_is_listed(training: ServiceApp, number: str) -> None:
    """What four fields say by hand stands against a file that says otherwise, and is listed."""
    await say(training, number)
    await by_hand(
        training, number, capacity=12, registrationOpensAt="2027-01-02T16:00:00Z",
        registrationClosesAt="2027-02-20T17:00:00Z", cancelByAt="2027-02-25T17:00:00Z",
    )  # fmt: skip
    before = await found(training, number)
    done = await say(training, number, **FULL)
    assert await listed(training, number) == [
        ("CANCELLING_DIFFERS", "2027-02-25T09:00-08:00", "2027-03-05T17:00-08:00"),
        ("CAPACITY_DIFFERS", "12", "30"),
        ("CLOSING_DIFFERS", "2027-02-20T09:00-08:00", "2027-03-01T17:00-08:00"),
        ("OPENING_DIFFERS", "2027-01-02T08:00-08:00", "2027-01-10T08:00-08:00"),
    ]
    assert done == {"conflicts listed": 4, "sessions updated": 1}
    after = await found(training, number)
    for field in ("capacity", "registrationOpensAt", "registrationClosesAt", "cancelByAt"):
        assert after[field] == before[field]
    assert (after["title"], after["providerEnrolled"]) == (FULL["title"], 12)  # theirs to say


async def test_what_was_set_by_hand_stands_and_the_difference_is_listed(
    training: ServiceApp,
) -> None:
    await hand_stands_and_is_listed(training, "9101-621")


async def test_planted_silent_overwrite_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_BY_HAND", {})
    with pytest.raises(AssertionError, match="CANCELLING"):
        await hand_stands_and_is_listed(training, "9101-622")


async def test_planted_protection_that_lists_nothing_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        return None

    monkeypatch.setattr(taking, "_list_by_hand", silent)
    with pytest.raises(AssertionError, match="CANCELLING"):
        await hand_stands_and_is_listed(training, "9101-623")


async def test_no_limit_set_by_hand_stands_as_well(training: ServiceApp) -> None:
    await say(training, "9101-624", capacity="30")
    await by_hand(training, "9101-624", capacity=None)
    await say(training, "9101-624", capacity="30")
    assert (await found(training, "9101-624"))["capacity"] is None
    assert await listed(training, "9101-624") == [("CAPACITY_DIFFERS", None, "30")]


async def test_what_nobody_set_by_hand_follows_the_academy(training: ServiceApp) -> None:
    """The form sends all its fields: one that was sent as it stood is not set by hand."""
    await say(training, "9101-625", capacity="20")
    await by_hand(training, "9101-625", waitlistCapacity=5)
    assert await say(training, "9101-625", capacity="25") == {"sessions updated": 1}
    after = await found(training, "9101-625")
    assert (after["capacity"], after["waitlistCapacity"]) == (25, 5)
    assert await listed(training, "9101-625") == []


async def test_who_wants_theirs_sets_it(training: ServiceApp) -> None:
    await say(training, "9101-626")
    await by_hand(training, "9101-626", capacity=12)
    await by_hand(training, "9101-626", capacity=30)
    assert await say(training, "9101-626", capacity="30") == {"sessions unchanged": 1}
    assert await listed(training, "9101-626") == []


async def settled_stays_settled(training: ServiceApp, number: str) -> None:
    await say(training, number)
    await by_hand(training, number, capacity=12)
    await say(training, number, capacity="30")
    assert await listed(training, number) == [("CAPACITY_DIFFERS", "12", "30")]
    assert await say(training, number, capacity="30") == KNOWN
    await settle(training, number)
    assert await say(training, number, capacity="30") == KNOWN
    assert await listed(training, number) == []


async def test_what_was_settled_is_not_listed_with_each_file(training: ServiceApp) -> None:
    await settled_stays_settled(training, "9101-631")


async def test_planted_listing_without_memory_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgetting(session: WriteSession, **said: Any) -> bool:
        return await repository.list_conflict(session, said)

    monkeypatch.setattr(repository, "list_conflict_of_catalogue", forgetting)
    with pytest.raises(AssertionError, match="conflicts listed"):
        await settled_stays_settled(training, "9101-632")


async def test_it_is_listed_again_where_either_side_says_something_new(
    training: ServiceApp,
) -> None:
    await settled_stays_settled(training, "9101-633")
    for places, said in ((12, "31"), (12, "32"), (13, "32")):
        await by_hand(training, "9101-633", capacity=places)
        assert await say(training, "9101-633", capacity=said) == NEW
        # One that is open is brought up to date: nobody settles what is no longer said.
        assert await listed(training, "9101-633") == [("CAPACITY_DIFFERS", str(places), said)]


async def test_a_difference_is_listed_to_the_agency_whose_manager_set_it(
    training: ServiceApp,
) -> None:
    """Sessions are everybody's: who set it last is asked, whoever took the file."""
    other = training_manager(CASE_MANAGEMENT)
    await say(training, "9101-641")
    await by_hand(training, "9101-641", capacity=12)
    await by_hand(training, "9101-641", other, cancelByAt="2027-02-25T17:00:00Z")
    await say(training, "9101-641", **FULL)
    ours = ("CAPACITY_DIFFERS", "12", "30")
    theirs = ("CANCELLING_DIFFERS", "2027-02-25T09:00-08:00", "2027-03-05T17:00-08:00")
    assert await listed(training, "9101-641") == [ours]
    assert await listed(training, "9101-641", other) == [theirs]
    await by_hand(training, "9101-641", other, capacity=14)
    await say(training, "9101-641", **FULL)
    assert await listed(training, "9101-641") == []
    assert await listed(training, "9101-641", other) == [
        theirs, ("CAPACITY_DIFFERS", "14", "30"),
    ]  # fmt: skip


async def test_a_look_at_a_batch_says_that_it_differs_and_lists_nothing(
    training: ServiceApp,
) -> None:
    await say(training, "9101-651")
    await by_hand(training, "9101-651", capacity=12)
    row = {
        "session_number": "9101-651", "course_number": "9101", "capacity": "30",
        "start_local": "2027-03-09T09:00", "end_local": "2027-03-09T12:00",
        "tz": "America/Los_Angeles",
    }  # fmt: skip
    files = batch("b-look-places", sessions_csv=table(FILE, [row]))
    given = [{"name": name, "text": text} for name, text in files.items()]
    looked = await run(training, IMPORT, files=given, dryRun=True)
    assert counts(looked) == NEW
    assert await listed(training, "9101-651") == []
