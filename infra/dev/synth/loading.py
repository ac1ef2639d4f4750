"""Loads a synthetic world into the running platform, site by site, and says how far it is.

Consent comes first: it gives the site its revision. Participants and cases follow with the same
facts. Each service remembers the sites that it has, so what was stopped half-way goes on there.
"""

import asyncio
import gc
import json
import signal
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from infra.dev.private_files import write_private
from infra.dev.synth.batch import Outline, build_batch, outlines, site_places
from infra.dev.synth.loaders import Loader
from infra.dev.synth.places import personas

_AHEAD = 2
"""Sites that may be made, or be with consent, while the others load."""
_MAKERS = 2


@dataclass(frozen=True, slots=True)
class Made:
    """A site as the loaders take it: lines of JSON, and facts as binary COPY."""

    size: int
    consent: bytes
    participants: bytes
    cases: bytes
    facts: bytes


def made(outline: Outline) -> Made:
    """Make a site; in a process of its own, for this is as much work as loading it."""
    batch = build_batch(outline)
    return Made(
        size=outline.size,
        consent=orjson.dumps(batch.of_consent()),
        participants=orjson.dumps(batch.of_participants()),
        cases=orjson.dumps(batch.of_cases()),
        facts=batch.facts,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A world: how many participants, from which seed, as of which day."""

    participants: int
    seed: int
    on: date


@dataclass(slots=True)
class Outcome:
    """What a run did: sites and participants that are there now, and how many it loaded."""

    sites: int = 0
    participants: int = 0
    loaded: int = 0


Report = Callable[[int], None]
"""Told how many participants more are there."""


async def load_world(wanted: Wanted, loaders: dict[str, Loader], report: Report) -> Outcome:
    """Load a world.

    Args:
        wanted: which.
        loaders: the services' loaders by name, not yet started.
        report: told of progress.

    Raises:
        LoaderError: a service could not load; what is there stays, and a second run goes on.
    """
    outcome = Outcome()
    to_consent: asyncio.Queue[Awaitable[Made] | None] = asyncio.Queue(_AHEAD)
    to_others: asyncio.Queue[tuple[Made, int] | None] = asyncio.Queue(_AHEAD)
    for loader in loaders.values():
        await loader.start()
    makers = ProcessPoolExecutor(_MAKERS, get_context("spawn"), _prepare)
    try:
        sites = outlines(wanted.participants, wanted.seed, wanted.on)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_make(makers, sites, to_consent))
            tasks.create_task(_tell_consent(loaders["consent"], to_consent, to_others))
            tasks.create_task(_tell_others(loaders, to_others, outcome, report))
    finally:
        makers.shutdown(cancel_futures=True)
        await asyncio.gather(*(loader.stop() for loader in loaders.values()))
    return outcome


def _prepare() -> None:
    # Ctrl-C is for who started this; a maker ends when its pool is shut down. What it makes has no
    # cycles, and looking for them took a quarter of its time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


async def _make(
    makers: ProcessPoolExecutor,
    sites: Iterator[Outline],
    to_consent: asyncio.Queue[Awaitable[Made] | None],
) -> None:
    loop = asyncio.get_running_loop()
    for outline in sites:
        await to_consent.put(loop.run_in_executor(makers, made, outline))
    await to_consent.put(None)


async def _tell_consent(
    consent: Loader,
    to_consent: asyncio.Queue[Awaitable[Made] | None],
    to_others: asyncio.Queue[tuple[Made, int] | None],
) -> None:
    while (making := await to_consent.get()) is not None:
        site = await making
        answer = await consent.load(site.consent, site.facts)
        await to_others.put((site, answer["revision"]))
    await to_others.put(None)


async def _tell_others(
    loaders: dict[str, Loader],
    to_others: asyncio.Queue[tuple[Made, int] | None],
    outcome: Outcome,
    report: Report,
) -> None:
    places = asyncio.Semaphore(_AHEAD)

    async def tell(site: Made, revision: int) -> None:
        # The two take their sites in the same order, but neither waits for the other.
        try:
            answers = await asyncio.gather(
                loaders["participants"].load(_at(revision, site.participants), site.facts),
                loaders["cases"].load(_at(revision, site.cases), site.facts),
            )
        finally:
            places.release()
        outcome.sites += 1
        outcome.participants += site.size
        outcome.loaded += answers[0]["loaded"]
        report(site.size)

    async with asyncio.TaskGroup() as tasks:
        while (found := await to_others.get()) is not None:
            await places.acquire()
            tasks.create_task(tell(*found))


def _at(revision: int, line: bytes) -> bytes:
    """Return a site's line with the revision that consent gave it."""
    return b'{"revision":%d,' % revision + line[1:]


def day_of(world_file: Path, seed: int, today: date) -> date:
    """Return the day that a seed's world is reckoned from: that of its first run."""
    known = _read(world_file).get("days", {})
    return date.fromisoformat(known.get(str(seed), today.isoformat()))


def remember(world_file: Path, wanted: Wanted) -> list[dict[str, Any]]:
    """Write down the day, size and personas of a world; returns the personas.

    A run for fewer people than are there takes nobody away.
    """
    kept = _read(world_file)
    loaded = max(loaded_of(world_file, wanted.seed), wanted.participants)
    first = next(outlines(wanted.participants, wanted.seed, wanted.on))
    people, seed = personas(site_places(first)), str(wanted.seed)
    content = {
        "days": {**kept.get("days", {}), seed: wanted.on.isoformat()},
        "loaded": {**kept.get("loaded", {}), seed: loaded},
        "personas": people,
    }
    write_private(world_file, json.dumps(content, indent=1) + "\n")
    return people


def loaded_of(world_file: Path, seed: int) -> int:
    """Return how many participants of a seed the last run that ended has left."""
    return int(_read(world_file).get("loaded", {}).get(str(seed), 0))


def _read(world_file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(world_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
