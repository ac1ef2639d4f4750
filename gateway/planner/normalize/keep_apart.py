"""Keep apart what different types select under one response key, where nobody knows the type yet.

Objects of an interface object are asked for all that is selected on any of their possible types
(see `interface_objects`), and hold it until another subgraph tells which type each of them has.  A
field that two types select in the same way has one value there; but what they select below it may
give one key to different fields (GraphQL specification 5.3.2 allows that where the types around
them differ).  The field of the later type is then kept under a key of its own.
"""

from collections.abc import Mapping
from dataclasses import replace

from gateway.planner.selection import (
    ObjectSelection,
    SelectedField,
    Selection,
    arguments_text,
    storage_keys,
    unused_key,
)

Kept = dict[str, list[SelectedField]]
"""Fields by the key under which they are kept."""


class Apart:
    """Changes selections on the types of one place; remembers what it compared."""

    def __init__(self) -> None:
        self._kept: dict[Selection, Kept] = {}
        self._clashes: dict[tuple[Selection, Selection], bool] = {}

    def kept_apart(self, by_type: Mapping[str, ObjectSelection]) -> dict[str, ObjectSelection]:
        """The same selections, each field with a key under which nothing else is kept."""
        used = {one.response_key for wanted in by_type.values() for one in wanted.fields}
        taken: dict[str, list[tuple[str, list[SelectedField]]]] = {}
        changed: dict[str, ObjectSelection] = {}
        for type_name, wanted in by_type.items():
            fields = tuple(self._field(one, taken, used) for one in wanted.fields)
            same = all(one is old for one, old in zip(fields, wanted.fields, strict=True))
            changed[type_name] = wanted if same else replace(wanted, fields=fields)
        return changed

    def _field(
        self,
        one: SelectedField,
        taken: dict[str, list[tuple[str, list[SelectedField]]]],
        used: set[str],
    ) -> SelectedField:
        if one.selection is None:
            return one
        places = taken.setdefault(one.response_key, [])
        for key, others in places:
            if not any(self._clash(one, other) for other in others):
                others.append(one)
                return one if key == one.response_key else replace(one, kept_as=key)
        key = one.response_key if not places else unused_key(one.name, used)
        used.add(key)
        places.append((key, [one]))
        return one if key == one.response_key else replace(one, kept_as=key)

    def _clash(self, one: SelectedField, other: SelectedField) -> bool:
        """Whether two fields of one place that mean the same hold different things below."""
        if _meaning(one) != _meaning(other):
            return False  # they never have one key
        mine, theirs = one.selection, other.selection
        return mine is not None and theirs is not None and self._differ(mine, theirs)

    def _differ(self, mine: Selection, theirs: Selection) -> bool:
        if [*mine.by_type.values()] == [*theirs.by_type.values()]:
            return False
        known = self._clashes.get((mine, theirs))
        if known is None:
            there = self._fields_of(theirs)
            known = self._clashes[mine, theirs] = any(
                _meaning(one) != _meaning(other) or self._clash(one, other)
                for key, fields in self._fields_of(mine).items()
                for other in there.get(key, ())
                for one in fields
            )
        return known

    def _fields_of(self, selection: Selection) -> Kept:
        known = self._kept.get(selection)
        if known is None:
            keys = storage_keys(selection)
            known = self._kept[selection] = {}
            for type_name, wanted in selection.by_type.items():
                for one in wanted.fields:
                    known.setdefault(keys[type_name, one.response_key], []).append(one)
        return known


def _meaning(one: SelectedField) -> tuple[str, str]:
    return one.name, arguments_text(one.arguments)
