"""Reading operations: picking, validating, coercing, normalising."""

import pytest
from graphql import build_schema

from gateway.planner import (
    Operation,
    OperationError,
    PlanningError,
    coerce_variables,
    normalize,
    parse_operation,
    plan,
)
from gateway.planner.selection import (
    ALWAYS,
    ObjectSelection,
    any_of,
    both_of,
    map_fields,
    storage_keys,
    walk,
    with_hidden_field,
)
from tests.conformance.load_cases import CASES, Case

ABSTRACT = Case(CASES / "abstract").supergraph
STOREFRONT = Case(CASES / "storefront").supergraph


def parsed(source: str, name: str | None = None) -> Operation:
    return parse_operation(source, name, ABSTRACT)


def root(source: str) -> ObjectSelection:
    return normalize(parsed(source)).root


@pytest.mark.parametrize(
    ("source", "name", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ feed { __typename } } query B { feed { __typename } }",
            "B",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query A { __typename } query B { __typename }", None, "OPERATION_RESOLUTION_FAILURE"),
        ("query A { __typename }", "B", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Query { __typename }", None, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_unusable_documents_are_refused(source: str, name: str | None, code: str) -> None:
    with pytest.raises(OperationError) as refused:
        parsed(source, name)
    assert refused.value.code == code


def test_the_named_operation_is_picked() -> None:
    source = "query A { pets { name } } query B { feed { __typename } }"
    assert [one.name for one in normalize(parsed(source, "B")).root.fields] == ["feed"]
    assert parsed(source, "A").hash != parsed(source, "B").hash


def test_variables_are_coerced_with_defaults() -> None:
    fields = "topProducts(first: $first) { upc } user(id: $id) { id }"
    source = f"query ($first: Int = 3, $id: ID!) {{ {fields} }}"
    operation = parse_operation(source, None, STOREFRONT)
    assert coerce_variables(operation, {"id": 7}) == {"first": 3, "id": "7"}
    assert coerce_variables(operation, {"id": "x", "first": None}) == {"first": None, "id": "x"}
    for wrong in ({}, {"id": None}, {"id": "x", "first": "many"}):
        with pytest.raises(OperationError) as refused:
            coerce_variables(operation, wrong)
        assert refused.value.code == "BAD_USER_INPUT"


def test_abstract_types_become_object_types() -> None:
    feed = root("{ feed { ... on Node { id } ... on Photo { url } } }").fields[0]
    assert feed.selection is not None
    found = {
        name: [one.name for one in kind.fields] for name, kind in feed.selection.by_type.items()
    }
    assert found == {"Text": ["id"], "Photo": ["id", "url"]}


def test_equal_response_keys_are_merged_with_their_conditions() -> None:
    source = """query ($a: Boolean!, $b: Boolean!) {
      pets @include(if: $a) { name }
      ... @skip(if: $b) { pets { owner { id } } }
    }"""
    (pets,) = root(source).fields
    assert pets.conditions == frozenset({frozenset({("a", True)}), frozenset({("b", False)})})
    assert pets.selection is not None
    name, owner = pets.selection.by_type["Cat"].fields
    assert name.conditions == frozenset({frozenset({("a", True)})})
    assert owner.conditions == frozenset({frozenset({("b", False)})})


def test_literal_conditions_are_decided() -> None:
    source = "{ pets @skip(if: false) { name } feed @include(if: false) { __typename } }"
    (pets,) = root(source).fields
    assert (pets.name, pets.conditions) == ("pets", ALWAYS)


def test_conditions_are_algebra() -> None:
    a, b = frozenset({frozenset({("a", True)})}), frozenset({frozenset({("b", True)})})
    not_a = frozenset({frozenset({("a", False)})})
    assert both_of(a, not_a) == frozenset()
    assert any_of(a, both_of(a, b)) == a
    assert any_of(ALWAYS, a) == ALWAYS
    assert both_of(ALWAYS, a) == a


def test_a_fragment_bomb_is_counted_not_unfolded() -> None:
    fragments = " ".join(
        f"fragment F{n} on Pet {{ a: friend {{ ...F{n + 1} }} b: friend {{ ...F{n + 1} }} }}"
        for n in range(60)
    )
    source = f"{{ pets {{ ...F0 }} }} {fragments} fragment F60 on Pet {{ name }}"
    operation = parsed(source)
    with pytest.raises(OperationError) as refused:
        normalize(operation)
    assert refused.value.code == "OPERATION_TOO_LARGE"


def test_a_hidden_field_never_takes_the_clients_key() -> None:
    pets = root("{ pets { _gt_name: name x: name } }").fields[0]
    assert pets.selection is not None
    cat = pets.selection.by_type["Cat"]
    changed, key = with_hidden_field(cat, "lives")
    assert changed.fields[-1].hidden
    assert key not in {one.response_key for one in cat.fields}
    again, same = with_hidden_field(changed, "lives")
    assert (again, same) == (changed, key)


def test_storage_tells_types_and_aliases_apart() -> None:
    feed = root(
        "{ feed { ... on Text { n: body __typename: id } ... on Photo { n: likes } } }"
    ).fields[0]
    assert feed.selection is not None
    keys = storage_keys(feed.selection)
    assert keys["Text", "n"] != keys["Photo", "n"]
    assert keys["Text", "__typename"] != "__typename"


def test_fields_can_be_removed() -> None:
    operation = normalize(parsed("{ pets { name owner { id } } feed { __typename } }"))
    left = map_fields(operation, lambda one: None if one.name in ("owner", "feed") else one)
    assert {one.name for one in walk(left.root)} == {"pets", "name"}


def test_a_field_that_no_subgraph_resolves_is_named() -> None:
    operation = normalize(parsed("{ pets { name } }"))
    schema = build_schema("type Query { nowhere: Int }")
    foreign = parse_operation("{ nowhere }", None, ABSTRACT, schema=schema)
    with pytest.raises(PlanningError, match=r"Query\.nowhere"):
        plan(normalize(foreign), ABSTRACT)
    assert plan(operation, ABSTRACT).nodes


def test_equal_operations_have_equal_plans() -> None:
    source = "{ feed { ... on Text { likes author { name } } } pets { owner { name } } }"
    plans = [plan(normalize(parsed(source)), ABSTRACT) for _ in range(3)]
    assert plans[0] == plans[1] == plans[2]
