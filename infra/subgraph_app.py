"""The application that all four services are: one GraphQL endpoint for the gateway, and health.

Only an internal token of the gateway opens it, also for ``_entities`` and ``_service``. Errors
leave as codes; their causes go to the log with a correlation id.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
import structlog
from graphql import GraphQLError
from sqlalchemy import QueuePool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra import clock
from infra.authority.directory import Directory
from infra.authority.follower import Follower, ReplicaBehindError
from infra.authority.handover import Handover
from infra.authority.journal import Journal
from infra.database import Database, is_outage
from infra.errors import GoldenThreadError
from infra.http_client import BUDGET_HEADER, HttpClient
from infra.http_retry import NOT_BEGUN_HEADER
from infra.identity_token import (
    GATEWAY_ISSUER,
    IdentityTokenError,
    TokenMinter,
    TokenVerifier,
    VerifiedToken,
)
from infra.pagination import CursorSeal
from infra.request_context import RequestContext
from infra.schema_revision import SchemaRevision
from infra.settings import ServiceSettings
from infra.signing_keys import SigningKeys, VerificationKeys
from infra.subgraph_schema import SubgraphSchema
from infra.telemetry import logs, metrics, statements, traces

MAX_BODY_BYTES = 4 * 1024 * 1024
REPLICA_WAIT_SECONDS = 0.1
_MOST_BUDGET_MS = 60_000
_FROM_GATEWAY = frozenset({GATEWAY_ISSUER})
_INTERNAL = "The service could not answer."

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chassis:
    """The parts that a service's app is made of; built once by ``build_chassis``.

    ``follower`` and ``handover`` are None in ``svc_consent``, which owns the facts.
    """

    settings: ServiceSettings
    database: Database
    verifier: TokenVerifier
    minter: TokenMinter
    seal: CursorSeal
    consent_client: HttpClient
    follower: Follower | None
    handover: Handover | None

    def authenticate(self, request: Request, issuers: frozenset[str]) -> VerifiedToken:
        """Check the bearer token of an internal request.

        Raises:
            IdentityTokenError: none, or not acceptable.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise IdentityTokenError("no bearer token")
        return self.verifier.verify(token, issuers)

    @property
    def is_settled(self) -> bool:
        """Return whether its facts are handed over, and its replica is of the order's history."""
        return (self.handover is None or self.handover.is_settled) and not (
            self.follower is not None and self.follower.progress.is_ahead
        )

    async def close(self) -> None:
        """Close connections."""
        await self.consent_client.close()
        await self.database.close()


def build_chassis(settings: ServiceSettings) -> Chassis:
    """Build the parts of a service from its settings."""
    database = Database(
        settings.database_dsn,
        application_name=settings.instance,
        pool_size=settings.pool_size,
        journal=(
            Journal(settings.narrowing_journal, settings.instance)
            if settings.narrowing_journal is not None and settings.service == "consent"
            else None
        ),
    )
    statements.watch(database.engine, "service")
    keys = SigningKeys(settings.service, settings.key_dir, settings.public_key_dir)
    minter = TokenMinter(keys)
    client = HttpClient(settings.consent_address.text)
    owns_facts = settings.service == "consent"
    return Chassis(
        settings=settings,
        database=database,
        verifier=TokenVerifier(VerificationKeys(settings.public_key_dir), settings.service),
        minter=minter,
        seal=CursorSeal(settings.cursor_key),
        consent_client=client,
        follower=None if owns_facts else Follower(database, client, minter),
        handover=None if owns_facts else Handover(database, client, minter),
    )


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response that nobody may keep."""
    return Response(
        orjson.dumps(body),
        status,
        {"content-type": "application/json", "cache-control": "no-store", **(headers or {})},
    )


def refusal(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal with a code and nothing else."""
    errors = [{"message": code, "extensions": {"code": code}}]
    return json_response(status, {"errors": errors}, headers)


class GraphQLEndpoint:
    """Executes operations that the gateway sends."""

    def __init__(self, chassis: Chassis, schema: SubgraphSchema) -> None:
        self._chassis = chassis
        self._schema = schema
        self._directory = Directory(chassis.consent_client, chassis.minter)
        self._replica_wait = REPLICA_WAIT_SECONDS * chassis.settings.patience

    async def __call__(self, request: Request) -> Response:
        """Answer one POST."""
        started = perf_counter()
        program = self._chassis.settings.service
        with traces.span(f"{program}.execute", carrier=request.headers):
            response = await self._answer(request)
        metrics.REQUESTS.labels(program, "graphql", str(response.status_code)).inc()
        metrics.REQUEST_SECONDS.labels(program, "graphql").observe(perf_counter() - started)
        return response

    async def _answer(self, request: Request) -> Response:
        try:
            caller = self._chassis.authenticate(request, _FROM_GATEWAY).caller()
        except IdentityTokenError as error:
            return refusal(401, error.code)
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return refusal(413, "BODY_TOO_LARGE")
        try:
            payload = orjson.loads(body)
            query, variables = payload["query"], payload.get("variables")
            operation_name = payload.get("operationName")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return refusal(400, "BAD_REQUEST")
        if self._chassis.follower is not None:
            try:
                await self._chassis.follower.wait_for(caller.min_revision, self._replica_wait)
            except ReplicaBehindError as error:
                # Another instance may be further.
                return refusal(503, error.code, {NOT_BEGUN_HEADER: "1"})
        context = RequestContext(
            caller,
            self._chassis.database,
            self._chassis.seal,
            self._chassis.handover,
            self._chassis.follower,
            directory=self._directory,
            is_production=self._chassis.settings.is_production,
        )
        try:
            async with asyncio.timeout(budget_seconds(request)):
                result = await self._schema.execute(
                    query,
                    variable_values=variables,
                    context_value=context,
                    operation_name=operation_name,
                )
        except TimeoutError:
            return refusal(503, "SERVICE_UNAVAILABLE")
        finally:
            await context.close()
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [present_error(error) for error in result.errors]
        if context.revision is not None:
            until = context.valid_until
            answer["extensions"] = {
                "authority": {
                    "revision": context.revision,
                    "validUntil": until.isoformat() if until else None,
                }
            }
        return json_response(200, answer)


