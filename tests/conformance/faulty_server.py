"""A subgraph that answers over real HTTP what no subgraph should."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import orjson

Reply = Callable[[bytes], bytes | None]
"""The body of a request in, the bytes of the whole answer out; None never answers."""


def http(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    more: str = "",
    length: int | None = None,
) -> bytes:
    """The bytes of an HTTP answer; `length` may differ from what the body has."""
    said = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {said}\r\n{more}"
    return head.encode() + b"\r\n" + body


def graphql(answer: object) -> bytes:
    """The bytes of a GraphQL answer."""
    return http(orjson.dumps(answer))


@contextlib.asynccontextmanager
async def faulty_subgraph(reply: Reply) -> AsyncIterator[str]:
    """Serve on a free port of the loopback interface; gives the URL."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
            )
            body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
            answer = reply(body)
            if answer is None:
                await over.wait()
            else:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        over.set()
        server.close()
