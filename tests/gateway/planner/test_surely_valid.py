"""The quick answer is never sure of a document in which graphql-core finds an error."""

import re
from typing import Any

import pytest
from graphql import GraphQLError, build_schema, parse, validate
from graphql.validation import specified_rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.planner import surely_valid
from gateway.planner.surely_valid import is_surely_valid
from tests.conformance.load_cases import all_cases
from tests.strategies.operations import operations

SCHEMA = build_schema(
    """
    directive @note(text: String) repeatable on FIELD | QUERY
    scalar Moment
    enum Kind { SMALL LARGE }
    input Filter { kind: Kind, name: String!, tags: [String!] }
    input Choice @oneOf { id: ID, name: String }
    interface Named { name: String, other: Named }
    type Dog implements Named { name: String, other: Named, barks: Int!, kind: Kind, toys: [Toy!]! }
    type Cat implements Named { name: String, other: Named, barks: String, lives: Int }
    type Toy { id: ID!, owner: Dog, since(at: Moment): Moment }
    union Pet = Dog | Cat
    type Query {
      dog(id: ID, kind: Kind = SMALL, filter: Filter, count: Int, ids: [ID!]): Dog
      must(id: ID!, count: Int! = 1): Dog
      pet: Pet
      named: Named
      toys(since: Moment, flag: Boolean): [Toy]
      chosen(by: Choice!): Dog
    }
    type Mutation { rename(name: String!): Dog }
    type Subscription { changed: Dog moved: Dog }
    """
)

VALID = (
    "{ dog { name } }",
    "query A { pet { __typename ... on Dog { barks } } } query B { named { name } }",
    (
        "query ($i: ID, $n: Int = 3) { dog(id: $i, kind: LARGE, count: $n) { name ...F } "
        "must(id: 1) { name } } fragment F on Named { name other { ... on Dog { kind } } }"
    ),
    "query ($on: Boolean!) { toys @include(if: $on) { id owner @skip(if: true) { toys { id } } } }",
    "query ($n: Int = 1, $f: Filter) { must(id: 7, count: $n) { name } dog(filter: $f) { name } }",
    'mutation { rename(name: "x") { toys { id } } }',
    "{ dog(ids: [1, 2]) { a: name } toys { ...T ...T } } fragment T on Toy { id owner { name } }",
)

INVALID = {
    "ExecutableDefinitionsRule": "{ dog { name } } type X { a: Int }",
    "KnownOperationTypesRule": "mutation { rename }",
    "UniqueOperationNamesRule": "query A { dog { name } } query A { dog { name } }",
    "LoneAnonymousOperationRule": "{ dog { name } } query A { dog { name } }",
    "SingleFieldSubscriptionsRule": "subscription { changed { name } moved { name } }",
    "KnownTypeNamesRule": "{ pet { ... on Unknown { name } } }",
    "FragmentsOnCompositeTypesRule": "{ dog { ... on Kind { name } } }",
    "VariablesAreInputTypesRule": "query ($d: Dog) { toys(since: $d) { id } }",
    "ScalarLeafsRule": "{ dog { toys } }",
    "FieldsOnCorrectTypeRule": "{ pet { name } }",
    "UniqueFragmentNamesRule": "{ dog { ...F } } fragment F on Dog { name } "
    "fragment F on Dog { name }",
    "KnownFragmentNamesRule": "{ dog { ...F } }",
    "NoUnusedFragmentsRule": "{ dog { name } } fragment F on Dog { name }",
    "PossibleFragmentSpreadsRule": "{ dog { ... on Cat { name } } }",
    "NoFragmentCyclesRule": "{ dog { ...F } } fragment F on Dog { other { ...G } } "
    "fragment G on Named { ...F }",
    "UniqueVariableNamesRule": "query ($a: ID, $a: ID) { dog(id: $a) { name } }",
    "NoUndefinedVariablesRule": "{ dog(id: $a) { name } }",
    "NoUnusedVariablesRule": "query ($a: ID) { dog { name } }",
    "KnownDirectivesRule": "{ dog @unknown { name } }",
    "UniqueDirectivesPerLocationRule": "{ dog @skip(if: true) @skip(if: false) { name } }",
    "KnownArgumentNamesRule": "{ dog(nobody: 1) { name } }",
    "UniqueArgumentNamesRule": "{ dog(id: 1, id: 1) { name } }",
    "ValuesOfCorrectTypeRule": "{ dog(count: 99999999999) { name } }",
    "ProvidedRequiredArgumentsRule": "{ must { name } }",
    "VariablesInAllowedPositionRule": "query ($a: ID) { must(id: $a) { name } }",
    "OverlappingFieldsCanBeMergedRule": "{ dog { x: name ... { x: kind } } }",
    "UniqueInputFieldNamesRule": '{ dog(filter: { name: "a", name: "b" }) { name } }',
    "MaxIntrospectionDepthRule": "{ __schema { types { fields { type { fields { type { fields "
    "{ type { fields { name } } } } } } } } } }",
}
"""A document for each rule that finds something in it."""

