"""`python -m tests.conformance.serve` as its users start it: a process, over real HTTP."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.http_client import HttpClient, HttpUnreachableError
from tests.conformance import serve
from tests.conformance.load_cases import CASES, Case
from tests.conformance.star import CATEGORIES, category_number
from tests.conformance.subgraph_server import SubgraphServer, serving
from tests.conformance.world import ask_oracle

STOREFRONT = Case(CASES / "storefront")
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def gateway(
    tmp_path: Path, *options: str
) -> AsyncIterator[tuple[HttpClient, SubgraphServer]]:
    async with serving(STOREFRONT.subgraphs()) as subgraphs:
        sdl = (STOREFRONT.path / "supergraph.graphql").read_text()
        for name in subgraphs.subgraphs:
            here = f"http://127.0.0.1:{subgraphs.port}/{name}"
            sdl = sdl.replace(f"http://{name}.test/graphql", here)
        file = tmp_path / "supergraph.graphql"
        file.write_text(sdl)
        port = free_port()
        arguments = ["--supergraph", str(file), "--port", str(port), *options]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.conformance.serve", *arguments, cwd=ROOT
        )
        client = HttpClient(f"tcp:127.0.0.1:{port}")
        try:
            for _ in range(600):
                with contextlib.suppress(HttpUnreachableError):
                    ready = await client.request("GET", "/health/ready", {}, timeout_seconds=60)
                    assert ready.status == 200
                    break
                await asyncio.sleep(0.05)
            yield client, subgraphs
        finally:
            await client.close()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) in (0, -signal.SIGTERM)


async def ask(client: HttpClient, query: str, **headers: str) -> Any:
    body = orjson.dumps({"query": query})
    answer = await client.request("POST", "/graphql", headers, body, timeout_seconds=60)
    return json.loads(answer.body)


async def test_the_benchmark_answer_over_http(tmp_path: Path) -> None:
    source = (STOREFRONT.path / "benchmark.query.graphql").read_text()
    expected = ask_oracle(STOREFRONT.supergraph.api_schema, STOREFRONT.world, source)
    async with gateway(tmp_path) as (client, subgraphs):
        found = await ask(client, source, authorization="Bearer one")
        assert found == {"data": expected["data"]}
        assert len(subgraphs.headers) == 7
        assert {one[b"authorization"] for one in subgraphs.headers} == {b"Bearer one"}


async def test_the_star_policy_nulls_exactly_what_is_denied(tmp_path: Path) -> None:
    source = "{ users { id name username birthday reviews { id body } } topProducts { upc name } }"
    denied = CATEGORIES[category_number("User.name")]
    option = f"User:1:{denied}"
    async with gateway(tmp_path, "--policy", "star", "--deny", option) as (client, _):
        found = await ask(client, source)
    expected = ask_oracle(STOREFRONT.supergraph.api_schema, STOREFRONT.world, source)["data"]
    for field in ("name", "username", "birthday", "reviews"):
        if category_number(f"User.{field}") == category_number("User.name"):
            expected["users"][0][field] = None
    assert found == {"data": expected}


async def test_a_bad_request_is_answered(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (client, subgraphs):
        found = await ask(client, "{ users { nothing } }")
        assert found["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert subgraphs.headers == []
        accept = {"accept": "application/graphql-response+json"}
        body = b"not JSON"
        answer = await client.request("POST", "/graphql", accept, body, timeout_seconds=60)
        assert answer.status == 400


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (None, [], "No such file"),
        ("type Query { a: Int }", [], "is this a supergraph?"),
        ("type Query {", [], "does not parse"),
        ("", [], "does not parse"),
        ("storefront", ["--deny", "User:1"], "TYPE:KEY:CATEGORY"),
        ("storefront", ["--deny", "User:1:SECRETS"], "the category is one of"),
        ("storefront", ["--deny", "Usher:1:IDENTITY"], "no type Usher"),
        ("storefront", ["--limits", "some"], "invalid choice"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    text: str | None,
    options: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "supergraph.graphql"
    if text == "storefront":
        text = (STOREFRONT.path / "supergraph.graphql").read_text()
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(
        sys,
        "argv",
        ["serve", "--supergraph", str(file), "--port", "1", "--policy", "star", *options],
    )
    with pytest.raises(SystemExit) as ended:
        serve.main()
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert reason in last
