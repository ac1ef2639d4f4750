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
from infra.dev.synth.loaders import Loader, LoaderError
from infra.dev.synth.loading import Outcome, Wanted, day_of, load_world, remember

LARGEST = 1_000_000
_SERVICES = ("consent", "participants", "cases")


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
        raise CommandError(str(errors.exceptions[0])) from None
    people = remember(folder.synthetic_file, wanted)
    names = " ".join(row["persona"] for row in people)
    sys.stderr.write(f"personas: {names}\n")
    seconds = perf_counter() - began
    return (
        f"synth: {outcome.participants} participants in {outcome.sites} sites of seed {seed} as of"
        f" {on.isoformat()}; {outcome.loaded} loaded now in {seconds:.1f} s"
    )


async def _load(folder: DataFolder, wanted: Wanted) -> Outcome:
    loaders = {
        service: Loader(service, {**os.environ, **folder.environment(f"svc_{service}")}, REPOSITORY)
        for service in _SERVICES
    }
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("participants", total=wanted.participants)
        return await load_world(wanted, loaders, lambda more: progress.advance(task, more))
