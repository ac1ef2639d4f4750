"""The sandbox as a partner has it: what a step of its clock ends has ended, and stays so."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.dev.sandbox import find_library
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform

pytestmark = [
    pytest.mark.walk,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_library() is None, reason="needs the package libfaketime"),
]

STATUS = """query($id: ID!) { participant(id: $id) {
  releases { edges { node { status } } } } }"""


async def _overview(platform: Platform, handle: str) -> Any:
    variables = {"id": platform.participant(handle)}
    answer = await platform.run(
        "ParticipantOverview", variables, persona="officer", purpose="LEAD_COORD"
    )
    return answer.raw


async def test_a_release_runs_out_when_the_clock_goes_forward() -> None:
    with tempfile.TemporaryDirectory(prefix="gt-sandbox-") as name:
        data_dir, port, log = Path(name) / "data", free_ports(), Path(name) / "up.log"
        process = await asyncio.to_thread(
            start_platform, data_dir, port, log, command=("sandbox", "up")
        )
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data_dir, port, process, log, client)
                absent = await _overview(platform, "absent")
                assert await _overview(platform, "roi_active") != absent
                platform.command("sandbox", "forward", "400")
                platform._tokens.clear()  # those of before have ended, by the sandbox's clock

                async def has_run_out() -> Any:
                    answer = await platform.send(
                        "case_manager", STATUS, {"id": platform.participant("roi_active")},
                        purpose="CAREMGT",
                    )  # fmt: skip
                    if answer.status != 200 or "SERVICE_UNAVAILABLE" in answer.codes:
                        platform._tokens.clear()
                        return None
                    releases = (answer.data["participant"] or {}).get("releases")
                    if releases is None:  # the first seconds after a step
                        return None
                    states = {edge["node"]["status"] for edge in releases["edges"]}
                    return answer if "ACTIVE" not in states else None

                await platform.eventually(has_run_out, seconds=180)
                absent = await _overview(platform, "absent")
                assert await _overview(platform, "roi_active") == absent
        finally:
            await asyncio.to_thread(stop_platform, process)
