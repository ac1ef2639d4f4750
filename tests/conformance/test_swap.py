"""A new supergraph under load: no request fails, and each is answered by one generation alone."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.subgraph_client import SubgraphClient
from gateway.supergraph import load_supergraph
from infra.http_client import HttpClient, HttpResponse, HttpUnreachableError
from tests.bench.storefront import SUBGRAPHS, Size, storefront_world, subgraph_sdl, supergraph_sdl
from tests.conformance.serve import BUDGETS, Application, Engine
from tests.conformance.subgraph import HonestSubgraph
from tests.conformance.subgraph_server import serving
from tests.conformance.test_serve import ROOT, free_port
from tests.conformance.world import World, ask_oracle

QUERY = "{ users { id name reviews { id author { name } product { upc name inStock } } } }"
SCHEMA = load_supergraph(supergraph_sdl(1)).api_schema


def world_of(generation: str) -> World:
    """A world in which every name says which generation it is of."""
    world = storefront_world(Size(users=3, products=2, reviews=5))
    for holder in world.objects.values():
        if "name" in holder:
            holder["name"] = f"{generation} {holder['name']}"
    return world


WORLDS = {generation: world_of(generation) for generation in "ab"}
EXPECTED = {name: ask_oracle(SCHEMA, world, QUERY)["data"] for name, world in WORLDS.items()}


def sdl_of(generation: str, port: int) -> str:
    sdl = supergraph_sdl(port)
    for name in SUBGRAPHS:
        sdl = sdl.replace(f":{port}/{name}", f":{port}/{generation}/{name}")
    return sdl


def replace(file: Path, text: str) -> None:
    new = file.with_name("new")
    new.write_text(text)
    new.rename(file)


@contextlib.asynccontextmanager
async def process(file: Path) -> AsyncIterator[tuple[HttpClient, asyncio.subprocess.Process]]:
    port = free_port()
    words = ["--supergraph", str(file), "--port", str(port), "--follow", "0.05"]
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.conformance.serve", *words, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    client = HttpClient(f"tcp:127.0.0.1:{port}")
    try:
        for _ in range(600):
            with contextlib.suppress(HttpUnreachableError):
                await client.request("GET", "/health/ready", {}, timeout_seconds=5)
                break
            await asyncio.sleep(0.05)
        yield client, started
    finally:
        await client.close()
        started.send_signal(signal.SIGTERM)
        await asyncio.wait_for(started.communicate(), 30)


async def test_no_request_fails_and_none_is_mixed_while_supergraphs_change(tmp_path: Path) -> None:
    subgraphs = {
        f"{generation}/{name}": HonestSubgraph(subgraph_sdl(name), world)
        for generation, world in WORLDS.items()
        for name in SUBGRAPHS
    }
    file = tmp_path / "supergraph.graphql"
    answers: list[Any] = []
    is_over = asyncio.Event()
    async with serving(subgraphs) as server:
        file.write_text(sdl_of("a", server.port))
        async with process(file) as (client, running):

            async def ask() -> Any:
                body = orjson.dumps({"query": QUERY})
                answer = await client.request("POST", "/graphql", {}, body, timeout_seconds=60)
                assert answer.status == 200
                return orjson.loads(answer.body)

            async def load() -> None:
                while not is_over.is_set():
                    answers.append(await ask())

            async def until(generation: str) -> None:
                async with asyncio.timeout(60):
                    while not answers or answers[-1] != {"data": EXPECTED[generation]}:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)

            async def change() -> None:
                await until("a")
                for generation in "baba":
                    replace(file, sdl_of(generation, server.port))
                    await until(generation)
                    replace(file, "type Query {")  # refused; what serves goes on
                    running.send_signal(signal.SIGHUP)
                is_over.set()

            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(load())
                group.create_task(change())
            assert await ask() == {"data": EXPECTED["a"]}
    found = [one == {"data": EXPECTED["a"]} or one == {"data": EXPECTED["b"]} for one in answers]
    assert all(found), answers[found.index(False)]


class SwapsOnTheWay:
    """The transport of one generation's subgraph; the first call lets the other generation in."""

    def __init__(self, subgraph: HonestSubgraph, swaps: Iterator[Any]) -> None:
        self._subgraph = subgraph
        self._swaps = swaps

    async def post(self, body: bytes, *_: Any, **__: Any) -> HttpResponse:
        for swap in self._swaps:
            swap()
            break
        return HttpResponse(200, {}, orjson.dumps(self._subgraph.execute(orjson.loads(body))))

    async def close(self) -> None:
        """Nothing is open."""


async def _a_request_keeps_its_generation(engine_type: type[Engine]) -> None:
    supergraph = load_supergraph(supergraph_sdl(1))
    engines = {name: engine_type(supergraph, star=None, budget=BUDGETS["on"]) for name in WORLDS}
    application = Application(engines["a"])
    swaps = iter([lambda: application.swap(engines["b"])])
    for name, world in WORLDS.items():
        transports: Any = {
            one: SwapsOnTheWay(HonestSubgraph(subgraph_sdl(one), world), swaps) for one in SUBGRAPHS
        }
        engines[name].transports = transports
        engines[name].application = application  # type: ignore[attr-defined]  # for the twin
    assert await ask_application(application) == {"data": EXPECTED["a"]}
    assert await ask_application(application) == {"data": EXPECTED["b"]}


async def ask_application(application: Application) -> Any:
    messages = iter([{"type": "http.request", "body": orjson.dumps({"query": QUERY})}])
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": []}
    await application(scope, receive, send)
    return orjson.loads(sent[1]["body"])


async def test_a_request_keeps_the_generation_that_it_began_with() -> None:
    await _a_request_keeps_its_generation(Engine)


async def test_an_engine_that_looks_up_the_present_one_would_be_noticed() -> None:
    """Planted twin: transports are those of whatever generation serves at the moment."""

    class Present(dict[str, SubgraphClient]):
        def __init__(self, engine: "Careless") -> None:
            super().__init__()
            self._engine = engine

        def get(self, name: str, *_: Any) -> Any:
            return self._engine.application.engine.own[name]  # type: ignore[attr-defined]

    class Careless(Engine):
        application: Application
        own: dict[str, Any]

        @property
        def transports(self) -> Any:
            return Present(self)

        @transports.setter
        def transports(self, own: dict[str, Any]) -> None:
            self.own = own

    with pytest.raises(AssertionError):
        await _a_request_keeps_its_generation(Careless)
