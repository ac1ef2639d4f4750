"""Commands on published figures."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.data_folder import chosen

figures_app = typer.Typer(help="Published figures, small cells suppressed.", no_args_is_help=True)


@figures_app.callback()
def figures() -> None:
    """Published figures, small cells suppressed."""


@figures_app.command()
def extract(
    persona: Annotated[
        str, typer.Option("--as", metavar="PERSONA", help="Who asks; a role that has figures.")
    ] = "pcg_member",
    periods: Annotated[int, typer.Option(min=1, max=20, help="How many of the newest.")] = 4,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR")] = None,
) -> None:
    """Print figures as CSV by the groups that RCW 71.24.909 names; suppressed is empty."""
    from infra.cli.extract import extract as written

    sys.stdout.write(written(chosen(data), persona, periods))
