"""The life of one `up`: hold the folder, start, say `ready`, run until told to stop."""

import asyncio
import contextlib
import signal
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from infra.dev.postgres_binaries import BinariesError
from infra.dev.postgres_errors import PostgresError
from infra.dev.private_files import PrivateFileError, socket_directory
from infra.dev.up.balancer import find_haproxy
from infra.dev.up.errors import UpError
from infra.dev.up.layout import Layout, State, held
from infra.dev.up.merged_log import MergedLog
from infra.dev.up.programs import ALONE, Addresses, Scale
from infra.dev.up.supervisor import Supervisor

__all__ = ["UpError", "UpRequest", "run"]

DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class UpRequest:
    """What the caller asked for. `pointer` is the file that names the last data folder."""

    data_dir: Path
    port: int | None
    fresh: bool
    pointer: Path
    root: Path
    scale: Scale = ALONE


def run(request: UpRequest) -> int:
    """Run the platform until SIGINT or SIGTERM; return the exit status.

    Raises UpError when it cannot start or cannot go on; nothing is left running then.
    """
    if request.scale.is_balanced:
        find_haproxy()
    try:
        with held(request.data_dir):
            layout = Layout(request.data_dir, socket_directory(request.data_dir))
            port = request.port
            if request.fresh:
                port = port or _last_port(layout)
                layout.clear()
            request = replace(request, port=port)
            state = layout.state()
            addresses = _addresses(request, state)
            layout.keep(state)
            try:
                return asyncio.run(_live(request, layout, addresses, state))
            finally:
                _remove_sockets(layout.socket_dir)
    except (PostgresError, BinariesError, PrivateFileError) as error:
        raise UpError(str(error)) from error


def _last_port(layout: Layout) -> int | None:
    """Return the port of the last start: who starts over expects the platform where it was."""
    with contextlib.suppress(UpError):
        return layout.state().port
    return None


def _remove_sockets(folder: Path) -> None:
    """Leave no empty folder behind; all programs have ended."""
    for path in folder.glob("*.sock"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it
        folder.rmdir()


def _addresses(request: UpRequest, state: State) -> Addresses:
    port = request.port or state.port or DEFAULT_PORT
    for number, what in ((port, "gateway"), (port + 1, "issuer")):
        _check_free(number, what)
    state.port = port
    state.issuer = state.issuer or f"http://127.0.0.1:{port + 1}"
    return Addresses(port=port, issuer=state.issuer)


def _check_free(port: int, what: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            message = (
                f"port {port} of 127.0.0.1, wanted for the {what}, cannot be used "
                f"({error.strerror}); choose another with --port"
            )
            raise UpError(message) from error


async def _live(request: UpRequest, layout: Layout, addresses: Addresses, state: State) -> int:
    log = MergedLog()
    supervisor = Supervisor(layout, addresses, state, request.root, log, request.scale)
    stopping = asyncio.Event()

    def on_signal() -> None:
        if stopping.is_set():
            supervisor.kill_programs()
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    asked_to_roll = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, asked_to_roll.set)
    rolling = asyncio.create_task(_roll_when_asked(supervisor, asked_to_roll))
    work = asyncio.create_task(_start_and_watch(request, supervisor, addresses))
    told = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([work, told], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work  # raises why it cannot go on
        return 0
    finally:
        log.say("stopping")
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        rolling.cancel()
        await asyncio.gather(rolling, return_exceptions=True)
        await supervisor.stop()
        told.cancel()
        log.say("stopped; the data is kept in " + str(layout.data_dir))


async def _roll_when_asked(supervisor: Supervisor, asked: asyncio.Event) -> None:
    while True:
        await asked.wait()
        asked.clear()
        await supervisor.roll()


async def _start_and_watch(
    request: UpRequest, supervisor: Supervisor, addresses: Addresses
) -> None:
    await supervisor.start()
    request.pointer.parent.mkdir(parents=True, exist_ok=True)
    request.pointer.write_text(f"{request.data_dir}\n", encoding="utf-8")
    sys.stdout.write(f"ready {addresses.gateway_url}\n")
    sys.stdout.flush()
    await supervisor.watch()
