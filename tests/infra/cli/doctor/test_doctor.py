"""The command itself, on a whole running platform and on one that was broken on purpose."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.whole_platform import Platform

pytestmark = pytest.mark.walk


def doctor(*words: str) -> tuple[int, dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "infra.cli", "doctor", "--json", *words],
        capture_output=True, text=True, check=False, timeout=170, env=dict(os.environ),
    )  # fmt: skip
    return ran.returncode, json.loads(ran.stdout)


@pytest.fixture
def settings(platform: Platform, tmp_path: Path) -> Path:
    """A copy of the running platform's settings, for breaking."""
    folder = tmp_path / "settings"
    shutil.copytree(platform.data_dir / "env", folder)
    return folder


def broken(settings: Path, program: str, name: str, value: str) -> tuple[int, list[str]]:
    file = settings / f"{program}.env"
    kept = [line for line in file.read_text().splitlines() if not line.startswith(f"{name}=")]
    file.write_text("\n".join([*kept, f"{name}='{value}'", ""]))
    status, report = doctor("--settings", str(settings))
    found = report["findings"]
    return status, [f"{f['check']} {f['subject']}" for f in found if f["outcome"] == "fail"]


async def test_the_platform_as_it_starts_is_healthy(platform: Platform) -> None:
    ran = platform.command("doctor", check=False)
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.splitlines()[-1].endswith("0 failures")
    for check in (
        "settings", "agreement", "policy", "labels", "keys", "tls", "issuer", "clock", "role",
        "migrations", "database", "standby", "ledger", "site", "reach",
    ):  # fmt: skip
        assert f"ok    {check}" in ran.stdout, check


async def test_what_was_broken_is_named_and_the_exit_status_says_so(settings: Path) -> None:
    status, failed = broken(settings, "gateway", "GT_CASES_ADDRESS", "tcp:127.0.0.1:1")
    assert (status, failed) == (1, ["reach svc_cases"])


async def test_a_wrong_issuer_is_named(settings: Path) -> None:
    entry = {
        "alias": "dev", "issuer": "http://127.0.0.1:1", "jwks_uri": "http://127.0.0.1:1/jwks",
        "audience": "x", "algorithms": ["ES256"],
    }  # fmt: skip
    status, failed = broken(settings, "gateway", "GT_ISSUERS", json.dumps([entry]))
    assert (status, failed) == (1, ["issuer dev"])
