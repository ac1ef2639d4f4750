"""`synth`: loads a synthetic world into the platform of a data folder, with a progress bar."""

import asyncio
import os
import sys
from time import perf_counter

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from infra import clock
from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.errors import CommandError
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.private_files import socket_directory
from infra.dev.service_databases import Server
from infra.dev.synth.loaders import Loader, LoaderError
from infra.dev.synth.loading import Outcome, Wanted, day_of, load_world, loaded_of, remember
from infra.dev.synth.set_aside import left_over, put_back, set_aside, uncounted

MANY = 20_000
"""Participants from which it pays to set indexes aside."""
FACTS_EACH = 14
_SERVICES = ("consent", "participants", "cases")
DATABASES = tuple(f"gt_{service}" for service in _SERVICES)


def synthesize(folder: DataFolder, participants: int, seed: int) -> str:
    """Load the world and return one line about it.

    Raises:
        CommandError: nothing is running, or a service could not load.
    """
    folder.running()
    on = day_of(folder.synthetic_file, seed, clock.now().date())
    wanted = Wanted(participants, seed, on)
    began = perf_counter()
    try:
        outcome = asyncio.run(_load(folder, wanted))
    except* LoaderError as errors:
        raise CommandError(str(_first(errors))) from None
    finally:
        # Also after Ctrl-C: what is there gets its indexes back.
        asyncio.run(_tidy(folder))
    people = remember(folder.synthetic_file, wanted)
    names = " ".join(row["persona"] for row in people)
    sys.stderr.write(f"personas: {names}\n")
    seconds = perf_counter() - began
    return (
        f"synth: {outcome.participants} participants in {outcome.sites} sites of seed {seed} as of"
        f" {on.isoformat()}; {outcome.loaded} loaded now in {seconds:.1f} s"
    )


def _first(errors: BaseExceptionGroup[LoaderError]) -> BaseException:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


async def _load(folder: DataFolder, wanted: Wanted) -> Outcome:
    server = _server(folder)
    loaders = {}
    for service in _SERVICES:
        own = folder.environment(f"svc_{service}")
        # The loader reaches its service's database as superuser: see infra.bulk_copy.
        own["GT_DATABASE_DSN"] = server.superuser_address(f"gt_{service}")
        loaders[service] = Loader(service, {**os.environ, **own}, REPOSITORY)
    if await _is_large(folder, server, wanted):
        await set_aside(server, DATABASES, folder.path)
    async with uncounted(server, DATABASES):
        return await _loaded(wanted, loaders)


async def _loaded(wanted: Wanted, loaders: dict[str, Loader]) -> Outcome:
    with _progress() as progress:
        task = progress.add_task("participants", total=wanted.participants)
        return await load_world(wanted, loaders, lambda more: progress.advance(task, more))


async def _is_large(folder: DataFolder, server: Server, wanted: Wanted) -> bool:
    """Say whether so much is to come that indexes are quicker built than kept."""
    missing = wanted.participants - loaded_of(folder.synthetic_file, wanted.seed)
    async with server.superuser(DATABASES[0]) as connection:
        facts = await connection.fetchval(
            "SELECT greatest(reltuples, 0) FROM pg_class WHERE relname = 'authority_visibility'"
        )
    return missing >= max(MANY, int(facts) // FACTS_EACH // 2)


async def _tidy(folder: DataFolder) -> None:
    """Build the indexes that were set aside, and gather statistics.

    Until PostgreSQL's own worker comes by, plans would be those of a small world.
    """
    server = _server(folder)
    waiting = await left_over(server, folder.path)
    async with uncounted(server, DATABASES):
        with _progress() as progress:
            task = progress.add_task("indexes", total=waiting, visible=waiting > 0)
            await put_back(server, folder.path, lambda: progress.advance(task))

    async def analyze(database: str) -> None:
        async with server.superuser(database) as connection:
            await connection.execute("ANALYZE")

    await asyncio.gather(*map(analyze, DATABASES))


def _server(folder: DataFolder) -> Server:
    return EmbeddedPostgres(folder.path, socket_directory(folder.path)).server


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True),
    )  # fmt: skip
