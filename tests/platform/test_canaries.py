"""No value that comes from a person leaves the databases by logs, traces or metrics.

Marker strings go through every argument of every operation, as texts, ids, and in the place of
numbers, days and choices; through headers, tokens, paths and broken bodies; through every other
door and every form of the console (`canary_doors`). The platform's traces are all sampled and sent
to a real collector.
"""

import asyncio
import itertools
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.policy.access_table import AccessTable
from gateway.policy.packaged import packaged_supergraph, packaged_table
from infra.dev.up.programs import METERED
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.platform.canary_doors import Doors

pytestmark = pytest.mark.walk
MARK = "Cnry"
ROUNDS = 1
SOAK_ROUNDS = 25


@dataclass
class Collector:
    """A collector of spans that keeps the bytes as they came."""

    bodies: list[bytes] = field(default_factory=list)
    port: int = 0

    def spans(self) -> Iterator[tuple[str, Any]]:
        """All spans with the name of their program."""
        for body in self.bodies:
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                attributes = resource.resource.attributes
                program = next(a.value.string_value for a in attributes if a.key == "service.name")
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield program, span


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


class Markers:
    """Makes marker strings, each used once."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.made = 0

    def __call__(self) -> str:
        self.made = next(self._numbers)
        return f"{MARK}{self.made:06d}x"


@dataclass(frozen=True)
class Evidence:
    """Everything that left the databases, as bytes."""

    places: dict[str, bytes]
    sent: int
    answers: dict[int, int]
    people: frozenset[str] = frozenset()
    pages: int = 0
    forms: int = 0

    def hits(self, mark: str = MARK) -> dict[str, str]:
        """Where the mark stands, with what is around the first hit."""
        found = {}
        for place, content in self.places.items():
            at = content.find(mark.encode())
            if at >= 0:
                found[place] = content[max(0, at - 200) : at + 100].decode(errors="replace")
        return found


def value_for(kind: Any, mark: Callable[[], str], *, real_ids: bool, is_odd: bool = False) -> Any:
    """A value of an input type with a marker wherever text fits; if odd, wherever it does not."""
    if isinstance(kind, GraphQLNonNull):
        return value_for(kind.of_type, mark, real_ids=real_ids, is_odd=is_odd)
    if isinstance(kind, GraphQLList):
        return [value_for(kind.of_type, mark, real_ids=real_ids, is_odd=is_odd)]
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: value_for(each.type, mark, real_ids=real_ids, is_odd=is_odd)
            for name, each in kind.fields.items()
            if name not in ("expectedVersion",) or isinstance(each.type, GraphQLNonNull)
        }
    if is_odd:
        return mark()
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    match kind.name:
        case "Int" | "Float":
            return 1
        case "Boolean":
            return True
        case "Date":
            return "2026-05-01"
        case "DateTime":
            return "2026-05-01T10:00:00Z"
        case "ID" if real_ids:
            return str(uuid4())
        case _:
            return mark()


def document(kind: str, name: str, each: GraphQLField, mark: Callable[[], str]) -> str:
    """An operation that asks for one root field, with markers as its names."""
    declared = ", ".join(f"${n}: {argument.type}" for n, argument in each.args.items())
    given = ", ".join(f"{n}: ${n}" for n in each.args)
    answer = each.type
    while isinstance(answer, GraphQLNonNull | GraphQLList):
        answer = answer.of_type
    selection = "" if is_leaf_type(answer) else "{ __typename }"
    if isinstance(answer, GraphQLObjectType) and "userErrors" in answer.fields:
        selection = "{ userErrors { code message } }"
    head = f"{kind} {mark()}{f'({declared})' if declared else ''}"
    return f"{head} {{ {mark()}: {name}{f'({given})' if given else ''} {selection} }} # {mark()}"


def persona_for(table: AccessTable, coordinate: str, personas: list[dict[str, Any]]) -> str:
    """Somebody who may ask for a root field, so that it gets as far as it can."""
    for persona in personas:
        if persona["role"] not in table.matrix.columns:
            continue
        if not table.view(persona["role"], has_person_purpose=True).refuses(coordinate):
            return str(persona["persona"])
    return "case_manager"


class Sender:
    """Sends markers wherever a client can put text."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.mark = Markers()
        self.answers: dict[int, int] = {}
        supergraph = packaged_supergraph()
        self.schema: GraphQLSchema = supergraph.api_schema
        self.table = packaged_table(supergraph)
        self.personas = platform.demo()["personas"]
        self.purposes = {each["persona"]: each.get("purposes") or [] for each in self.personas}

    def note(self, status: int) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1

    async def every_argument(self, *, real_ids: bool, is_odd: bool = False) -> None:
        roots = [("query", self.schema.query_type), ("mutation", self.schema.mutation_type)]
        for kind, root in roots:
            assert root is not None
            for name, each in root.fields.items():
                persona = persona_for(self.table, f"{root.name}.{name}", self.personas)
                variables = {
                    n: value_for(a.type, self.mark, real_ids=real_ids, is_odd=is_odd)
                    for n, a in each.args.items()
                }
                purpose = next(iter(self.purposes[persona]), None)
                text = document(kind, name, each, self.mark)
                answer = await self.platform.send(persona, text, variables, purpose=purpose)
                self.note(answer.status)

    async def every_subscription(self) -> None:
        root = self.schema.subscription_type
        assert root is not None
        for name, each in root.fields.items():
            persona = persona_for(self.table, f"{root.name}.{name}", self.personas)
            headers = {
                "authorization": f"Bearer {await self.platform.token(persona)}",
                "accept": "text/event-stream", "last-event-id": self.mark(),
            }  # fmt: skip
            if purpose := next(iter(self.purposes[persona]), None):
                headers["purpose-of-use"] = purpose
            asked = {
                "query": document("subscription", name, each, self.mark),
                "variables": {n: self.mark() for n in each.args}, "extensions": {self.mark(): 1},
            }  # fmt: skip
            async with self.platform.client.stream(
                "POST", f"{self.platform.url}/subscriptions", json=asked, headers=headers
            ) as answer:
                self.note(answer.status_code)

    async def every_header(self) -> None:
        token = await self.platform.token("case_manager")
        names = (
            "purpose-of-use", "acting-grant", "traceparent", "tracestate", "x-request-id",
            "user-agent", "cookie", "accept", "dpop", "origin", "referer", "x-forwarded-for",
            "content-encoding", "baggage", "accept-language", "if-match", "idempotency-key",
        )  # fmt: skip
        body = json.dumps({"query": "{ __typename }"})
        for name in names:
            headers = {
                "content-type": "application/json", "authorization": f"Bearer {token}",
                name: self.mark(),
            }  # fmt: skip
            await self.post("/graphql", body, headers)
        for authorization in (
            self.mark(), f"Bearer {self.mark()}", f"DPoP {self.mark()}",
            f"Bearer a.{self.mark()}.c",
            f"Bearer {token}{self.mark()}",
        ):  # fmt: skip
            headers = {"content-type": "application/json", "authorization": authorization}
            await self.post("/graphql", body, headers)

    async def every_broken_body(self) -> None:
        token = await self.platform.token("case_manager")
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        for body in (
            self.mark(), f'{{"query": "{self.mark()}', f'"{self.mark()}"', f'["{self.mark()}"]',
            json.dumps({"query": self.mark()}),
            json.dumps({"query": f"{{ {self.mark()} }}"}),
            json.dumps({"query": f'{{ course(id: "{self.mark()}") {{ {self.mark()} }} }}'}),
            json.dumps({"query": "{ __typename }", "operationName": self.mark()}),
            json.dumps({"query": "{ __typename }", "variables": self.mark()}),
            json.dumps({"query": "{ __typename }", "variables": {self.mark(): self.mark()}}),
            json.dumps({"documentId": self.mark()}),
            json.dumps({"query": f"query ($a: {self.mark()}) {{ __typename }}"}),
            json.dumps({"query": f"{{ __typename @{self.mark()} }}"}),
            json.dumps({"query": f"fragment {self.mark()} on {self.mark()} {{ a }}"}),
        ):  # fmt: skip
            await self.post("/graphql", body, headers)

    async def every_path(self) -> None:
        token = await self.platform.token("case_manager")
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        for path in (
            "/", "/graphql", "/graphql?x=", "/fhir/Consent?patient=", "/fhir/Consent/",
            "/fhir/AuditEvent?patient=", "/cds-services/", "/training/badges/", "/console/",
            "/training/sessions.ics?x=", "/health/ready?x=", "/refer?name=",
        ):  # fmt: skip
            answer = await self.platform.client.get(
                f"{self.platform.url}{path}{self.mark()}", headers=headers
            )
            self.note(answer.status_code)
        for path in ("/bind", "/fhir", "/refer", "/cds-services/patient-consent-consult"):
            await self.post(path, json.dumps({"code": self.mark(), "text": self.mark()}), headers)

    async def post(self, path: str, body: str, headers: dict[str, str]) -> None:
        answer = await self.platform.client.post(
            f"{self.platform.url}{path}", content=body, headers=headers
        )
        self.note(answer.status_code)


