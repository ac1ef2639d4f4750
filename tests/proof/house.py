"""The whole product in the test's own process: four services, their databases, one gateway.

Everything is real but the process borders: services listen on Unix sockets, follow the consent
service's feed and hand their facts over to it, and the gateway is built from the parts that its
composition root uses, over the committed supergraph and policy.
"""

import asyncio
import base64
import contextlib
import importlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg
import orjson
from sqlalchemy import text

from gateway.caller import InternalTokens
from gateway.consent_client import ConsentClient
from gateway.identity import AccessTokenVerifier
from gateway.limits.budget import UNLIMITED
from gateway.pipeline import Answer, GraphQLRequest, Pipeline
from gateway.policy.access_table import compile_table
from gateway.policy.labels import read_labels
from gateway.policy.matrix import Matrix, load_matrix
from gateway.policy.mutations import load_mutations
from gateway.prepare import Preparer
from gateway.release.decisions import DecisionCache
from gateway.release.directory import DirectoryCache
from gateway.release.feed import ChangeFeed
from gateway.release.gate import ReleaseGate
from gateway.rounds import Rounds
from gateway.subgraph_calls import SubgraphCalls
from gateway.supergraph import load_supergraph
from infra.http_client import HttpClient
from infra.identity_token import GATEWAY_ISSUER, Caller, TokenMinter
from infra.migrations import migrate
from infra.settings import Address, Secret, ServiceSettings
from infra.signing_keys import SigningKeys
from infra.subgraph_app import Chassis, build_chassis
from infra.vocabulary import Category, Purpose, Role
from tests.fixtures.gateway_app import ConsentDoor, eventually
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.service_app import http_server
from tests.fixtures.token_issuer import TokenIssuer, token

SERVICES = ("consent", "participants", "cases")
_PATIENCE = 30.0
_SUPERGRAPH = "supergraph.graphql"

TOKEN_SECONDS = 240  # they live for ten minutes; a long test asks with fresh ones


@dataclass(frozen=True, slots=True)
class Service:
    """One of the four."""

    app: Any
    chassis: Chassis
    owner_dsn: str

    async def let_history_be_edited(self, tables: Sequence[str]) -> None:
        """Take the triggers off that keep records from being changed, as only the owner may."""
        connection = await asyncpg.connect(self.owner_dsn)
        try:
            for table in tables:
                await connection.execute(f"alter table {table} disable trigger user")
        finally:
            await connection.close()

    async def rows(self, statement: str, **given: Any) -> list[dict[str, Any]]:
        """Return rows of its database, as plain dictionaries."""
        async with self.chassis.database.read() as session:
            found = await session.execute(text(statement), given)
            return [dict(row._mapping) for row in found]

    async def execute(self, statement: str, **given: Any) -> None:
        """Run one statement in a transaction of its own."""
        async with self.chassis.database.write() as session:
            await session.execute(text(statement), given)


@dataclass(slots=True)
class Gateway:
    """One gateway's parts, started."""

    pipeline: Pipeline
    preparer: Preparer
    decisions: DecisionCache
    directory: DirectoryCache
    feed: ChangeFeed
    gate: ReleaseGate
    rounds: Rounds
    calls: SubgraphCalls
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def ask(
        self,
        subject: str,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        purpose: str | None = None,
        acting_grant: str | None = None,
        claims: Sequence[Mapping[str, str]] | None = None,
    ) -> Answer:
        """Ask as the holder of a token subject; ``claims`` makes a token of its own."""
        made_at, kept = self.tokens.get(subject, (0.0, ""))
        if not kept or time.monotonic() - made_at > TOKEN_SECONDS:
            made_at, kept = self.tokens[subject] = time.monotonic(), token(sub=subject)
        return await self.pipeline.answer(
            GraphQLRequest(
                token=kept if claims is None else token(sub=subject, gt_roles=list(claims)),
                query=query,
                variables=variables,
                purpose=purpose,
                acting_grant=acting_grant,
            )
        )


