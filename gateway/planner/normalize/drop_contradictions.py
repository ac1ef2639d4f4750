"""Leave out what can never be selected, since conditions on the way to it contradict each other.

Where `@include(if: $x)` stands around `@skip(if: $x)`, the inner field is selected under no values
of the variables; nobody need be asked for it.  Conditions on one and the same field are settled
when it is collected; here are those of fields inside each other.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from gateway.planner.selection import (
    ALWAYS,
    NEVER,
    Conditions,
    Literal,
    ObjectSelection,
    SelectedField,
    Selection,
    any_of,
    both_of,
)

MAX_ALTERNATIVES: Final = 16
"""Conditions around a field are not followed further than this: it is asked for in vain then."""


def contested(literals: Iterable[Literal]) -> frozenset[str]:
    """Variables that some conditions want true and others false; the only ones to contradict."""
    seen = set(literals)
    return frozenset(name for name, value in seen if (name, not value) in seen)


def without_contradictions(root: ObjectSelection, variables: frozenset[str]) -> ObjectSelection:
    """The selection without fields that no values of these variables select."""
    return _Pruner(variables).object(root, ALWAYS) if variables else root


class _Pruner:
    """Rebuilds selections; parts stay shared where the conditions around them are the same."""

    def __init__(self, variables: frozenset[str]) -> None:
        self._variables = variables
        self._made: dict[tuple[ObjectSelection, Conditions], ObjectSelection] = {}
        self._inside: dict[tuple[Conditions, Conditions], Conditions] = {}

    def object(self, wanted: ObjectSelection, around: Conditions) -> ObjectSelection:
        made = self._made.get((wanted, around))
        if made is None:
            fields = [self._field(one, around) for one in wanted.fields]
            kept = tuple(one for one in fields if one is not None)
            made = wanted if kept == wanted.fields else replace(wanted, fields=kept)
            self._made[wanted, around] = made
        return made

    def _field(self, one: SelectedField, around: Conditions) -> SelectedField | None:
        inside = self._joined(around, one.conditions)
        if inside == NEVER:
            return None
        if one.selection is None:
            return one
        old = one.selection.by_type
        by_type = {name: self.object(wanted, inside) for name, wanted in old.items()}
        if all(by_type[name] is wanted for name, wanted in old.items()):
            return one
        return replace(one, selection=Selection(by_type))

    def _joined(self, around: Conditions, own: Conditions) -> Conditions:
        """When both hold, as far as contested variables say."""
        if own == ALWAYS:
            return around
        known = self._inside.get((around, own))
        if known is None:
            # Dropping the other literals makes a condition wider, never a contradiction.
            told = frozenset(
                frozenset(one for one in literals if one[0] in self._variables) for literals in own
            )
            told = any_of(told, NEVER)
            is_small = len(around) * len(told) <= MAX_ALTERNATIVES
            known = both_of(around, told) if is_small else around
            self._inside[around, own] = known
        return known
