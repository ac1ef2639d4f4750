"""An identity provider's client at the SCIM door, over HTTP and the whole product."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, Status, check_server
from starlette.applications import Starlette

from gateway import pipeline
from gateway.policy.mutations import MutationRules
from gateway.web.credentials import CredentialsReader
from gateway.web.doors.scim import ScimDoor
from gateway.web.doors.scim_format import GROUP, PATCH, USER
from infra.dev.demo.identifiers import demo_id
from infra.vocabulary import Purpose
from tests.fixtures.service_app import http_server
from tests.fixtures.token_issuer import token
from tests.proof.house import Gateway, House
from tests.scenarios.stage import asked

CLIENT = "idp-of-the-police"
TESTER = "idp-of-the-tester"
POLICE = str(demo_id("agency", "cedar-police"))
TYPE = {"content-type": "application/scim+json"}


@dataclass
class Door:
    """The door on loopback, and the gateway behind it."""

    url: str
    http: httpx2.AsyncClient
    gateway: Gateway

    async def send(
        self, method: str, path: str, body: Any = None, *, who: str | None = CLIENT, **headers: str
    ) -> httpx2.Response:
        said = {**TYPE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if who is not None:
            client = who if who == CLIENT else "goldenthread-dev"
            said["authorization"] = f"Bearer {token(sub=who, client_id=client)}"
        content = None if body is None else json.dumps(body)
        return await self.http.request(method, f"/scim/v2{path}", content=content, headers=said)

    async def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = await self.send(method, path, body, **headers)
        assert response.status_code < 300, response.text
        assert response.headers["content-type"].startswith("application/scim+json")
        return response.json()

    async def mutate(self, who: str, name: str, given: Mapping[str, Any], selection: str) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = (
            f"mutation Run($input: {kind}!) {{ payload: {name}(input: $input)"
            f" {{ {selection} userErrors {{ code }} }} }}"
        )
        variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
        answer = await asked(self.gateway, who, query, variables, "HSYSADMIN")
        assert answer.body.get("data"), answer.body
        payload = answer.body["data"]["payload"]
        assert payload["userErrors"] == [], answer.body
        return payload


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(scenario_house: House) -> AsyncIterator[Door]:
    clients = {CLIENT: Purpose.HSYSADMIN, TESTER: Purpose.HSYSADMIN}
    async with scenario_house.gateway(back_ends=clients) as gateway:
        app = Starlette(routes=ScimDoor(gateway.pipeline, CredentialsReader()).routes())
        async with http_server(app, host="127.0.0.1", port=0) as server:
            port = server.servers[0].sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
                made = Door(url, http, gateway)
                await _admit(made)
                yield made


GUIDE = Path(__file__).parents[2] / "infra" / "docs" / "provisioning.md"


def steps() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the operations of the guide with their variables, by name."""
    blocks = re.findall(r"```graphql\n(.*?)```\s+```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return {
        query.removeprefix("mutation ").partition("(")[0]: (query, json.loads(variables)["input"])
        for query, variables in blocks
    }


async def _admit(door: Door, client: str = CLIENT, subject: str = "EXTERNAL_ID") -> None:
    """Connect a client as the guide says; its placeholders are filled in."""

    async def step(who: str, name: str, **given: Any) -> Any:
        query, written = steps()[name]
        variables = {"input": {**written, "idempotencyKey": uuid4().hex, **given}}
        answer = await asked(door.gateway, who, query, variables, "HSYSADMIN")
        (payload,) = answer.body["data"].values()
        assert payload["userErrors"] == [], answer.body
        return payload

    pla, aga = "persona:platform_admin", "persona:agency_admin"
    registered = await step(
        pla, "RegisterProvisioner",
        agencyId=POLICE, issuer="dev", clientId=client, subject=subject,
    )  # fmt: skip
    account = registered["accountId"]
    request = await step(pla, "RequestRole", agencyId=POLICE, accountId=account)
    await step(aga, "DecideRoleRequest", requestId=request["roleRequest"]["id"])
    query = "{ provisionedGroupRoles { displayName version } }"
    answer = await asked(door.gateway, aga, query, {}, "HSYSADMIN")
    roles = answer.body["data"]["provisionedGroupRoles"]
    kept = {each["displayName"]: each["version"] for each in roles}
    await step(aga, "MapProvisionedGroup", expectedVersion=kept.get("patrol"))


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "externalId": name, **more}


