"""The cases on disk: subgraphs, composed supergraph, world, operations."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from gateway.supergraph import Supergraph, load_supergraph
from infra.http_client import HttpResponse
from tests.conformance.subgraph import HonestSubgraph
from tests.conformance.world import World

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One folder of cases/; `composed` is one of the supergraphs in it."""

    path: Path
    composed: str = "supergraph.graphql"

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def supergraph(self) -> Supergraph:
        return load_supergraph((self.path / self.composed).read_text())

    def by_other_composers(self) -> list["Case"]:
        """The same case, composed by others."""
        files = sorted(self.path.glob("*.supergraph.graphql"))
        return [Case(self.path, file.name) for file in files]

    @cached_property
    def world(self) -> World:
        return World(json.loads((self.path / "world.json").read_text()))

    def subgraphs(self) -> dict[str, HonestSubgraph]:
        """The subgraphs, made once; what they remember is forgotten."""
        for one in self._subgraphs.values():
            one.requests.clear()
            one.errors.clear()
        return dict(self._subgraphs)

    @cached_property
    def _subgraphs(self) -> dict[str, HonestSubgraph]:
        return {
            file.stem: HonestSubgraph(file.read_text(), self.world)
            for file in sorted(self.path.glob("*.graphql"))
            if not file.name.endswith(("supergraph.graphql", ".query.graphql"))
        }

    @property
    def operations(self) -> list[Path]:
        return sorted(self.path.glob("*.query.graphql"))

    def variables(self, operation: Path) -> list[dict[str, Any]]:
        """Sets of variables to run an operation with."""
        file = operation.with_name(operation.name.replace(".query.graphql", ".variables.json"))
        found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else [{}]
        return found


def all_cases() -> list[Case]:
    return [Case(path) for path in sorted(CASES.iterdir()) if (path / "world.json").exists()]


@dataclass(slots=True)
class DirectTransport:
    """Calls an honest subgraph in this process, through bytes as over HTTP.

    Answers of one wave come in another order than they were asked for, the same in each run, so
    that a fetch that should have waited for one of them is noticed.
    """

    subgraph: HonestSubgraph

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        for _ in range(crc32(body) % 4):
            await asyncio.sleep(0)
        answer = self.subgraph.execute(orjson.loads(body))
        return HttpResponse(200, {}, orjson.dumps(answer))
