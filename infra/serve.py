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
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.collector import look_now_and_then, settle
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
        look_now_and_then(asyncio.get_running_loop())


def _config(app: ASGIApp, *, is_private: bool) -> uvicorn.Config:
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


class _Leaving:
    """Answers `GET /health/ready` with 503 once the process was told to stop: an ASGI layer."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self.has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.has_begun and scope["type"] == "http" and scope["path"] == "/health/ready":
            await JSONResponse({"status": "stopping"}, 503)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _serve(
    app: Starlette, bind: Address, metrics_bind: Address, stop_delay_seconds: float
) -> None:
    leaving = _Leaving(app)
    public = _Server(_config(leaving, is_private=False))
    private = _Server(_config(metrics_app(), is_private=True))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if leaving.has_begun or stop_delay_seconds <= 0:
            end()
        else:
            leaving.has_begun = True
            loop.call_later(stop_delay_seconds, end)

    def end() -> None:
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


def run(
    app: Starlette, bind: Address, metrics_bind: Address, stop_delay_seconds: float = 0.0
) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight get ``DRAIN_SECONDS`` to end.

    Args:
        app: the application.
        bind: where it listens.
        metrics_bind: where its metrics are.
        stop_delay_seconds: how long it goes on taking requests after it was told to stop, while it
            says that it is not ready: as long as a balancer needs to see that.

    Raises:
        SystemExit: the application could not start (exit status 3).
    """
    uvloop_factory = uvicorn.Config(app, loop="uvloop").get_loop_factory()
    with asyncio.Runner(loop_factory=uvloop_factory) as runner:
        runner.run(_serve(app, bind, metrics_bind, stop_delay_seconds))
