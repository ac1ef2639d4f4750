"""Two operations that differ in one thing never share what was prepared (AZ-05, AZ-06)."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import pytest
from graphql import print_ast

from gateway import prepare
from gateway.limits.budget import Budget
from gateway.planner.plan_cache import PlanKey
from gateway.planner.plan_text import plan_json
from gateway.policy.access_table import AccessTable
from gateway.prepare import Preparer
from gateway.supergraph import Supergraph
from tests.fixtures.gateway_app import table_of
from tests.fixtures.gateway_subgraphs import supergraph

PAIRS = 120


@dataclass(frozen=True)
class Shape:
    """One operation's choices; a pair differs in one of them."""

    name: str = "Q"
    alias: str = "a"
    literal: str = "p1"
    default: str = "p2"
    condition: str = "include"
    holds: str = "true"
    field: str = "name"

    def text(self) -> str:
        return (
            f'query {self.name}($id: ID! = "{self.default}") {{'
            f" participant(id: $id) {{ {self.alias}: {self.field}"
            f" phone @{self.condition}(if: {self.holds}) }}"
            f' more: participant(id: "{self.literal}") {{ name }}'
            f" participants {{ totalCount }} }}"
        )


CHANGES: tuple[Callable[[Shape, random.Random], dict[str, object]], ...] = (
    lambda shape, dice: {"name": f"Q{dice.randrange(9)}"},
    lambda shape, dice: {"alias": dice.choice(["b", "phone2", "c"])},
    lambda shape, dice: {"literal": f"{shape.literal}{dice.randrange(5)}"},
    lambda shape, dice: {"default": f"{shape.default}{dice.randrange(5)}"},
    lambda shape, dice: {"condition": "skip" if shape.condition == "include" else "include"},
    lambda shape, dice: {"holds": "false" if shape.holds == "true" else "true"},
    lambda shape, dice: {"field": "phone" if shape.field == "name" else "name"},
)


@lru_cache(maxsize=1)
def _parts() -> tuple[Supergraph, AccessTable]:
    graph = supergraph()
    return graph, table_of(graph)


def _preparer() -> Preparer:
    graph, table = _parts()
    return Preparer(graph, table, Budget())


def _prepared(preparer: Preparer, text: str, column: str) -> tuple[object, ...]:
    """Return what a client would notice of what was prepared."""
    view = preparer.table.view(column, has_person_purpose=True)
    found = preparer.prepare(preparer.parse(text, None, "c"), view, "c")
    return (
        plan_json(found.plan),
        repr(found.pruned.operation.root),
        sorted(str(each.coordinate) for each in found.pruned.refusals),
        print_ast(found.operation.definition),
    )


def _pairs_are_told_apart() -> None:
    dice = random.Random(505)
    shared = _preparer()
    for _ in range(PAIRS):
        one = Shape(literal=f"p{dice.randrange(9)}", default=f"p{dice.randrange(9)}")
        other = Shape(**{**one.__dict__, **dice.choice(CHANGES)(one, dice)})
        columns = dice.sample(sorted(shared.table.matrix.columns), 2)
        for shape, column in ((one, columns[0]), (other, columns[0]), (one, columns[1])):
            warm = _prepared(shared, shape.text(), column)
            assert warm == _prepared(_preparer(), shape.text(), column), (one, other, column)


def test_az_05_what_is_kept_is_what_would_be_made_anew() -> None:
    """AZ-05: literals, aliases, defaults, conditions, names and views in random pairs."""
    _pairs_are_told_apart()


@pytest.mark.parametrize("forgotten", ["view", "operation"])
def test_az_05_a_key_that_forgets_something_is_caught(
    monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    """Planted: the key of what is kept lacks the view, or all but the length of the operation."""

    def forgets(operation: str, revision: str, shape: str) -> PlanKey:
        if forgotten == "view":
            return PlanKey(operation, revision, "")
        return PlanKey(str(len(operation)), revision, shape)

    monkeypatch.setattr(prepare, "PlanKey", forgets)
    with pytest.raises(AssertionError):
        _pairs_are_told_apart()
