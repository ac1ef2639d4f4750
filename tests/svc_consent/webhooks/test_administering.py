"""Who keeps endpoints of an agency's own program, and what they are shown of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import true
from strawberry.types import get_object_definition

from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.webhooks import administering, repository, rules, schema
from svc_consent.webhooks.key import webhook_key
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

SHOWN = "id url topics role purpose grantId version removedAt lastAttempt { status delivered }"
KINDS = {
    "registerWebhookEndpoint": ("RegisterWebhookEndpointInput", "secret"),
    "rotateWebhookSecret": ("ChangeWebhookEndpointInput", "secret"),
    "removeWebhookEndpoint": ("ChangeWebhookEndpointInput", ""),
    "replayWebhookEvents": ("ReplayWebhookEventsInput", ""),
}
LIST = f"{{ webhookEndpoints(first: 100) {{ edges {{ node {{ {SHOWN} }} }} }} }}"
TERMS = {
    "url": "https://partner.example/hook", "topics": ["RELEASE_GIVEN"], "role": "SVC",
    "purpose": "COC",
}  # fmt: skip


@dataclass
class Office:
    """An agency and who administers it."""

    world: ConsentWorld
    agency_id: str
    admin: Caller

    async def run(self, name: str, asking: Caller | None = None, **given: Any) -> Any:
        kind, more = KINDS[name]
        query = (
            f"mutation Run($input: {kind}!) {{ payload: {name}(input: $input)"
            f" {{ endpoint {{ {SHOWN} }} {more} userErrors {{ code }} }} }}"
        )
        variables = {"input": {"idempotencyKey": new_key(), **given}}
        answer = await self.world.service.graphql(asking or self.admin, query, variables)
        return answer.data["payload"]

    async def register(self, asking: Caller | None = None, **changes: Any) -> Any:
        return await self.run("registerWebhookEndpoint", asking, **{**TERMS, **changes})

    async def listed(self, asking: Caller | None = None) -> list[Any]:
        answer = await self.world.service.graphql(asking or self.admin, LIST)
        return [edge["node"] for edge in answer.data["webhookEndpoints"]["edges"]]


def _codes(payload: Any) -> list[str]:
    return [each["code"] for each in payload["userErrors"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


def _acting(world: ConsentWorld, role: Role, who: Person, access: str) -> Caller:
    acting = caller(
        role, {Category.AGENCY_ROLES: access}, subject=who.subject, agency_id=who.agency_id,
        site_id=str(world.site_id),
    )  # fmt: skip
    return replace(acting, grant_id=str(who.grant_id))


async def _office(world: ConsentWorld, kind: str = "SUD") -> Office:
    agency_id = await world.make_agency(kind)
    admin = await world.make_person("AGA", agency_id)
    return Office(world, agency_id, _acting(world, Role.AGA, admin, "o"))


@pytest_asyncio.fixture(loop_scope="session")
async def office(world: ConsentWorld) -> Office:
    return await _office(world)


async def _platform(world: ConsentWorld, agency_id: str) -> Caller:
    return _acting(world, Role.PLA, await world.make_person("PLA", agency_id), "*")


async def test_an_administrator_registers_an_endpoint_and_is_shown_its_secret_once(
    office: Office,
) -> None:
    key = new_key()
    made = await office.register(idempotencyKey=key)
    assert made["userErrors"] == []
    endpoint = made["endpoint"]
    assert endpoint["grantId"] == office.admin.grant_id
    assert (endpoint["version"], endpoint["lastAttempt"]) == (1, None)
    of_platform = webhook_key(office.world.service.settings.cursor_key)
    assert made["secret"] == rules.secret_of(of_platform, endpoint["id"], 1)
    assert await office.listed() == [endpoint]
    # Whoever lost the answer repeats the request; ten minutes later it shows no secret.
    assert (await office.register(idempotencyKey=key))["secret"] == made["secret"]
    await office.world.execute(
        "update webhook_endpoint set created_at = now() - interval '11 minutes' where id = :id",
        id=endpoint["id"],
    )
    late = await office.register(idempotencyKey=key)
    assert (late["secret"], late["endpoint"]["id"]) == (None, endpoint["id"])


async def test_a_secret_is_changed_and_the_former_request_shows_none(office: Office) -> None:
    key = new_key()
    made = await office.register(idempotencyKey=key)
    endpoint = made["endpoint"]
    named = {"endpointId": endpoint["id"], "expectedVersion": endpoint["version"]}
    rotated = await office.run("rotateWebhookSecret", **named)
    assert rotated["secret"] not in (None, made["secret"])
    assert rotated["endpoint"]["version"] == 2
    assert (await office.register(idempotencyKey=key))["secret"] is None
    assert _codes(await office.run("rotateWebhookSecret", **named)) == ["VERSION_CONFLICT"]


async def test_an_endpoint_is_removed_at_once(office: Office) -> None:
    endpoint = (await office.register())["endpoint"]
    named = {"endpointId": endpoint["id"], "expectedVersion": 1}
    stale = await office.run("removeWebhookEndpoint", **{**named, "expectedVersion": 7})
    assert _codes(stale) == ["VERSION_CONFLICT"]
    removed = await office.run("removeWebhookEndpoint", **named)
    assert removed["endpoint"]["removedAt"] is not None
    assert await office.listed() == []
    for name in ("rotateWebhookSecret", "removeWebhookEndpoint", "replayWebhookEvents"):
        assert _codes(await office.run(name, **{**named, "expectedVersion": 2})) == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": "http://partner.example/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://10.0.0.8/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://localhost/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://name:secret@partner.example/"}, "URL_NOT_ALLOWED"),
        ({"url": "https://[::1]/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://[::ffff:10.0.0.8]/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://2130706433/hook"}, "URL_NOT_ALLOWED"),
        ({"url": "https://partner.example/a\r\nx: y"}, "URL_NOT_ALLOWED"),
        ({"topics": []}, "TOPIC_MISSING"),
        ({"topics": ["WORK_ARRIVED"]}, "TOPIC_NOT_ALLOWED"),
        ({"role": "LEO", "purpose": "LEAD_COORD"}, "ROLE_NOT_ALLOWED"),
        ({"purpose": "LEAD_COORD"}, "PURPOSE_NOT_ALLOWED"),
        ({"grantId": str(uuid4())}, "NOT_FOUND"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else given,
)
async def test_what_is_not_acceptable_is_said(
    office: Office, changes: dict[str, Any], code: str
) -> None:
    refused = await office.register(**changes)
    assert _codes(refused) == [code]
    assert (refused["endpoint"], refused["secret"]) == (None, None)
    assert await office.listed() == []


async def _others_endpoints_are_as_if_there_were_none(world: ConsentWorld) -> None:
    office, other = await _office(world), await _office(world)
    endpoint = (await office.register())["endpoint"]
    named = {"endpointId": endpoint["id"], "expectedVersion": 1}
    absent = {"endpointId": str(uuid4()), "expectedVersion": 1}
    for name in ("rotateWebhookSecret", "removeWebhookEndpoint", "replayWebhookEvents"):
        assert await office.run(name, other.admin, **named) == await office.run(
            name, other.admin, **absent
        )
    assert await office.listed(other.admin) == []
    assert [each["version"] for each in await office.listed()] == [1]


async def test_an_endpoint_of_another_agency_is_as_if_it_were_not(world: ConsentWorld) -> None:
    await _others_endpoints_are_as_if_there_were_none(world)


async def test_planted_endpoints_that_everybody_administers_are_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "_administered", lambda _caller: true())
    with pytest.raises(AssertionError):
        await _others_endpoints_are_as_if_there_were_none(world)


async def _another_role_has_none(office: Office) -> None:
    endpoint = (await office.register())["endpoint"]
    for role in (Role.SVC, Role.TRM, Role.PM):
        asking = replace(office.admin, role=role)
        assert _codes(await office.register(asking)) == ["FORBIDDEN"]
        assert await office.listed(asking) == []
    unread = replace(office.admin, access={})
    answer = await office.world.service.graphql(unread, LIST)
    assert endpoint["id"] not in str(answer.body)


async def test_who_administers_nothing_has_no_endpoints(office: Office) -> None:
    """The service checks again what the gateway's policy says."""
    await _another_role_has_none(office)


