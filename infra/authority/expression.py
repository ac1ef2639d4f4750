"""Access expressions: on which grounds a role may see a category, as a disjunction of conjunctions.

``"a|r"`` reads "assigned, or a release covers it"; ``"rc"`` "a release covers it and the caller
is counsel of record"; ``"*"`` "no ground about a participant is needed". Letters are the values
of ``infra.vocabulary.Basis``. The empty text means never.
"""

from collections.abc import Collection
from functools import lru_cache

from infra.vocabulary import Basis

Alternatives = tuple[frozenset[Basis], ...]


@lru_cache(maxsize=256)
def parse(expression: str) -> Alternatives:
    """Return the alternatives of an expression, each a set of bases that must all hold.

    Raises:
        ValueError: a letter is no basis, or an alternative is empty: it would hold for everybody.
    """
    if not expression:
        return ()
    parts = expression.split("|")
    if not all(parts):
        raise ValueError("an alternative without a ground")
    return tuple(frozenset(Basis(letter) for letter in part) for part in parts)


def is_satisfied(expression: str, held: Collection[Basis]) -> bool:
    """Return whether the bases held satisfy the expression."""
    present = {*held, Basis.ANY}
    return any(part <= present for part in parse(expression))
