"""Real processes under faults: further gateways over a running platform, and ways to disturb it.

Where Debian's `libfaketime` is installed each of them has a wall clock of its own.
"""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg
import httpx2
import orjson

from infra.dev.up.health import why_not_ready
from infra.http_client import HttpClient, HttpClientError
from tests.fixtures.whole_platform import ROOT, Platform, free_ports
from tests.proof.revocation import Answered

_MANY = "1000000"
FAKE_CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
"""Of the Debian package `libfaketime`; without it no clock is stepped."""
_LOOKS_EACH_SECONDS = 1
"""How often a process looks how far its clock is off."""
_TOKEN_SECONDS = 600
_CLIENT_SECONDS = 30
_READY_SECONDS = 180
PATIENT = MappingProxyType({"GT_PATIENCE": "10"})
"""Longer deadlines, where it is asked what is answered and not how soon."""


_LIMITS = (
    "GT_RATE_PER_SUBJECT", "GT_RATE_PER_CLIENT", "GT_RATE_PER_ADDRESS", "GT_LOOKUPS_PER_MINUTE",
)  # fmt: skip


def environment_of(platform: Platform, program: str) -> dict[str, str]:
    """Return the settings of a program, so that another one can be started like it."""
    lines = (platform.data_dir / "env" / f"{program}.env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


@dataclass
class OwnProcess:
    """A gateway or a service of ours; the platform's own stays as it is.

    Attributes:
        address: where it answers.
        module: what is run, with its arguments.
        clock_file: how far its clock is off, if it has one of its own.
    """

    name: str
    address: str
    environment: dict[str, str]
    module: str = "gateway"
    process: subprocess.Popen[bytes] | None = None
    clock_file: Path | None = None

    @property
    def pid(self) -> int:
        """Return its process id."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.module.split()],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def is_ready(self) -> None:
        """Wait until it serves."""
        ends_at = time.monotonic() + _READY_SECONDS
        while (reason := await why_not_ready(self.address)) is not None:
            assert time.monotonic() < ends_at, f"{self.name} did not become ready: {reason}"
            await asyncio.sleep(0.1)

    async def step_clock(self, seconds: int) -> bool:
        """Step its wall clock to so far from the true one; returns whether that can be done here.

        The monotonic clock goes on as it is, as with a step that an operator or NTP makes. It
        has been stepped when this returns.
        """
        if self.clock_file is None:
            return False
        self.clock_file.write_text(f"{seconds:+d}\n")
        await asyncio.sleep(_LOOKS_EACH_SECONDS * 1.5)
        return True

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def restart(self) -> None:
        """End it as a power cut would, and start it again a moment later."""
        self.kill()
        await asyncio.sleep(0.3)
        self.start()
        await self.is_ready()


@dataclass
class Cluster:
    """Several gateways over one platform, and a client of all of them.

    Attributes:
        consent: the consent service that these gateways ask, if it is not the platform's.
    """

    platform: Platform
    gateways: list[OwnProcess]
    client: httpx2.AsyncClient
    consent: OwnProcess | None = None
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _getting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def door(
        self, number: int, persona: str, query: str, variables: dict[str, Any], purpose: str
    ) -> Answered | None:
        """Ask one gateway; None where nothing came back."""
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {await self.token(persona)}",
            "purpose-of-use": purpose,
        }
        body = json.dumps({"query": query, "variables": variables})
        try:
            host = self.gateways[number].address.removeprefix("tcp:")
            response = await self.client.post(
                f"http://{host}/graphql",
                content=body,
                headers=headers,
            )
        except httpx2.TransportError:
            return None
        if not response.headers.get("content-type", "").startswith("application/"):
            return None  # a balancer with nobody behind it
        return response.status_code, response.json()

    async def token(self, persona: str) -> str:
        """Return an access token of a persona, good for some minutes yet."""
        async with self._getting:  # thirty readers want the same one
            known = self.tokens.get(persona)
            if known is None or known[1] < time.monotonic():
                ran = await asyncio.to_thread(
                    self.platform.command, "token", persona, "--seconds", str(_TOKEN_SECONDS)
                )
                known = ran.stdout.strip(), time.monotonic() + _TOKEN_SECONDS / 2
                self.tokens[persona] = known
            return known[0]

    async def consent_rows(self, statement: str, *given: Any) -> list[Any]:
        """Run a statement on the consent service's database, as that service."""
        return await self.rows("consent", statement, *given)

    async def rows(self, service: str, statement: str, *given: Any) -> list[Any]:
        """Run a statement on a service's database, as that service."""
        dsn = environment_of(self.platform, f"svc_{service}")["GT_DATABASE_DSN"]
        connection = await asyncpg.connect(dsn)
        try:
            return list(await connection.fetch(statement, *given))
        finally:
            await connection.close()

    async def lose_notifications(self) -> None:
        """Cut the consent service's listening connection; what was notified meanwhile is lost."""
        await self.consent_rows(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and query ilike 'listen%'"
        )

    async def pause(self, pid: int, seconds: float) -> None:
        """Stop a process for a while and let it go on."""
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(pid, signal.SIGCONT)


class QuickDoor:
    """The door of a cluster for many clients: the product's own client costs a third of the time.

    A request that came to nothing before any byte of an answer may be sent again, once; what
    changes something has a key.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._clients = [HttpClient(each.address) for each in cluster.gateways]

    async def ask(
        self, number: int, persona: str, query: str, variables: dict[str, Any], purpose: str
    ) -> Answered | None:
        """Ask one gateway; None where nothing came back."""
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {await self._cluster.token(persona)}",
            "purpose-of-use": purpose,
        }
        body = orjson.dumps({"query": query, "variables": variables})
        try:
            response = await self._clients[number].request(
                "POST", "/graphql", headers, body, timeout_seconds=_CLIENT_SECONDS
            )
        except HttpClientError:
            return None
        return response.status, orjson.loads(response.body)

    async def close(self) -> None:
        """Drop all connections."""
        for each in self._clients:
            await each.close()


def own_process(
    platform: Platform, program: str, changed: Mapping[str, str] = MappingProxyType({})
) -> OwnProcess:
    """Return one more process like one of the platform's, on an address of its own.

    Args:
        platform: whose databases and keys it has.
        program: `gateway`, or a service as `svc_consent`.
        changed: settings that it has in another way.
    """
    like, port = environment_of(platform, program), free_ports()
    address = like["GT_BIND"]
    if program == "gateway":
        address = f"tcp:127.0.0.1:{port}"
    else:
        address = f"{address.removesuffix('.sock')}.{port}.sock"
    environment = {
        **os.environ,
        **like,
        "GT_BIND": address,
        "GT_METRICS_BIND": f"{like['GT_METRICS_BIND'].removesuffix('.sock')}.{port}.sock",
        "GT_SERVICE_INSTANCE": f"{program}-proof-{port}",
        **changed,
    }
    clock_file = None
    if FAKE_CLOCKS:
        clock_file = platform.data_dir / f"clock-{port}"
        clock_file.write_text("+0\n")
        environment |= {
            "LD_PRELOAD": str(FAKE_CLOCKS[0]),
            "FAKETIME_TIMESTAMP_FILE": str(clock_file),
            "FAKETIME_CACHE_DURATION": str(_LOOKS_EACH_SECONDS),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    return OwnProcess(f"{program}-{port}", address, environment, program, clock_file=clock_file)


@asynccontextmanager
async def running_cluster(
    platform: Platform,
    count: int,
    changed: Mapping[str, str] = MappingProxyType({}),
    *,
    has_consent: bool = False,
    modules: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Cluster]:
    """Start gateways like the platform's own, without its limits on how much one may ask.

    Args:
        platform: what they stand before.
        count: how many.
        changed: settings that they have in another way.
        has_consent: whether they ask a consent service of their own over the same database, so
            that what is done to it is nobody else's business.
        modules: what is run in the place of `gateway` or `svc_consent`, for a planted fault.
    """
    consent = own_process(platform, "svc_consent", changed) if has_consent else None
    unlimited = dict.fromkeys(_LIMITS, _MANY)
    if consent is not None:
        unlimited["GT_CONSENT_ADDRESS"] = consent.address
    gateways = [own_process(platform, "gateway", {**unlimited, **changed}) for _ in range(count)]
    every = [*gateways, *([consent] if consent else [])]
    for each in every:
        each.module = modules.get(each.module, each.module)
    limits = httpx2.Limits(max_connections=200)
    try:
        async with httpx2.AsyncClient(timeout=_CLIENT_SECONDS, limits=limits) as client:
            if consent is not None:
                consent.start()
                await consent.is_ready()
            for each in gateways:
                each.start()
            for each in gateways:
                await each.is_ready()
            yield Cluster(platform, gateways, client, consent)
    finally:
        for each in every:
            if each.process is not None and each.process.poll() is None:
                each.kill()
