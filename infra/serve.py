"""Runs an ASGI application and its metrics on uvicorn until SIGTERM, then drains.

httptools (under bounds of our own) and uvloop are named explicitly: measured as the cheapest server
on one core.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from infra.collector import settle
from infra.serve_protocol import BoundedProtocol
from infra.settings import Address
from infra.telemetry.metrics import metrics_app

DRAIN_SECONDS = 8


class _Server(uvicorn.Server):
    """Leaves signals to ``run``, which stops both servers together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()


def _config(app: Starlette, *, is_private: bool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="uvloop",
        lifespan="off" if is_private else "on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws="none",
    )


def listen(address: Address) -> socket.socket:
    """Open a listening socket.

    Raises:
        OSError: the port is in use or the folder is not writable.
    """
    path = address.unix_path
    if path is not None:
        Path(path).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        Path(path).chmod(0o600)
    else:
        host_port = address.host_port
        assert host_port is not None  # noqa: S101 - an address is one of the two
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(host_port)
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _remove_socket(address: Address) -> None:
    if address.unix_path is not None:
        Path(address.unix_path).unlink(missing_ok=True)


async def _serve(app: Starlette, bind: Address, metrics_bind: Address) -> None:
    public = _Server(_config(app, is_private=False))
    private = _Server(_config(metrics_app(), is_private=True))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for release in getattr(app.state, "on_stopping", ()):
            release()
        public.should_exit = True
        private.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sockets = listen(bind), listen(metrics_bind)
    try:
        await asyncio.gather(
            public.serve(sockets=[sockets[0]]), private.serve(sockets=[sockets[1]])
        )
    finally:
        for address in (bind, metrics_bind):
            _remove_socket(address)
    if not public.started:
        raise SystemExit(3)


def run(app: Starlette, bind: Address, metrics_bind: Address) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight get ``DRAIN_SECONDS`` to end.

    Raises:
        SystemExit: the application could not start (exit status 3).
    """
    uvloop_factory = uvicorn.Config(app, loop="uvloop").get_loop_factory()
    with asyncio.Runner(loop_factory=uvloop_factory) as runner:
        runner.run(_serve(app, bind, metrics_bind))
