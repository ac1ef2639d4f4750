"""The own record on request: whole, theirs alone, accounted, and without what others have told."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.web.credentials import CredentialsReader
from gateway.web.doors import own_record
from gateway.web.doors.own_record import OwnRecordDoor, collect
from infra import clock
from tests.proof.house import Gateway
from tests.scenarios.stage import asked
from tests.scenarios.test_doors import Client, person

ATTEMPT = """mutation Attempt($input: RecordContactAttemptInput!) {
  recordContactAttempt(input: $input) { userErrors { code message } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(scenario_gateway: Gateway) -> AsyncIterator[Client]:
    app = Starlette(routes=OwnRecordDoor(scenario_gateway.pipeline, CredentialsReader()).routes())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://doors.test") as client:
        yield Client(client)


async def record_of(door: Client) -> dict[str, Any]:
    status, body = await door.send("GET", "/me/record.json", "participant")
    assert status == 200, body
    assert body["format"] == "urn:goldenthread:own-record:1"
    found: dict[str, Any] = body
    return found


async def test_the_own_record_is_whole_and_says_who_has_read_it(door: Client) -> None:
    first = await record_of(door)
    assert first["isWhole"] is True
    record = first["record"]
    assert record["id"] == person("roi_active")
    assert set(own_record.SECTIONS) <= set(record)
    for name in ("notes", "goals", "planHistory", "assessments", "encounters", "incomeHistory"):
        assert record[name], name
    assert record["name"]["family"].startswith("Example-")
    again = (await record_of(door))["record"]
    assert len(again["accounting"]) > len(record["accounting"])
    before = [repr(each) for each in record["accounting"]]
    added = [each for each in again["accounting"] if repr(each) not in before]
    assert {each["purpose"] for each in added} == {"at your request"}


async def test_it_names_who_works_with_them_and_each_attempt_to_reach_them(
    door: Client, scenario_gateway: Gateway
) -> None:
    at = clock.now().replace(microsecond=0).isoformat()
    sent = {
        "participantId": person("roi_active"), "idempotencyKey": str(uuid4()), "mode": "VISIT",
        "outcome": "MESSAGE_LEFT", "attemptedAt": at, "place": f"Door {at}",
    }  # fmt: skip
    answer = await asked(
        scenario_gateway, "persona:case_manager", ATTEMPT, {"input": sent}, "CAREMGT"
    )
    assert answer.body["data"]["recordContactAttempt"]["userErrors"] == []
    record = (await record_of(door))["record"]
    assert f"Door {at}" in {each["place"] for each in record["contactAttempts"]}
    assert all(each["caseManagerName"] for each in record["assignments"])
    assert record["assignments"]
    for name in ("counsel", "programmePlaces", "courtLetters", "emergencyAccesses"):
        assert isinstance(record[name], list), name


async def test_it_leaves_out_what_others_have_told(door: Client) -> None:
    record = (await record_of(door))["record"]
    assert "COLLATERAL" not in {each["mode"] for each in record["notes"]}
    assert all(set(each) == {"door", "submittedAt", "receipt"} for each in record["referrals"])


@pytest.mark.parametrize("who", ["case_manager", "officer", "project_manager"])
async def test_nobody_else_gets_a_record_there(door: Client, who: str) -> None:
    """GR-8: no export about a person; the own purpose is the participant's alone."""
    for params in ({}, {"participant": person("roi_active")}):
        status, body = await door.send("GET", "/me/record.json", who, **params)
        assert status == 403
        assert body["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
    status, _ = await door.send("GET", "/me/record.json", None)
    assert status == 401


async def test_somebody_elses_record_and_none_look_alike(door: Client) -> None:
    answers = [
        await door.send("GET", "/me/record.json", "participant", participant=person(handle))
        for handle in ("roi_none", "absent", "other_site")
    ]
    assert {status for status, _ in answers} == {404}
    assert len({repr(body) for _, body in answers}) == 1


async def test_lists_are_read_to_their_end_and_what_is_cut_short_is_named() -> None:
    asked: list[Mapping[str, Any]] = []

    async def ask(_name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(variables)
        page = len(asked)
        inner = {"edges": [], "pageInfo": {"hasNextPage": page == 2}}
        notes = {
            "edges": [{"node": {"text": str(page), "amendments": inner}}],
            "pageInfo": {"hasNextPage": page < 3, "endCursor": f"c{page}"},
        }
        given = {"id": "x", "notes": notes}
        return {"participant": {**given, "enrolledOn": "2026-01-01"} if page == 1 else given}

    found = await collect(ask, "x")
    assert found is not None
    record, cut = found
    assert [each["text"] for each in record["notes"]] == ["1", "2", "3"]
    assert (record["enrolledOn"], cut) == ("2026-01-01", ["notes.amendments"])
    assert [each["notesAfter"] for each in asked] == [None, "c1", "c2"]
    assert [each["goals"] for each in asked] == [True, False, False]
    assert [each["person"] for each in asked] == [True, False, False]
