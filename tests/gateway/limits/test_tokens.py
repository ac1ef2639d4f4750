"""Tokens are counted as the specification's lexer does, so no document is refused that it takes."""

import pytest
from graphql import Lexer, Source, TokenKind

from gateway.errors import RequestRefusedError
from gateway.limits.tokens import check_tokens

DOCUMENTS = [
    "{ a }",
    'query Q($id: ID! = "x y z", $n: [Int!] = [1, -2, 3.5e-7]) { a(id: $id) @skip(if: true) }',
    "{ a # a comment with { many } words\n b }",
    '{ a(text: "a \\" quote # and { more }") ...F ... on T { c } } fragment F on T { d }',
    '{ a(text: """block "with" quotes \\""" and # more { } """) { b } }',
    "{ a(o: {x: 1, y: [true, null, ENUM]}) , , b }",
    "query A{a} query B{b} # end",
]


def lexed(document: str) -> int:
    lexer = Lexer(Source(document))
    number = 0
    while lexer.advance().kind is not TokenKind.EOF:
        number += lexer.token.kind is not TokenKind.COMMENT
    return number


def is_refused(document: str, limit: int) -> bool:
    try:
        check_tokens(document, limit)
    except RequestRefusedError as refused:
        return refused.code == "TOKEN_LIMIT"
    return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_count_is_that_of_the_lexer(document: str) -> None:
    number = lexed(document)
    assert not is_refused(document, number)
    assert is_refused(document, number - 1)


def test_what_is_no_token_does_not_stop_the_count() -> None:
    assert is_refused("% ^ " + "a " * 20, 19)
    assert is_refused('{ a(text: "never closed ' + "a " * 20, 19)
