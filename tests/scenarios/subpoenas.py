"""What a court asks for: a subpoena that opens nothing, and an order that opens what it lists."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import IntegrityError
from starlette.applications import Starlette

from gateway.web.credentials import CredentialsReader
from gateway.web.doors.orders import OrderDoors
from tests.fixtures.token_issuer import token
from tests.scenarios.legal import Stage

DESK = """query Desk($id: ID!) { participant(id: $id) {
  legalDemands { id kind version holdEndedAt }
  duties(first: 100) { edges { node { kind dueAt doneAt } } } } }"""
LEFT = """select entry->>'purpose' as purpose,
    entry->'parts'->cast(a.part as int)->'categories' as categories, cast(e.entry as text) as entry
  from ledger_about a join participant_pseudonym using (pseudonym)
    join ledger_entry e using (lane, sequence)
  where participant_id = cast(:id as uuid) and entry->>'agencyId' = cast(:agency as text)
    and entry->'parts'->cast(a.part as int)->>'outcome' = 'RELEASED'"""
PAGES = {"INSIDE": 3, "OUTSIDE": 40}
"""Days ago of the two notes: one in the period that the order lists, one before it."""


async def write_notes(stage: Stage, step: Mapping[str, Any]) -> None:
    """The case manager has a note of this week in the record, and one of last month."""
    today = datetime.now(UTC).date()
    for text, days in PAGES.items():
        given = {
            "participantId": stage.participant, "mode": "OFFICE", "text": text,
            "occurredOn": (today - timedelta(days=days)).isoformat(),
        }  # fmt: skip
        await stage.mutate(step, "addCaseNote", given, "note { id }")


async def _left(stage: Stage, agency: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await stage.house.services["consent"].rows(
        LEFT, id=stage.participant, agency=stage.agency(agency)
    )
    return found


async def look_for_what_left(stage: Stage, step: Mapping[str, Any]) -> None:
    """The ledger has nothing about the person that these agencies were told."""
    for agency in step["recipients"]:
        assert await _left(stage, agency) == [], agency


async def _demand(stage: Stage, kind: str) -> dict[str, Any]:
    answer = await stage.ask({"who": "cm_supervisor"}, DESK, {"id": stage.participant})
    rows = answer.body["data"]["participant"]["legalDemands"]
    newest: dict[str, Any] = next(each for each in rows if each["kind"] == kind)
    return newest


async def find_hold_and_task(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody at the agency finds the demand, its hold, and that counsel has to look at it."""
    answer = await stage.ask(step, DESK, {"id": stage.participant})
    found = answer.body["data"]["participant"]
    (demand,) = [each for each in found["legalDemands"] if each["kind"] == step["paper"]]
    assert demand["holdEndedAt"] is None, answer.body
    duties = [edge["node"] for edge in found["duties"]["edges"]]
    (task,) = [each for each in duties if each["kind"] == "COUNSEL_REVIEW"]
    assert task["dueAt"], answer.body
    assert task["doneAt"] is None, answer.body


async def try_to_delete(stage: Stage, _step: Mapping[str, Any]) -> None:
    """Whoever would take the person out of the ledger is stopped by the hold."""
    with pytest.raises(IntegrityError, match="a legal demand holds deletion"):
        await stage.house.services["consent"].execute(
            "select purge_participant(cast(:id as uuid), 'Somebody', 'Tidying up')",
            id=stage.participant,
        )


async def hand_in_order(stage: Stage, step: Mapping[str, Any]) -> None:
    """An order of a court comes in, with a subpoena."""
    given = {
        "participantId": stage.participant, "kind": step["paper"], "issuedBy": "Superior Court",
        "scope": "Case notes of ten days",
    }  # fmt: skip
    await stage.mutate(step, "recordLegalDemand", given, "reply")


async def have_it_admitted(stage: Stage, step: Mapping[str, Any]) -> None:
    """The privacy officer records what counsel has decided on a paper, or is refused."""
    review = {"participantId": stage.participant, "reason": "A paper of the court"}
    await stage.mutate({"who": step["who"]}, "openReview", review, "reviewId")
    demand, today = await _demand(stage, step["paper"]), datetime.now(UTC).date()
    given = {
        "demandId": demand["id"], "expectedVersion": demand["version"],
        "orderNumber": "26-2-00012-1", "counselName": "C. Counsel",
        "recipientAgencyId": stage.agency(step["agency"]), "hasSubpoena": True,
        "categories": step["categories"], "dataTo": today.isoformat(),
        "dataFrom": (today - timedelta(days=10)).isoformat(),
        "expiresAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    made = await stage.mutate(step, "admitCourtOrder", given, "order { id version }")
    stage.memory["order"] = made["order"]


async def carry_out(stage: Stage, step: Mapping[str, Any]) -> None:
    """The agency that keeps the records carries the order out: these pages leave, no others."""
    from tests.scenarios.stage import PURPOSES

    doors = OrderDoors(stage.gateway.pipeline, CredentialsReader())
    who = step["who"]
    headers = {
        "authorization": f"Bearer {token(sub=f'persona:{who}')}",
        "purpose-of-use": str(PURPOSES[who]),
    }
    path = f"/participants/{stage.participant}/court-orders/{stage.memory['order']['id']}"
    transport = httpx2.ASGITransport(app=Starlette(routes=doors.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://order.test") as client:
        answer = await client.post(path, headers=headers)
    if "http_status" in step:
        assert answer.status_code == step["http_status"], answer.text
        return
    assert answer.status_code == 200, answer.text
    records = answer.json()["records"]
    assert sorted(records) == sorted(step["parts"]), answer.text
    pages = [each["text"] for each in records["notes"] if each["text"] in PAGES]
    assert pages == step["pages"], ("the pages that left", pages)


async def find_order_in_audit(stage: Stage, step: Mapping[str, Any]) -> None:
    """The ledger says what the agency was told, for what, and by which order."""
    told = await _left(stage, step["agency"])
    assert told
    for each in told:
        assert each["purpose"] == "HLEGAL"
        assert set(each["categories"]) <= set(step["categories"])
        assert stage.memory["order"]["id"] in each["entry"]


async def end_order(stage: Stage, step: Mapping[str, Any]) -> None:
    """The order is done with."""
    order = stage.memory["order"]
    given = {
        "orderId": order["id"], "expectedVersion": order["version"], "reason": "Carried out",
    }  # fmt: skip
    await stage.mutate(step, "endCourtOrder", given, "order { endedAt }")


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "write notes": write_notes,
    "look for what has left": look_for_what_left,
    "find the hold and the task": find_hold_and_task,
    "try to delete": try_to_delete,
    "hand in an order": hand_in_order,
    "have it admitted": have_it_admitted,
    "carry out the order": carry_out,
    "find the order in the audit": find_order_in_audit,
    "end the order": end_order,
}
STEP_WORDS = {"paper", "parts", "pages"}