def scrape(data_dir: Path, program: str) -> bytes:
    """The metrics of one program."""
    name = program if program == "gateway" else f"svc_{program}"
    words = (data_dir / "env" / f"{name}.env").read_text().split("GT_METRICS_BIND=")[1]
    path = words.splitlines()[0].strip("'\"").removeprefix("unix:")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


async def gathered(collector: Collector, rounds: int) -> Evidence:
    """Run a platform, send markers through it, stop it, and return what it left behind."""
    with tempfile.TemporaryDirectory(prefix="gt-walk-") as folder:
        data_dir, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GT_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
            patch.setenv("GT_TRACE_RATIO", "1")
            process = await asyncio.to_thread(start_platform, data_dir, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data_dir, port, process, log, client)
                sender = Sender(platform)
                personas = {each["persona"]: each for each in sender.personas}
                doors = Doors(platform, personas, sender.mark, sender.note)
                await doors.every_page()
                for _ in range(rounds):
                    await sender.every_argument(real_ids=True)
                    await sender.every_argument(real_ids=False)
                    await sender.every_argument(real_ids=False, is_odd=True)
                    await sender.every_subscription()
                    await doors.every_door()
                    await sender.every_header()
                    await sender.every_broken_body()
                    await sender.every_path()
                await platform.run("ParticipantOverview")
                await platform.run("ParticipantList")
            places = {f"metrics of {each}": scrape(data_dir, each) for each in METERED}
        finally:
            await asyncio.to_thread(stop_platform, process)
        places["log"] = log.read_bytes()
        places["spans"] = b"".join(collector.bodies)
        for file in (data_dir / "log").glob("*"):
            places[f"database log {file.name}"] = file.read_bytes()
        world = json.loads((data_dir / "world.json").read_text())
        people = {str(each["family_name"]) for each in world["participants"]}
        people |= {str(each["name"]) for each in world["staff"]}
        seen = len(doors.opened), len(doors.sent)
        return Evidence(places, sender.mark.made, sender.answers, frozenset(people), *seen)


