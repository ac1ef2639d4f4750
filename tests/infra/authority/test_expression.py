"""Access expressions: alternatives of grounds that hold together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.authority.expression import by_denials, is_satisfied, parse
from infra.vocabulary import Basis

PARTS = st.lists(st.sampled_from([each.value for each in Basis]), min_size=1, max_size=3).map(
    "".join
)
EXPRESSIONS = st.lists(PARTS, max_size=4).map("|".join)
HELD = st.frozensets(st.sampled_from([each for each in Basis if each is not Basis.ANY]))


@pytest.mark.parametrize(
    ("expression", "held", "is_open"),
    [
        ("", frozenset(Basis), False),
        ("*", frozenset[Basis](), True),
        ("a|r", {Basis.ASSIGNMENT}, True),
        ("a|r", {Basis.COUNSEL}, False),
        ("rc", {Basis.RELEASE}, False),
        ("rc", {Basis.COUNSEL}, False),
        ("rc", {Basis.RELEASE, Basis.COUNSEL}, True),
        ("r*", {Basis.RELEASE}, True),
        ("r*", frozenset[Basis](), False),
    ],
)
def test_grounds_open_what_the_expression_says(
    expression: str, held: frozenset[Basis], is_open: bool
) -> None:
    assert is_satisfied(expression, held) is is_open


@given(EXPRESSIONS, HELD, HELD)
def test_more_grounds_never_close_anything(
    expression: str, held: frozenset[Basis], more: frozenset[Basis]
) -> None:
    assert not is_satisfied(expression, held) or is_satisfied(expression, held | more)


@given(EXPRESSIONS)
def test_an_expression_reads_back_as_it_was_written(expression: str) -> None:
    written = [set(part) for part in expression.split("|")] if expression else []
    assert [{each.value for each in part} for part in parse(expression)] == written


@pytest.mark.parametrize("expression", ["z", "a|z", "a |r", "A"])
def test_an_unknown_letter_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Basis"):
        parse(expression)


@pytest.mark.parametrize("expression", ["|", "a|", "|r", "a||r"])
def test_an_empty_alternative_opens_nothing(expression: str) -> None:
    with pytest.raises(ValueError, match="without a ground"):
        parse(expression)


def test_what_saves_a_life_is_apart_from_what_a_denial_closes() -> None:
    """A form's denial does not stop an emergency, whatever stands beside it; holds do."""
    but_wished = " AND d.basis <> 'r'"
    assert by_denials("r|b|ao") == [("r|ao", ""), ("b", but_wished)]
    assert by_denials("ao|r") == [("ao|r", "")]
    assert by_denials("b") == [("b", but_wished)]