@dataclass(slots=True)
class House:
    """The services, what stands between them, and the world that they hold.

    Attributes:
        document: the demo world, as the services were given it.
        door: stands before the consent service; counts and disturbs its calls.
    """

    folder: Path
    services: dict[str, Service]
    document: Mapping[str, Any]
    issuer: TokenIssuer
    door: ConsentDoor
    minter: TokenMinter

    def address(self, name: str) -> str:
        """Return the address of one of the services."""
        return f"unix:{self.folder}/{name}.sock"

    async def as_caller(
        self, service: str, who: Caller, query: str, variables: Mapping[str, Any] | None = None
    ) -> Any:
        """Ask a service directly, past the gateway; returns the data, and fails on errors."""
        client = HttpClient(self.address(service))
        try:
            response = await client.request(
                "POST",
                "/graphql",
                body=orjson.dumps({"query": query, "variables": variables}),
                headers={
                    "authorization": f"Bearer {self.minter.for_caller(who, service)}",
                    "content-type": "application/json",
                },
                timeout_seconds=_PATIENCE,
            )
        finally:
            await client.close()
        answer = orjson.loads(response.body)
        assert "errors" not in answer, answer
        return answer["data"]

    async def settled(self) -> int:
        """Wait until every fact is handed over and every replica has it; returns the revision."""
        others = [name for name in self.services if name != "consent"]
        for name in others:
            handover = self.services[name].chassis.handover
            assert handover is not None
            await handover.flush()
        head = int((await self.services["consent"].rows(_HEAD))[0]["revision"])
        for name in others:
            follower = self.services[name].chassis.follower
            assert follower is not None
            await follower.wait_for(head, timeout_seconds=_PATIENCE)
        return head

    @asynccontextmanager
    async def gateway(
        self, matrix: Matrix | None = None, back_ends: Mapping[str, Purpose] | None = None
    ) -> AsyncIterator[Gateway]:
        """Run a gateway that follows the change feed, under the agreement or another one.

        ``back_ends`` are the issuer's clients without a person, each with its purpose.
        """
        supergraph = load_supergraph((resources.files("gateway") / _SUPERGRAPH).read_text())
        agreed = matrix or load_matrix()
        table = compile_table(supergraph, read_labels(supergraph), agreed, load_mutations())
        preparer = Preparer(supergraph, table, UNLIMITED)
        http = HttpClient(self.address("consent"))
        consent = ConsentClient(http, self.minter)
        decisions, directory = DecisionCache(), DirectoryCache(consent)
        feed = ChangeFeed(consent, decisions, directory)
        gate = ReleaseGate(consent, "gateway-proof")
        addresses = {name: self.address(name) for name in self.services}
        calls = SubgraphCalls(addresses, InternalTokens(self.minter), UNLIMITED)
        verifier = AccessTokenVerifier([self.issuer.settings(service_clients=back_ends or {})])
        rounds = Rounds(calls, consent, decisions, gate)
        pipeline = Pipeline(verifier, directory, preparer, rounds, feed)
        gate.start()
        feed.start()
        await eventually(lambda: feed.revision > 0, seconds=_PATIENCE)
        try:
            yield Gateway(pipeline, preparer, decisions, directory, feed, gate, rounds, calls)
        finally:
            await gate.stop()
            await feed.stop()
            await verifier.close()
            await calls.close()
            await http.close()


_HEAD = "select revision from authority_applied where id = 1"

_ALL_CATEGORIES = tuple(
    each for each in Category if each not in (Category.STRUCTURE, Category.CATALOGUE)
)


def all_seeing() -> Caller:
    """Return a caller before whom services hide nothing; only a test can mint such a token."""
    return Caller(
        subject="nobody",
        agency_id="",
        site_id="",
        grant_id="",
        role=Role.REP,
        purpose=Purpose.PWATRNY,
        access=MappingProxyType(dict.fromkeys(_ALL_CATEGORIES, "*")),
    )


def _settings(name: str, folder: Path, dsn: str) -> ServiceSettings:
    return ServiceSettings(
        service=name,
        instance=f"{name}-proof",
        bind=Address(f"unix:{folder}/{name}.sock"),
        metrics_bind=Address(f"unix:{folder}/{name}-metrics.sock"),
        database_dsn=Secret(dsn),
        key_dir=folder / f"{name}-keys",
        public_key_dir=folder / "public",
        consent_address=Address(f"unix:{folder}/consent.sock"),
        cursor_key=Secret(base64.b64encode(os.urandom(32)).decode()),
        is_production=False,
        log_level="ERROR",
        otlp_endpoint=None,
        pool_size=5,
    )


@asynccontextmanager
async def running_house(
    service_database: ServiceDatabaseFactory, world_file: Path, names: Sequence[str] = SERVICES
) -> AsyncIterator[House]:
    """Start everything on fresh databases, with a world in it, settled.

    Training stays out unless it is named: nothing of it is about participants.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gt-proof-")))
        gateway_keys = SigningKeys(GATEWAY_ISSUER, folder / "gateway-keys", folder / "public")
        settings: dict[str, ServiceSettings] = {}
        owners: dict[str, str] = {}
        for name in names:
            owner_dsn, runtime_dsn = await asyncio.to_thread(service_database, name)
            package = Path(str(importlib.import_module(f"svc_{name}").__file__)).parent
            await asyncio.to_thread(migrate, package, Secret(owner_dsn))
            owners[name] = owner_dsn
            settings[name] = _settings(name, folder, runtime_dsn)
            # Keys are published before anybody asks: unknown ones are looked up seldom.
            SigningKeys(name, settings[name].key_dir, settings[name].public_key_dir)
        services: dict[str, Service] = {}
        door: ConsentDoor | None = None
        for name in names:
            chassis = build_chassis(settings[name])
            app = importlib.import_module(f"svc_{name}.app").app(chassis)
            await importlib.import_module(f"svc_{name}.seed").seed(chassis, world_file)
            await stack.enter_async_context(app.router.lifespan_context(app))
            served = app
            if name == "consent":
                served = door = ConsentDoor(app)
            await stack.enter_async_context(http_server(served, uds=f"{folder}/{name}.sock"))
            services[name] = Service(app, chassis, owners[name])
        assert door is not None
        issuer = await stack.enter_async_context(TokenIssuer().listening())
        house = House(
            folder=folder,
            services=services,
            document=orjson.loads(await asyncio.to_thread(world_file.read_bytes)),
            issuer=issuer,
            door=door,
            minter=TokenMinter(gateway_keys),
        )
        await house.settled()
        yield house
        for notify in services["consent"].app.state.on_stopping:
            notify()
