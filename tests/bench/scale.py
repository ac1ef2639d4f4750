"""`bench scale`: whether lists, search and look-ups stay as quick while everybody else grows.

    ./goldenthread bench scale [--sizes 1000,10000,100000,1000000] [--requests N] [--data DIR]
                               [--resume] [--results FILE]

A platform of its own (or the running one of ``--data``), filled by ``synth`` step by step. After
each step the same people ask the same questions, one after the other, through the gateway, under
policy: token, gate and ledger included. Each is answered by the service that it is listed with.
After each size the results so far go to a file (`bench-results/scale.json`) and a picture
(`infra/docs/scale.svg`), so that a run which was stopped is not lost: with `--data` and `--resume`
it goes on with the next size. Prints a table, JSON and one line.

The clock of a shared machine says how long it was shared, too. So the processor time of all
programs is told beside it, PostgreSQL's among them, less what they take while nobody asks.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import httpx2

from infra.cli.data_folder import DataFolder
from infra.cli.synthesis import DATABASES
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.private_files import socket_directory
from infra.dev.service_databases import Server
from infra.dev.synth.loading import loaded_of
from infra.dev.synth.set_aside import uncounted
from infra.http_client import HttpClient, HttpClientError
from tests.bench.platform_cost import processor_ms
from tests.bench.scale_picture import Line, picture
from tests.fixtures.whole_platform import (
    ROOT,
    Platform,
    free_ports,
    start_platform,
    stop_platform,
)

SEED = 20_260
_WARM_UP = 12
_ATTEMPTS = 4
_REST_SECONDS = 10
_NAMES = "edges { node { id name { given family preferred } } }"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, and which service answers."""

    name: str
    service: str
    persona: str
    purpose: str
    query: str
    variables: tuple[dict[str, Any], ...] = ({},)


@dataclass(frozen=True, slots=True)
class Answered:
    """How long a question took at a size, and of how much processor; milliseconds."""

    question: str
    service: str
    participants: int
    p50: float
    p95: float
    processor: float


class Asking:
    """Sends operations as personas of the synthetic world."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._client = HttpClient(f"tcp:127.0.0.1:{platform.port}")

    async def ask(self, question: Question, variables: dict[str, Any]) -> tuple[Any, float]:
        """Return the data of an answer, and the milliseconds that it took."""
        headers = {
            "authorization": f"Bearer {await self._platform.token(question.persona)}",
            "purpose-of-use": question.purpose,
            "content-type": "application/json",
        }
        body = json.dumps({"query": question.query, "variables": variables}).encode()
        said = ""
        for attempt in range(_ATTEMPTS):
            await asyncio.sleep(attempt)  # whoever is away for a moment comes back
            began = perf_counter()
            try:
                response = await self._client.request(
                    "POST", "/graphql", headers, body, timeout_seconds=60
                )
            except (HttpClientError, OSError) as error:
                said = type(error).__name__
                continue
            took = (perf_counter() - began) * 1000
            answer = json.loads(response.body)
            codes = {each["extensions"]["code"] for each in answer.get("errors", ())}
            if response.status == 200 and not codes - {"FIELD_NOT_ALLOWED"}:
                return answer["data"], took
            said = f"{response.status} {sorted(codes)}"
        raise SystemExit(f"{question.name} was answered {said}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


async def questions(asking: Asking) -> list[Question]:
    """Return the questions, about people whom the personas know."""
    mine = Question(
        "list of a caseload", "participants", "synth_case_manager", "CAREMGT",
        f"{{ participants(first: 25) {{ totalCount {_NAMES} }} }}",
    )  # fmt: skip
    agency = Question(
        "list of an agency, with count", "participants", "synth_cm_supervisor", "CAREMGT",
        f"{{ participants(first: 25) {{ totalCount {_NAMES} }} }}",
    )  # fmt: skip
    found, _ = await asking.ask(mine, {})
    people = [edge["node"] for edge in found["participants"]["edges"]]
    ids = tuple({"id": each["id"]} for each in people)
    names = [each["name"]["family"] or each["name"]["given"] for each in people]
    words = tuple({"text": name} for name in names if name)  # some are known by a street name
    return [
        mine,
        agency,
        Question(
            "list of a recipient of releases", "participants", "synth_housing_provider", "COC",
            f"{{ participants(first: 25) {{ totalCount {_NAMES} }} }}",
        ),
        Question(
            "search in an agency", "participants", "synth_cm_supervisor", "CAREMGT",
            "query($text: String) { searchParticipants(text: $text, first: 10)"
            f" {{ totalCount {_NAMES} }} }}", words,
        ),
        Question(
            "look-up of a record", "participants", "synth_case_manager", "CAREMGT",
            "query($id: ID!) { participant(id: $id) { id name { given family } contact { phone }"
            " enrollment { status } notes(first: 10) { totalCount edges { node { id text } } } } }",
            ids,
        ),
        Question(
            "look-up by police", "participants", "synth_officer", "LEAD_COORD",
            "query($id: ID!) { participant(id: $id) { id name { given } enrollment { status } } }",
            ids,
        ),
        Question(
            "queue of the liaison", "cases", "synth_prosecutor", "LEAD_LEGAL_COORD",
            "{ liaisonQueue(first: 25) { totalCount edges { node { id } } } }",
        ),
        Question(
            "cases of a record", "cases", "synth_case_manager", "CAREMGT",
            "query($id: ID!) { participant(id: $id) { id legalCases(first: 10)"
            " { totalCount edges { node { id relation case { caseNumber } } } } } }", ids,
        ),
        Question(
            "search by case number", "cases", "synth_case_manager", "CAREMGT",
            "query($number: String!) { searchMatches(caseNumber: $number) { totalCount"
            " edges { node { id } } } }", await _numbers(asking, ids),
        ),
        Question(
            "releases of a record", "consent", "synth_case_manager", "CAREMGT",
            "query($id: ID!) { participant(id: $id) { id releases(first: 10)"
            " { edges { node { id status } } } } }", ids,
        ),
    ]  # fmt: skip


async def _numbers(asking: Asking, ids: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the numbers of people's cases, and one of nobody."""
    known = Question(
        "", "", "synth_case_manager", "CAREMGT",
        "query($id: ID!) { participant(id: $id) { legalCases(first: 5)"
        " { edges { node { case { caseNumber } } } } } }",
    )  # fmt: skip
    found = []
    for each in ids:
        data, _ = await asking.ask(known, each)
        edges = data["participant"]["legalCases"]["edges"]
        cases = [edge["node"]["case"] for edge in edges]
        found += [{"number": case["caseNumber"]} for case in cases if case]
    return (*found, {"number": "NOBODY-1"})


