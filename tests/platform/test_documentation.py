"""Examples in the docs are run as they stand, against the real platform."""

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.whole_platform import ROOT, Platform

pytestmark = pytest.mark.walk

API = ROOT / "infra" / "docs" / "api.md"
README = ROOT / "README.md"
WALK = ROOT / "infra" / "docs" / "first-ten-minutes.md"


def environment(platform: Platform) -> dict[str, str]:
    """Return an environment in which ``./goldenthread`` is about this platform."""
    return {**os.environ, "GT_POINTER": str(platform.data_dir / "pointer")}


def shell_blocks(text: str) -> list[str]:
    """Return the indented blocks of a Markdown text."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.MULTILINE)
    return [re.sub(r"^    ", "", block.lstrip("\n"), flags=re.MULTILINE) for block in blocks]


async def bash(platform: Platform, script: str, folder: Path) -> str:
    """Run a script from the docs, with this platform's port, in a folder with the launcher."""
    local = script.replace("127.0.0.1:8000", f"127.0.0.1:{platform.port}")
    local = local.replace("./goldenthread", str(ROOT / "goldenthread"))
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", local],
        cwd=folder, env=environment(platform), capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


EXAMPLES = re.findall(r"```python\n(.*?)```", API.read_text(), flags=re.DOTALL)


NAMES = ["one answer", "pages and a change", "training beside referrals"]


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
async def test_the_python_examples_of_the_api_guide_run(platform: Platform, example: str) -> None:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", example],
        cwd=ROOT, env=environment(platform), capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def _table(key: str, period: str, people: dict[str, int | None], **shares: Any) -> dict[str, Any]:
    """Return a published table as the example asks for it."""
    cells = [{"outcome": outcome, "share": share} for outcome, share in shares.items()]
    groups = [{"code": code, "people": many, "cells": cells} for code, many in people.items()]
    return {"key": key, "period": period, "groups": groups}


def test_the_example_puts_the_training_of_a_year_beside_what_came_after_it() -> None:
    """A fresh demo has published nothing yet, so the example's own words are tried on tables."""
    [function] = [
        each
        for each in ast.parse(EXAMPLES[2]).body
        if isinstance(each, ast.FunctionDef) and each.name == "side_by_side"
    ]
    scope: dict[str, Any] = {}
    exec(compile(ast.unparse(function), str(API), "exec"), scope)  # noqa: S102 - our own page
    data = {
        "agencies": {"edges": [{"node": {"id": "p", "name": "Police"}}]},
        "trained": [
            _table("TRAINED", "2025", {"p": 40}, IN_THE_YEAR=0.5, EARLIER=0.2, NOT_YET=0.3),
            _table("TRAINED", "2026", {"p": 44}, IN_THE_YEAR=None, EARLIER=None, NOT_YET=None),
        ],
        "referred": [
            _table("DECISION", "2026-Q1", {"p": 31, "q": None}),
            _table("REFERRALS_MADE", "2026-Q1", {"p": 12}),
            _table("DECISION", "2027-Q1", {"p": 33}),
        ],
    }
    assert [tuple(each.values()) for each in scope["side_by_side"](data)] == [
        ("Police", "2026-Q1", 0.7, 31, 12),
        ("Police", "2027-Q1", None, 33, None),
        ("q", "2026-Q1", None, None, None),
    ]


async def test_the_curl_example_of_the_api_guide_runs(platform: Platform, tmp_path: Path) -> None:
    (example,) = re.findall(r"```bash\n(.*?)```", API.read_text(), flags=re.DOTALL)
    answer = json.loads(await bash(platform, example, tmp_path))
    assert len(answer["data"]["participants"]["edges"]) == 3


async def test_the_query_of_the_readme_over_plain_http_answers(
    platform: Platform, tmp_path: Path
) -> None:
    (query,) = [block for block in shell_blocks(README.read_text()) if "curl" in block]
    manager = json.loads(await bash(platform, query, tmp_path))
    assert manager["data"]["participant"]["notes"]["totalCount"] > 0


READS = ("ParticipantOverview", "CaseByNumber", "ParticipantList", "Accounting", "RosterStatus")


@pytest.mark.parametrize(
    "line",
    sorted(
        {
            line.strip()
            for text in (README.read_text(), WALK.read_text())
            for line in text.splitlines()
            if line.strip().startswith(tuple(f"./goldenthread ask {name}" for name in READS))
        }
    ),
)
async def test_each_question_in_the_docs_is_answered(
    platform: Platform, tmp_path: Path, line: str
) -> None:
    answer = json.loads(await bash(platform, line, tmp_path))
    assert answer["data"] is not None
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert codes <= {"FIELD_NOT_ALLOWED"}
