"""Real processes under faults: further gateways over a running platform, and ways to disturb it."""

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
from types import MappingProxyType
from typing import Any

import asyncpg
import httpx2

from tests.fixtures.whole_platform import ROOT, Platform, free_ports
from tests.proof.revocation import Answered

_MANY = "1000000"
_TOKEN_SECONDS = 600


def environment_of(platform: Platform, program: str) -> dict[str, str]:
    """Return the settings of a program, so that another one can be started like it."""
    lines = (platform.data_dir / "env" / f"{program}.env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


@dataclass
class GatewayProcess:
    """One gateway of ours; the platform's own stays as it is."""

    name: str
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def is_ready(self, client: httpx2.AsyncClient) -> None:
        """Wait until it serves."""
        for _ in range(600):
            try:
                response = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
                if response.status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise AssertionError(f"{self.name} did not become ready")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@dataclass
class Cluster:
    """Several gateways over one platform, and a client of all of them."""

    platform: Platform
    gateways: list[GatewayProcess]
    client: httpx2.AsyncClient
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def door(
        self, number: int, persona: str, query: str, variables: dict[str, Any], purpose: str
    ) -> Answered | None:
        """Ask one gateway; None where nothing came back."""
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {await self._token(persona)}",
            "purpose-of-use": purpose,
        }
        body = json.dumps({"query": query, "variables": variables})
        try:
            response = await self.client.post(
                f"http://127.0.0.1:{self.gateways[number].port}/graphql",
                content=body,
                headers=headers,
            )
        except httpx2.TransportError:
            return None
        if not response.headers.get("content-type", "").startswith("application/"):
            return None  # a balancer with nobody behind it
        return response.status_code, response.json()

    async def _token(self, persona: str) -> str:
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


@asynccontextmanager
async def running_cluster(
    platform: Platform, count: int, changed: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Cluster]:
    """Start gateways like the platform's own, without its limits on how much one may ask.

    Args:
        platform: what they stand before.
        count: how many.
        changed: settings that they have in another way.
    """
    like = environment_of(platform, "gateway")
    gateways = []
    for number in range(count):
        port = free_ports()
        environment = {
            **os.environ,
            **like,
            "GT_BIND": f"tcp:127.0.0.1:{port}",
            "GT_METRICS_BIND": f"{like['GT_METRICS_BIND']}{number}",
            "GT_SERVICE_INSTANCE": f"gateway-proof-{number}-{port}",
            "GT_RATE_PER_SUBJECT": _MANY,
            "GT_RATE_PER_CLIENT": _MANY,
            "GT_RATE_PER_ADDRESS": _MANY,
            "GT_LOOKUPS_PER_MINUTE": _MANY,
            **changed,
        }
        gateways.append(GatewayProcess(f"gateway-{number}", port, environment))
    limits = httpx2.Limits(max_connections=200)
    try:
        async with httpx2.AsyncClient(timeout=30, limits=limits) as client:
            for each in gateways:
                each.start()
            for each in gateways:
                await each.is_ready(client)
            yield Cluster(platform, gateways, client)
    finally:
        for each in gateways:
            if each.process is not None and each.process.poll() is None:
                each.kill()
