"""Commands on the sandbox of partner developers."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.data_folder import POINTER, REPOSITORY, DataFolder
from infra.cli.errors import CommandError

SANDBOX_VARIABLE = "GT_SANDBOX"
SANDBOX_POINTER = POINTER.with_name(f"{POINTER.name}-sandbox")
"""File that names the last sandbox; the pointer of other commands never names one."""
NOTHING_REAL = "nothing that may be real is read into it"
_FOLDER = REPOSITORY / ".goldenthread" / "sandbox"
_HELP = "A platform of your own to try things on: synthetic people, a clock that goes forward."

sandbox_app = typer.Typer(help=_HELP, no_args_is_help=True)
Folder = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The sandbox (default: the last, else .goldenthread/sandbox)."
    ),
]


@sandbox_app.command("up")
def sandbox_up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65534, help="Gateway port (default: as `up`).")
    ] = None,
    data: Folder = None,
    *,
    fresh: Annotated[
        bool, typer.Option(help="Throw the sandbox away first; its clock starts anew.")
    ] = False,
) -> None:
    """Start the sandbox and print `ready URL`; everything else is as with `up`."""
    import shutil

    from infra.dev.sandbox import SandboxClock, SandboxError, is_sandbox, make_sandbox

    folder = _FOLDER if data is None else data.resolve()
    try:
        if fresh and is_sandbox(folder):
            if DataFolder(folder).is_running():
                raise CommandError(f"{folder} is running; stop it first")
            shutil.rmtree(folder)
        make_sandbox(folder)
        more = SandboxClock(folder).environment()
    except SandboxError as error:
        raise CommandError(str(error)) from error
    words = ["up", "--data", str(folder)] + ([] if port is None else ["--port", str(port)])
    # In place of this process: its programs, PostgreSQL too, go by the sandbox's clock.
    own = {SANDBOX_VARIABLE: "1", "GT_POINTER": str(SANDBOX_POINTER)}
    environment = {**os.environ, **more, **own}
    os.execve(sys.executable, [sys.executable, "-m", "infra.cli", *words], environment)  # noqa: S606


@sandbox_app.command()
def forward(
    days: Annotated[float, typer.Argument(min=0, help="How far; fractions are taken too.")],
    data: Folder = None,
) -> None:
    """Put the sandbox's clock forward; there is no way back but `sandbox up --fresh`."""
    from infra.dev.sandbox import SandboxClock, SandboxError

    try:
        ahead = SandboxClock(_made(data)).forward(timedelta(days=days))
    except SandboxError as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(f"{ahead.total_seconds() / 86400:g} days ahead\n")


@sandbox_app.command()
def clock(data: Folder = None) -> None:
    """Print how far the sandbox's clock is ahead."""
    from infra.dev.sandbox import SandboxClock, SandboxError

    try:
        ahead = SandboxClock(_made(data)).ahead
    except SandboxError as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(f"{ahead.total_seconds() / 86400:g} days ahead\n")


def refuse_sandbox(data_dir: Path, doing: str = NOTHING_REAL) -> None:
    """Refuse what must not happen to a sandbox.

    Args:
        data_dir: of the command.
        doing: why, or what to do instead.

    Raises:
        CommandError: the folder is one.
    """
    from infra.dev.sandbox import is_sandbox

    if is_sandbox(data_dir):
        raise CommandError(f"{data_dir} is a sandbox: {doing}")


def _folder(data: Path | None) -> Path:
    if data is not None:
        return data.resolve()
    try:
        return Path(SANDBOX_POINTER.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return _FOLDER


def _made(data: Path | None) -> Path:
    from infra.dev.sandbox import is_sandbox

    folder = _folder(data)
    if not is_sandbox(folder):
        raise CommandError(f"{folder} is no sandbox; make one with ./goldenthread sandbox up")
    return folder
