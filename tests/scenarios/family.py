"""A parent with a login of their own: bound by a code, and what they then see of a young person."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from gateway.consent_client import ConsentClient
from gateway.pipeline import GraphQLRequest
from infra.http_client import HttpClient
from tests.fixtures.gateway_app import eventually
from tests.fixtures.token_issuer import token
from tests.scenarios.legal import Stage

CARE = """query Care($id: ID!) { participant(id: $id) { name { given }
  housing { situation } naloxone(first: 1) { totalCount } overdoses(first: 1) { totalCount } } }"""
PARTS = ("name", "housing", "naloxone", "overdoses")
_WAIT_SECONDS = 30


async def record_care(stage: Stage, step: Mapping[str, Any]) -> None:
    """The case manager records where the person lives, an overdose, and the kit handed over."""
    day = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    about = {"participantId": stage.participant}
    for name, given in (
        ("recordHousing", {"situation": "EMERGENCY_SHELTER", "asOf": day}),
        ("recordOverdose", {"occurredOn": day, "outcome": "SURVIVED", "toldBy": "PARTICIPANT"}),
        ("recordNaloxone", {"givenOn": day, "kits": 1, "givenTo": "PARTICIPANT"}),
    ):
        await stage.mutate(step, name, {**about, **given}, "")


async def bind_parent(stage: Stage, step: Mapping[str, Any]) -> None:
    """The case manager hands a code to a parent, who binds a login of their own with it."""
    given = {
        "participantId": stage.participant, "kind": "REPRESENTATIVE",
        "authority": step["authority"], "isParent": True,
    }  # fmt: skip
    code = (await stage.mutate(step, "issueBindingCode", given, "code"))["code"]
    login = f"phone:{uuid4()}"
    http = HttpClient(stage.house.address("consent"))
    try:
        consent = ConsentClient(http, stage.house.minter)
        request = GraphQLRequest(token=token(sub=login), query="{ __typename }")
        who = await stage.gateway.pipeline.identify(request)
        assert await consent.use_binding_code(who.issuer_alias, who.subject, code)
        head, _ = await consent.changes(0, 0)
    finally:
        await http.close()
    await eventually(lambda: stage.gateway.feed.revision >= head, seconds=_WAIT_SECONDS)
    await stage.house.settled()
    stage.memory["parent"] = login


async def open_care(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody opens what was recorded of the care: sees exactly these parts.

    Who is told by ``who``; without it, it is the parent whose login was bound.
    """
    from tests.scenarios.stage import asked

    if "who" in step:
        answer = await stage.ask(step, CARE, {"id": stage.participant})
    else:
        answer = await asked(
            stage.gateway, stage.memory["parent"], CARE, {"id": stage.participant}, "PWATRNY"
        )
    found = (answer.body.get("data") or {}).get("participant") or {}
    told = [each for each in PARTS if found.get(each) is not None]
    assert told == sorted(step["sees"], key=PARTS.index), ("the care seen", told, answer.body)


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "record the care": record_care,
    "hand a code to a parent": bind_parent,
    "open the care": open_care,
}
STEP_WORDS = {"authority"}
