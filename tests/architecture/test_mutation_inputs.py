"""Every mutation is idempotent by key, and guarded by a version where it changes what is there."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest
from graphql import (
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
)

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = ("participants", "consent", "cases", "training")
KEY: Final = "idempotencyKey"


def explained() -> list[str]:
    """Return the mutations that need no version, as their file names and explains them."""
    groups = tomllib.loads(Path(__file__).with_name("mutation_inputs.toml").read_text())
    assert all(group["reason"] for group in groups.values())
    return [name for group in groups.values() for name in group["mutations"]]


def inputs_of(sdl: str) -> dict[str, frozenset[str]]:
    """Return the names of the input's fields of each mutation of a service."""
    found: dict[str, frozenset[str]] = {}
    mutations: list[FieldDefinitionNode] = []
    for each in parse(sdl).definitions:
        if isinstance(each, InputObjectTypeDefinitionNode):
            found[each.name.value] = frozenset(field.name.value for field in each.fields or ())
        elif isinstance(each, ObjectTypeDefinitionNode) and each.name.value == "Mutation":
            mutations += each.fields or ()
    return {each.name.value: found[_input_of(each)] for each in mutations}


def _input_of(mutation: FieldDefinitionNode) -> str:
    (given,) = mutation.arguments or ()
    return print_ast(given.type).rstrip("!")


def unguarded(inputs: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the mutations without a version that are not explained."""
    return {
        name
        for name, fields in inputs.items()
        if not is_guarded(fields) and name not in explained()
    }


def is_guarded(fields: Iterable[str]) -> bool:
    """Return whether an input names the version that was read, at its top or by row."""
    return any(field.endswith("xpectedVersion") for field in fields)


@pytest.fixture(scope="module")
def inputs() -> dict[str, frozenset[str]]:
    """Return the inputs of all mutations."""
    found: dict[str, frozenset[str]] = {}
    for service in SERVICES:
        found |= inputs_of((ROOT / f"svc_{service}" / "subgraph.graphql").read_text())
    return found


def test_every_mutation_is_idempotent_by_key(inputs: dict[str, frozenset[str]]) -> None:
    assert {name for name, fields in inputs.items() if KEY not in fields} == set()
    assert len(inputs) > 100


def test_what_changes_something_names_the_version_it_has_read(
    inputs: dict[str, frozenset[str]],
) -> None:
    assert unguarded(inputs) == set()


def test_planted_change_without_a_version_is_found(inputs: dict[str, frozenset[str]]) -> None:
    planted = inputs | {"mapClaim": inputs["mapClaim"] - {"expectedVersion"}}
    assert unguarded(planted) == {"mapClaim"}


def test_explanations_are_of_mutations_that_need_one(inputs: dict[str, frozenset[str]]) -> None:
    names = explained()
    assert len(names) == len(set(names))
    assert {name for name in names if name not in inputs or is_guarded(inputs[name])} == set()