@pytest.fixture(scope="module")
async def evidence(collector: Collector) -> Evidence:
    return await gathered(collector, ROUNDS)


@pytest.mark.timeout(600)
async def test_no_marker_leaves_the_databases(evidence: Evidence) -> None:
    assert evidence.sent > 300
    assert evidence.answers[200] > 100
    assert {401, 400, 404} <= set(evidence.answers)
    assert evidence.pages > 30
    assert evidence.forms > 10
    assert evidence.hits() == {}


async def test_nobody_of_the_demo_stands_in_logs_spans_or_metrics(evidence: Evidence) -> None:
    assert len(evidence.people) > 10
    found = {name: hits for name in evidence.people if (hits := evidence.hits(name))}
    assert found == {}


async def test_a_leak_in_any_of_the_places_would_be_seen(evidence: Evidence) -> None:
    """The twin: markers planted where a careless line of code would put them."""
    for place in evidence.places:
        leaky = Evidence({**evidence.places, place: evidence.places[place] + b"Cnry000001x"}, 1, {})
        assert list(leaky.hits()) == [place]


async def test_there_is_a_span_for_each_fetch_gate_and_statement(
    evidence: Evidence, collector: Collector
) -> None:
    assert evidence.sent
    spans = list(collector.spans())
    by_id = {span.span_id: span for _, span in spans}
    names = {(program, span.name) for program, span in spans}
    assert {
        ("gateway", "gateway.request"), ("gateway", "gateway.fetch"), ("gateway", "gateway.gate"),
        ("participants", "participants.execute"), ("participants", "database.statement"),
        ("consent", "consent.gate"), ("consent", "database.statement"),
    } <= names  # fmt: skip
    roots = {span.trace_id for _, span in spans if span.name == "gateway.request"}
    statements = [span for _, span in spans if span.name == "database.statement"]
    in_requests = [span for span in statements if span.trace_id in roots]
    assert in_requests, "one trace goes from the gateway to the statement"
    assert all(span.parent_span_id in by_id for span in in_requests)
    assert all(
        {"db.operation.name", "gt.pool"} >= {a.key for a in s.attributes} for s in statements
    )


async def test_operations_count_under_registered_names_only(evidence: Evidence) -> None:
    text = evidence.places["metrics of gateway"].decode()
    names = {
        line.split('operation="')[1].split('"')[0]
        for line in text.splitlines()
        if line.startswith("gt_operation_requests_total{")
    }
    assert {"ParticipantOverview", "other"} <= names
    assert len(names) < 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_ten_thousand_markers(collector: Collector) -> None:
    found = await gathered(collector, SOAK_ROUNDS)
    size = sum(len(each) for each in found.places.values())
    print(f"{found.sent} markers, {found.answers}, {size} bytes in {len(found.places)} places")
    assert found.sent >= 10_000
    assert found.hits() == {}
