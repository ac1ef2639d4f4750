"""A site's file goes in through the gateway, once, row by row; what is refused is told by line.

Each kind of file is also cut off by SIGKILL at the worst time, when a row has had its effect and
nobody was told, and run again.
"""

import asyncio
import csv
import itertools
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fixtures.service_app import http_server
from tests.fixtures.whole_platform import ROOT, Platform, free_ports

GUIDE = (ROOT / "infra" / "docs" / "import.md").read_text(encoding="utf-8")
EXAMPLES = ("participants", "enrollments", "cases")
LISTS = dict(zip(EXAMPLES, re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL), strict=True))
MAPPINGS = dict(zip(EXAMPLES, re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL), strict=True))
MAPPINGS["referrals"] = """
mutation = "submitArrestDiversion"
source = "squad-list"
key = ["No"]
persona = "officer"
purpose = "LEAD_COORD"

[constant]
"offenceCode" = "90J"
"form.account" = "Asked for help."
"form.urgency" = "ROUTINE"
"form.interceptPoint" = "LAW_ENFORCEMENT"
"form.counterfactual" = "WOULD_BOOK"
"form.personIsAware" = "YES"

[columns]
"No" = "incidentNumber"
"Family" = "form.person.familyName"
"""
COMMUNITY = """
mutation = "submitCommunityReferral"
source = "a list for this test"
key = ["No"]
persona = "community_partner"
purpose = "LEAD_REFERRAL"

[constant]
"concern" = "Sleeps near the shops."
"form.urgency" = "ROUTINE"
"form.interceptPoint" = "COMMUNITY_SERVICES"
"form.counterfactual" = "WOULD_NOT_ACT"
"form.personIsAware" = "YES"

[columns]
"Given" = "form.person.givenName"
"Family" = "form.person.familyName"
"Born" = {to = "form.person.dateOfBirth", date = "%m/%d/%Y"}
"What" = "form.account"
"""
ROWS = """No,Given,Family,Born,What
1,Imported,Example-One,02/03/1980,Asked for help.
2,Imported,Example-Two,1980-02-03,Asked for help.
3,Imported,Example-Three,,
4,,,03/04/1980,Asked for help.
5,Imported,Example-Five,,Asked for help.
"""
MINE = "{ myReferrals(first: 1) { totalCount } }"
THEIRS = "{ participants(first: 1) { totalCount } }"
ENTRY = "query($n: String!) { caseByNumber(number: $n) { charges { id } } }"


async def referrals_of(platform: Platform, persona: str, purpose: str) -> int:
    answer = await platform.send(persona, MINE, purpose=purpose)
    found: int = answer.data["myReferrals"]["totalCount"]
    return found


async def served(platform: Platform) -> int:
    """Return how many people the supervisor's agency has."""
    answer = await platform.send("cm_supervisor", THEIRS, purpose="CAREMGT")
    found: int = answer.data["participants"]["totalCount"]
    return found


async def count(platform: Platform) -> int:
    return await referrals_of(platform, "community_partner", "LEAD_REFERRAL")


def told(file: Path) -> list[tuple[str, str, str]]:
    """Return what the report beside a file says: line, field and code."""
    with file.with_name(f"{file.name}.errors.csv").open(newline="", encoding="utf-8") as report:
        return [(row["line"], row["field"], row["code"]) for row in csv.DictReader(report)]


