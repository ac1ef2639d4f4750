"""Run one request through the gateway's engine and through one merged schema, and compare.

Three things must hold: equal data and errors at equal places; no subgraph was asked for what it
does not resolve; no fetch was for nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLSchema

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import (
    OperationError,
    QueryPlan,
    coerce_variables,
    introspect,
    normalize,
    parse_operation,
    plan,
    plan_text,
)
from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.load_cases import DirectTransport
from tests.conformance.random_federation.check_plan import plan_faults
from tests.conformance.random_federation.emit_subgraphs import subgraph_sdl
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.model import Federation
from tests.conformance.random_federation.random_operations import Request
from tests.conformance.random_federation.random_world import FieldFaultError, RandomWorld
from tests.conformance.subgraph import HonestSubgraph
from tests.conformance.world import ask_oracle


class InvalidRequestError(Exception):
    """The request is not valid: a fault of the generator, or a step of the shrinker too far."""


@dataclass(slots=True)
class Case:
    """A federation with its world, made ready to be asked."""

    federation: Federation
    world: RandomWorld
    supergraph: Supergraph = field(init=False)
    subgraphs: dict[str, HonestSubgraph] = field(init=False)

    def __post_init__(self) -> None:
        self.supergraph = load_supergraph(supergraph_sdl(self.federation))
        self.subgraphs = {
            one.name: HonestSubgraph(subgraph_sdl(one), self.world)
            for one in self.federation.subgraphs
        }

    @property
    def schema(self) -> GraphQLSchema:
        return self.supergraph.api_schema


@dataclass(slots=True)
class Outcome:
    """What one request came to."""

    found: Any
    expected: Any
    problems: list[str]
    plan: QueryPlan | None = None


async def _run(case: Case, request: Request) -> tuple[dict[str, Any], QueryPlan]:
    supergraph = case.supergraph
    operation = parse_operation(request.source, request.operation_name, supergraph)
    coerced = coerce_variables(operation, request.variables)
    normalized = normalize(operation)
    made = plan(normalized, supergraph)
    compiled = compile_plan(made, normalized, supergraph)
    transports = {name: DirectTransport(one) for name, one in case.subgraphs.items()}
    guard = PermitAll()
    assembled = await fetch_all(compiled, coerced, ExecutionContext(transports=transports), guard)
    meta = introspect(operation, supergraph.api_schema, coerced)
    projected = project(compiled, assembled, coerced, guard, introspection=meta)
    return {"data": projected.data, "errors": projected.errors}, made


_LOOP: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    if not _LOOP:
        _LOOP.append(asyncio.new_event_loop())
    return _LOOP[0]


def examine(case: Case, request: Request) -> Outcome:
    """Answer a request both ways; `problems` is empty if all is well."""
    for one in case.subgraphs.values():
        one.requests.clear()
        one.errors.clear()
        one.lost.clear()
    case.world.effects = []
    try:
        found, made = _loop().run_until_complete(_run(case, request))
    except OperationError as error:
        raise InvalidRequestError(str([one.message for one in error.errors])) from error
    except Exception as error:
        return Outcome(None, None, [f"the engine failed: {type(error).__name__}: {error}"])
    effects = case.world.effects
    case.world.effects = []
    expected = ask_oracle(
        case.schema, case.world, request.source, request.variables, request.operation_name
    )
    problems = []
    if effects != case.world.effects and not _travelled_along(
        made, effects, case.world.effects, expected["data"]
    ):
        problems.append(f"effects differ: {effects}, not {case.world.effects}")
    problems += [
        f"{name} was asked for what it does not resolve: {error.message}"
        for name, one in case.subgraphs.items()
        for error in one.errors
        if not isinstance(error.original_error, FieldFaultError)
    ]
    if orjson.dumps(found["data"]) != orjson.dumps(expected["data"]):
        # Where conditions decide which of two equal fields comes first, the order is left open.
        if found["data"] != expected["data"]:
            problems.append("data differs")
        elif "@skip" not in request.source and "@include" not in request.source:
            problems.append("the order of fields differs")
    lost = set().union(*(one.lost for one in case.subgraphs.values()))
    told = [error for error in found["errors"] if not _is_of_lost(error, expected["data"], lost)]
    wrong = _error_problems(told, expected["errors"], expected["data"])
    if not (wrong and _differ_in_order_alone(request.source, found, expected)):
        problems += wrong
    problems += plan_faults(case.federation, case.supergraph, made)
    return Outcome(found, expected, problems, made)


def _is_of_lost(error: Mapping[str, Any], data: Any, lost: set[str]) -> bool:
    """Whether an error tells of a root field whose value was lost with a subgraph's whole answer.

    That it would have been null nobody can know, so it has an error of its own.
    """
    path = error.get("path") or []
    return len(path) == 1 and path[0] in lost and data is not None and data[path[0]] is None


def _travelled_along(made: QueryPlan, found: list[str], expected: list[str], data: Any) -> bool:
    """Whether all that ran too much was in one request with what made the answer null.

    A subgraph that sees nothing wrong (a hidden enum value, for example) goes on with the root
    fields that it was sent together; a field of any other request must not run any more.
    """
    extra = found[len(expected) :]
    if data is not None or not extra or found[: len(expected)] != expected:
        return False
    for node in made.nodes:
        shape = node.root_shape
        names = {one.name for _, fields in shape.by_type for one in fields} if shape else set()
        ran = {effect.partition("(")[0] for effect in [*expected[-1:], *extra]}
        if ran <= names:
            return True
    return False


def _differ_in_order_alone(source: str, found: Any, expected: Any) -> bool:
    """Whether another of several errors behind the same null was told, for the order of fields.

    Where conditions decide which of two equal fields comes first, the order is left open.
    """
    if "@skip" not in source and "@include" not in source:
        return False
    data = expected["data"]
    mine = {_null_above(error, data) for error in found["errors"]}
    return mine == {_null_above(error, data) for error in expected["errors"]}


def _error_problems(
    found: Iterable[Mapping[str, Any]], expected: list[Mapping[str, Any]], data: Any
) -> list[str]:
    """One error may stand for several rows of one field, never for another field.

    Of several errors that each would have made the same value null, one is enough: what lies
    below a null is not fetched any more.
    """
    mine = {_field(error) for error in found}
    exact = {tuple(error["path"]) for error in expected if error.get("path")}
    by_null: dict[tuple[Any, ...], set[tuple[str, ...]]] = {}
    for error in expected:
        by_null.setdefault(_null_above(error, data), set()).add(_field(error))
    problems = [
        f"no error at {sorted(fields)[0]}" for fields in by_null.values() if not fields & mine
    ]
    theirs = {_field(error) for error in expected}
    problems += [f"an error too many at {path}" for path in mine - theirs]
    problems += [
        f"an error at {error['path']}, where nothing is wrong"
        for error in found
        if error.get("path") and tuple(error["path"]) not in exact
    ]
    return problems


def _null_above(error: Mapping[str, Any], data: Any) -> tuple[Any, ...]:
    """The path of the null that an error led to."""
    path = tuple(error.get("path") or ())
    for length, step in enumerate(path):
        if data is None:
            return path[:length]
        data = data[step]
    return path


def _field(error: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(step for step in error.get("path") or () if isinstance(step, str))


def report(case: Case, request: Request, outcome: Outcome) -> str:
    """A case that somebody can read and try."""
    parts = [f"# {problem}" for problem in outcome.problems]
    for one in case.federation.subgraphs:
        lines = subgraph_sdl(one).splitlines()[2:]
        parts += [f"\n# subgraph {one.name}", *lines]
    parts += ["\n# operation", request.source, f"# variables {request.variables}"]
    used = {k: v for k, v in case.world.objects.items() if k in ("Query", "Mutation")}
    parts += [f"# world {used}", f"# faults {sorted(case.world.faults)}"]
    if outcome.plan is not None:
        parts += ["\n# plan", plan_text(outcome.plan)]
    parts += [f"# gateway  {outcome.found}", f"# expected {outcome.expected}"]
    return "\n".join(parts)
