"""Serve the development issuer until SIGTERM: ``python -m infra.dev.issuer``."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

# authlib refuses plain http; this issuer speaks nothing else, and only to this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import uvicorn
from starlette.applications import Starlette

from infra.dev.issuer.app import Issuer
from infra.dev.issuer.settings import read_issuer_settings
from infra.serve import listen
from infra.settings import Address, Environment, SettingsError


class _Server(uvicorn.Server):
    """Leaves signals to `_serve`, which stops both servers together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _server(app: Starlette) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http="httptools",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
            ws="none",
        )
    )


async def _serve(issuer: Issuer, bind: Address, private_bind: Address) -> None:
    servers = [_server(issuer.public_app()), _server(issuer.private_app())]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sockets = [listen(bind), listen(private_bind)]
    try:
        await asyncio.gather(
            *(server.serve([sock]) for server, sock in zip(servers, sockets, strict=True))
        )
    finally:
        os.unlink(private_bind.unix_path or "")  # noqa: PTH108 - at the end, nothing else runs


def main() -> int:
    """Run the issuer; return the exit status."""
    try:
        settings = read_issuer_settings(Environment())
        asyncio.run(_serve(Issuer(settings), settings.bind, settings.private_bind))
    except SettingsError as error:
        sys.stderr.write(f"issuer: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"issuer: cannot listen on {settings.bind.text}: {error.strerror}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
