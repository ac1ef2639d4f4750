"""A prerequisite that was added by mistake is taken back: once, read before, and kept."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from infra.database import WriteSession
from infra.vocabulary import Role
from svc_training.prerequisites import repository
from svc_training.prerequisites.tables import Prerequisite
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import POLICE, account, staff_member, training_manager
from tests.svc_training.acadis.test_files import REGISTER, run
from tests.svc_training.assignments.test_assigning import assign, codes, person
from tests.svc_training.assignments.test_registering import ADD, FULFILL, told

END = """mutation ($input: EndPrerequisiteInput!) { endPrerequisite(input: $input) {
  prerequisite { id title requiredCourseNumber version } userErrors { code field } } }"""
ASKED = "query ($n: String!) { prerequisites(courseNumber: $n) { id title version } }"


async def added(training: ServiceApp, course: str, title: str, **more: Any) -> str:
    payload = await run(training, ADD, courseNumber=course, title=title, **more)
    assert codes(payload) == []
    return str(payload["prerequisite"]["id"])


async def asked_of(training: ServiceApp, course: str) -> dict[str, Any]:
    answer = await training.graphql(training_manager(), ASKED, {"n": course})
    return {each["id"]: each for each in answer.data["prerequisites"]}


async def test_nobody_is_asked_any_more_and_who_did_it_is_kept(training: ServiceApp) -> None:
    mistake = await added(training, "8020", "Added by mistake", requiredCourseNumber="9101")
    meant = await added(training, "8020", "Meant")
    before = (await asked_of(training, "8020"))[mistake]
    key = new_key()
    sent = {"prerequisiteId": mistake, "expectedVersion": before["version"], "idempotencyKey": key}
    ended = await run(training, END, **sent)
    assert codes(ended) == []
    assert ended["prerequisite"] == {
        "id": mistake, "title": "Added by mistake", "requiredCourseNumber": "9101", "version": 2,
    }  # fmt: skip
    assert await run(training, END, **sent) == ended
    left = await asked_of(training, "8020")
    assert mistake not in left
    assert meant in left
    async with training.chassis.database.read() as session:
        row = await session.get(Prerequisite, UUID(mistake))
    assert row is not None
    assert (row.is_active, row.ended_by) == (False, account("training_manager"))
    assert row.ended_at is not None


async def test_who_lacked_only_that_can_be_registered(training: ServiceApp) -> None:
    mistake = await added(training, "9101", "Not meant for this course")
    await assign(training, "9101-2", personnelIds=[person("CF009")])
    assert told(await run(training, REGISTER, sessionNumber="9101-2")) == ["PREREQUISITES_UNMET"]
    await run(training, END, prerequisiteId=mistake, expectedVersion=1)
    assert told(await run(training, REGISTER, sessionNumber="9101-2")) == ["REGISTERED"]
    late = {"personnelId": person("CF009"), "prerequisiteId": mistake, "expectedVersion": 0}
    refused = await run(training, FULFILL, status="MET", **late)
    assert codes(refused) == ["NOT_FOUND"]


async def test_only_who_may_add_one_takes_one_back(training: ServiceApp) -> None:
    id_ = await added(training, "8020", "Stays")
    officer = staff_member("officer", Role.LEO, POLICE)
    variables = {
        "input": {"prerequisiteId": id_, "expectedVersion": 1, "idempotencyKey": new_key()}
    }
    answer = await training.graphql(officer, END, variables)
    assert codes(answer.data["endPrerequisite"]) == ["FORBIDDEN"]
    for unknown in (str(uuid4()), "none"):
        refused = await run(training, END, prerequisiteId=unknown, expectedVersion=1)
        assert codes(refused) == ["NOT_FOUND"]
    assert id_ in await asked_of(training, "8020")


async def unread_step_is_refused(training: ServiceApp) -> None:
    """From another version nothing is taken back; of two at the same time one counts."""
    id_ = await added(training, "8020", f"Twice {uuid4()}")
    stale = await run(training, END, prerequisiteId=id_, expectedVersion=7)
    assert codes(stale) == ["VERSION_CONFLICT"]
    assert id_ in await asked_of(training, "8020")
    both = await asyncio.gather(
        *(run(training, END, prerequisiteId=id_, expectedVersion=1) for _ in range(2))
    )
    assert sorted(codes(each) for each in both) == [[], ["VERSION_CONFLICT"]]
    again = await run(training, END, prerequisiteId=id_, expectedVersion=2)
    assert codes(again) == ["VERSION_CONFLICT"]


async def test_a_step_from_another_version_is_refused(training: ServiceApp) -> None:
    await unread_step_is_refused(training)


async def test_planted_step_that_does_not_look_at_the_version_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unguarded(session: WriteSession, prerequisite_id: UUID, *_guarded: object) -> bool:
        await session.execute(
            update(Prerequisite).where(Prerequisite.id == prerequisite_id).values(is_active=False)
        )
        return True

    monkeypatch.setattr(repository, "end_prerequisite", unguarded)
    with pytest.raises(AssertionError, match="VERSION_CONFLICT"):
        await unread_step_is_refused(training)
