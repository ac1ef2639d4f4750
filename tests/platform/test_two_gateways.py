"""Two gateways over one platform: what was promised at one of them holds at the other.

Real processes. What is taken here is given back at the end of each test.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.fixtures.whole_platform import OUTAGES_TO_BEAR, Platform
from tests.proof.processes import PATIENT, Cluster, running_cluster

pytestmark = pytest.mark.timeout(900)

_LOOK = "query($id: ID!) { participant(id: $id) { id name { family } } }"
_MINE = "{ myGrants(first: 1) { edges { node { id version account { id } } } } }"
_RELEASES = "subscription($id: ID!) { releaseChanged(participantId: $id) { id status } }"
_MADE = "select count(*) from release where participant_id = $1::uuid"
_FORGETFUL = MappingProxyType({"svc_consent": "tests.faults.forgetful"})
_DEAF = MappingProxyType({"gateway": "tests.faults.deaf"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(platform: Platform) -> AsyncIterator[Cluster]:
    async with running_cluster(platform, 2, PATIENT) as cluster:
        yield cluster


async def _ask(
    cluster: Cluster, number: int, who: str, purpose: str, query: str, **variables: Any
) -> tuple[int, dict[str, Any]]:
    """Ask one gateway; again where it says that something is away, which shows nothing."""
    for _ in range(OUTAGES_TO_BEAR):
        answered = await cluster.door(number, who, query, variables, purpose)
        assert answered is not None, "the gateway did not answer"
        if "SERVICE_UNAVAILABLE" not in _codes(answered[1]):
            return answered
    raise AssertionError(answered)


def _codes(body: Mapping[str, Any]) -> set[str]:
    return {each["extensions"]["code"] for each in body.get("errors", [])}


async def _do(
    cluster: Cluster, number: int, who: str, purpose: str, name: str, selection: str, **given: Any
) -> Any:
    """Change something through one gateway."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = (
        f"mutation Run($input: {kind}!) {{ {name}(input: $input) {{ {selection}"
        " userErrors { code } } }"
    )
    status, body = await _ask(
        cluster, number, who, purpose, query, input={"idempotencyKey": uuid4().hex, **given}
    )
    assert (status, _codes(body)) == (200, set()), (name, body)
    payload = body["data"][name]
    assert payload["userErrors"] == [], (name, payload)
    return payload


async def _looks_after_losing_the_role(cluster: Cluster) -> tuple[int, set[str]]:
    """Take a role away through the first gateway; return what the second says next."""
    admin = ("agency_admin", "HSYSADMIN")
    lead = ("le_supervisor", "LEAD_COORD")
    person = cluster.platform.participant("roi_active")
    _, body = await _ask(cluster, 0, *lead, _MINE)
    grant = body["data"]["myGrants"]["edges"][0]["node"]
    for number in range(len(cluster.gateways)):
        _, body = await _ask(cluster, number, *lead, _LOOK, id=person)
        assert body["data"]["participant"]["name"]["family"]
    await _do(
        cluster, 0, *admin, "revokeRole", "", reason="Moved on.",
        grantId=grant["id"], expectedVersion=grant["version"],
    )  # fmt: skip
    try:
        status, body = await _ask(cluster, 1, *lead, _LOOK, id=person)
        return status, _codes(body)
    finally:
        await _do(
            cluster, 0, *admin, "grantRole", "", reason="Back again.",
            accountId=grant["account"]["id"], role="LEL",
        )  # fmt: skip


async def test_a_role_taken_away_at_one_is_refused_at_the_other_next(two: Cluster) -> None:
    assert await _looks_after_losing_the_role(two) == (403, {"GRANT_REQUIRED"})
    person = two.platform.participant("roi_active")
    _, body = await _ask(two, 1, "le_supervisor", "LEAD_COORD", _LOOK, id=person)
    assert body["data"]["participant"]["name"]["family"]


async def test_twin_gateways_that_hear_of_nothing_are_noticed(platform: Platform) -> None:
    async with running_cluster(platform, 2, PATIENT, modules=_DEAF) as cluster:
        assert await _looks_after_losing_the_role(cluster) == (200, set())


async def _form(cluster: Cluster) -> dict[str, Any]:
    shown = cluster.platform.operation("SignRoi")
    return {**shown["variables"]["input"], "idempotencyKey": uuid4().hex}


async def _sign(cluster: Cluster, number: int, form: Mapping[str, Any]) -> dict[str, Any]:
    payload = await _do(
        cluster, number, "case_manager", "CAREMGT", "signRelease", "release { id version }", **form
    )
    found: dict[str, Any] = payload["release"]
    return found


async def _take_back(cluster: Cluster, release: Mapping[str, Any]) -> None:
    await _do(
        cluster, 0, "case_manager", "CAREMGT", "revokeRelease", "", reason="Asked for it.",
        releaseId=release["id"], expectedVersion=release["version"],
    )  # fmt: skip


async def _made_under_one_key(cluster: Cluster) -> int:
    """Send the same form under the same key to both; return how many releases came of it."""
    form = await _form(cluster)
    person = form["participantId"]
    before = (await cluster.consent_rows(_MADE, person))[0][0]
    released = [await _sign(cluster, number, form) for number in (0, 1)]
    await _take_back(cluster, released[-1])
    return int((await cluster.consent_rows(_MADE, person))[0][0]) - int(before)


async def test_a_key_that_both_are_sent_has_one_effect(two: Cluster) -> None:
    assert await _made_under_one_key(two) == 1


async def test_twin_a_service_that_forgets_keys_is_noticed(platform: Platform) -> None:
    async with running_cluster(
        platform, 2, PATIENT, has_consent=True, modules=_FORGETFUL
    ) as cluster:
        assert await _made_under_one_key(cluster) == 2


@asynccontextmanager
async def _hearing(
    cluster: Cluster, number: int, person: str
) -> AsyncIterator[AsyncIterator[dict[str, Any] | None]]:
    """Listen to a person's releases at one gateway; the stream has begun when this is entered."""
    address = cluster.gateways[number].address.removeprefix("tcp:")
    headers = {
        "authorization": f"Bearer {await cluster.token('case_manager')}",
        "purpose-of-use": "CAREMGT", "accept": "text/event-stream",
    }  # fmt: skip
    async with cluster.client.stream(
        "POST", f"http://{address}/subscriptions", headers=headers,
        json={"query": _RELEASES, "variables": {"id": person}},
    ) as response:  # fmt: skip
        assert response.status_code == 200

        async def events() -> AsyncIterator[dict[str, Any] | None]:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))["data"]["releaseChanged"]

        yield events()


async def test_what_happens_at_one_is_heard_at_the_other(two: Cluster) -> None:
    form = await _form(two)
    async with _hearing(two, 1, form["participantId"]) as events:
        release = await _sign(two, 0, form)
        try:
            async for event in events:  # the test's own time limit ends it
                if event is not None and event["id"] == release["id"]:
                    break
        finally:
            await _take_back(two, release)
