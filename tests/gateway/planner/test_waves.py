"""How long a plan waits: for what it needs, and for nothing else."""

from dataclasses import replace

import pytest

from gateway.planner import NormalizedOperation, QueryPlan, normalize, parse_operation, plan
from gateway.planner import planner as planner_module
from gateway.planner.selection import ObjectSelection, SelectedField, Selection
from gateway.supergraph import Supergraph
from tests.conformance.load_cases import CASES, Case

VESSELS = Case(CASES / "interface-object").supergraph
BELOW = Case(CASES / "interface-object-below").supergraph
ON_EVERY_TYPE = "{ seen { imo ... on Ferry { decks } ... on Tug { pull } isPaid } }"


def operation(source: str, supergraph: Supergraph = VESSELS) -> NormalizedOperation:
    return normalize(parse_operation(source, None, supergraph))


def waves(made: QueryPlan) -> list[list[str]]:
    return [
        [node.subgraph for node in made.nodes if node.wave == wave + 1]
        for wave in range(made.wave_count)
    ]


def about(wanted: NormalizedOperation, needs: dict[str, int]) -> NormalizedOperation:
    """The operation with vessels about their number, and what fields of each type need."""

    def one(selection: ObjectSelection) -> ObjectSelection:
        bit = needs.get(selection.type_name, 0)
        subject = "imo" if bit else None
        fields = tuple(below(field, bit) for field in selection.fields)
        return replace(selection, needs=bit, subject_key=subject, fields=fields)

    def below(field: SelectedField, bit: int) -> SelectedField:
        if field.selection is None:
            return replace(field, needs=bit)
        by_type = {name: one(wanted) for name, wanted in field.selection.by_type.items()}
        return replace(field, needs=bit, selection=Selection(by_type))

    return replace(wanted, root=one(wanted.root))


def test_what_is_wanted_of_every_type_does_not_wait_for_the_type() -> None:
    made = plan(operation(ON_EVERY_TYPE), VESSELS)
    assert waves(made) == [["radar"], ["fleet", "fees"]]


def test_what_is_wanted_of_one_type_waits_for_the_type() -> None:
    source = "{ seen { imo ... on Ferry { decks isPaid } ... on Tug { pull } } }"
    assert waves(plan(operation(source), VESSELS)) == [["radar"], ["fleet"], ["fees"]]


def test_what_is_wanted_of_types_under_other_conditions_waits_for_the_type() -> None:
    source = "{ seen { imo ... on Ferry { paid: isPaid decks } ... on Tug { pull isPaid } } }"
    assert waves(plan(operation(source), VESSELS)) == [["radar"], ["fleet"], ["fees"]]


def test_asking_before_the_type_is_known_is_guarded_by_the_same_needs() -> None:
    made = plan(about(operation(ON_EVERY_TYPE), {"Ferry": 2, "Tug": 2}), VESSELS)
    assert waves(made) == [["radar"], ["fleet", "fees"]]
    (early,) = [node for node in made.nodes if node.subgraph == "fees"]
    (asked,) = early.calls[0].targets[0].types
    assert (asked.type_name, asked.subject_key, asked.is_guarded) == ("Vessel", "imo", True)
    assert (asked.object_needs, asked.needs) == (2, (2,))


def test_where_policy_tells_types_apart_the_type_is_waited_for() -> None:
    made = plan(about(operation(ON_EVERY_TYPE), {"Ferry": 2, "Tug": 4}), VESSELS)
    assert waves(made) == [["radar"], ["fleet"], ["fees"]]


TYPES = "... on Ferry { decks } ... on Tug { pull }"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{{ seen {{ owner {{ name }} {TYPES} }} }}", [["radar"], ["fleet", "people"]]),
        (
            f"{{ seen {{ owner {{ badge home {{ city }} }} {TYPES} }} }}",
            [["radar"], ["fleet", "people"], ["ports"]],
        ),
        (f"{{ seen {{ {TYPES} escorts {{ {TYPES} }} }} }}", [["radar"], ["fleet"]]),
        (
            f"{{ seen {{ {TYPES} escorts {{ {TYPES} towers {{ name }} }} }} }}",
            [["radar"], ["fleet", "people"]],
        ),
    ],
)
def test_what_is_wanted_below_every_type_does_not_wait_for_the_type(
    source: str, expected: list[list[str]]
) -> None:
    assert waves(plan(operation(source, BELOW), BELOW)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{ seen { ... on Ferry { decks owner { name } } } }",
        "{ seen { ... on Ferry { a: owner { name } decks } ... on Tug { a: owner { b: name } } } }",
        (
            "query ($on: Boolean!) { seen { "
            "... on Ferry { owner @include(if: $on) { name } decks } "
            "... on Tug { owner { name } } } }"
        ),
    ],
)
def test_what_is_wanted_below_one_type_waits_for_the_type(source: str) -> None:
    made = plan(operation(source, BELOW), BELOW)
    assert waves(made) == [["radar"], ["fleet"], ["people"]]


def test_waiting_below_every_type_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner_module, "ask_below_untold", lambda groups, _: groups)
    source = f"{{ seen {{ owner {{ name }} {TYPES} }} }}"
    with pytest.raises(AssertionError):
        test_what_is_wanted_below_every_type_does_not_wait_for_the_type(
            source, [["radar"], ["fleet", "people"]]
        )


def test_asking_below_before_the_type_is_known_is_guarded_by_the_same_needs() -> None:
    source = f"{{ seen {{ imo owner {{ name }} {TYPES} }} }}"
    made = plan(about(operation(source, BELOW), {"Ferry": 2, "Tug": 2}), BELOW)
    assert waves(made) == [["radar"], ["fleet", "people"]]
    (early,) = [node for node in made.nodes if node.subgraph == "people"]
    (target,) = early.calls[0].targets
    assert [(one.subject_key, one.object_needs) for one in target.path] == [(None, 0), ("imo", 2)]
    assert [one.is_guarded for one in target.types] == [True]


def test_where_policy_tells_types_apart_what_is_below_waits() -> None:
    source = f"{{ seen {{ imo owner {{ name }} {TYPES} }} }}"
    made = plan(about(operation(source, BELOW), {"Ferry": 2, "Tug": 4}), BELOW)
    assert waves(made) == [["radar"], ["fleet"], ["people"]]
