"""Commands that keep a platform going: back up, restore, roll. They stand beside the others."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.data_folder import chosen
from infra.cli.sandbox import refuse_sandbox

upkeep_app = typer.Typer()

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder (default: that of the last `up`)."),
]


@upkeep_app.command()
def roll(data: Data = None) -> None:
    """Put a fresh process in the place of each program, one by one; no request is refused."""
    from infra.cli.rolling import roll_everything

    sys.stdout.write(roll_everything(chosen(data)) + "\n")


@upkeep_app.command()
def retention(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who answers for it.")],
    data: Data = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many are due.")] = False,
) -> None:
    """Purge, with proof, whoever's time has ended, and forget old keys; once a day."""
    from infra.cli.retaining import retain_everything

    sys.stdout.write(retain_everything(chosen(data), by, is_dry=dry_run) + "\n")


@upkeep_app.command()
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Where to (default: DIR/backups/TIME)."),
    ] = None,
    data: Data = None,
    *,
    base: Annotated[
        bool, typer.Option("--base", help="Of the whole cluster, for `restore --at`.")
    ] = False,
) -> None:
    """Copy all databases, keys and secrets into a folder; the platform may be running."""
    from infra.cli.backups import take_backup

    sys.stdout.write(take_backup(chosen(data), target, is_base=base) + "\n")


@upkeep_app.command()
def restore(
    backup_folder: Annotated[
        Path | None,
        typer.Argument(metavar="[BACKUP]", help="Which (default: the newest in DIR/backups)."),
    ] = None,
    data: Data = None,
    *,
    force: Annotated[bool, typer.Option(help="Replace the databases that DIR has.")] = False,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Journal to replay (default: as the backup says)."),
    ] = None,
    without_journal: Annotated[
        bool, typer.Option(help="It is lost: what was revoked since the backup comes back.")
    ] = False,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
            help="To this moment, with its zone; of a backup --base, with --archive.",
        ),
    ] = None,
    archive: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the log was archived.")
    ] = None,
) -> None:
    """Restore a backup; what was revoked after it is replayed before anything is served."""
    from infra.cli.backups import restore_backup

    refuse_sandbox(chosen(data).path)
    said = restore_backup(
        chosen(data),
        backup_folder,
        is_forced=force,
        journal=journal,
        without_journal=without_journal,
        moment=at,
        archive=None if archive is None else archive.absolute(),
    )
    sys.stdout.write(said + "\n")
