"""Shape limits count what a document would expand to, without expanding it."""

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.limits.shape import check_shape


def _check(document: str, budget: Budget | None = None) -> None:
    parsed = parse(document)
    operation = next(n for n in parsed.definitions if isinstance(n, OperationDefinitionNode))
    check_shape(parsed, operation, budget or Budget())


def _doubling(levels: int) -> str:
    fragments = " ".join(
        f"fragment f{n} on Q {{ a {{ ...f{n + 1} }} b {{ ...f{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ ...f0 }} {fragments} fragment f{levels} on Q {{ c }}"


@pytest.mark.parametrize("levels", [11, 30, 60])
def test_a_fragment_bomb_is_refused_before_it_is_expanded(levels: int) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        _check(_doubling(levels), Budget(depth=1_000))
    assert refused.value.code == "EXPANSION_LIMIT"
    # Expanding sixty levels would never end: that it comes at all is the point.


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{" + " ".join(f"a{n}: a" for n in range(31)) + "}", "ALIAS_LIMIT"),
        ("{" + "a {" * 20 + "b" + "}" * 20 + "}", "DEPTH_LIMIT"),
        ("{" + " ".join(f"a{n}" for n in range(11)) + "}", "ROOT_FIELD_LIMIT"),
        ("{ a " + "@include(if: true) " * 21 + "}", "DIRECTIVE_LIMIT"),
        ("{ a { ... @defer { b } } }", "INCREMENTAL_DELIVERY_REFUSED"),
        (
            "{ ...f } fragment f on Q { a @stream(initialCount: 1) { b } }",
            "INCREMENTAL_DELIVERY_REFUSED",
        ),
    ],
)
def test_each_limit_has_its_own_code(document: str, code: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        _check(document)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_an_ordinary_operation_passes() -> None:
    _check("{ a { ...f } } fragment f on A { b c d }")


def test_the_introspection_that_every_tool_sends_passes() -> None:
    _check(get_introspection_query())
