"""Faults that federated gateways are known for: none is ours, and each would be noticed.

Each comes with a plant, which breaks the engine in just that way; the same judgement must then
fail.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.executor import merge_answers, project
from gateway.planner import build_fetches, fetch_graph, operation
from gateway.planner.normalize import normalizer
from gateway.planner.normalize.opaque_objects import OpaqueAdder
from gateway.planner.print_operation import OperationPrinter
from gateway.planner.selection import Conditions, SelectedField, Selection
from tests.conformance import test_cases
from tests.conformance.load_cases import CASES, Case
from tests.conformance.world import ask_oracle


def concatenate(known: list[Any], new: list[Any], *_: Any) -> None:
    """Lists of two answers one after the other instead of merged."""
    known += new


def merge_lists(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge_answers, "_merge_lists", concatenate)


def forget_later_selections(patch: pytest.MonkeyPatch) -> None:
    honest = normalizer.Expander._field

    def first_only(self: Any, type_name: str, key: str, nodes: list[Any]) -> SelectedField:
        return honest(self, type_name, key, nodes[:1])

    patch.setattr(normalizer.Expander, "_field", first_only)


def empty_is_null(patch: pytest.MonkeyPatch) -> None:
    def null_for_empty(*arguments: Any, **named: Any) -> Any:
        projected = project(*arguments, **named)
        object.__setattr__(projected, "data", projected.data or None)
        return projected

    patch.setattr(test_cases, "project", null_for_empty)


def keep_by_response_key(selection: Selection) -> dict[tuple[str, str], str]:
    """Values kept where the client's alias says, whatever it hides."""
    return {
        (type_name, one.response_key): one.response_key
        for type_name, wanted in selection.by_type.items()
        for one in wanted.fields
    }


def trust_aliases(patch: pytest.MonkeyPatch) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("gateway.") and hasattr(module, "storage_keys"):
            patch.setattr(module, "storage_keys", keep_by_response_key)


def keys_under_their_names(patch: pytest.MonkeyPatch) -> None:
    def internal_key(self: Any, selected: SelectedField) -> str:
        return selected.name

    patch.setattr(fetch_graph.Place, "internal_key", internal_key)


def forget_variables(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OperationPrinter, "_note_variables", lambda *_: None)


def first_condition_wins(patch: pytest.MonkeyPatch) -> None:
    def any_of(one: Conditions, other: Conditions) -> Conditions:
        return one or other

    patch.setattr(build_fetches, "any_of", any_of)


def all_types_are_alike(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OpaqueAdder, "_are_alike", lambda *_: True)


def first_operation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(operation, "_pick", lambda document, _: document.definitions[0])


@dataclass(frozen=True)
class Known:
    """One fault: an operation that shows it, and how to plant it."""

    name: str
    case: str
    source: str
    plant: Callable[[pytest.MonkeyPatch], None]
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


SEVERAL = "query A { users { id } } query B($n: Boolean!) { user { nick name @include(if: $n) } }"

KNOWN = [
    Known(
        "lists-of-two-subgraphs", "shared-root", "{ list { name { model brand } } }", merge_lists
    ),
    Known(
        "repeated-root-fields",
        "shared-root",
        "{ list { id } list { name { brand } } }",
        forget_later_selections,
    ),
    Known("all-skipped", "skip-include", "{ item @skip(if: true) { id } }", empty_is_null),
    Known(
        "typename-under-an-alias",
        "abstract",
        "{ feed { ... on Node { kind: __typename __typename: id } ... on Text { body } } }",
        trust_aliases,
    ),
    Known(
        "alias-hides-a-key",
        "entity-shared-root",
        "{ users { id: name nick } }",
        keys_under_their_names,
    ),
    Known(
        "alias-is-another-field",
        "requires-argument",
        "{ products { weight: name estimate } }",
        keys_under_their_names,
    ),
    Known(
        "variables-on-the-way",
        "requires-argument",
        'query ($c: String = "EUR") { products { price(currency: $c) } }',
        forget_variables,
    ),
    Known(
        "requirement-of-a-skipped-sibling",
        "skip-include",
        "query ($n: Boolean!) { item { x: includedC @include(if: $n) y: skippedC } }",
        first_condition_wins,
        {"n": False},
    ),
    Known(
        "fragments-on-interface-objects",
        "interface-object",
        "{ seen { ... on Ferry { imo } ... on Tug { bearing } } }",
        all_types_are_alike,
    ),
    Known("several-operations", "entity-shared-root", SEVERAL, first_operation, {"n": True}, "B"),
]


async def judge(known: Known) -> None:
    """The answer is that of one merged schema, and no subgraph complains."""
    case = Case(CASES / known.case)
    found = await test_cases.answer(case, known.source, known.variables, known.operation_name)
    expected = ask_oracle(
        case.supergraph.api_schema,
        case.world,
        known.source,
        known.variables,
        known.operation_name,
    )
    assert found["subgraph_errors"] == []
    assert found["data"] == expected["data"]
    assert len(found["errors"]) == len(expected["errors"])


@pytest.mark.parametrize("known", KNOWN, ids=[one.name for one in KNOWN])
async def test_the_fault_is_not_ours(known: Known) -> None:
    await judge(known)


@pytest.mark.parametrize("known", KNOWN, ids=[one.name for one in KNOWN])
async def test_the_planted_fault_is_noticed(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    known.plant(monkeypatch)
    with pytest.raises(AssertionError):
        await judge(known)