def budget_seconds(request: Request) -> float | None:
    """Return how long the gateway still waits; None where it does not say."""
    told = request.headers.get(BUDGET_HEADER, "")
    if not told.isascii() or not told.isdigit():
        return None
    return min(int(told[:9]), _MOST_BUDGET_MS) / 1000


def present_error(error: GraphQLError) -> dict[str, object]:
    """Return an error as it may leave the service: its code, a correlation id, where it was.

    Texts of ``BAD_USER_INPUT`` errors depend on the input alone and are kept; all others go.
    """
    cause = error.original_error
    if cause is None:  # the operation itself is invalid; its text is about the operation
        code, message = "GRAPHQL_VALIDATION_FAILED", error.message
    elif isinstance(cause, GoldenThreadError):
        code = cause.code
        message = str(cause) if code == "BAD_USER_INPUT" else _INTERNAL
    elif is_outage(cause):
        code, message = "SERVICE_UNAVAILABLE", _INTERNAL
    else:
        code, message = "INTERNAL", _INTERNAL
    extensions: dict[str, object] = {"code": code}
    if code not in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"):
        extensions["correlationId"] = uuid4().hex
        _log.error(
            "resolver_failed",
            correlation_id=extensions["correlationId"],
            error_code=code,
            error_chain=logs.error_chain(cause or error),
        )
    presented: dict[str, object] = {"message": message, "extensions": extensions}
    if error.path is not None:
        presented["path"] = error.path
    return presented


def _observe(chassis: Chassis) -> None:
    """Have pool and replica looked at when somebody reads the metrics, and only then."""
    program, pool = chassis.settings.service, chassis.database.engine.sync_engine.pool
    if isinstance(pool, QueuePool):
        metrics.POOL.labels(program, "service", "busy").set_function(pool.checkedout)
        metrics.POOL.labels(program, "service", "most").set_function(pool.size)
    if chassis.follower is not None:
        progress = chassis.follower.progress
        metrics.REVISION.labels(program).set_function(lambda: progress.revision)
        metrics.SILENCE.labels(program).set_function(lambda: clock.monotonic() - progress.heard_at)


Task = Callable[[], Awaitable[None]]


def create_app(
    chassis: Chassis,
    schema: SubgraphSchema,
    *,
    routes: Sequence[BaseRoute] = (),
    on_start: Sequence[Task] = (),
    on_stop: Sequence[Task] = (),
    on_stopping: Sequence[Callable[[], None]] = (),
    is_ready: Callable[[], Awaitable[bool]] | None = None,
) -> Starlette:
    """Return a service's application.

    Args:
        chassis: its parts.
        schema: its federation schema.
        routes: internal endpoints beside ``/graphql`` (each authenticates for itself).
        on_start: awaited in order before requests are taken.
        on_stop: awaited in order after the last request.
        on_stopping: called at once when the process is told to stop, so that requests which wait
            for something end.
        is_ready: one more condition of readiness.
    """

    _observe(chassis)
    schema_revision = SchemaRevision(chassis.settings.service)

    async def live(_request: Request) -> Response:
        return json_response(200, {"status": "live"})

    async def ready(_request: Request) -> Response:
        is_up = await chassis.database.is_reachable() and chassis.is_settled
        is_up = is_up and await schema_revision.is_there(chassis.database)
        if is_up and is_ready is not None:
            is_up = await is_ready()
        return json_response(200 if is_up else 503, {"status": "ready" if is_up else "starting"})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        for task in on_start:
            await task()
        if chassis.follower is not None:
            await chassis.follower.start()
        if chassis.handover is not None:
            await chassis.handover.start()
        yield
        if chassis.handover is not None:
            await chassis.handover.stop()
        if chassis.follower is not None:
            await chassis.follower.stop()
        for task in on_stop:
            await task()
        await chassis.close()

    endpoint = GraphQLEndpoint(chassis, schema)
    app = Starlette(
        routes=[
            Route("/graphql", endpoint.__call__, methods=["POST"]),
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", ready, methods=["GET"]),
            *routes,
        ],
        lifespan=lifespan,
    )
    app.state.on_stopping = tuple(on_stopping)
    return app


def configure_telemetry(settings: ServiceSettings) -> None:
    """Set up logs and traces of a service, before its app is built."""
    logs.configure(settings.service, settings.instance, settings.log_level)
    traces.configure(settings.service, settings.instance, settings.otlp_endpoint, ratio=0.01)
