"""Subgraphs that cost next to nothing: each answer is computed once, then looked up by its request.

    python -m tests.bench.answer_server [--size USERS,PRODUCTS,REVIEWS,BODY_BYTES]

Prints its port. `POST /SUBGRAPH` answers as an honest subgraph does, `GET /counts` says how many
requests each subgraph has had, and what `Authorization` the last one carried. Ends with its
standard input.
"""

import argparse
import asyncio
import sys
from collections import Counter
from typing import Any

import httptools
import orjson
import uvloop

from tests.bench.storefront import SUBGRAPHS, Size, storefront_world, subgraph_sdl
from tests.conformance.subgraph import HonestSubgraph

_KEPT = 5_000


class Answers:
    """Answers by subgraph and request body."""

    def __init__(self, subgraphs: dict[str, HonestSubgraph]) -> None:
        self._subgraphs = subgraphs
        self._known: dict[tuple[str, bytes], bytes] = {}
        self.counts: Counter[str] = Counter()
        self.authorization = ""

    def answer(self, path: str, body: bytes) -> bytes:
        """Return a whole HTTP answer."""
        name = path.strip("/")
        if name == "counts":
            told = {"counts": dict(self.counts), "authorization": self.authorization}
            return _http(orjson.dumps(told))
        self.counts[name] += 1
        known = self._known.get((name, body))
        if known is None:
            known = _http(orjson.dumps(self._subgraphs[name].execute(orjson.loads(body))))
            if len(self._known) < _KEPT:
                self._known[name, body] = known
        return known


def _http(body: bytes) -> bytes:
    length = str(len(body)).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
    return head + length + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """One connection; httptools' callbacks."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._url = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 13 and name.lower() == b"authorization":
            self._answers.authorization = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._transport.write(self._answers.answer(self._url.decode(), self._body))


async def _serve(answers: Answers) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    server.close()


def run() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", help="USERS,PRODUCTS,REVIEWS,BODY_BYTES")
    options = parser.parse_args()
    size = Size(*map(int, options.size.split(","))) if options.size else Size()
    world = storefront_world(size)
    subgraphs = {name: HonestSubgraph(subgraph_sdl(name), world) for name in SUBGRAPHS}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Answers(subgraphs)))


if __name__ == "__main__":
    run()
