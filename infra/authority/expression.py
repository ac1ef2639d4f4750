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


def by_denials(expression: str) -> list[tuple[str, str]]:
    """Split an expression by which denials close it: all, or (SQL about ``d``) those not wished.

    A medical emergency is for when nobody can be asked (42 CFR 2.51, 45 CFR 164.522(a)(1)(iii)):
    what a form or a restriction denies does not stop it; holds and freezes do.
    """
    parts = expression.split("|")
    emergency = [part for part in parts if Basis.BREAK_GLASS.value in part]
    others = [part for part in parts if part not in emergency]
    split = (others, ""), (emergency, f" AND d.basis <> '{Basis.RELEASE.value}'")
    return [("|".join(chosen), denials) for chosen, denials in split if chosen]
