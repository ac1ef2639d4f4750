"""Serve any supergraph with the product's planner and executor, under a permit-all table.

    python -m tests.conformance.serve --supergraph FILE --port N [--limits on|off|strict]
        [--policy star [--deny TYPE:KEY:CATEGORY]...] [--follow SECONDS]

Runtime dependencies only; no database, no token.  Forwards `Authorization` to the subgraphs.
`POST /graphql` answers operations, `GET /health/ready` once it serves; SIGTERM ends it.
Options or a supergraph that cannot be used end it at once with status 2 and one line that says why.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import uvicorn
import uvloop
from graphql import GraphQLError

from gateway.errors import RequestRefusedError
from gateway.exact_json import read_json, write_json
from gateway.executor import (
    CompiledOperation,
    ExecutionContext,
    ExecutionLimits,
    Guard,
    PermitAll,
    compile_plan,
    fetch_all,
    project,
)
from gateway.fetch_sharing import FetchSharing
from gateway.limits.budget import UNLIMITED, Budget
from gateway.limits.nesting import check_nesting
from gateway.limits.shape import check_shapes
from gateway.limits.tokens import check_tokens
from gateway.planner import (
    Operation,
    OperationError,
    PlanningError,
    coerce_variables,
    introspect,
    normalize,
    parse_operation,
    plan,
)
from gateway.planner.override_labels import active_labels, override_labels
from gateway.planner.plan_cache import PlanCache, PlanKey, name_key
from gateway.policy.entitlements import Entitlements, leave_out_refused, satisfied_rules
from gateway.policy.roles import Refusal
from gateway.subgraph_calls import FetchMetrics
from gateway.subgraph_client import SubgraphClient
from gateway.supergraph import Supergraph, SupergraphError, load_supergraph
from gateway.supergraph_file import SupergraphFollower
from infra.collector import look_now_and_then, settle
from infra.telemetry import metrics
from tests.conformance.star import CATEGORIES, Star, StarGuard

MAX_BODY_BYTES = 1024 * 1024
BUDGETS = {
    "on": Budget(
        body_bytes=MAX_BODY_BYTES,
        tokens=20_000,
        depth=100,
        aliases=2_000,
        directives=2_000,
        root_fields=1_000,
        expanded_selections=50_000,
        request_seconds=10.0,
    ),
    "strict": Budget(),
    "off": UNLIMITED,
}
"""What `--limits` says; `strict` is what the product allows its clients."""

_closing: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation that can run."""

    operation: Operation
    compiled: CompiledOperation
    asks_about_schema: bool
    refusals: tuple[Refusal, ...]


