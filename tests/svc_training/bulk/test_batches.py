"""A thousand people in one action: chunks with progress, an undo, and no other agency's people."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import delete, func, insert, select

from infra import clock
from infra.database import WriteSession
from svc_training.assignments.repository import changes
from svc_training.assignments.rules import MAX_PEOPLE
from svc_training.assignments.tables import Assignment
from svc_training.background import BackgroundWork
from svc_training.bulk import repository
from svc_training.bulk.rules import CHUNK
from svc_training.bulk.tables import AssignmentBatch
from svc_training.personnel.tables import Personnel
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import CASE_MANAGEMENT, POLICE, training_manager
from tests.svc_training.acadis.test_files import REGISTER, run
from tests.svc_training.assignments.test_assigning import codes, person

REGISTERED = 3
FIELDS = "id status total done assigned kept"
START = f"""mutation ($input: StartAssignmentBatchInput!) {{ startAssignmentBatch(input: $input) {{
  batch {{ {FIELDS} }} userErrors {{ code message field }} }} }}"""
ASSIGN = """mutation ($input: AssignSessionInput!) { assignSession(input: $input) {
  outcomes { outcome } userErrors { code message field } } }"""
UNDO = f"""mutation ($input: UndoAssignmentBatchInput!) {{ undoAssignmentBatch(input: $input) {{
  batch {{ {FIELDS} }} userErrors {{ code }} }} }}"""
BATCH = f"query ($id: ID!) {{ assignmentBatch(id: $id) {{ {FIELDS} }} }}"
PEOPLE = """query ($id: ID!) { assignmentBatchPeople(batchId: $id, first: 100) {
  edges { node { personnelId outcome } } } }"""


async def settle(training: ServiceApp) -> None:
    """Until no batch runs: the service's own worker may hold the next chunk."""
    running = select(AssignmentBatch.id).where(AssignmentBatch.status == "RUNNING")
    work = BackgroundWork(training.chassis.database, None)
    for _ in range(600):
        await work.settle()
        async with training.chassis.database.read() as session:
            if (await session.execute(running)).first() is None:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("a batch does not come to its end")


async def look(training: ServiceApp, batch_id: str, asking: Any = None) -> Any:
    answer = await training.graphql(asking or training_manager(), BATCH, {"id": batch_id})
    return answer.data["assignmentBatch"]


def roster_row(family_name: str) -> dict[str, Any]:
    """Return the row of somebody on the roster."""
    now = clock.now()
    return {
        "id": uuid4(), "agency_id": POLICE, "given_name": "Many", "family_name": family_name,
        "appointment_type": "CIVILIAN", "is_certified": False, "is_active": True,
        "is_training_manager": False, "is_assessed": True, "version": 1, "created_at": now,
        "updated_at": now,
    }  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def thousand(training: ServiceApp) -> ServiceApp:
    """The service with as many people on the roster as one action takes."""
    rows = [roster_row(f"P{n:04d}") for n in range(986)]
    async with training.chassis.database.write() as session:
        await session.execute(insert(Personnel), rows)
    return training


@pytest_asyncio.fixture
async def one_too_many(thousand: ServiceApp) -> AsyncIterator[ServiceApp]:
    """The service with one person more on the roster than one action takes."""
    async with thousand.chassis.database.write() as session:
        own = select(func.count()).select_from(Personnel).where(Personnel.agency_id == POLICE)
        missing = MAX_PEOPLE + 1 - (await session.scalar(own) or 0)
        rows = [roster_row(f"Q{n:04d}") for n in range(missing)]
        await session.execute(insert(Personnel), rows)
    yield thousand
    async with thousand.chassis.database.write() as session:
        added = [row["id"] for row in rows]
        await session.execute(delete(Personnel).where(Personnel.id.in_(added)))


async def made_by(training: ServiceApp, batch_id: str) -> dict[str, str]:
    """Return how far each assignment is that a batch made."""
    rows = select(Assignment.id, Assignment.status).where(Assignment.batch_id == UUID(batch_id))
    async with training.chassis.database.read() as session:
        return {str(row[0]): row[1] for row in await session.execute(rows)}


async def takes_back_all_but_the_registered(training: ServiceApp, number: str) -> None:
    """Assign the whole roster, register a few of it, and take the batch back."""
    started = await run(training, START, sessionNumber=number, category="LEAD", wholeAgency=True)
    batch = started["batch"]
    assert batch["total"] == 1000
    assert batch["done"] % CHUNK == 0
    await settle(training)
    done = await look(training, batch["id"])
    assert (done["status"], done["done"], done["kept"]) == ("DONE", 1000, 0)
    made = await made_by(training, batch["id"])
    assert len(made) == done["assigned"] > 1000 - CHUNK
    few = sorted(made)[:REGISTERED]
    answer = await run(training, REGISTER, sessionNumber=number, assignmentIds=few)
    assert [each["outcome"] for each in answer["registrations"]] == ["REGISTERED"] * REGISTERED

    undone = await run(training, UNDO, batchId=batch["id"])
    became = await made_by(training, batch["id"])
    assert became == {id_: "REGISTERED" if id_ in few else "CANCELLED" for id_ in made}
    assert (undone["batch"]["status"], undone["batch"]["kept"]) == ("UNDONE", REGISTERED)
    again = await run(training, UNDO, batchId=batch["id"])
    assert codes(again) == ["ALREADY_UNDONE"]


