"""Counts a document's tokens without reading it: refusing a long one must not cost what it asks.

Source: GraphQL specification 2.1.6 Lexical Tokens. Text that is no token at all is skipped here;
the parser says what is wrong with it, where the count does not refuse it first.
"""

import re
from itertools import islice
from typing import Final

from gateway.errors import RequestRefusedError

_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'  # block string
    r'|"(?:[^"\\\n\r]|\\.)*"'  # string
    r"|[_A-Za-z][_0-9A-Za-z]*"
    r"|-?[0-9][0-9.eE+-]*"
    r"|\.\.\."
    r"|[!$&()=:@\[\]{|}]"
    r"|#[^\n\r]*",  # a comment: found so that what is in it is not counted
    re.DOTALL,
)


def check_tokens(source: str, limit: int) -> None:
    """Refuse a document with more tokens than the limit.

    Raises:
        RequestRefusedError: 400 ``TOKEN_LIMIT``.
    """
    tokens = (each for each in _TOKEN.finditer(source) if source[each.start()] != "#")
    if next(islice(tokens, limit, None), None) is not None:
        raise RequestRefusedError(400, "TOKEN_LIMIT")
