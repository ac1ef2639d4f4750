"""A policy for honest timing: every field needs a bit of the entity that it belongs to.

Each entity type is about its key (the first key of one leaf field); each field below it carries
one of the 21 categories, by `sha256("Type.field")` modulo 21 over the names in order.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from gateway.planner.selection import (
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    with_hidden_field,
)
from gateway.supergraph import Supergraph
from infra.vocabulary import Category

CATEGORIES: Final = tuple(
    sorted(one.name for one in Category if one.name not in ("STRUCTURE", "CATALOGUE"))
)


@cache
def category_number(coordinate: str) -> int:
    """The category of a coordinate, as a number."""
    digest = hashlib.sha256(coordinate.encode()).digest()
    return int.from_bytes(digest[:8], "big") % len(CATEGORIES)


class Star:
    """The policy for one supergraph, with some denials: (type, key, category)."""

    def __init__(self, supergraph: Supergraph, denials: Iterable[tuple[str, str, str]]) -> None:
        self._supergraph = supergraph
        found = list(denials)
        # Types that are denied have bits of their own, so that equal keys of others stay apart.
        self._blocks = {name: 1 + index for index, name in enumerate(sorted({d[0] for d in found}))}
        self.denied: dict[str, int] = {}
        for type_name, key, category in found:
            bit = self._bit(type_name, CATEGORIES.index(category))
            self.denied[key] = self.denied.get(key, 0) | bit

    def _bit(self, type_name: str, category: int) -> int:
        return 1 << (self._blocks.get(type_name, 0) * len(CATEGORIES) + category)

    def key_of(self, type_name: str) -> str | None:
        """The field that names an entity; None for other types."""
        for owner in self._supergraph.owners.get(type_name, ()):
            for key in self._supergraph.types[owner, type_name].keys:
                if key.text.strip().isidentifier():
                    return key.text.strip()
        return None

    def annotate(self, operation: NormalizedOperation) -> NormalizedOperation:
        """The operation with needs and subjects."""
        return replace(operation, root=self._object(operation.root, None))

    def _object(self, wanted: ObjectSelection, entity: str | None) -> ObjectSelection:
        key = self.key_of(wanted.type_name)
        owner = wanted.type_name if key is not None else entity
        changed = replace(wanted, fields=tuple(self._field(one, owner) for one in wanted.fields))
        if key is None:
            return changed
        changed, response_key = with_hidden_field(changed, key)
        return replace(changed, subject_key=response_key)

    def _field(self, one: SelectedField, entity: str | None) -> SelectedField:
        if one.name.startswith("__"):
            return one
        number = category_number(f"{one.parent_type}.{one.name}")
        needs = self._bit(entity, number) if entity is not None else 0
        if one.selection is None:
            return replace(one, needs=needs)
        inner = {name: self._object(each, entity) for name, each in one.selection.by_type.items()}
        return replace(one, needs=needs, selection=Selection(inner))


class StarGuard:
    """Decides for one request, per entity key and category."""

    def __init__(self, star: Star) -> None:
        self._denied = star.denied
        self._decided: dict[str, int] = {}

    async def load(self, subjects: Collection[str]) -> None:
        """Decide about the subjects that are new."""
        for subject in subjects:
            if subject not in self._decided:
                mask = -1
                refused = self._denied.get(subject, 0)
                for number in range(len(CATEGORIES)):
                    if refused >> number & 1:
                        mask &= ~(1 << number)
                self._decided[subject] = mask & ~refused

    def mask(self, subject: str) -> int:
        """What a subject grants; nothing if it was not decided."""
        return self._decided.get(subject, 0)