async def test_a_thousand_people_are_assigned_and_taken_back(thousand: ServiceApp) -> None:
    await takes_back_all_but_the_registered(thousand, "9101-1")


async def test_planted_an_undo_that_leaves_a_chunk_is_caught(
    thousand: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = changes.of_batch

    async def all_but_a_chunk(session: WriteSession, batch_id: UUID) -> list[Assignment]:
        return (await whole(session, batch_id))[CHUNK:]

    monkeypatch.setattr(changes, "of_batch", all_but_a_chunk)
    with pytest.raises(AssertionError, match="CANCELLED"):
        await takes_back_all_but_the_registered(thousand, "8020-1")


async def test_a_batch_that_runs_is_stopped_by_its_undo(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is assigned after it, and who was assigned before is not any more."""
    monkeypatch.setattr(repository, "next_running", nothing_runs)
    people = [person("CF001"), person("CF002")]
    started = await run(
        training, START, sessionNumber="9101-2", category="LEAD", personnelIds=people
    )
    batch_id = started["batch"]["id"]
    assert (await look(training, batch_id))["status"] == "RUNNING"
    undone = await run(training, UNDO, batchId=batch_id)
    assert (undone["batch"]["status"], undone["batch"]["done"]) == ("UNDONE", 0)
    monkeypatch.undo()
    await settle(training)
    assert (await look(training, batch_id))["assigned"] == 0
    assert await made_by(training, batch_id) == {}


async def nothing_runs(_session: WriteSession) -> None:
    """Stand for a worker that has not come yet."""


async def test_undo_takes_back_who_is_not_registered(training: ServiceApp) -> None:
    people = [person("CF001"), person("CF002"), person("BW001"), "nobody"]
    started = await run(
        training, START, sessionNumber="9101-2", category="LEAD", personnelIds=people
    )
    await settle(training)
    batch_id = started["batch"]["id"]
    answer = await training.graphql(training_manager(), PEOPLE, {"id": batch_id})
    told = [edge["node"]["outcome"] for edge in answer.data["assignmentBatchPeople"]["edges"]]
    assert told == ["ASSIGNED", "ASSIGNED", "NEEDS_PERSON_RECORD", "NEEDS_PERSON_RECORD"]
    undone = await run(training, UNDO, batchId=batch_id)
    assert (undone["batch"]["assigned"], undone["batch"]["kept"]) == (2, 0)
    after = await run(
        training, START, sessionNumber="9101-2", category="LEAD", personnelIds=people[:2]
    )
    await settle(training)
    assert (await look(training, after["batch"]["id"]))["assigned"] == 2


async def whom_it_assigned(training: ServiceApp, category: str) -> list[UUID]:
    rows = select(Assignment.id).where(Assignment.category == category)
    async with training.chassis.database.read() as session:
        return list(await session.scalars(rows))


@pytest.mark.parametrize("mutation", [START, ASSIGN], ids=["in-background", "at-once"])
@pytest.mark.parametrize(
    ("given", "field", "whose"),
    [
        ({"wholeAgency": True}, "wholeAgency", "The roster has more"),
        (
            {"personnelIds": [f"n{n}" for n in range(MAX_PEOPLE + 1)]},
            "personnelIds", "More are named",
        ),
    ],
    ids=["whole-agency", "named"],
)  # fmt: skip
async def test_more_than_one_action_takes_is_refused_with_the_limit_and_how_to_go_on(
    one_too_many: ServiceApp, mutation: str, given: dict[str, Any], field: str, whose: str
) -> None:
    category = f"Too many {uuid4()}"
    said = await run(one_too_many, mutation, sessionNumber="9101-2", category=category, **given)
    (error,) = said["userErrors"]
    assert (error["code"], error["field"]) == ("TOO_MANY_PEOPLE", ["input", field])
    assert error["message"] == (
        f"At most 1,000 people are assigned in one action. {whose}, and nobody has been assigned: "
        "choose the people, in several actions. Who has the session keeps it."
    )
    assert await whom_it_assigned(one_too_many, category) == []


async def test_batch_of_another_agency_looks_absent(training: ServiceApp) -> None:
    started = await run(
        training, START, sessionNumber="8020-1", category="LEAD", personnelIds=[person("CF001")]
    )
    stranger = training_manager(agency_id=CASE_MANAGEMENT)
    assert await look(training, started["batch"]["id"], stranger) is None
