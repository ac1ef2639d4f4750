"""Loads a synthetic world into the running platform, site by site, and says how far it is.

Consent comes first: it gives the site its revision. Participants and cases follow with the same
facts. Each service remembers the sites that it has, so what was stopped half-way goes on there.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from infra.dev.private_files import write_private
from infra.dev.synth.batch import Batch, Outline, build_batch, outlines, site_places
from infra.dev.synth.loaders import Loader
from infra.dev.synth.places import personas

_AHEAD = 2
"""Sites that may be made, or be with consent, while the others load."""


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
    made: asyncio.Queue[Batch | None] = asyncio.Queue(_AHEAD)
    known: asyncio.Queue[tuple[Batch, int] | None] = asyncio.Queue(_AHEAD)
    for loader in loaders.values():
        await loader.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_make(outlines(wanted.participants, wanted.seed, wanted.on), made))
            tasks.create_task(_tell_consent(loaders["consent"], made, known))
            tasks.create_task(_tell_others(loaders, known, outcome, report))
    finally:
        await asyncio.gather(*(loader.stop() for loader in loaders.values()))
    return outcome


async def _make(sites: Iterator[Outline], made: asyncio.Queue[Batch | None]) -> None:
    for outline in sites:
        await made.put(await asyncio.to_thread(build_batch, outline))
    await made.put(None)


async def _tell_consent(
    consent: Loader,
    made: asyncio.Queue[Batch | None],
    known: asyncio.Queue[tuple[Batch, int] | None],
) -> None:
    while (batch := await made.get()) is not None:
        told = {**batch.of_all(), "mous": batch.places.mous, "people": batch.people}
        answer = await consent.load(told, batch.facts)
        await known.put((batch, answer["revision"]))
    await known.put(None)


async def _tell_others(
    loaders: dict[str, Loader],
    known: asyncio.Queue[tuple[Batch, int] | None],
    outcome: Outcome,
    report: Report,
) -> None:
    while (found := await known.get()) is not None:
        batch, revision = found
        told: dict[str, Any] = {**batch.of_all(), "revision": revision, "people": batch.people}
        answers = await asyncio.gather(
            loaders["participants"].load(told, batch.facts),
            loaders["cases"].load({**told, "cases": batch.cases}, batch.facts),
        )
        outcome.sites += 1
        outcome.participants += batch.outline.size
        outcome.loaded += answers[0]["loaded"]
        report(batch.outline.size)


def day_of(world_file: Path, seed: int, today: date) -> date:
    """Return the day that a seed's world is reckoned from: that of its first run."""
    known = _read(world_file).get("days", {})
    return date.fromisoformat(known.get(str(seed), today.isoformat()))


def remember(world_file: Path, wanted: Wanted) -> list[dict[str, Any]]:
    """Write down the day and the personas of a world; returns the personas."""
    kept = _read(world_file)
    first = next(outlines(wanted.participants, wanted.seed, wanted.on))
    people = personas(site_places(first))
    days = {**kept.get("days", {}), str(wanted.seed): wanted.on.isoformat()}
    write_private(world_file, json.dumps({"days": days, "personas": people}, indent=1) + "\n")
    return people


def _read(world_file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(world_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