OF_OTHER_FORMS = {
    "DeferStreamDirectiveOnRootField", "DeferStreamDirectiveOnValidOperationsRule",
    "DeferStreamDirectiveLabel", "StreamDirectiveOnListField",
}  # fmt: skip
"""Rules about directives that no schema of ours has: KnownDirectivesRule is there before them."""

MORE_INVALID = (
    "{ dog(kind: HUGE) { name } }",
    "{ dog(kind: null, id: {}) { name } }",
    "{ must(id: null) { name } }",
    '{ dog(ids: [1, "a", null]) { name } }',
    "{ dog { name @include } }",
    "{ dog { name @include(if: 1) } }",
    "query ($on: Boolean) { dog { name @include(if: $on) } }",
    "query ($k: [Kind]) { dog(kind: $k) { name } }",
    "query ($n: Int! = null) { dog(count: $n) { name } }",
    'query ($n: Int = "x") { dog(count: $n) { name } }',
    (
        "query A { dog { ...F } } query B($a: ID) { dog(id: $a) { ...F } } "
        "fragment F on Dog { other { name @include(if: $on) } }"
    ),
    "{ pet { ... on Dog { v: barks } ... on Cat { v: barks } } }",
    "{ a: dog(id: 1) { name } a: dog(id: 2) { name } }",
    "{ named { other { name } } ...F } fragment F on Query { named { other { name: other } } }",
    "fragment F on Dog { name }",
    "query Q @note { dog { __typename { name } } }",
    '{ dog { name(size: 1) } chosen(by: {id: 1, name: "x"}) { name } }',
)
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|\$|@|\.\.\.|-?\d+|\"[^\"]*\"|[{}()\[\]:=!]")
POOL = (
    "name",
    "dog",
    "id",
    "x",
    "Dog",
    "Cat",
    "Query",
    "null",
    "1",
    "true",
    "$yes",
    '"s"',
    "other",
)
SCHEMAS = [SCHEMA, *(case.supergraph.api_schema for case in all_cases()[::6])]


def test_ordinary_documents_are_sure() -> None:
    for source in VALID:
        assert not validate(SCHEMA, parse(source)), source
        assert is_surely_valid(SCHEMA, parse(source)), source


def test_no_rule_is_forgotten() -> None:
    assert {rule.__name__ for rule in specified_rules} == INVALID.keys() | OF_OTHER_FORMS


def _nothing_invalid_is_sure() -> None:
    for source in (*INVALID.values(), *MORE_INVALID):
        assert not is_surely_valid(SCHEMA, parse(source)), source


@pytest.mark.parametrize("rule", INVALID)
def test_what_a_rule_refuses_is_not_sure(rule: str) -> None:
    document = parse(INVALID[rule])
    rules = [one for one in specified_rules if one.__name__ == rule]
    schema = (
        build_schema("type Query { dog: Int }") if rule == "KnownOperationTypesRule" else SCHEMA
    )
    assert validate(schema, document, rules)
    assert not is_surely_valid(schema, document)


def test_other_invalid_documents_are_not_sure() -> None:
    for source in MORE_INVALID:
        assert validate(SCHEMA, parse(source)), source
    _nothing_invalid_is_sure()


@pytest.mark.parametrize(
    ("owner", "name", "broken"),
    [
        (surely_valid, "_fits", lambda *_: True),
        (surely_valid, "do_types_overlap", lambda *_: True),
        (surely_valid._Operation, "_arguments", lambda *_: None),
        (surely_valid._Operation, "_directives", lambda *_: None),
        (surely_valid._Operation, "_variable", lambda self, name, _: self.used.add(name)),
    ],
)
def test_a_check_that_is_left_out_is_noticed(
    owner: Any, name: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twins: each check away in turn."""
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(AssertionError):
        _nothing_invalid_is_sure()


def test_fragments_without_end_are_left_to_the_rules() -> None:
    doubling = " ".join(
        f"fragment F{n} on Named {{ a: other {{ ...F{n + 1} }} b: other {{ ...F{n + 1} }} }}"
        for n in range(40)
    )
    source = f"{{ named {{ ...F0 }} }} {doubling} fragment F40 on Named {{ name }}"
    assert not is_surely_valid(SCHEMA, parse(source))


@st.composite
def documents(draw: st.DrawFn) -> tuple[Any, str]:
    """A schema and a random operation, perhaps with some of its words changed."""
    schema = draw(st.sampled_from(SCHEMAS))
    tokens = _TOKEN.findall(draw(operations(schema)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(tokens) - 1))
        kind = draw(st.sampled_from(("replace", "repeat", "drop", "swap", "word")))
        other = draw(st.integers(0, len(tokens) - 1))
        if kind == "replace":
            tokens[at] = tokens[other]
        elif kind == "repeat":
            low, high = sorted((at, other))
            tokens[at:at] = tokens[low : high + 1]
        elif kind == "drop" and len(tokens) > 1:
            del tokens[at]
        elif kind == "swap":
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            tokens[at] = draw(st.sampled_from(POOL))
    return schema, " ".join(tokens)


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(documents())
def test_whatever_is_sure_has_no_error(made: tuple[Any, str]) -> None:
    schema, source = made
    try:
        document = parse(source)
    except GraphQLError:
        return
    if is_surely_valid(schema, document):
        assert validate(schema, document) == [], source
