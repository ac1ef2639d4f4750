"""Which keys are taken where objects of several types may be one and the same.

Below a field, each object type has a place of its own in a plan.  Where a subgraph does not tell
the types (`@interfaceObject`), these places are one in its answer, so that a key that the engine
adds on one of them must mean the same on all; they share a key space then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.planner.selection import (
    SelectedField,
    Selection,
    arguments_text,
    storage_keys,
    unused_key,
)


@dataclass(slots=True, eq=False)
class KeySpace:
    """The keys of one place, or of those that may be one.

    Args:
        selections: what the client selects at each of them.
    """

    selections: list[Selection]
    _used: set[str] = field(default_factory=set)
    _internal: dict[tuple[str, str], str] = field(default_factory=dict)
    _below: dict[str, "KeySpace"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for _, key, selected in self._kept():
            self._used.add(key)
            meaning = (selected.name, arguments_text(selected.arguments))
            self._internal.setdefault(meaning, key)

    def internal_key(self, selected: SelectedField) -> str:
        """Where a field that the engine needs is kept: with an equal field, or on its own."""
        meaning = (selected.name, arguments_text(selected.arguments))
        key = self._internal.get(meaning)
        if key is None:
            key = selected.name
            if key in self._used:
                key = unused_key(selected.name, self._used)
            self._used.add(key)
            self._internal[meaning] = key
        return key

    def below(self, key: str) -> "KeySpace":
        """The space of what stands under a key, whichever type has it."""
        known = self._below.get(key)
        if known is None:
            selections = [
                selected.selection
                for _, kept, selected in self._kept()
                if kept == key and selected.selection is not None
            ]
            known = self._below[key] = KeySpace(selections)
        return known

    def _kept(self) -> Iterable[tuple[str, str, SelectedField]]:
        for selection in self.selections:
            keys = storage_keys(selection)
            for type_name, wanted in selection.by_type.items():
                for selected in wanted.fields:
                    yield type_name, keys[type_name, selected.response_key], selected
