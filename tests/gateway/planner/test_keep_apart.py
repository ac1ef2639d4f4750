"""What types that nobody has told yet select under one key is kept apart."""

from pathlib import Path

import pytest

from gateway.planner import normalize, parse_operation, plan
from gateway.planner.normalize.keep_apart import Apart
from gateway.planner.selection import Selection, storage_keys
from tests.conformance.load_cases import CASES, Case
from tests.conformance.test_cases import test_the_answer_is_that_of_one_merged_schema as same_answer

CASE = Case(CASES / "interface-object-told")


def _query(name: str) -> Path:
    return CASE.path / f"{name}.query.graphql"


def _owners(document: str) -> Selection:
    root = normalize(parse_operation(document, None, CASE.supergraph)).root
    selection = root.fields[0].selection
    assert selection is not None
    return selection


def test_a_field_whose_inner_keys_differ_by_type_is_kept_under_two_keys() -> None:
    selection = _owners(_query("apart").read_text())
    keys = storage_keys(Selection(Apart().kept_apart(selection.by_type)))
    assert keys["Human", "o"] != keys["Bot", "o"]


def test_what_is_the_same_on_all_types_is_kept_once() -> None:
    inner = "o: org { x: title }"
    document = f"{{ assigned {{ ... on Human {{ {inner} }} ... on Bot {{ {inner} }} }} }}"
    selection = _owners(document)
    assert Apart().kept_apart(selection.by_type) == selection.by_type


async def test_types_that_are_not_kept_apart_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await same_answer(CASE, _query("apart"))
    monkeypatch.setattr(Apart, "kept_apart", lambda _, by_type: dict(by_type))
    with pytest.raises(AssertionError):
        await same_answer(CASE, _query("apart"))


def test_a_key_that_an_alias_covers_is_asked_for_beside_it() -> None:
    document = _query("alias-of-key").read_text()
    (first, _) = plan(
        normalize(parse_operation(document, None, CASE.supergraph)), CASE.supergraph
    ).nodes
    assert "code:agents" in first.text
    assert "_gt_code:code" in first.text