def quantile(times: Sequence[float], share: float) -> float:
    """Return a quantile of measured times."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def at_rest(platform: Platform) -> float:
    """Return the share of a processor that the platform takes while nobody asks."""
    before = processor_ms(platform)
    await asyncio.sleep(_REST_SECONDS)
    return (processor_ms(platform) - before) / (_REST_SECONDS * 1000)


async def measured(platform: Platform, asking: Asking, size: int, requests: int) -> list[Answered]:
    """Ask every question many times."""
    results = []
    asked = await questions(asking)
    rest = await at_rest(platform)
    for question in asked:
        given = [question.variables[n % len(question.variables)] for n in range(requests)]
        for each in (given * _WARM_UP)[:_WARM_UP]:
            await asking.ask(question, each)
        began, spent = perf_counter(), processor_ms(platform)
        times = [(await asking.ask(question, each))[1] for each in given]
        spent = processor_ms(platform) - spent - rest * (perf_counter() - began) * 1000
        p50, p95 = quantile(times, 0.5), quantile(times, 0.95)
        results.append(Answered(question.name, question.service, size, p50, p95, spent / requests))
        sys.stderr.write(
            f"{size:>9,} {question.name}: p95 {p95:.1f} ms, {spent / requests:.1f} of processor\n"
        )
    return results


async def run(
    platform: Platform, sizes: Sequence[int], requests: int, kept: "Kept"
) -> list[Answered]:
    """Fill the platform step by step, measure after each, and keep what there is so far."""
    results = kept.read()
    for size in sizes:
        if any(each.participants == size for each in results):
            sys.stderr.write(f"{size:>9,} was measured before\n")
            continue
        await fill(DataFolder(platform.data_dir), size)
        asking = Asking(platform)
        server = EmbeddedPostgres(platform.data_dir, socket_directory(platform.data_dir)).server
        try:
            async with uncounted(server, DATABASES):
                await settle(server)
                results += await measured(platform, asking, size, requests)
        finally:
            await asking.close()
        kept.write(results)
    return results


async def fill(folder: DataFolder, size: int) -> None:
    """Load people until there are so many; a world that a run has filled so far is left alone."""
    present = loaded_of(folder.synthetic_file, SEED)
    if present > size:
        raise SystemExit(f"{folder.path} holds {present:,} people, so {size:,} cannot be measured")
    if present == size:
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.cli", "synth", "--participants", str(size),
        "--seed", str(SEED), "--data", str(folder.path), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()  # its progress bar is on standard error
    if process.returncode != 0:
        raise SystemExit("synth failed")
    sys.stderr.write(said.decode())


async def settle(server: Server) -> None:
    """Clean up after the load, as PostgreSQL's own worker would while we measure.

    Figures of a world that has just come in are not counted meanwhile either: that is work of the
    load, which a site has done long before it has so many people.
    """
    for database in DATABASES:
        async with server.superuser(database) as connection:
            await connection.execute("VACUUM (ANALYZE)")


@dataclass(frozen=True, slots=True)
class Kept:
    """Where results go after each size."""

    results: Path
    picture: Path
    is_resumed: bool

    def read(self) -> list[Answered]:
        """Return what an earlier run measured, where this one goes on with it."""
        if not self.is_resumed or not self.results.exists():
            return []
        found = json.loads(self.results.read_text())["results"]
        return [Answered(**each) for each in found]

    def write(self, results: Sequence[Answered]) -> None:
        """Write results and picture."""
        self.results.parent.mkdir(parents=True, exist_ok=True)
        self.results.write_text(json.dumps(document(results), indent=1) + "\n")
        lines = [
            Line(name, [(each.participants, each.p95) for each in results if each.question == name])
            for name in dict.fromkeys(each.question for each in results)
        ]
        self.picture.write_text(picture("p95 through the gateway, by participants", lines))


def document(results: Sequence[Answered]) -> dict[str, Any]:
    """Return the results as JSON has them, with the load under which they were taken."""
    load = os.getloadavg()[1]
    return {"seed": SEED, "load_average": load, "results": [asdict(each) for each in results]}


def table(results: Sequence[Answered]) -> str:
    """Return the results as a table in Markdown: p50 / p95 / processor by size."""
    sizes = sorted({each.participants for each in results})
    lines = [
        "| question | service | "
        + " | ".join(f"{size:,}" for size in sizes)
        + " | p95 grows | processor grows |",
        "|---|---|" + "---|" * (len(sizes) + 2),
    ]
    for name in dict.fromkeys(each.question for each in results):
        own = {each.participants: each for each in results if each.question == name}
        first, last = own[sizes[0]], own[sizes[-1]]
        cells = [
            f"{each.p50:.1f} / {each.p95:.1f} / {each.processor:.1f}"
            for each in (own[size] for size in sizes)
        ]
        cells += [f"{last.p95 / first.p95:.2f}x", f"{last.processor / first.processor:.2f}x"]
        lines.append(f"| {name} | {first.service} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


async def _whole(
    data: Path | None, sizes: Sequence[int], requests: int, kept: Kept
) -> list[Answered]:
    process = None
    folder = Path(tempfile.mkdtemp(prefix="gt-scale-")) if data is None else data.resolve()
    async with httpx2.AsyncClient() as client:
        try:
            if data is None:
                port = free_ports()
                process = start_platform(folder / "data", port, folder / "up.log")
                platform = Platform(folder / "data", port, process, folder / "up.log", client)
            else:
                run_file = json.loads((folder / "run.json").read_text())
                port = int(run_file["urls"]["gateway"].rpartition(":")[2])
                nobody = cast("subprocess.Popen[str]", None)
                platform = Platform(folder, port, nobody, folder / "up.log", client)
            return await run(platform, sizes, requests, kept)
        finally:
            if process is not None:
                stop_platform(process)
                shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="goldenthread bench scale")
    parser.add_argument("--sizes", default="1000,10000,100000", help="participants, ascending")
    parser.add_argument("--requests", type=int, default=100, help="of each question and size")
    parser.add_argument("--data", type=Path, help="data folder of a running platform")
    parser.add_argument("--resume", action="store_true", help="sizes measured before stand")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "bench-results" / "scale.json",
        help="where results are kept after each size",
    )  # fmt: skip
    parser.add_argument("--picture", type=Path, default=ROOT / "infra" / "docs" / "scale.svg")
    arguments = parser.parse_args()
    sizes = [int(each) for each in arguments.sizes.split(",")]

    if arguments.resume and arguments.data is None:
        parser.error("--resume goes on with the world of --data DIR")

    kept = Kept(arguments.results, arguments.picture, arguments.resume)
    results = asyncio.run(_whole(arguments.data, sizes, arguments.requests, kept))
    sys.stderr.write(table(results))
    sys.stdout.write(json.dumps(document(results)) + "\n")
    ends = sorted({each.participants for each in results})
    p95 = {(each.question, each.participants): each.p95 for each in results}
    worst = max(
        (value / p95[name, ends[0]], name)
        for (name, size), value in p95.items()
        if size == ends[-1] and (name, ends[0]) in p95
    )
    sys.stdout.write(
        f"scale: p95 from {ends[0]:,} to {ends[-1]:,} participants grows by {worst[0]:.2f} at"
        f" most ({worst[1]})\n"
    )


if __name__ == "__main__":
    main()
