"""`./goldenthread roll` on a running platform."""

import asyncio
import subprocess
import sys

from infra.dev.up.programs import ALONE, METERED, Scale
from tests.fixtures.whole_platform import ROOT, Platform

_ROLL_SECONDS = 3_000


def programs_of(scale: Scale = ALONE) -> int:
    """Return how many programs a roll replaces: gateways, and replicas of each service."""
    return (len(METERED) - 1) * scale.replicas + scale.gateways


async def rolled(platform: Platform, scale: Scale = ALONE) -> None:
    """Roll; a busy machine takes its time to start so many programs."""
    words = [sys.executable, "-m", "infra.cli", "roll", "--data", str(platform.data_dir)]
    ran = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=subprocess.PIPE)
    said, _ = await asyncio.wait_for(ran.communicate(), _ROLL_SECONDS)
    assert said.decode() == f"rolled: {programs_of(scale)} programs\n"