async def test_planted_a_service_that_leaves_it_to_the_gateway_is_caught(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administering, "require", lambda *_: None)
    with pytest.raises(AssertionError):
        await _another_role_has_none(office)


async def test_the_platform_s_administrator_names_who_answers(office: Office) -> None:
    platform = await _platform(office.world, office.agency_id)
    assert _codes(await office.register(platform)) == ["NOT_FOUND"]
    made = await office.register(platform, grantId=office.admin.grant_id)
    assert made["userErrors"] == []
    assert made["endpoint"]["id"] in [each["id"] for each in await office.listed(platform)]
    assert await office.listed() == [made["endpoint"]]


async def test_a_colleague_answers_for_themselves_alone(office: Office) -> None:
    colleague = await office.world.make_person("AGA", office.agency_id)
    assert _codes(await office.register(grantId=colleague.grant_id)) == ["NOT_FOUND"]


async def test_what_could_not_be_delivered_is_tried_again_and_none_is_said_of_it(
    office: Office,
) -> None:
    endpoint = (await office.register())["endpoint"]
    named = {"endpointId": endpoint["id"], "expectedVersion": 1}
    nothing = await office.run("replayWebhookEvents", **named)
    for age, state in ((1, "DEAD"), (3, "DEAD"), (1, "WITHHELD"), (1, "SENT")):
        await office.world.execute(
            "insert into webhook_delivery (id, endpoint_id, participant_id, topic, revision, state,"
            " attempts, next_attempt_at, created_at, settled_at) values (:id, :endpoint,"
            " :participant, 'RELEASE_GIVEN', :revision, :state, 8, now(),"
            " now() - make_interval(days => :age), now())",
            id=uuid4(), participant=uuid4() if state == "DEAD" else None,
            endpoint=endpoint["id"], state=state, age=age, revision=age,
        )  # fmt: skip
    some = await office.run("replayWebhookEvents", **named, since="2020-01-01T00:00:00Z")
    assert some == nothing
    async with office.world.service.chassis.database.read() as session:
        found = await repository.deliveries_of(session, endpoint["id"], None, 10)
    assert sorted(each.state for each in found) == ["SENT", "WAITING", "WAITING", "WITHHELD"]
    assert {each.attempts for each in found if each.state == "WAITING"} == {0}


async def test_the_directory_remembers_who_made_changed_and_removed_an_endpoint(
    office: Office,
) -> None:
    endpoint = (await office.register())["endpoint"]
    named = {"endpointId": endpoint["id"]}
    await office.run("rotateWebhookSecret", **named, expectedVersion=1)
    await office.run("removeWebhookEndpoint", **named, expectedVersion=2)
    query = "query($id: ID!) { agencyHistory(agencyId: $id) { edges { node { kind } } } }"
    answer = await office.world.service.graphql(office.admin, query, {"id": office.agency_id})
    kinds = [edge["node"]["kind"] for edge in answer.data["agencyHistory"]["edges"]]
    assert kinds == ["WEBHOOK_REMOVED", "WEBHOOK_SECRET_CHANGED", "WEBHOOK_REGISTERED"]


def test_the_schema_shows_no_event_and_no_count_of_them() -> None:
    """A list of events would tell of those that are not covered any more."""
    shown = {
        each.python_name
        for each in get_object_definition(schema.WebhookEndpoint, strict=True).fields
    }
    assert not {name for name in shown if "deliver" in name or "count" in name or "event" in name}
