"""Subgraphs that fail, over real HTTP: partial data, one coded error, and nothing of the subgraph.

Each case says what the client gets to the letter: data with null as the specification has it, the
path and the locations of the one error; and that the whole cause is in the log.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.executor import ExecutionLimits
from gateway.subgraph_client import SubgraphClient
from infra.http_client import HttpResponse
from tests.conformance.faulty_server import Reply, faulty_subgraph, graphql, http
from tests.conformance.load_cases import CASES, Case
from tests.conformance.subgraph_server import serving
from tests.gateway.executor.engine_runs import Run, run

STOREFRONT = Case(CASES / "storefront")
SECRET = "password of the database at reviews.internal"
QUERY = "{\n  users {\n    id\n    reviews {\n      body\n    }\n  }\n}"
LOCATION = [{"line": 4, "column": 5}]
NOTHING = [{"id": number, "reviews": None} for number in ("1", "2", "3")]
FULL: list[dict[str, Any]] = [
    {"id": "1", "reviews": [{"body": "b1"}, {"body": None}]},
    {"id": "2", "reviews": []},
    {"id": "3", "reviews": None},
]
GOOD: list[Any] = [{"reviews": one["reviews"]} for one in FULL]
UNAVAILABLE, UNUSABLE, REPORTED = (
    "SERVICE_UNAVAILABLE", "INTERNAL_SUBGRAPH_FAILURE", "SUBGRAPH_ERROR",
)  # fmt: skip
MAX_BYTES = 4_096


@dataclass(frozen=True)
class Fault:
    """What the reviews subgraph does, and what the client is told."""

    name: str
    reply: Reply
    users: Any = field(default_factory=lambda: NOTHING)
    errors: Any = None
    code: str = UNUSABLE

    def expected(self) -> Any:
        if self.errors is not None:
            return self.errors
        return [(self.code, ["users", 0, "reviews"], LOCATION)]


def _entities(found: Any, errors: Any = None) -> Reply:
    answer: dict[str, Any] = {"data": {"_entities": found}}
    if errors is not None:
        answer["errors"] = errors
    return lambda _: graphql(answer)


def _error(*path: Any) -> dict[str, Any]:
    told = {"message": SECRET, "extensions": {"code": "DB", "service": "reviews", "trace": SECRET}}
    return {**told, "path": list(path)} if path else told


GOOD_BODY = orjson.dumps({"data": {"_entities": GOOD}})
HUGE = orjson.dumps({"data": {"_entities": [{"reviews": [{"body": "x" * MAX_BYTES}]}] * 3}})
FAULTS = [
    Fault("no answer in time", lambda _: None, code=UNAVAILABLE),
    Fault("closed without a word", lambda _: b"", code=UNAVAILABLE),
    Fault("not HTTP", lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    Fault("not JSON", lambda _: http(f"<html>{SECRET}".encode())),
    Fault("a page", lambda _: http(GOOD_BODY, content_type="text/html")),
    Fault("500", lambda _: http(GOOD_BODY, status="500 Oh"), code=UNAVAILABLE),
    Fault("a redirect", lambda _: http(GOOD_BODY, status="302 Found", more="location: /x\r\n")),
    Fault("a body cut short", lambda _: http(GOOD_BODY[:-9], length=999), code=UNAVAILABLE),
    Fault("a chunk cut short", lambda _: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
          b"content-type: application/json\r\n\r\n40\r\n{\"data\"", code=UNAVAILABLE),
    Fault("half of the JSON", lambda _: http(GOOD_BODY[:-9])),
    Fault("compressed", lambda _: http(GOOD_BODY, more="content-encoding: gzip\r\n")),
    Fault("more bytes than allowed", lambda _: http(HUGE)),
    Fault("more bytes than allowed, in chunks", lambda _: b"HTTP/1.1 200 OK\r\n"
          b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
          b"%x\r\n%s\r\n0\r\n\r\n" % (len(HUGE), HUGE)),
    Fault("a list", lambda _: graphql([])),
    Fault("nothing", lambda _: graphql({})),
    Fault("data of another kind", lambda _: graphql({"data": "x"})),
    Fault("errors of another kind", lambda _: graphql({"data": None, "errors": "x"})),
    Fault("too few entities", _entities(GOOD[:2])),
    Fault("too many entities", _entities([*GOOD, *GOOD])),
    Fault("entities of another kind", _entities({"0": GOOD[0]})),
    Fault("errors without data", lambda _: graphql({"errors": [_error()]}), code=REPORTED),
    Fault("errors and null data", lambda _: graphql({"data": None,
          "errors": [_error("_entities")]}), code=REPORTED),
    Fault("null for all entities, with errors", _entities(None, [_error("_entities")]),
          code=REPORTED),
    Fault("null entities without errors", _entities([None] * 3), errors=[]),
    Fault("a field that an entity lacks", _entities([{}, *GOOD[1:]]),
          users=[NOTHING[0], *FULL[1:]]),
    Fault("a field that an object below an entity lacks", _entities([{"reviews": [{"body": "b1"},
          {}]}, *GOOD[1:]]), users=FULL,
          errors=[(UNUSABLE, ["users", 0, "reviews", 1, "body"], [{"line": 5, "column": 7}])]),
    Fault("a field that is lacking, with its error", _entities([{}, *GOOD[1:]],
          [_error("_entities", 0, "reviews")]), users=[NOTHING[0], *FULL[1:]], code=REPORTED),
    Fault("one null entity with its error", _entities([GOOD[0], None, None],
          [_error("_entities", 1)]), users=[FULL[0], *NOTHING[1:]],
          errors=[(REPORTED, ["users", 1, "reviews"], LOCATION)]),
    Fault("an error within an entity", _entities(GOOD,
          [_error("_entities", 0, "reviews", 1, "body")]), users=FULL,
          errors=[(REPORTED, ["users", 0, "reviews", 1, "body"], [{"line": 5, "column": 7}])]),
    Fault("an error below a null", _entities([{"reviews": None}, *GOOD[1:]],
          [_error("_entities", 0, "reviews", 1, "body")]), users=[NOTHING[0], *FULL[1:]],
          errors=[(REPORTED, ["users", 0, "reviews", 1, "body"], [{"line": 5, "column": 7}])]),
    Fault("an error whose path leads nowhere", _entities(GOOD, [_error("_entities", 9, SECRET)]),
          users=FULL, errors=[(REPORTED, None, None)]),
    Fault("an error whose path is an object", _entities(GOOD, [{"message": SECRET,
          "path": {"a": SECRET}}]), users=FULL, errors=[(REPORTED, None, None)]),
    Fault("an error whose path has steps of another kind", _entities([None, *GOOD[1:]],
          [{"message": SECRET, "path": [["_entities"], 0]}]), users=[NOTHING[0], *FULL[1:]],
          errors=[(REPORTED, None, None)]),
    Fault("an error without a path", _entities(GOOD, [_error()]), users=FULL,
          errors=[(REPORTED, None, None)]),
    Fault("fields nobody asked for", _entities([{**one, "id": "9", "_gt_id": SECRET,
          "username": SECRET} for one in GOOD]), users=FULL, errors=[]),
    Fault("another type's name", _entities([{**one, "__typename": "Product"} for one in GOOD]),
          users=FULL, errors=[]),
    Fault("an entity that is a text", _entities([SECRET, *GOOD[1:]]),
          users=[NOTHING[0], *FULL[1:]]),
    Fault("a number for a text", _entities([{"reviews": [{"body": 5}]}, *GOOD[1:]]),
          users=[{"id": "1", "reviews": [{"body": None}]}, *FULL[1:]],
          errors=[(UNUSABLE, ["users", 0, "reviews", 0, "body"], [{"line": 5, "column": 7}])]),
    Fault("an object for a list", _entities([{"reviews": {"body": SECRET}}, *GOOD[1:]]),
          users=[NOTHING[0], *FULL[1:]]),
    Fault("a list for an object", _entities([{"reviews": [[{"body": SECRET}]]}, *GOOD[1:]]),
          users=[{"id": "1", "reviews": [None]}, *FULL[1:]],
          errors=[(UNUSABLE, ["users", 0, "reviews", 0], LOCATION)]),
]  # fmt: skip


class Impatient(SubgraphClient):
    """Does not wait long, whatever the machine is doing otherwise."""

    async def post(
        self, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, idempotent: bool
    ) -> HttpResponse:
        return await super().post(body, headers, timeout_seconds=0.3, idempotent=idempotent)


async def _ask(reviews: str, kind: type[SubgraphClient] = SubgraphClient) -> tuple[Run, list[Any]]:
    async with serving(STOREFRONT.subgraphs()) as server:
        clients = {
            name: SubgraphClient(f"http://127.0.0.1:{server.port}/{name}")
            for name in STOREFRONT.subgraphs()
        }
        clients["reviews"] = kind(reviews, max_response_bytes=MAX_BYTES)
        limits = ExecutionLimits(fetch_timeout_seconds=60)
        try:
            with capture_logs() as logs:
                found = await run(
                    STOREFRONT.supergraph, QUERY, clients, limits=limits, correlation_id="c-17"
                )
        finally:
            for client in clients.values():
                await client.close()
    return found, list(logs)


def _client(fault: Fault) -> type[SubgraphClient]:
    return Impatient if fault is FAULTS[0] else SubgraphClient


def _told(found: Run) -> list[tuple[str, Any, Any]]:
    return [
        (error["extensions"]["code"], error.get("path"), error.get("locations"))
        for error in found.projected.errors
    ]


@pytest.mark.parametrize("fault", FAULTS, ids=[one.name for one in FAULTS])
async def test_a_faulty_subgraph_costs_its_own_part_only(fault: Fault) -> None:
    async with faulty_subgraph(fault.reply) as url:
        found, _ = await _ask(url, _client(fault))
    assert found.data == {"users": fault.users}
    assert _told(found) == fault.expected()
    for word in (SECRET, "reviews.internal", "127.0.0.1", "DB"):
        assert word not in orjson.dumps([found.data, found.projected.errors]).decode()
    for error in found.projected.errors:
        assert set(error) <= {"message", "path", "locations", "extensions"}
        assert set(error["extensions"]) == {"code"}
        assert "review" not in error["message"]


@pytest.mark.parametrize(
    "fault", FAULTS[:23], ids=[one.name.replace(" ", "-") for one in FAULTS[:23]]
)
async def test_the_cause_is_in_the_log(fault: Fault) -> None:
    async with faulty_subgraph(fault.reply) as url:
        _, logs = await _ask(url, _client(fault))
    (told,) = [one for one in logs if one["event"] == "subgraph_failure"]
    assert told["subgraph"] == "reviews"
    assert told["correlation_id"] == "c-17"
    assert told["code"] == fault.code
    assert told["reason"]
    assert SECRET not in str(told)


async def test_a_refused_connection_costs_its_own_part_only() -> None:
    with socket.socket() as held:  # bound and not listening: nobody else gets the port
        held.bind(("127.0.0.1", 0))
        found, _ = await _ask(f"http://127.0.0.1:{held.getsockname()[1]}/graphql")
    assert found.data == {"users": NOTHING}
    assert _told(found) == [(UNAVAILABLE, ["users", 0, "reviews"], LOCATION)]


async def test_a_gateway_that_believed_every_answer_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: status and content type are not looked at."""
    from gateway.executor import execute
    from gateway.executor.answer import Answer

    def believe(response: Any, **_: Any) -> Answer:
        return Answer(orjson.loads(response.body)["data"], [], None)

    monkeypatch.setattr(execute, "read_answer", believe)
    for name in ("a page", "500", "a redirect"):
        fault = next(one for one in FAULTS if one.name == name)
        async with faulty_subgraph(fault.reply) as url:
            found, _ = await _ask(url)
        assert found.data == {"users": FULL}