class RefusedError(Exception):
    """A request that is not executed."""

    def __init__(self, code: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(code)
        self.errors = errors


class Engine:
    """The product's engine around one supergraph."""

    def __init__(
        self,
        supergraph: Supergraph,
        *,
        star: Star | None,
        budget: Budget,
        switched_on: frozenset[str] = frozenset(),
    ) -> None:
        self.supergraph = supergraph
        self.star = star
        self.budget = budget
        self.recorder = FetchMetrics()
        self.clients = {
            name: SubgraphClient(one.url, max_connections=256)
            for name, one in supergraph.subgraphs.items()
        }
        sharing = FetchSharing()
        self.transports = {
            name: sharing.over(name, client) for name, client in self.clients.items()
        }
        self.cache: PlanCache[Ready] = PlanCache(max_entries=2000, max_per_client=2000)
        self.permit_all = PermitAll()
        self.override_labels = override_labels(supergraph)
        self.switched_on = switched_on
        most = 10**9
        self.limits = (
            ExecutionLimits()
            if budget is not UNLIMITED
            else ExecutionLimits(max_fetches=most, max_representations=most)
        )

    def prepare(
        self,
        source: str,
        operation_name: str | None,
        satisfied: frozenset[str] = frozenset(),
        labels: frozenset[str] = frozenset(),
    ) -> Ready:
        """Parse, plan and compile, or find it done."""
        name = name_key(operation_name)
        shape = f"{len(name)}:{name}"
        if satisfied or labels:
            shape = ",".join([shape, *sorted(satisfied), "", *sorted(labels)])
        key = PlanKey(source, self.supergraph.revision, shape)
        ready = self.cache.get(key)
        if ready is None:
            budget = self.budget
            check_tokens(source, budget.tokens)
            check_nesting(source, budget)
            operation = parse_operation(
                source,
                operation_name,
                self.supergraph,
                max_tokens=budget.tokens,
                check=lambda document: check_shapes(document, budget),
            )
            normalized = (
                normalize(operation)
                if budget is not UNLIMITED
                else normalize(operation, max_selections=10**9)
            )
            normalized, refusals = leave_out_refused(normalized, self.supergraph, satisfied)
            if self.star is not None:
                normalized = self.star.annotate(normalized)
            made = plan(normalized, self.supergraph, override_labels=labels)
            compiled = compile_plan(made, normalized, self.supergraph)
            meta = any(one.name in ("__schema", "__type") for one in normalized.root.fields)
            ready = Ready(operation, compiled, meta, refusals)
            self.cache.put(key, ready, "")
        return ready

    async def answer(self, request: Any, authorization: str | None) -> dict[str, Any]:
        """Execute one request; RefusedError if it cannot be."""
        source, variables, name = _members(request)
        try:
            satisfied = self.satisfied(authorization)
            labels = self.labels(authorization)
            ready = self.prepare(source, name, satisfied, labels)
            coerced = coerce_variables(ready.operation, variables)
        except OperationError as error:
            shown = [_shown(one, error.code) for one in error.errors]
            raise RefusedError(error.code, shown) from error
        except PlanningError as error:
            shown = [_shown(GraphQLError(str(error)), error.code)]
            raise RefusedError(error.code, shown) from error
        except RequestRefusedError as error:
            raise RefusedError(error.code, error.errors) from error
        headers = {"authorization": authorization} if authorization is not None else {}
        context = ExecutionContext(
            transports=self.transports,
            headers_for=lambda _: headers,
            limits=self.limits,
            recorder=self.recorder,
        )
        guard: Guard = StarGuard(self.star) if self.star is not None else self.permit_all
        compiled = ready.compiled
        assembled = await fetch_all(compiled, coerced, context, guard)
        meta = None
        if ready.asks_about_schema:
            meta = introspect(ready.operation, self.supergraph.api_schema, coerced)
        projected = project(compiled, assembled, coerced, guard, introspection=meta)
        body: dict[str, Any] = {"data": projected.data}
        selected = [one.selected(coerced) for one in ready.refusals]
        errors = [_refused(one) for one in selected if one is not None]
        if errors or projected.errors:
            body["errors"] = errors + projected.errors
        return body

    def labels(self, authorization: str | None) -> frozenset[str]:
        """Override labels that are on: who the caller is decides, so each stays on one side."""
        if not self.override_labels:
            return frozenset()
        digest = hashlib.sha256((authorization or "").encode()).digest()
        share = int.from_bytes(digest[:4], "big") / 2**32 * 100
        return active_labels(self.supergraph, share=share, switched_on=self.switched_on)

    def satisfied(self, authorization: str | None) -> frozenset[str]:
        """Coordinates whose access rules a caller satisfies; nothing is verified here."""
        if not self.supergraph.access_rules:
            return frozenset()
        return satisfied_rules(self.supergraph, claimed(authorization))

    def warm(self, before: "Engine") -> None:
        """Prepare what another engine holds; what does not fit any more is left out."""
        for _, ready, _ in before.cache.held():
            location, name = ready.operation.document.loc, ready.operation.definition.name
            if location is not None:
                with contextlib.suppress(OperationError, PlanningError):
                    self.prepare(location.source.body, name.value if name is not None else None)

    async def close(self) -> None:
        """Drop all connections."""
        for client in self.clients.values():
            await client.close()


def claimed(authorization: str | None) -> Entitlements:
    """What a bearer token says of its caller, believed as it is: for conformance runs only."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return Entitlements(is_authenticated=False)
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        scopes = claims.get("scope", claims.get("scopes", ""))
        policies = claims.get("policies", [])
        names = scopes.split() if isinstance(scopes, str) else scopes
        return Entitlements(True, frozenset(names), frozenset(policies))
    except (IndexError, ValueError, AttributeError, TypeError):
        return Entitlements(is_authenticated=True)


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {
        "message": "Not authorized to read this field.",
        "path": list(refusal.path),
        "locations": [{"line": line, "column": column} for line, column in refusal.locations],
        "extensions": {"code": "UNAUTHORIZED_FIELD_OR_TYPE"},
    }


def _shown(error: GraphQLError, code: str) -> dict[str, Any]:
    return {**error.formatted, "extensions": {"code": code}}


def _members(request: Any) -> tuple[str, Mapping[str, Any] | None, str | None]:
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise RefusedError("BAD_REQUEST", [{"message": "A request is an object with a query."}])
    variables, name = request.get("variables"), request.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise RefusedError("BAD_REQUEST", [{"message": "Variables are an object."}])
    if name is not None and not isinstance(name, str):
        raise RefusedError("BAD_REQUEST", [{"message": "An operation name is a string."}])
    return request["query"], variables, name


class Application:
    """ASGI: `POST /graphql` and `GET /health/ready`.

    Attributes:
        engine: serves the requests that begin now; each keeps its engine to its end.
    """

    def __init__(
        self,
        engine: Engine,
        follow: Callable[["Application"], SupergraphFollower[Engine]] | None = None,
    ) -> None:
        self.engine = engine
        self._seconds = metrics.REQUEST_SECONDS.labels("gateway", "graphql")
        self._counts = {
            status: metrics.REQUESTS.labels("gateway", "graphql", str(status))
            for status in (200, 400)
        }
        self._follower = follow(self) if follow is not None else None
        self._in_flight: Counter[Engine] = Counter()

    def swap(self, engine: Engine) -> None:
        """Let another engine serve; this one goes once its last request is answered."""
        before, self.engine = self.engine, engine
        if not self._in_flight[before]:
            self._close(before)

    def _close(self, engine: Engine) -> None:
        del self._in_flight[engine]
        closing = asyncio.get_running_loop().create_task(engine.close())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["path"] == "/health/ready":
            await _send(send, 200, b'{"status":"ready"}', b"application/json")
            return
        if scope["path"] not in ("/graphql", "/") or scope["method"] != "POST":
            await _send(send, 404, b'{"errors":[{"message":"Not found."}]}', b"application/json")
            return
        headers = dict(scope["headers"])
        body = await _read(receive)
        accepts_new = b"application/graphql-response+json" in headers.get(b"accept", b"")
        content_type = b"application/graphql-response+json" if accepts_new else b"application/json"
        authorization = headers.get(b"authorization")
        status = 200
        started = perf_counter()
        engine = self.engine
        self._in_flight[engine] += 1
        try:
            request = read_json(body)
            told = authorization.decode("latin-1") if authorization is not None else None
            answer = await engine.answer(request, told)
        except orjson.JSONDecodeError:
            status, answer = 400, {"errors": [{"message": "The body is not JSON."}]}
        except RefusedError as error:
            status, answer = (400 if accepts_new else 200), {"errors": error.errors}
        finally:
            self._in_flight[engine] -= 1
            if engine is not self.engine and not self._in_flight[engine]:
                self._close(engine)
        self._counts[status].inc()
        self._seconds.observe(perf_counter() - started)
        await _send(send, status, write_json(answer), content_type)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                settle()
                look_now_and_then(asyncio.get_running_loop())
                if self._follower is not None:
                    self._follower.start()
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGHUP, self._follower.look_now)
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._follower is not None:
                    await self._follower.stop()
                await self.engine.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _read(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
    return body if len(body) <= MAX_BODY_BYTES else b""


async def _send(send: Any, status: int, body: bytes, content_type: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type), (b"content-length", length)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.serve",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--supergraph", type=Path, required=True, help="its SDL, as a composer writes it")
    option("--port", type=int, required=True, help="of 127.0.0.1")
    option(
        "--limits",
        choices=tuple(BUDGETS),
        default="on",
        help="on: generous; strict: those of the product; off: none (default: on)",
    )
    option(
        "--policy",
        choices=("permit-all", "star"),
        default="permit-all",
        help="star: a decision for each entity and category, asked at each field",
    )
    option(
        "--deny",
        action="append",
        default=[],
        metavar="TYPE:KEY:CATEGORY",
        help="with --policy star: null what this category has of one entity; may be repeated",
    )
    option(
        "--override-label",
        action="append",
        default=[],
        metavar="LABEL",
        help="a label of @override that is on; may be repeated",
    )
    parser.add_argument(
        "--follow", type=float, metavar="SECONDS", help="look that often for a new supergraph"
    )
    options = parser.parse_args()
    denials = [_denial(parser, one) for one in options.deny]

    def load(sdl: str) -> Engine:
        supergraph = load_supergraph(sdl)
        star = Star(supergraph, denials) if options.policy == "star" else None
        return Engine(
            supergraph,
            star=star,
            budget=BUDGETS[options.limits],
            switched_on=frozenset(options.override_label),
        )

    def follow(application: Application) -> SupergraphFollower[Engine]:
        def load_warm(text: str) -> Engine:
            engine = load(text)
            engine.warm(application.engine)
            return engine

        return SupergraphFollower(
            options.supergraph, load_warm, application.swap, applied=sdl,
            poll_seconds=options.follow,
        )  # fmt: skip

    try:
        sdl = options.supergraph.read_text()
        engine = load(sdl)
    except (OSError, UnicodeError) as error:
        parser.error(f"--supergraph: {error}")
    except SupergraphError as error:
        parser.error(f"--supergraph: {options.supergraph}: {error}")
    for type_name, _, _ in denials:
        if type_name not in engine.supergraph.full_schema.type_map:
            parser.error(f"--deny: the supergraph has no type {type_name}")
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    uvicorn.run(
        Application(engine, follow if options.follow is not None else None),
        host="127.0.0.1",
        port=options.port,
        http="httptools",
        loop="uvloop",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
    )


def _denial(parser: argparse.ArgumentParser, text: str) -> tuple[str, str, str]:
    type_name, _, rest = text.partition(":")
    key, _, category = rest.rpartition(":")
    if not type_name or not key or not category:
        parser.error("--deny takes TYPE:KEY:CATEGORY")
    if category not in CATEGORIES:
        parser.error(f"--deny: the category is one of {', '.join(CATEGORIES)}")
    return type_name, key, category


if __name__ == "__main__":
    main()
