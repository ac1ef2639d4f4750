"""What a device in somebody's hands keeps, and what it captures where there is no network."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import orjson
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.web.credentials import CredentialsReader
from gateway.web.graphql_endpoint import GraphQLEndpoint
from tests.fixtures.site_days import site_today
from tests.fixtures.token_issuer import token
from tests.scenarios.legal import Stage

SITE = "cedar-falls"
MAY_BE_KEPT = {"etag", "expires", "last-modified"}
KEPT = """query Kept($id: ID!, $after: String) { participant(id: $id) { name { given }
  enrollments(first: 1, after: $after) { pageInfo { endCursor } } } }"""
SYNCED = """query Synced($id: ID!) { participant(id: $id) {
  releases(first: 1) { edges { node { id signedAt recordedAt documentSha256 } } }
  documents(first: 1) { edges { node { sha256 state } } } } }"""
TOLD = """query Told($id: ID!, $agency: ID!) { participant(id: $id) {
  accounting(first: 100, agencyId: $agency) { edges {
    node { at outcome releaseIds } } } } }"""


async def over_http(
    stage: Stage, who: str, variables: Mapping[str, Any], **said: str
) -> httpx2.Response:
    """Ask as a device does, over HTTP, with whatever headers it sends along; again in an outage."""
    from tests.scenarios.stage import OUTAGE, PATIENCE_SECONDS, PURPOSES

    endpoint = GraphQLEndpoint(stage.gateway.pipeline, 65_536, CredentialsReader())
    app = Starlette(routes=[Route("/graphql", endpoint.__call__, methods=["POST"])])
    headers = {
        "authorization": f"Bearer {token(sub=f'persona:{who}')}",
        "purpose-of-use": str(PURPOSES[who]), "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in said.items()},
    }  # fmt: skip
    body = orjson.dumps({"query": KEPT, "variables": variables})
    transport = httpx2.ASGITransport(app=app)
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    async with httpx2.AsyncClient(transport=transport, base_url="http://device.test") as client:
        while True:
            answer = await client.post("/graphql", content=body, headers=headers)
            is_late = asyncio.get_running_loop().time() > deadline
            if OUTAGE not in answer.text or is_late:
                return answer
            await asyncio.sleep(0.2)


async def see_it_end(stage: Any, step: Mapping[str, Any]) -> None:
    """Somebody reads under a release that is about to end, and again once it has ended.

    The end is written as the site's clock on the wall has it. How long a machine takes to sign and
    to read is not known; so the end is put off until the first reading came before it.
    """
    from tests.scenarios.stage import look, sign

    (zone,) = [each["time_zone"] for each in stage.house.document["sites"] if each["key"] == SITE]
    words = {key: step[key] for key in ("recipients", "categories", "purposes")}
    for seconds in (4, 8, 16, 32, 64):
        ends_at = datetime.now(ZoneInfo(zone)) + timedelta(seconds=seconds)
        await sign(stage, {"who": "case_manager", **words}, ends_at)
        told, answer = await stage.sees(step, stage.participant)
        stage.memory["device"] = await over_http(stage, step["who"], {"id": stage.participant})
        if datetime.now(UTC) < ends_at:
            break
    stage.shows(step, told, answer)
    assert datetime.fromisoformat(stage.release["expiresAt"]) == ends_at
    await asyncio.sleep(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()) + 0.05)
    await look(stage, {"who": step["who"], "sees": [], "same_as_absent": True})


async def come_back_online(stage: Stage, step: Mapping[str, Any]) -> None:
    """A device comes back with what it may have kept: nothing, and its cursor opens nothing.

    Whatever time it says it is, and however old an answer it would take, it hears what is said
    about nobody.
    """
    kept: httpx2.Response = stage.memory["device"]
    record = kept.json()["data"]["participant"]
    assert record["name"]["given"], kept.text
    assert kept.headers["cache-control"] == "no-store", kept.headers
    assert not MAY_BE_KEPT & set(kept.headers)
    then = format_datetime(datetime.now(UTC) - timedelta(days=150), usegmt=True)
    said = {"date": then, "if_modified_since": then, "if_none_match": "*"}
    after = record["enrollments"]["pageInfo"]["endCursor"]
    told = [
        await over_http(
            stage, step["who"], {"id": whom, "after": after}, cache_control="max-stale", **said
        )
        for whom in (stage.participant, stage.person("absent"))
    ]
    assert told[0].json()["data"] == {"participant": None}, told[0].text
    assert (told[0].status_code, told[0].content) == (told[1].status_code, told[1].content)


async def attach_photo(stage: Stage, step: Mapping[str, Any]) -> None:
    """The tablet sends the photo that it took of the form: its hash first, then its bytes."""
    photo = b"\xff\xd8\xff" + uuid4().bytes
    digest = hashlib.sha256(photo).hexdigest()
    given = {
        "participantId": stage.participant, "kind": "OTHER", "title": "Form of the street",
        "mediaType": "JPEG", "sizeBytes": len(photo), "sha256": digest,
        "datedOn": _today().isoformat(),
    }  # fmt: skip
    made = await stage.mutate(step, "announceDocument", given, "document { id }")
    part = {
        "documentId": made["document"]["id"], "number": 1,
        "contentBase64": base64.b64encode(photo).decode(),
    }  # fmt: skip
    stored = await stage.mutate(step, "addDocumentPart", part, "document { state }")
    assert stored["document"] == {"state": "STORED"}
    stage.memory["photo"] = digest


def _today() -> date:
    return site_today()


async def read_since_when(stage: Any, step: Mapping[str, Any]) -> None:
    """Somebody reads the synced form: signed on the street, stored now, with its photo.

    Its grounds begin with the signature.
    """
    answer = await stage.ask(step, SYNCED, {"id": stage.participant})
    found = answer.body["data"]["participant"]
    (form,) = [edge["node"] for edge in found["releases"]["edges"]]
    (photo,) = [edge["node"] for edge in found["documents"]["edges"]]
    assert form["id"] == stage.release["id"], answer.body
    assert form["documentSha256"] == stage.memory["photo"]
    assert photo == {"sha256": stage.memory["photo"], "state": "STORED"}
    signed_at, recorded_at = (
        datetime.fromisoformat(form[each]) for each in ("signedAt", "recordedAt")
    )
    late = timedelta(minutes=step["synced_minutes_later"])
    assert late <= recorded_at - signed_at < late + timedelta(minutes=10), form
    grounds = await stage.house.services["consent"].rows(
        "select distinct starts_at from authority_visibility where source_id = cast(:id as uuid)",
        id=form["id"],
    )
    assert [each["starts_at"] for each in grounds] == [signed_at]
    stage.memory["synced_at"] = recorded_at


async def find_first_disclosure(stage: Any, step: Mapping[str, Any]) -> None:
    """Somebody reads the accounting: what the agency was told by a release came after the sync.

    What it knows as who referred the person, it knows by none.
    """
    variables = {"id": stage.participant, "agency": stage.agency(step["agency"])}
    answer = await stage.ask(step, TOLD, variables)
    rows = [edge["node"] for edge in answer.body["data"]["participant"]["accounting"]["edges"]]
    told = [each for each in rows if each["outcome"] == "RELEASED" and each["releaseIds"]]
    assert told, answer.body
    for each in told:
        assert each["releaseIds"] == [stage.release["id"]], answer.body
        assert datetime.fromisoformat(each["at"]) > stage.memory["synced_at"], answer.body


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "see it end": see_it_end,
    "come back online": come_back_online,
    "attach a photo": attach_photo,
    "read since when it counts": read_since_when,
    "find the first disclosure": find_first_disclosure,
}
STEP_WORDS = {"photo", "synced_minutes_later"}
