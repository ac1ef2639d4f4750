"""Compile where the objects of an entity fetch stand, and which of them may be asked about.

An object is asked about only if its subject, and those of all objects around it, grant something
of what the fetch brings.  Most often everybody seen grants everything: then the objects are taken
as they stand, and only otherwise looked at one by one.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.executor.guard import Masks
from gateway.executor.walk import (
    Objects,
    below,
    column,
    flattened,
    getter_of,
    note_subjects,
)
from gateway.planner.plan import EntityType, PathStep, Target

Guarded = list[tuple[dict[str, Any], int]]
Found = list[tuple[EntityType, Objects]]

Places = dict[tuple[int, PathStep], int]
"""Numbers of the places of one operation, by the number of the place above and the step down."""

There = tuple[Objects, set[str], bool]
"""Objects of a place, the subjects on the way, and whether each object there has just one."""


class Known:
    """What walks have found, so that none goes the same way twice; cleared when places change.

    Attributes:
        there: by place.
        own: subjects of the objects at a place, and whether each has just one; by place and key.
    """

    __slots__ = ("own", "there")

    def __init__(self) -> None:
        self.there: dict[int, There] = {}
        self.own: dict[tuple[int, str], tuple[set[str], bool]] = {}

    def clear(self) -> None:
        """Forget everything: objects, types or subjects may have come."""
        self.there.clear()
        self.own.clear()


_TYPENAME: Final = getter_of("__typename")


class TargetWalk:
    """The walk to one target.

    Attributes:
        needs: every bit that any test on the way or at its end asks for; 0 without a guard.
    """

    __slots__ = ("_entities", "_has_floor", "_is_abstract", "_places", "_steps", "needs")

    def __init__(self, target: Target, places: Places) -> None:
        self._steps = tuple(_Step(step) for step in target.path)
        self._places = _numbered(target.path, places)
        self._entities = tuple(_Entity(entity) for entity in target.types)
        self._is_abstract = target.is_abstract
        is_guarded = all(entity.is_guarded for entity in target.types)
        self.needs = _all_needs(target) if is_guarded and _has_needs(target) else 0
        self._has_floor = _has_floor(target)

    def find(self, root: dict[str, Any], known: Known) -> "Walked":
        """All objects of the place, whoever they are about."""
        found: Objects = [root]
        seen: set[str] = set()
        is_plain = True
        for place, step in zip(self._places, self._steps, strict=True):
            there = known.there.get(place)
            if there is None:
                found = step.those(found)
                if step.subject is not None:
                    seen = set(seen)
                    noted = note_subjects(found, step.subject[1], step.subject[0], seen)
                    is_plain = noted and is_plain
                found = below(found, step.getter, step.key)
                known.there[place] = (found, seen, is_plain)
            else:
                found, seen, is_plain = there
        is_plain = is_plain and self._has_floor
        by_type: Found = []
        for entity in self._entities:
            ones = entity.those(found) if self._is_abstract else found
            if self.needs and entity.subject is not None:
                own, noted = self._own(entity.subject, ones, known)
                seen = seen | own
                is_plain = noted and is_plain
            by_type.append((entity.entity, ones))
        return Walked(self, by_type, seen if self.needs else set(), is_plain)

    def _own(
        self, subject: tuple[str, Callable[[Any], Any]], ones: Objects, known: Known
    ) -> tuple[set[str], bool]:
        """The subjects of objects themselves, and whether each has just one."""
        key, getter = subject
        place = None if self._is_abstract or not self._places else (self._places[-1], key)
        found = known.own.get(place) if place is not None else None
        if found is None:
            seen: set[str] = set()
            found = seen, note_subjects(ones, getter, key, seen)
            if place is not None:
                known.own[place] = found
        return found

    def find_granted(self, root: dict[str, Any], masks: Masks) -> Found:
        """The objects of the place that may be asked about."""
        found: Guarded = [(root, 0)]
        for step in self._steps:
            found = step.granted(found, masks)
        return [
            (entity.entity, entity.granted(found, masks, is_abstract=self._is_abstract))
            for entity in self._entities
        ]


class Walked:
    """What a walk found.

    Attributes:
        seen: the subjects on the way.
        is_plain: each object on the way that can have a subject has exactly one.
    """

    __slots__ = ("_found", "_target", "is_plain", "seen")

    def __init__(self, target: TargetWalk, found: Found, seen: set[str], is_plain: bool) -> None:
        self._target = target
        self._found = found
        self.seen = seen
        self.is_plain = is_plain

    def granted(self, root: dict[str, Any], masks: Masks | None) -> Found:
        """The objects that may be asked about; `masks` once decisions are loaded."""
        needs = self._target.needs
        if not needs:
            return self._found
        if masks is not None and self.is_plain and masks.cover(self.seen, needs):
            return self._found
        return self._target.find_granted(root, masks) if masks is not None else []


def _numbered(path: tuple[PathStep, ...], places: Places) -> tuple[int, ...]:
    numbers = []
    above = 0
    for step in path:
        above = places.setdefault((above, step), len(places) + 1)
        numbers.append(above)
    return tuple(numbers)


class _Step:
    __slots__ = ("_is_abstract", "_names", "_needs", "getter", "key", "subject")

    def __init__(self, step: PathStep) -> None:
        self.key = step.key
        self.getter = getter_of(step.key)
        self.subject = _subject(step.subject_key)
        self._names = frozenset(step.type_names)
        self._is_abstract = step.is_abstract
        self._needs = step.object_needs | step.field_needs

    def those(self, found: Objects) -> Objects:
        """The objects of the step's type."""
        return _of_type(found, self._names) if self._is_abstract else found

    def granted(self, found: Guarded, masks: Masks) -> Guarded:
        deeper: Guarded = []
        for one, inherited in found:
            if self._is_abstract and not _is_one_of(one, self._names):
                continue
            mask = inherited if self.subject is None else masks(one.get(self.subject[0]))
            if mask & self._needs == self._needs:
                deeper += [(inner, mask) for inner in flattened(one.get(self.key))]
        return deeper