def patch(*operations: Mapping[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


async def may_ask(door: Door, subject: str) -> int:
    answer = await door.gateway.ask(subject, "{ __typename }", purpose="LEAD_COORD")
    return answer.status


async def test_a_person_comes_gets_a_role_by_group_and_is_shut_out(door: Door) -> None:
    name = f"ann-{uuid4().hex[:8]}"
    assert await may_ask(door, name) == 403
    ann = await door.ok("POST", "/Users", user(name, displayName="Ann Example"))
    assert (ann["userName"], ann["active"], ann["meta"]["version"]) == (name, True, 'W/"1"')
    assert ann["meta"]["location"] == f"{door.url}/scim/v2/Users/{ann['id']}"
    assert await may_ask(door, name) == 403
    member = {"value": ann["id"]}
    body = {"schemas": [GROUP], "displayName": "patrol", "members": [member]}
    group = await door.ok("POST", "/Groups", body)
    assert [each["value"] for each in group["members"]] == [ann["id"]]
    assert await may_ask(door, name) == 200
    again = await door.ok("GET", f"/Users/{ann['id']}")
    assert [each["display"] for each in again["groups"]] == ["patrol"]
    off = patch({"op": "Replace", "path": "active", "value": False})
    assert (await door.ok("PATCH", f"/Users/{ann['id']}", off))["active"] is False
    assert await may_ask(door, name) == 403
    on = patch({"op": "replace", "value": {"active": True}})
    assert (await door.ok("PATCH", f"/Users/{ann['id']}", on))["active"] is True
    assert await may_ask(door, name) == 200
    gone = patch({"op": "remove", "path": f'members[value eq "{ann["id"]}"]'})
    assert "members" not in await door.ok("PATCH", f"/Groups/{group['id']}", gone)
    assert await may_ask(door, name) == 403
    assert (await door.send("DELETE", f"/Users/{ann['id']}")).status_code == 204
    assert (await door.send("GET", f"/Users/{ann['id']}")).status_code == 404
    assert (await door.send("DELETE", f"/Groups/{group['id']}")).status_code == 204


async def test_lists_are_filtered_and_paged(door: Door) -> None:
    names = sorted(f"bob-{uuid4().hex[:8]}" for _ in range(3))
    for name in names:
        await door.ok("POST", "/Users", user(name))
    found = await door.ok("GET", f'/Users?filter=userName eq "{names[1].upper()}"')
    assert [each["userName"] for each in found["Resources"]] == [names[1]]
    assert found["totalResults"] == 1
    first = await door.ok("GET", "/Users?count=1&attributes=userName")
    assert (first["itemsPerPage"], first["startIndex"]) == (1, 1)
    assert set(first["Resources"][0]) == {"schemas", "id", "userName"}
    beyond = await door.ok("GET", f"/Users?startIndex={first['totalResults'] + 1}")
    assert (beyond["Resources"], beyond["totalResults"]) == ([], first["totalResults"])
    refused = await door.send("GET", '/Users?filter=title sw "x"')
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidFilter")


async def test_versions_and_errors_are_told_as_the_standard_has_it(door: Door) -> None:
    name = f"cid-{uuid4().hex[:8]}"
    made = await door.ok("POST", "/Users", user(name))
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    assert (await door.send("GET", path, if_none_match=tag)).status_code == 304
    twice = await door.send("POST", "/Users", user(name.upper()))
    assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")
    off = patch({"op": "replace", "path": "displayName", "value": "Cid"})
    assert (await door.send("PATCH", path, off, if_match='W/"9"')).status_code == 412
    assert (await door.send("PATCH", path, off, if_match=tag)).status_code == 200
    stale = await door.send("PUT", path, user(name), if_match=tag)
    assert (stale.status_code, stale.json()["status"]) == (412, "412")
    for method, where, body, status in (
        ("GET", "/Users/nobody", None, 404),
        ("GET", f"/Users/{uuid4()}", None, 404),
        ("GET", "/Nowhere", None, 404),
        ("POST", "/Users", {"userName": "x"}, 400),
        ("POST", "/Users", {"schemas": [USER]}, 400),
        ("PATCH", path, patch({"op": "grow"}), 400),
        ("PATCH", path, patch({"op": "replace", "path": "id", "value": "x"}), 400),
    ):
        response = await door.send(method, where, body)
        assert (response.status_code, response.json()["status"]) == (status, str(status)), where


async def test_nobody_but_the_registered_client_gets_anything(door: Door) -> None:
    assert (await door.send("GET", "/Users", who=None)).status_code == 401
    assert (await door.send("GET", "/ServiceProviderConfig", who=None)).status_code == 401
    body = user("x")
    for who in ("persona:officer", "persona:platform_admin", "persona:agency_admin"):
        assert (await door.send("POST", "/Users", body, who=who)).status_code == 403, who


async def no_back_end_decides(door: Door) -> None:
    given = {"accountId": str(uuid4()), "role": "LEO", "reason": "x", "idempotencyKey": "x"}
    query = "mutation ($i: GrantRoleInput!) { grantRole(input: $i) { userErrors { code } } }"
    answer = await door.gateway.pipeline.answer(
        pipeline.GraphQLRequest(
            token=token(sub=CLIENT, client_id=CLIENT), query=query, variables={"i": given}
        )
    )
    assert answer.body["data"] is None
    assert answer.body["errors"][0]["extensions"]["code"] == "MUTATION_NOT_ALLOWED"


async def test_no_back_end_decides(door: Door) -> None:
    await no_back_end_decides(door)


async def test_planted_back_end_that_decides_is_caught(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MutationRules, "not_this_way", lambda *_, **__: [])
    with pytest.raises(AssertionError):
        await no_back_end_decides(door)


FINE = {Status.SUCCESS, Status.SKIPPED, Status.COMPLIANT, Status.ACCEPTABLE}
OPTIONAL = {"search_with_attributes"}
"""POST to .search is not offered (RFC 7644, 3.4.3: clients may ask so)."""
DEFAULTED = {"PATCH modify() did not remove attribute 'active'"}
"""Taken away, it has its default again."""


async def test_the_checks_of_other_people_find_nothing(door: Door) -> None:
    """PyPI ``scim2-tester`` asks what RFC 7643 and 7644 promise, as a client of an agency."""
    await _admit(door, TESTER, "USER_NAME")

    def run() -> list[CheckResult]:
        headers = {"authorization": f"Bearer {token(sub=TESTER, client_id=TESTER)}"}
        with httpx2.Client(base_url=f"{door.url}/scim/v2", headers=headers, timeout=60) as http:
            return list(check_server(SyncSCIMClient(http)))

    results = await asyncio.to_thread(run)
    findings = [
        (each.status.name, each.title, each.reason)
        for each in results
        if each.status not in FINE and each.title not in OPTIONAL and each.reason not in DEFAULTED
    ]
    assert findings == []
    assert len(results) > 30