async def test_a_file_is_taken_once_and_its_mistakes_are_told(
    platform: Platform, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "list.csv", tmp_path / "mapping.toml"
    file.write_text(ROWS)
    mapping.write_text(COMMUNITY)
    words = ("import", "referrals", str(file), "--mapping", str(mapping))
    before = await count(platform)

    tried = platform.command(*words, "--dry-run", check=False)
    assert tried.stdout.startswith("import referrals: 3 rows would be taken, 0 were"), tried.stderr
    assert tried.returncode == 1
    assert await count(platform) == before

    first = platform.command(*words, check=False)
    assert first.stdout == "import referrals: 2 rows taken, 0 were taken before, 3 refused\n"
    assert await count(platform) == before + 2
    found = told(file)
    assert [line for line, _, _ in found] == ["3", "4", "5"]
    assert found[0] == ("3", "Born", "NOT_A_DATE")
    assert found[2][2] == "PERSON_MISSING"
    assert "Imported" not in (tmp_path / "list.csv.errors.csv").read_text()

    second = platform.command(*words, check=False)
    assert second.stdout == "import referrals: 0 rows taken, 2 were taken before, 3 refused\n"
    # The marks are lost, as after a kill before they were written: the keys still hold.
    (tmp_path / "list.csv.imported").unlink()
    third = platform.command(*words, check=False)
    assert third.stdout == "import referrals: 2 rows taken, 0 were taken before, 3 refused\n"
    assert await count(platform) == before + 2


async def docketed(platform: Platform, numbers: Sequence[str]) -> int:
    """Return how many charges the docket has under some numbers; each row here brings its own."""
    found = 0
    for number in numbers:
        answer = await platform.send("prosecutor", ENTRY, {"n": number}, purpose="LEAD_LEGAL_COORD")
        found += len((answer.data["caseByNumber"] or {"charges": ()})["charges"])
    return found


GUIDE_NUMBERS = re.findall(r"^26-1-\d+", LISTS["cases"], flags=re.MULTILINE)
# A dry run asks nobody: what the office itself would refuse, it cannot know.
REFUSED = {
    "participants": [],
    "enrollments": [("5", "exitReason", "REASON_MISMATCH")],
    "cases": [("4", "filedOn", "DATE_CONTRADICTS")],
}
TAKEN = {"participants": 2, "enrollments": 3, "cases": 2}


@pytest.mark.parametrize("kind", EXAMPLES)
async def test_the_guide_s_examples_run_as_they_stand(
    platform: Platform, tmp_path: Path, kind: str
) -> None:
    taken, refused = TAKEN[kind], REFUSED[kind]
    file, mapping = tmp_path / f"{kind}.csv", tmp_path / f"{kind}.toml"
    file.write_text(LISTS[kind])
    mapping.write_text(MAPPINGS[kind])
    words = ("import", kind, str(file), "--mapping", str(mapping))

    async def there() -> int:
        if kind == "cases":
            return await docketed(platform, GUIDE_NUMBERS)
        return await (count(platform) if kind == "participants" else served(platform))

    before = await there()
    added = 3 if kind == "cases" else taken  # the second case has two charges
    tried = platform.command(*words, "--dry-run", check=False)
    rows = taken + len(refused)
    assert tried.stdout == (
        f"import {kind}: {rows} rows would be taken, 0 were taken before, 0 refused\n"
    ), tried.stderr
    assert (tried.returncode, told(file), await there()) == (0, [], before)
    assert not file.with_name(f"{file.name}.imported").read_text()

    status = 1 if refused else 0
    first = platform.command(*words, check=False)
    assert first.stdout == (
        f"import {kind}: {taken} rows taken, 0 were taken before, {len(refused)} refused\n"
    ), first.stderr
    assert (first.returncode, told(file), await there()) == (status, refused, before + added)

    second = platform.command(*words, check=False)
    assert second.stdout == (
        f"import {kind}: 0 rows taken, {taken} were taken before, {len(refused)} refused\n"
    )
    assert (second.returncode, told(file), await there()) == (status, refused, before + added)
    file.with_name(f"{file.name}.imported").unlink()
    third = platform.command(*words, check=False)
    assert (third.stdout, await there()) == (first.stdout, before + added)


# Killed in the middle.

WORST = 2
"""The row whose effect is in when the command is killed, before it is told so."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of four rows that fit and one without its key, and how many of them are there."""

    text: str
    key: str
    there: Callable[[], Awaitable[int]]


def sample(platform: Platform, kind: str) -> Sample:
    """Return rows of a kind that nobody else sends."""
    numbers = [f"K{uuid4().hex[:10]}" for _ in range(4)]
    keys = [*numbers, ""]
    if kind == "cases":
        lines = ["Case no,First,Last,Offense date,Filed,Charges"]
        lines += [f"{key},Kim,Example-Cut,05/03/2026,05/11/2026,RCW 9A.52.080" for key in keys]
        return Sample("\n".join(lines), "Case no", lambda: docketed(platform, numbers))
    if kind == "participants":
        lines = ["Client no,First name,Street name,DOB,Year,Needs,Seen at,What,Remarks"]
        lines += [f"{key},,Cut {key},,1990,H,,Asked for a bed.," for key in keys]
        return Sample("\n".join(lines), "Client no", lambda: count(platform))
    if kind == "enrollments":
        lines = [LISTS["enrollments"].splitlines()[0]]
        lines += [f"{key},,,Cut {key},,03/15/2021,Active,,,,J." for key in keys]
        return Sample("\n".join(lines), "Client", lambda: served(platform))
    lines = ["No,Family", *(f"{key},Example-Cut" for key in keys)]
    return Sample("\n".join(lines), "No", lambda: referrals_of(platform, "officer", "LEAD_COORD"))


class Crossing:
    """Stands before the gateway, and kills who sends when a row is in and its answer is not out."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._taken = itertools.count(1)
        self.process: asyncio.subprocess.Process | None = None

    async def hand_over(self, request: Request) -> Response:
        """Hand a request over; the command does not live to see what became of the worst row."""
        body = await request.body()
        names = ("authorization", "content-type", "purpose-of-use")
        answer = await self._platform.client.post(
            f"{self._platform.url}/graphql",
            content=body,
            headers={name: request.headers[name] for name in names if name in request.headers},
        )
        if self._is_in(body, answer.json()) and next(self._taken) == WORST:
            assert self.process is not None
            self.process.kill()
            await self.process.wait()
        return Response(answer.content, answer.status_code, media_type="application/json")

    @staticmethod
    def _is_in(body: bytes, answer: Mapping[str, Any]) -> bool:
        if not json.loads(body)["query"].startswith("mutation"):
            return False
        done = (answer.get("data") or {}).get("done")
        return done is not None and not done["userErrors"]


@asynccontextmanager
async def crossing(platform: Platform, folder: Path) -> AsyncIterator[Crossing]:
    """Make a data folder that is the platform's, but for where its gateway is said to be."""
    folder.mkdir()
    for each in platform.data_dir.iterdir():
        if each.name != "run.json":
            (folder / each.name).symlink_to(each)
    port, here = free_ports(), Crossing(platform)
    run = platform.run_file()
    run["urls"]["graphql"] = f"http://127.0.0.1:{port}/graphql"
    (folder / "run.json").write_text(json.dumps(run))
    app = Starlette(routes=[Route("/graphql", here.hand_over, methods=["POST"])])
    async with http_server(app, host="127.0.0.1", port=port):
        yield here


async def assert_a_killed_import_goes_on(
    platform: Platform, folder: Path, kind: str, *, later: Callable[[str], str] = str
) -> None:
    """Kill the command with SIGKILL in the middle, run it again: each row is in once, and told so.

    ``later`` is what becomes of the mapping between the two runs: nothing, but for a planted bug.
    """
    given = sample(platform, kind)
    file, mapping = folder / "list.csv", folder / "list.toml"
    file.write_text(given.text)
    mapping.write_text(MAPPINGS[kind])
    words = ("import", kind, str(file), "--mapping", str(mapping))
    before = await given.there()
    data = folder / "data"
    async with crossing(platform, data) as here:
        here.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "infra.cli", *words, "--data", str(data), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await here.process.communicate()
    assert (here.process.returncode, out) == (-signal.SIGKILL, b""), err
    marks = file.with_name(f"{file.name}.imported")
    assert len(marks.read_text().split()) == WORST - 1
    assert await given.there() == before + WORST

    mapping.write_text(later(MAPPINGS[kind]))
    again = await asyncio.to_thread(platform.command, *words, check=False)
    assert await given.there() == before + 4, "not once"
    assert again.stdout == (
        f"import {kind}: {5 - WORST} rows taken, {WORST - 1} were taken before, 1 refused\n"
    ), f"told wrongly: {again.stderr}"
    assert again.returncode == 1
    assert told(file) == [("6", given.key, "KEY_MISSING")]
    assert len(set(marks.read_text().split())) == 4


@pytest.mark.parametrize("kind", MAPPINGS)
async def test_an_import_that_is_killed_goes_on_and_has_each_row_once(
    platform: Platform, tmp_path: Path, kind: str
) -> None:
    await assert_a_killed_import_goes_on(platform, tmp_path, kind)


def with_other_keys(mapping: str) -> str:
    """Return a mapping under which no key is what it was."""
    return re.sub(r'^source = "', 'source = "again-', mapping, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", MAPPINGS)
async def test_planted_keys_that_change_between_runs_are_caught(
    platform: Platform, tmp_path: Path, kind: str
) -> None:
    caught = "told wrongly" if kind == "cases" else "not once"  # a number is on the docket once
    with pytest.raises(AssertionError, match=caught):
        await assert_a_killed_import_goes_on(platform, tmp_path, kind, later=with_other_keys)
