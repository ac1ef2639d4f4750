"""Serve the honest subgraphs of cases over real HTTP: `/CASE/SUBGRAPH`."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import orjson
import uvicorn

from tests.conformance.subgraph import HonestSubgraph


class SubgraphServer:
    """An ASGI application over honest subgraphs; remembers the headers that came."""

    def __init__(self, subgraphs: dict[str, HonestSubgraph]) -> None:
        self.subgraphs = subgraphs
        self.headers: list[dict[bytes, bytes]] = []
        self.port = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        self.headers.append(dict(scope["headers"]))
        answer = self.subgraphs[scope["path"].strip("/")].execute(orjson.loads(body))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(answer)})


@contextlib.asynccontextmanager
async def serving(subgraphs: dict[str, HonestSubgraph]) -> AsyncIterator[SubgraphServer]:
    """Serve on a free port of the loopback interface."""
    application = SubgraphServer(subgraphs)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    application.port = listening.getsockname()[1]
    config = uvicorn.Config(application, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield application
    finally:
        server.should_exit = True
        await task
        listening.close()
