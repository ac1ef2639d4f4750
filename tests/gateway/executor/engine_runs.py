"""Run one operation through planner and executor, with scripted or honest subgraphs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.executor import (
    Assembled,
    CompiledOperation,
    ExecutionContext,
    Guard,
    PermitAll,
    Projected,
    compile_plan,
    fetch_all,
    project,
)
from gateway.planner import NormalizedOperation, coerce_variables, normalize, parse_operation, plan
from gateway.supergraph import Supergraph
from infra.http_client import HttpResponse

Reply = Callable[[dict[str, Any]], Any]


@dataclass
class Scripted:
    """A subgraph that answers what a function says; an exception is raised instead."""

    reply: Reply
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        request = orjson.loads(body)
        self.requests.append(request)
        answer = self.reply(request)
        if isinstance(answer, Exception):
            raise answer
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return HttpResponse(self.status, {}, raw)


@dataclass
class Run:
    compiled: CompiledOperation
    assembled: Assembled
    projected: Projected

    @property
    def data(self) -> Any:
        return self.projected.data

    @property
    def errors(self) -> list[tuple[str, Any]]:
        """Code and path of each error."""
        return [(error["extensions"]["code"], error.get("path")) for error in self.projected.errors]


async def run(
    supergraph: Supergraph,
    source: str,
    transports: Mapping[str, Any],
    *,
    variables: Mapping[str, Any] | None = None,
    guard: Guard | None = None,
    change: Callable[[NormalizedOperation], NormalizedOperation] = lambda one: one,
    **context: Any,
) -> Run:
    operation = parse_operation(source, None, supergraph)
    coerced = coerce_variables(operation, variables)
    normalized = change(normalize(operation))
    compiled = compile_plan(plan(normalized, supergraph), normalized, supergraph)
    used = guard or PermitAll()
    execution = ExecutionContext(transports=transports, **context)
    assembled = await fetch_all(compiled, coerced, execution, used)
    return Run(compiled, assembled, project(compiled, assembled, coerced, used))
