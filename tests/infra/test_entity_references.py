"""Ids as they arrive: the usual written form, or nothing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.entity_references import known, parse_id, reference_ids

ID = UUID("680c1c54-e1bd-52e3-bb00-85dc44576870")


@given(st.uuids())
def test_the_usual_form_names_its_id(value: UUID) -> None:
    assert parse_id(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [None, 7, "", "x" * 36, ID.hex, f"{{{ID}}}", f"urn:uuid:{ID}", f" {ID}", [str(ID)], ID],
    ids=str,
)
def test_any_other_form_names_nothing(text: object) -> None:
    assert parse_id(text) is None


@given(st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    parse_id(text)


def test_references_keep_their_order_and_ids_are_asked_for_once() -> None:
    references = [{"id": str(ID)}, {}, {"id": "x"}, {"id": str(ID)}]
    ids = reference_ids(references)
    assert ids == [ID, None, None, ID]
    assert known(ids) == [ID]
