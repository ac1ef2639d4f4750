"""The drill, as an operator makes it: back up, go on, lose the machine, restore, start.

A release taken back and a role taken away after the backup stay away; a release signed after it
stands; the ledger verifies; without the journal nothing is restored. What comes of a service that
does not look at its journal is shown at its own size (``tests/svc_consent/authority``).
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from infra import clock
from tests.fixtures.site_days import site_today
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import Cluster

_ADD_GOAL = """mutation($input: AddGoalInput!) { addGoal(input: $input) {
  goal { id } userErrors { code } } }"""
_FAMILY = "query Look($id: ID!) { participant(id: $id) { id name { family } } }"


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Platform]:
    """Run the platform on a data folder."""
    port, log = free_ports(), data_dir.with_suffix(".log")
    process = await asyncio.to_thread(start_platform, data_dir, port, log)
    try:
        async with httpx2.AsyncClient(timeout=60) as client:
            yield Platform(data_dir, port, process, log, client)
    finally:
        await asyncio.to_thread(stop_platform, process)


async def sees(platform: Platform, handle: str) -> bool:
    """Say whether the officer sees a participant by name."""
    answer = await platform.send(
        "officer", _FAMILY, {"id": platform.participant(handle)}, purpose="LEAD_COORD"
    )
    assert answer.codes == [], answer.body
    found = answer.data["participant"]
    return found is not None and found["name"] is not None


def new_key() -> dict[str, str]:
    return {"idempotencyKey": uuid4().hex}


def last_line(ran_out: str) -> str:
    return ran_out.strip().splitlines()[-1]


async def test_what_was_revoked_after_a_backup_stays_revoked(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    async with running(first) as platform:
        assert await sees(platform, "roi_active")
        assert not await sees(platform, "roi_none")
        taken = await asyncio.to_thread(platform.command, "backup", str(tmp_path / "copy"))
        assert last_line(taken.stdout).startswith("backup ok: 4 databases, revision ")
        shown = platform.operation("RevokeRoi")["variables"]["input"]
        revoked = await platform.run("RevokeRoi", {"input": {**shown, **new_key()}})
        assert revoked.data["revokeRelease"]["userErrors"] == [], revoked.body
        shown = platform.operation("SignRoi")["variables"]["input"]
        signed = await platform.run("SignRoi", {"input": {**shown, **new_key()}})
        assert signed.data["signRelease"]["userErrors"] == [], signed.body
        before = [await sees(platform, each) for each in ("roi_active", "roi_none")]

    stopped = Platform(second, 0, platform.process, platform.log, platform.client)
    ran = await asyncio.to_thread(stopped.command, "restore", str(tmp_path / "copy"))
    assert last_line(ran.stdout).startswith("restore ok: revision "), ran.stdout
    assert "ledger verified" in last_line(ran.stdout)
    async with running(second) as restored:
        assert [await sees(restored, each) for each in ("roi_active", "roi_none")] == before
        assert before == [False, True]
        verified = await asyncio.to_thread(restored.command, "audit", "verify")
        assert verified.returncode == 0
        refused = await asyncio.to_thread(
            restored.command, "restore", str(tmp_path / "copy"), "--force", check=False
        )
        assert refused.returncode != 0
        assert "is running" in refused.stderr

    replaced = await asyncio.to_thread(
        stopped.command, "restore", str(tmp_path / "copy"), "--force"
    )
    assert "what was there is in" in replaced.stdout

    shutil.rmtree(first / "journal")
    for more in ((), ("--journal", str(tmp_path / "nowhere"))):
        lost = Platform(third, 0, platform.process, platform.log, platform.client)
        refused = await asyncio.to_thread(
            lost.command, "restore", str(tmp_path / "copy"), *more, check=False
        )
        assert refused.returncode != 0
        assert "--journal" in refused.stderr
    assert not (third / "postgres").exists()


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_what_was_revoked_after_the_chosen_moment_stays_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back to a moment before a revocation and a goal: the goal is gone, the revocation stays."""
    archive = tmp_path / "archive"
    monkeypatch.setenv("GT_WAL_ARCHIVE", str(archive))
    first, second = tmp_path / "first", tmp_path / "second"
    async with running(first) as platform:
        await asyncio.to_thread(platform.command, "backup", str(tmp_path / "copy"), "--base")
        assert await sees(platform, "roi_active")
        await asyncio.sleep(1.0)
        moment = clock.now().isoformat(timespec="milliseconds")
        await asyncio.sleep(1.0)
        await add_goal(platform)
        shown = platform.operation("RevokeRoi")["variables"]["input"]
        revoked = await platform.run("RevokeRoi", {"input": {**shown, **new_key()}})
        assert revoked.data["revokeRelease"]["userErrors"] == [], revoked.body
        before = await goals(platform)
    monkeypatch.setenv("GT_WAL_ARCHIVE", str(tmp_path / "next"))
    stopped = Platform(second, 0, platform.process, platform.log, platform.client)
    words = (str(tmp_path / "copy"), "--archive", str(archive), "--at", moment)
    ran = await asyncio.to_thread(stopped.command, "restore", *words)
    assert last_line(ran.stdout).startswith("restore ok: the moment "), ran.stdout
    async with running(second) as restored:
        assert await goals(restored) == before - 1
        assert not await sees(restored, "roi_active")
        verified = await asyncio.to_thread(restored.command, "audit", "verify")
        assert verified.returncode == 0


async def add_goal(platform: Platform) -> None:
    given = {
        "participantId": platform.participant("roi_active"), "area": "HOUSING",
        "stage": "CONTEMPLATION", "ownWords": "A door.", "setOn": site_today().isoformat(),
    }  # fmt: skip
    added = await platform.send(
        "case_manager", _ADD_GOAL, {"input": {**given, **new_key()}}, purpose="CAREMGT"
    )
    assert added.data["addGoal"]["userErrors"] == [], added.body


async def goals(platform: Platform) -> int:
    """Return how many goals there are, as the service's database has them."""
    cluster = Cluster(platform, [], platform.client)
    rows = await cluster.rows("participants", "select count(*) from goal")
    return int(rows[0][0])


async def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"format": 1}))
    nowhere = Platform(tmp_path / "data", 0, None, tmp_path / "log", None)  # type: ignore[arg-type]
    ran = await asyncio.to_thread(nowhere.command, "restore", str(folder), check=False)
    assert ran.returncode != 0
    assert "damaged" in ran.stderr
    assert not (tmp_path / "data" / "postgres").exists()
