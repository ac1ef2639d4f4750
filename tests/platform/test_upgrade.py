"""The release before runs on beside this one, on databases that this one has migrated.

What a roll-out is in the middle of: all five programs of the former release, taken from the
repository's history (`GT_UPGRADE_FROM`, else the commit before the newest migration), serve beside
the platform's own. Readers and writers of consent ask both gateways; a third gateway of the former
release stands before this release's services, as when services go first. Nothing is stale, all
that was shown is recorded, and each release reads what the other wrote.
"""

import asyncio
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from pathlib import Path

import httpx2
import pytest

from infra.dev.up.health import why_not_ready
from tests.faults.witness import eventually, signed, violations
from tests.fixtures.whole_platform import ROOT, Platform, free_ports
from tests.proof.processes import Cluster, OwnProcess, environment_of
from tests.proof.revocation import Drive

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]  # needs history, and eleven programs

SERVICES = ("consent", "participants", "cases", "training")
_MANY = "1000000"
_DISCLOSURES_EACH = 20


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout


def former_release() -> str:
    """Return the commit to upgrade from: before the newest migration of any service."""
    named = os.environ.get("GT_UPGRADE_FROM")
    if named:
        return named
    migrations = [f"svc_{name}/migrations/versions" for name in SERVICES]
    newest = git("log", "-1", "--format=%H", "--diff-filter=A", "--", *migrations)
    return f"{newest.decode().strip()}~1"


def checked_out(commit: str, folder: Path) -> Path:
    with tarfile.open(fileobj=BytesIO(git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@asynccontextmanager
async def program(module: str, code: Path, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Run a program of the former release until the block ends."""
    its = {**os.environ, **environment, "PYTHONPATH": str(code)}
    log = (code / f"{environment['GT_SERVICE_INSTANCE']}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, cwd=code, env=its, stdout=log, stderr=log
    )

    async def is_ready() -> bool:
        assert process.returncode is None, Path(log.name).read_text()[-2_000:]
        return await why_not_ready(environment["GT_BIND"]) is None

    try:
        await eventually(is_ready, f"{module} of the former release is not ready")
        yield
    finally:
        log.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()


def changed(platform: Platform, name: str, folder: Path, label: str) -> dict[str, str]:
    """Return a program's settings, with sockets and a name of its own."""
    like = environment_of(platform, name)
    return {
        **like,
        "GT_METRICS_BIND": f"unix:{folder}/{name}.{label}.m.sock",
        "GT_SERVICE_INSTANCE": f"{name}-{label}",
    }


def gateway(
    platform: Platform, folder: Path, label: str, addresses: Mapping[str, str]
) -> tuple[OwnProcess, dict[str, str]]:
    port = free_ports()
    rates = ("GT_RATE_PER_SUBJECT", "GT_RATE_PER_CLIENT", "GT_RATE_PER_ADDRESS")
    environment = {
        **changed(platform, "gateway", folder, label),
        "GT_BIND": f"tcp:127.0.0.1:{port}",
        **dict.fromkeys((*rates, "GT_LOOKUPS_PER_MINUTE"), _MANY),
        **addresses,
    }
    return OwnProcess(label, f"127.0.0.1:{port}", environment), environment


async def test_two_releases_serve_side_by_side(
    platform: Platform, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    commit = former_release()
    code = checked_out(commit, tmp_path / "former")
    sockets = tmp_path_factory.mktemp("s")  # short: a socket's path has little room
    async with AsyncExitStack() as running:
        addresses = {}
        for name in SERVICES:
            environment = changed(platform, f"svc_{name}", sockets, "former")
            environment["GT_BIND"] = f"unix:{sockets}/{name}.sock"
            addresses[f"GT_{name.upper()}_ADDRESS"] = environment["GT_BIND"]
            await running.enter_async_context(program(f"svc_{name}", code, environment))
        former, environment = gateway(platform, sockets, "former", addresses)
        await running.enter_async_context(program("gateway", code, environment))
        between, environment = gateway(platform, sockets, "between", {})
        await running.enter_async_context(program("gateway", code, environment))
        client = await running.enter_async_context(httpx2.AsyncClient(timeout=60))
        present = OwnProcess("present", f"127.0.0.1:{platform.port}", {})
        cluster = Cluster(platform, [former, between, present], client)
        drive = await driven(cluster)
    print(
        f"from {commit}: {len(drive.disclosures)} disclosures, {len(drive.changes)} changes,"
        f" {drive.outages} outages",
        flush=True,
    )


async def driven(cluster: Cluster) -> Drive:
    """Read and write through all gateways, and look at what came of it."""
    platform = cluster.platform
    agencies = platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(cluster.door, len(cluster.gateways), recipients, random.Random(3))
    await drive.prepare(3)
    drive.outages = drive.lost = 0
    before = await signed(platform, drive)
    wanted = _DISCLOSURES_EACH * len(cluster.gateways)
    await drive.run(readers=3, until=lambda: len(drive.disclosures) >= wanted, pause=1.0)
    assert await violations(platform, drive) == []
    assert await signed(platform, drive) - before == sum(each.is_open for each in drive.changes)
    verified = await asyncio.to_thread(platform.command, "audit", "verify", check=False)
    assert verified.returncode == 0, verified.stdout
    return drive
