"""Root fields of a mutation in the turns in which they must take effect.

Source: GraphQL specification 6.2.2 Mutation and 6.3.2 CollectFields: fields run in the order of
their first occurrence that is *included*.  In `{ a @include(if: $x) b a }` that is a before b, or b
before a, as `$x` says.  Such a field gets a turn at each of its places, for when none before held.
"""

from dataclasses import replace
from typing import Final

from gateway.planner.errors import PlanningError
from gateway.planner.selection import (
    ALWAYS,
    NEVER,
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    both_of,
)

MAX_TURNS: Final = 32
"""Turns beyond one for each field; what needs more is not planned."""


def in_turns(operation: NormalizedOperation) -> ObjectSelection:
    """The root, with a field at each of its turns; the turns of one field exclude each other.

    All turns of a field have the one selection, so that their values are kept alike.

    Raises:
        PlanningError: the order depends on too many conditions.
    """
    root = operation.root
    if operation.kind != "mutation" or not root.order:
        return root
    by_key = {one.response_key: one for one in root.fields}
    left: dict[str, Conditions] = {}
    fields: list[SelectedField] = []
    for key, conditions in root.order:
        one = by_key.get(key)
        if one is None:
            continue
        before = left.get(key, ALWAYS)
        turn = both_of(before, conditions)
        if turn == NEVER:
            continue
        left[key] = _both_unless(before, conditions)
        when = turn if turn == one.conditions else both_of(one.conditions, turn)
        fields.append(one if when == one.conditions else replace(one, conditions=when))
    fields += [one for one in root.fields if one.response_key not in left]
    if len(fields) > len(root.fields) + MAX_TURNS:
        raise _refused()
    return replace(root, fields=tuple(fields))


def _both_unless(before: Conditions, conditions: Conditions) -> Conditions:
    """When the first hold and the second do not."""
    for literals in conditions:
        broken = frozenset(frozenset({(name, not value)}) for name, value in literals)
        before = both_of(before, broken)
    return before


def _refused() -> PlanningError:
    return PlanningError("the order of the mutation's fields depends on too many conditions")
