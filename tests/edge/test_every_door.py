"""Every door asks alike who comes: found by walking the application's routes, not from a list.

A route that is new is knocked at by itself; one that lets somebody in who must stay outside, or
that answers before it has asked, fails here. What is open to everybody is named, with the reason.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from gateway.errors import RequestRefusedError
from gateway.exchange import Answer, GraphQLRequest
from gateway.generations import load_generation
from gateway.identity import PossessionCheck
from gateway.identity.step_up import StepUp
from gateway.limits.budget import Budget
from gateway.pipeline import Pipeline
from gateway.policy.packaged import packaged_sdl
from gateway.prepare import Preparer
from gateway.web.console.pages import PAGES
from gateway.web.console.sealing import FormTokens, Seal, read_key
from gateway.web.console.session import Standing, packed
from gateway.web.doors import fhir
from gateway.web.doors.scim_format import GROUP, USER
from infra.vocabulary import Category
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import PUBLIC_URL, GatewayWorld, RunningGateway
from tests.fixtures.public_door import public_app
from tests.fixtures.token_issuer import token
from tests.gateway.web.console.test_session import a_session, settings_of

CONSOLE = settings_of(PUBLIC_URL)
ISSUERS = json.dumps(
    [{"alias": "dev", "issuer": "https://i.example", "audience": "a", "algorithms": ["RS256"],
      "jwks_uri": "https://i.example/jwks"}]
)  # fmt: skip
OPEN = {
    ("GET", "/health/live"): "says that the process runs",
    ("GET", "/health/ready"): "says whether the process has begun properly",
    ("GET", "/cds-services"): "CDS Hooks: discovery is public; it names one service",
    ("GET", "/refer"): "the community referral form, the one anonymous write",
    ("POST", "/refer"): "the community referral form, the one anonymous write",
    (
        "GET",
        "/training/calendar/{secret}.ics",
    ): "its secret is what it asks for: test_calendar_feed",
    ("GET", "/training/badge-keys"): "public keys that badges are checked with",
    ("GET", "/"): "leads to the console",
    ("GET", "/console"): "leads to the console",
    ("GET", "/console/static/{name:path}"): "styles and scripts, the same for all",
    ("GET", "/console/login"): "begins a sign-in",
    ("GET", "/console/callback"): "takes the provider's answer to a sign-in",
    ("POST", "/console/logout"): "ends a session",
    ("GET", "/console/signed-out"): "says that one is signed out",
    ("POST", "/console/language"): "changes the words of a session, and nothing else",
}
CODES = fhir.codes()
BODIES: dict[str, Any] = {
    "/graphql": {"query": "{ __typename }"},
    "/subscriptions": {"query": "subscription { referralReceived { id } }"},
    "/cds-services/patient-consent-consult": {"context": {"patientId": ["a"]}},
    "/bind": {"code": "none"},
    "/fhir/Consent": {
        "resourceType": "Consent", "decision": "deny",
        "subject": {"reference": "Patient/019b0000-0000-7000-8000-000000000000"},
        "provision": [
            {
                "actor": [{"reference": {"reference": "Organization/a"}}],
                "securityLabel": [{"system": CODES["own_category"], "code": "IDENTITY"}],
                "purpose": [{"system": CODES["own_purpose"], "code": "LEAD_COORD"}],
            }
        ],
    },
    "/cases/letters/{id}": {
        "participantId": "a", "recipientName": "a", "method": "MAIL", "idempotencyKey": "k",
    },
    "/scim/v2/Users": {"schemas": [USER], "userName": "a"},
    "/scim/v2/Users/{id}": {"schemas": [USER], "userName": "a"},
    "/scim/v2/Groups": {"schemas": [GROUP], "displayName": "a"},
    "/scim/v2/Groups/{id}": {"schemas": [GROUP], "displayName": "a"},
}  # fmt: skip
"""What a door must be able to read before it can ask anything for it; ``{}`` elsewhere."""
ROLES = {
    "CM": "CAREMGT", "SUP": "CAREMGT", "PRV": "RECORDMGT", "AGA": "HSYSADMIN", "PAR": "PATRQT",
    "TRM": "TRAINING_ADMIN", "DEF": "LEAD_LEGAL_COORD",
}  # fmt: skip
"""Who asks for a stronger sign-in, for what: each door runs an operation for one of them."""
STRONG = "urn:example:hardware-key"
EVERYTHING = StepUp(frozenset(Category), (STRONG,), None)
NO_OPERATION = {"/bind", "/schema.graphql", "/subscriptions"}
"""Doors that open nothing about anybody by themselves: a login's code, the schema of a role; and
streams, which do not end for who is let in (`tests/gateway/subscriptions`)."""


@dataclass(frozen=True, slots=True)
class Door:
    """One way in."""

    method: str
    path: str

    @property
    def is_page(self) -> bool:
        """Whether a session in a cookie opens it, and no token."""
        return self.path.startswith(("/console", "/graphiql"))

    @property
    def address(self) -> str:
        """Return an address that the route answers."""
        return re.sub(r"\{table\}", "courses", re.sub(r"\{(?!table)[^}]*\}", "x", self.path))

    @property
    def body(self) -> bytes | None:
        """Return what to send."""
        if self.method in ("GET", "HEAD", "DELETE"):
            return None
        return json.dumps(BODIES.get(self.path, {})).encode()


def doors_of(app: Starlette) -> list[Door]:
    """Return every method of every route, but what is open."""
    found = []
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            continue  # tests/gateway/subscriptions/test_socket.py; that there is one: see below
        assert isinstance(route, Route), f"{route} is no route that this test can walk"
        found += [Door(method, route.path) for method in sorted(route.methods or ())]
    doors = [each for each in found if each.method != "HEAD"]
    return [each for each in doors if (each.method, each.path) not in OPEN]


@dataclass
class House:
    """The application, and how often it has asked the pipeline."""

    app: Starlette
    client: httpx2.AsyncClient
    asked: list[GraphQLRequest]

    async def knock(
        self, door: Door, bearer: str | None, purpose: str | None = None
    ) -> httpx2.Response:
        """Come to a door for data with a token."""
        headers = {"content-type": "application/json", "accept": "text/event-stream, */*"}
        if purpose is not None:
            headers["purpose-of-use"] = purpose
        if bearer is not None:
            headers["authorization"] = f"Bearer {bearer}"
        return await self.client.request(
            door.method, door.address, content=door.body, headers=headers
        )

    async def visit(self, door: Door, bearer: str, person: Person) -> httpx2.Response:
        """Come to a page with a session of its first role, that holds the token."""
        allowed = {path: roles for path, _, roles, _ in PAGES}.get(
            door.path.removeprefix("/console")
        )
        role = sorted(allowed)[0] if allowed else "CM"
        standing = Standing(str(person.grant_id), role, person.agency_id, "A", "S", "UTC")
        session = a_session(access_token=bearer, standing=standing)
        key = read_key(CONSOLE.key)
        cookie = Seal(key, "session").seal(packed(session))
        headers = {"cookie": f"gt-session-None={cookie}", "sec-fetch-site": "same-origin"}
        form = {"form_token": FormTokens(key).token(session.id)} if door.method == "POST" else None
        return await self.client.request(door.method, door.address, data=form, headers=headers)


class NoFurther:
    """What is behind all checks: whoever comes to it was let in."""

    async def run(self, *_given: Any, **_more: Any) -> Any:
        """Answer as if no service were there."""
        raise RequestRefusedError(503, "SERVICE_UNAVAILABLE")

    run_ungated = run


@cache
def _whole() -> Preparer:
    """Return the committed supergraph under the agreement; making it takes seconds."""
    services = ("participants", "consent", "cases", "training")
    return load_generation(packaged_sdl(), Budget(), services)


def _of_each_kind(doors: Iterable[Door]) -> list[Door]:
    """Return a few doors, of each kind: what planted faults are looked for at."""
    chosen: dict[str, Door] = {}
    for door in doors:
        if door.path == "/subscriptions":
            continue  # a stream does not end for who is let in
        chosen.setdefault(f"{door.method} {door.path.split('/')[1]}", door)
    return list(chosen.values())


@asynccontextmanager
async def house_of(
    world: GatewayWorld,
    *,
    must_bind: bool = False,
    step_up: StepUp | None = None,
    change: Callable[[Starlette, RunningGateway], None] = lambda *_: None,
) -> AsyncIterator[House]:
    """Open the whole application: all doors, the console, the committed supergraph."""
    async with world.gateway(step_up=step_up) as gateway:
        pipeline = gateway.pipeline.under(_whole())
        if must_bind:
            settings = replace(world.issuer.settings(), bound_clients=frozenset({"*"}))
            pipeline._possession = PossessionCheck(PUBLIC_URL, [settings])
        pipeline._rounds = NoFurther()  # type: ignore[assignment]  # stands for all of them
        asked: list[GraphQLRequest] = []
        answer = pipeline.answer

        async def counted(request: GraphQLRequest) -> Answer:
            asked.append(request)
            return await answer(request)

        pipeline.answer = counted  # type: ignore[method-assign]  # looked at from outside
        app = public_app(
            replace(gateway, pipeline=pipeline),
            console=CONSOLE,
            issuers=ISSUERS,
            is_production=False,
        )
        change(app, gateway)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            yield House(app, client, asked)


async def _blocked(world: GatewayWorld) -> Person:
    person = await world.person("CM")
    await world.consent.execute(
        "update account set is_blocked = true where id = :id", id=person.account_id
    )
    return person


async def _stays_outside(
    house: House, doors: Iterable[Door], bearer: str | None, person: Person, status: set[int]
) -> dict[str, int]:
    """Return what let somebody in, or answered before it asked."""
    wrong = {}
    for door in doors:
        name = f"{door.method} {door.path}"
        if not door.is_page:
            answer = await house.knock(door, bearer)
            # That there is no such method or place is the same for everybody.
            if answer.status_code not in {*status, 404, 405}:
                wrong[name] = answer.status_code
            continue
        before = len(house.asked)
        answer = await house.visit(door, bearer or "", person)
        to_sign_in = answer.status_code == 303 and "/console/login" in answer.headers["location"]
        # A page that asks nothing has nothing to tell: an empty form, a mistake in one.
        if len(house.asked) > before and not (to_sign_in or answer.status_code == 403):
            wrong[name] = answer.status_code
    return wrong


async def _is_refused_everywhere(
    world: GatewayWorld,
    kind: str,
    change: Callable[[Starlette, RunningGateway], None] = lambda *_: None,
    choose: Callable[[Iterable[Door]], list[Door]] = list,
) -> int:
    person = await (_blocked(world) if kind == "blocked" else world.person("CM"))
    claims: dict[str, Any] = {
        "certificate": {"cnf": {"x5t#S256": "A" * 43}},
        "key": {"cnf": {"jkt": "A" * 43}},
    }.get(kind, {})
    bearer = None if kind == "none" else token(sub=person.external_subject, **claims)
    status = {403} if kind == "blocked" else {401}
    async with house_of(world, must_bind=kind == "must bind", change=change) as house:
        doors = choose(doors_of(house.app))
        wrong = await _stays_outside(house, doors, bearer, person, status)
    said = "\n".join(f"{name}: {code}" for name, code in wrong.items())
    assert not wrong, said
    return len(doors)


KINDS = ("none", "certificate", "key", "must bind", "blocked")


@pytest.mark.parametrize("kind", KINDS)
async def test_every_door_refuses_whom_one_refuses(gateway_world: GatewayWorld, kind: str) -> None:
    """No token; one bound to what is not shown; one that had to be bound; somebody shut out."""
    assert await _is_refused_everywhere(gateway_world, kind) > 150


STEPPING = {
    "GET /fhir/Consent", "GET /fhir/AuditEvent", "POST /cds-services/patient-consent-consult",
}  # fmt: skip
"""Some doors whose operations certainly open something about a person."""


async def _asks_for_more(world: GatewayWorld) -> None:
    people = {role: await world.person(role) for role in ROLES}
    challenged, silent = set(), set()
    async with house_of(world, step_up=EVERYTHING) as house:
        for door in doors_of(house.app):
            if door.path in NO_OPERATION or door.is_page:
                continue
            name = f"{door.method} {door.path}"
            for role, person in people.items():
                bearer = token(sub=person.external_subject)
                answer = await house.knock(door, bearer, ROLES[role])
                challenge = answer.headers.get("www-authenticate", "")
                if "insufficient_user_authentication" in challenge:
                    challenged.add(name)
                elif answer.status_code == 401:
                    silent.add(name)
    assert not silent, f"no challenge says what to sign in with: {sorted(silent)}"
    assert challenged >= STEPPING, sorted(STEPPING - challenged)


async def test_every_door_says_what_a_stronger_sign_in_is(gateway_world: GatewayWorld) -> None:
    """RFC 9470 whatever the format: who is refused for it is told what is wanted."""
    await _asks_for_more(gateway_world)


async def test_planted_a_door_without_a_check_is_caught(gateway_world: GatewayWorld) -> None:
    """Somebody adds a route that answers without asking."""

    async def export(_request: Request) -> JSONResponse:
        return JSONResponse([])

    def with_export(app: Starlette, _gateway: RunningGateway) -> None:
        app.router.routes.append(Route("/export.json", export))

    with pytest.raises(AssertionError, match="export"):
        await _is_refused_everywhere(gateway_world, "none", with_export, _of_each_kind)


@pytest.mark.parametrize("kind", ["certificate", "key", "must bind"])
async def test_planted_a_gateway_that_takes_any_token_is_caught(
    gateway_world: GatewayWorld, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PossessionCheck, "check", lambda *_: None)
    with pytest.raises(AssertionError):
        await _is_refused_everywhere(gateway_world, kind, choose=_of_each_kind)


async def test_planted_an_account_that_was_let_in_again_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_blocked(world: GatewayWorld) -> Person:
        return await world.person("CM")

    monkeypatch.setitem(globals(), "_blocked", not_blocked)
    with pytest.raises(AssertionError):
        await _is_refused_everywhere(gateway_world, "blocked", choose=_of_each_kind)


async def test_planted_a_gateway_that_never_steps_up_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StepUp, "check", lambda *_: None)
    with pytest.raises(AssertionError):
        await _asks_for_more(gateway_world)


async def test_what_is_open_is_there_and_the_socket_is_the_only_other_way(
    gateway_world: GatewayWorld,
) -> None:
    async with house_of(gateway_world) as house:
        sockets = [each.path for each in house.app.routes if isinstance(each, WebSocketRoute)]
        there = {
            (method, each.path)
            for each in house.app.routes
            if isinstance(each, Route)
            for method in each.methods or ()
        }
    assert sockets == ["/subscriptions"]
    assert set(OPEN) <= there


def test_a_pipeline_has_no_other_way_to_an_answer() -> None:
    """What the walk counts is all that a page can ask."""
    ways = {name for name in vars(Pipeline) if not name.startswith("_")}
    assert ways == {
        "admit", "answer", "identify", "preparer", "schema_text", "under", "visitor",
    }  # fmt: skip
