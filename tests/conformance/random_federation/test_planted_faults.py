"""Faults seen in other gateways, planted one by one: the property finds each of them.

Each is a change of the engine, made for the time of one test; the seeds are those of the property.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.executor import CompiledOperation
from gateway.executor.compile_projection import ProjectionCompiler
from gateway.planner.build_fetches import FetchBuilder
from gateway.planner.fetch_graph import Place
from gateway.planner.normalize.normalizer import Expander
from gateway.planner.path_search import PathSearch
from gateway.planner.print_operation import OperationPrinter
from gateway.planner.selection import NEVER
from tests.conformance.random_federation.property import Tally, findings

SEEDS = 120
Plant = Callable[[pytest.MonkeyPatch], None]


def lists_are_joined(patch: pytest.MonkeyPatch) -> None:
    """A root field answered by two subgraphs gets the rows of both."""

    def join(known: list[Any], new: list[Any], *_: Any) -> None:
        known.extend(new)

    patch.setattr("gateway.executor.merge_answers._merge_lists", join)


def nothing_left_is_null(patch: pytest.MonkeyPatch) -> None:
    """Every root field is skipped, and the answer is null instead of empty."""
    original = CompiledOperation.projection

    def projection(self: CompiledOperation, *, has_faults: bool) -> Any:
        make = original(self, has_faults=has_faults)

        def made(*given: Any) -> Any:
            root = make(*given)
            return lambda o: root(o) or None

        return made

    patch.setattr(CompiledOperation, "projection", projection)
    patch.setattr(CompiledOperation, "plain_projection", lambda _self: None)


def typename_is_read_by_its_alias(patch: pytest.MonkeyPatch) -> None:
    """`kind: __typename` looks for a value under `kind`."""
    original = ProjectionCompiler._field

    def field(self: Any, one: Any, keys: Any, function: Any, variable: str, **more: Any) -> None:
        original(self, one, keys, function, variable, **more)
        if one.name == "__typename" and one.response_key != "__typename":
            self._writer.line(f"{variable} = o.get({one.response_key!r})")

    patch.setattr(ProjectionCompiler, "_field", field)


def key_is_read_from_an_alias(patch: pytest.MonkeyPatch) -> None:
    """`id: name` hides the key of the next hop."""
    patch.setattr(Place, "internal_key", lambda _self, selected: selected.name)


def variables_are_lost(patch: pytest.MonkeyPatch) -> None:
    """A subgraph is not given the variables that its operation uses."""
    patch.setattr(OperationPrinter, "_note_variables", lambda _self, _value: None)


def fragments_are_lost(patch: pytest.MonkeyPatch) -> None:
    """A fragment on an interface or union selects nothing on its object types."""
    patch.setattr(Expander, "_is_a", lambda _self, name, condition: name == condition)


def first_condition_wins(patch: pytest.MonkeyPatch) -> None:
    """A requirement is not fetched, since another field that needs it too is skipped."""
    patch.setattr(
        "gateway.planner.build_fetches.any_of",
        lambda known, new: new if known == NEVER else known,
    )


def conditions_are_lost(patch: pytest.MonkeyPatch) -> None:
    """What is skipped is answered all the same."""
    patch.setattr(ProjectionCompiler, "_condition", lambda self, _: _always(self))


def _always(compiler: Any) -> int:
    from gateway.planner.selection import ALWAYS

    if ALWAYS not in compiler._conditions:
        compiler._conditions.append(ALWAYS)
    index: int = compiler._conditions.index(ALWAYS)
    return index


def first_operation_is_run(patch: pytest.MonkeyPatch) -> None:
    """Of several operations, the first is run whatever the request names."""
    from gateway.planner import operation

    original = operation._pick
    patch.setattr(operation, "_pick", lambda document, _: _first(original, document))


def _first(pick: Any, document: Any) -> Any:
    from graphql import OperationDefinitionNode

    return next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))


def no_hops(patch: pytest.MonkeyPatch) -> None:
    """The planner fails on an operation that has a plan."""
    patch.setattr(PathSearch, "_hops", lambda *_: ())


def requirements_are_not_sent(patch: pytest.MonkeyPatch) -> None:
    """A field with `@requires` is asked for without what it requires."""
    original = FetchBuilder._inputs
    patch.setattr(
        FetchBuilder,
        "_inputs",
        lambda self, wanted, objects: original(self, wanted, objects)[:1],
    )


def null_wins(patch: pytest.MonkeyPatch) -> None:
    """Null of one subgraph removes the value of another."""

    def merge_into(target: dict[str, Any], source: dict[str, Any], moves: Any = None) -> None:
        target.update(source)

    patch.setattr("gateway.executor.fetch.merge_into", merge_into)


PLANTS: list[Plant] = [
    lists_are_joined, nothing_left_is_null, typename_is_read_by_its_alias,
    key_is_read_from_an_alias, variables_are_lost, fragments_are_lost,
    first_condition_wins, conditions_are_lost, first_operation_is_run, no_hops,
    requirements_are_not_sent, null_wins,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.__name__ for plant in PLANTS])
def test_a_planted_fault_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    found = next(findings(range(SEEDS), Tally()), None)
    assert found is not None
