"""A gateway's process that is told to stop sends its sockets away, and ends as it should."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.fixtures.whole_platform import ROOT, Platform, free_ports

pytestmark = [pytest.mark.walk, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 120
QUERY = "subscription { referralReceived { id } }"


@dataclass(frozen=True, slots=True)
class Beside:
    """One more gateway over the platform's services, as a child of this process."""

    process: "subprocess.Popen[bytes]"
    port: int

    async def ready(self) -> None:
        async with httpx2.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                assert self.process.poll() is None
                try:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
                except httpx2.HTTPError:
                    answer = None
                if answer is not None and answer.status_code == 200:
                    return
                await asyncio.sleep(0.05)

    async def ended(self, how: signal.Signals) -> int:
        """Send a signal; return the status that the process ends with."""
        self.process.send_signal(how)
        return await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)


@asynccontextmanager
async def gateway_beside(platform: Platform, folder: Path) -> AsyncIterator[Beside]:
    lines = (platform.data_dir / "env" / "gateway.env").read_text().splitlines()
    pairs = (shlex.split(line, comments=True) for line in lines)
    given = dict(words[-1].split("=", 1) for words in pairs if words)
    port = free_ports()
    environment = {
        **os.environ,
        **given,
        "GT_BIND": f"tcp:127.0.0.1:{port}",
        "GT_METRICS_BIND": f"unix:{folder}/m.sock",
        "GT_SERVICE_INSTANCE": f"stopping-{os.getpid()}",
        "GT_STOP_DELAY_SECONDS": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gateway"], cwd=ROOT, env=environment,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        beside = Beside(process, port)
        await beside.ready()
        yield beside
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


@asynccontextmanager
async def subscribed(platform: Platform, port: int) -> AsyncIterator[ClientConnection]:
    """Listen by a socket: the gateway has taken the subscription when this begins."""
    async with connect(
        f"ws://127.0.0.1:{port}/subscriptions",
        subprotocols=["graphql-transport-ws"], compression=None,  # type: ignore[list-item]
    ) as socket:  # fmt: skip
        token = await platform.token("project_manager")
        said = {"authorization": f"Bearer {token}", "purpose-of-use": "LEAD_REFERRAL"}
        for message in (
            {"type": "connection_init", "payload": said},
            {"type": "subscribe", "id": "1", "payload": {"query": QUERY}},
            {"type": "ping"},
        ):
            await socket.send(json.dumps(message))
        async with asyncio.timeout(PATIENCE_SECONDS):
            heard = [json.loads(await socket.recv())["type"] for _ in range(2)]
        assert sorted(heard) == ["connection_ack", "pong"]
        yield socket


async def closed(socket: ClientConnection) -> int | None:
    """Return the code that the gateway closed a socket with, None if it said nothing."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await socket.recv()
            except ConnectionClosed as ended:
                return ended.rcvd.code if ended.rcvd else None


async def left(platform: Platform, folder: Path, how: signal.Signals) -> tuple[int | None, int]:
    """Send a signal while somebody listens; return the socket's code and the process's status."""
    async with (
        gateway_beside(platform, folder) as gateway,
        subscribed(platform, gateway.port) as socket,
    ):
        ending = asyncio.create_task(gateway.ended(how))
        return await closed(socket), await ending


async def test_a_socket_is_told_to_come_again_and_the_process_ends_with_0(
    platform: Platform, tmp_path: Path
) -> None:
    assert await left(platform, tmp_path, signal.SIGTERM) == (1012, 0)


async def test_twin_a_process_that_just_dies_is_noticed(platform: Platform, tmp_path: Path) -> None:
    assert await left(platform, tmp_path, signal.SIGKILL) == (None, -signal.SIGKILL)
