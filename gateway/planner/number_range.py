"""Numbers in a document that no value can have.

Source: GraphQL specification (September 2025) 3.5.2 Float, Input Coercion: a value that is not
representable by finite IEEE 754 must be refused.  The same bound holds for numbers of other types,
which are otherwise as long as their subgraph takes them; longer texts are written in quotes.
"""

import math
import re
from typing import Any, Final

from graphql import DocumentNode, FloatValueNode, GraphQLError, IntValueNode, Visitor, visit

_MAYBE: Final = re.compile(r"[0-9]{300}|[eE][+-]?[0-9]{3}")
"""In the text of each document that has such a number, and of hardly any other."""


def numbers_out_of_range(source: str, document: DocumentNode) -> list[GraphQLError]:
    """Errors for numbers beyond what is finite, for the client."""
    if _MAYBE.search(source) is None:
        return []
    finder = _Finder()
    visit(document, finder)
    return finder.errors


class _Finder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        self._check(node)

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> None:
        self._check(node)

    def _check(self, node: IntValueNode | FloatValueNode) -> None:
        if not math.isfinite(float(node.value)):
            message = "Numbers cannot represent a value beyond the range of 64-bit floating point."
            self.errors.append(GraphQLError(message, node))
