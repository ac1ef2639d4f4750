"""A program that serves as ours do, and answers each request after a moment."""

import asyncio
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra import serve
from infra.settings import parse_address

_MOMENT_SECONDS = 0.1


async def _answer(_request: Request) -> Response:
    await asyncio.sleep(_MOMENT_SECONDS)
    return JSONResponse({"pid": os.getpid()})


async def _ready(_request: Request) -> Response:
    return JSONResponse({})


def main() -> None:
    """Serve where the environment says."""
    routes = [
        Route("/graphql", _answer, methods=["POST"]),
        Route("/health/ready", _ready, methods=["GET"]),
    ]
    delay = float(os.environ["GT_STOP_DELAY_SECONDS"])
    bind = parse_address("GT_BIND", os.environ["GT_BIND"])
    metrics = parse_address("GT_METRICS_BIND", os.environ["GT_METRICS_BIND"])
    serve.run(Starlette(routes=routes), bind, metrics, delay)


if __name__ == "__main__":
    main()