class _Entity:
    __slots__ = ("_alternatives", "_names", "_needs", "entity", "subject")

    def __init__(self, entity: EntityType) -> None:
        self.entity = entity
        self.subject = _subject(entity.subject_key)
        self._names = frozenset(entity.type_names)
        self._needs = entity.object_needs
        self._alternatives = entity.needs if 0 not in entity.needs else ()

    def those(self, found: Objects) -> Objects:
        """The objects of the type."""
        return _of_type(found, self._names)

    def granted(self, found: Guarded, masks: Masks, *, is_abstract: bool) -> Objects:
        granted: Objects = []
        for one, inherited in found:
            if is_abstract and not _is_one_of(one, self._names):
                continue
            mask = inherited if self.subject is None else masks(one.get(self.subject[0]))
            if mask & self._needs != self._needs:
                continue
            some = self._alternatives
            if not some or any(mask & bits == bits for bits in some):
                granted.append(one)
        return granted


def _subject(key: str | None) -> tuple[str, Callable[[Any], Any]] | None:
    return None if key is None else (key, getter_of(key))


def _of_type(found: Objects, names: frozenset[str]) -> Objects:
    told = column(found, _TYPENAME, "__typename")
    return [
        one
        for one, name in zip(found, told, strict=True)
        if isinstance(name, str) and name in names
    ]


def _is_one_of(one: dict[str, Any], names: frozenset[str]) -> bool:
    name = one.get("__typename")
    return isinstance(name, str) and name in names


def _has_needs(target: Target) -> bool:
    return any(step.object_needs or step.field_needs for step in target.path) or any(
        entity.object_needs or (entity.needs and 0 not in entity.needs) for entity in target.types
    )


def _all_needs(target: Target) -> int:
    needs = 0
    for step in target.path:
        needs |= step.object_needs | step.field_needs
    for entity in target.types:
        needs |= entity.object_needs
        for bits in entity.needs:
            needs |= bits
    return needs


def _has_floor(target: Target) -> bool:
    """Whether nothing is needed before a subject is known: nobody could grant that."""
    is_known = False
    for step in target.path:
        is_known = is_known or step.subject_key is not None
        if not is_known and step.object_needs | step.field_needs:
            return False
    return is_known or all(
        entity.subject_key is not None
        or not (entity.object_needs or (entity.needs and 0 not in entity.needs))
        for entity in target.types
    )
