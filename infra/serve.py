"""Runs an ASGI application and its metrics on uvicorn until SIGTERM, then drains.

httptools (under bounds of our own) and uvloop are named explicitly: measured as the cheapest server
on one core.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.collector import look_now_and_then, settle
from infra.http_client import HttpClient, HttpClientError
from infra.serve_protocol import BoundedProtocol
from infra.settings import Address
from infra.telemetry.metrics import metrics_app

DRAIN_SECONDS = 8
SUCCEEDS_VARIABLE = "GT_SUCCEEDS"
"""Set where another process of the same program serves the port that was handed over."""
_READY_POLL_SECONDS = 0.05


class _Server(uvicorn.Server):
    """Leaves signals to ``run``, which stops both servers together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()
        look_now_and_then(asyncio.get_running_loop())


MAX_SOCKET_MESSAGE_BYTES = 65_536


def _config(app: ASGIApp, *, is_private: bool, takes_sockets: bool = False) -> uvicorn.Config:
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
        ws="websockets-sansio" if takes_sockets else "none",
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,  # nothing is unpacked before its size is known
    )


_FIRST_HANDED_DESCRIPTOR = 3  # sd_listen_fds(3)


def _handed_over(host_port: tuple[str, int]) -> socket.socket | None:
    """Return the socket of a port that whoever started this process has opened for it.

    As systemd hands sockets over, and `up`: connections wait in it while one process follows
    another. See sd_listen_fds(3).
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    for number in range(int(os.environ.get("LISTEN_FDS", "0"))):
        handed = socket.socket(fileno=os.dup(_FIRST_HANDED_DESCRIPTOR + number))
        if handed.getsockname() == host_port:
            return handed
        handed.close()
    return None


def listen(address: Address) -> socket.socket:
    """Open a listening socket, or take the one of that port that was handed over.

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
        if (handed := _handed_over(host_port)) is not None:
            handed.setblocking(False)
            return handed
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(host_port)
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _mark(address: Address) -> tuple[int, int] | None:
    """Return what tells a socket's file from another one in its place."""
    if address.unix_path is None:
        return None
    with contextlib.suppress(FileNotFoundError):
        found = Path(address.unix_path).stat()
        return found.st_dev, found.st_ino
    return None


def _remove_socket(address: Address, mark: tuple[int, int] | None) -> None:
    """Remove a socket's file, unless a successor has put its own in the place."""
    if address.unix_path is not None and mark == _mark(address):
        Path(address.unix_path).unlink(missing_ok=True)


class _Leaving:
    """An ASGI layer that sends clients elsewhere once the process was told to stop.

    `GET /health/ready` is answered with 503, and every connection is closed with its next answer.
    """

    def __init__(self, app: Starlette, metrics_bind: Address) -> None:
        self._app = app
        self._metrics_bind = metrics_bind
        self.has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.has_begun and scope["type"] == "http" and scope["path"] == "/health/ready":
            await JSONResponse({"status": "stopping"}, 503)(scope, receive, send)
        elif self.has_begun and scope["type"] == "http":
            await self._app(scope, receive, _closing(send))
        elif scope["type"] == "lifespan" and os.environ.get(SUCCEEDS_VARIABLE):
            await self._app(scope, receive, self._once_ready(send))
        else:
            await self._app(scope, receive, send)

    def _once_ready(self, send: Send) -> Send:
        """Open the public port no sooner than the program is ready: another one serves it yet."""

        async def sending(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await _until_ready(self._metrics_bind)
            await send(message)

        return sending


async def _until_ready(metrics_bind: Address) -> None:
    client = HttpClient(metrics_bind.text)
    while True:
        with contextlib.suppress(HttpClientError):
            answer = await client.request("GET", "/health/ready", {}, timeout_seconds=2.0)
            if answer.status == HTTPStatus.OK:
                break
        await asyncio.sleep(_READY_POLL_SECONDS)
    await client.close()


class _Private:
    """The metrics, and what the program says of its health; an ASGI application."""

    def __init__(self, public: ASGIApp) -> None:
        self._public = public
        self._metrics = metrics_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_health = scope["path"].startswith("/health/")
        await (self._public if is_health else self._metrics)(scope, receive, send)


def _closing(send: Send) -> Send:
    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return closing


async def _serve(
    app: Starlette, bind: Address, metrics_bind: Address, stop_delay_seconds: float
) -> None:
    leaving = _Leaving(app, metrics_bind)
    takes_sockets = bool(getattr(app.state, "takes_sockets", False))
    public = _Server(_config(leaving, is_private=False, takes_sockets=takes_sockets))
    private = _Server(_config(_Private(leaving), is_private=True))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if leaving.has_begun or stop_delay_seconds <= 0:
            end()
        else:
            leave()
            loop.call_later(stop_delay_seconds, end)

    def leave() -> None:
        leaving.has_begun = True

    def end() -> None:
        for release in getattr(app.state, "on_stopping", ()):
            release()
        public.should_exit = True
        private.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGUSR1, leave)
    sockets = listen(bind), listen(metrics_bind)
    marks = {address: _mark(address) for address in (bind, metrics_bind)}
    try:
        await asyncio.gather(
            public.serve(sockets=[sockets[0]]), private.serve(sockets=[sockets[1]])
        )
    finally:
        for address, mark in marks.items():
            _remove_socket(address, mark)
    if not public.started:
        raise SystemExit(3)


def run(
    app: Starlette, bind: Address, metrics_bind: Address, stop_delay_seconds: float = 0.0
) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight get ``DRAIN_SECONDS`` to end.

    SIGUSR1 says that a successor serves already: clients are sent away, and SIGTERM comes later.

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
