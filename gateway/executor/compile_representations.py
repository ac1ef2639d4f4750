"""Compile what is sent to `_entities`: each object represented by its keys and required values.

Most entities have plain keys: then all objects of a place are read in one go, equal ones are found
by their values, and each is represented once.  What is nested or missing is represented one by
one, by the functions further down.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from gateway.executor.walk import Objects
from gateway.planner.plan import EntityType, InputField

MISSING: Final = object()
"""Stands for a value that is not there, as opposed to null."""

_PLAIN: Final = {str, int, float, bool, type(None)}
_ALIKE: Final = {int, float, bool}
"""Types whose values can be equal without being the same JSON."""

Represented = tuple[dict[str, Any], frozenset[str] | None, Objects]
"""A representation, the keys to leave out of its entity, and the objects that it stands for."""


class Representer:
    """Represents the objects of one type."""

    __slots__ = ("_is_plain", "_keys", "_local_type", "_names", "_one_by_one", "_read")

    def __init__(self, entity: EntityType) -> None:
        required = [each.field for each in entity.requires]
        inputs = [*entity.keys, *required]
        self._names = tuple(each.name for each in inputs)
        self._keys = len(entity.keys)
        self._local_type = entity.local_type
        self._is_plain = bool(inputs) and all(each.by_type is None for each in inputs)
        self._is_plain = self._is_plain and len(set(self._names)) == len(self._names)
        self._read = itemgetter(*(each.key for each in inputs)) if inputs else _nothing
        self._one_by_one = _builder(entity)

    def represent(self, found: Objects, without: Objects) -> Iterator[Represented]:
        """Represent objects; those that have no key are added to `without`."""
        groups = self._groups(found) if self._is_plain else None
        if groups is None:
            for one in found:
                representation, lost = self._one_by_one(one)
                if representation is None:
                    without.append(one)
                else:
                    yield representation, lost, [one]
            return
        for values, ones in groups.items():
            yield {"__typename": self._local_type, **zip_names(self._names, values)}, None, ones

    def _groups(self, found: Objects) -> dict[Any, Objects] | None:
        """Objects by the values of their inputs; None where they are not all plain and there."""
        try:
            values = list(map(self._read, found))
        except KeyError:
            return None
        is_single = len(self._names) == 1
        kinds = set(map(type, values if is_single else chain.from_iterable(values)))
        if not kinds <= _PLAIN or len(kinds & _ALIKE) > 1:
            return None
        groups: defaultdict[Any, Objects] = defaultdict(list)
        for value, one in zip(values, found, strict=True):
            groups[value].append(one)
        if type(None) in kinds and any(
            None in (value[: self._keys] if not is_single else (value,)) for value in groups
        ):
            return None
        return groups


def zip_names(names: tuple[str, ...], values: Any) -> dict[str, Any]:
    """Values by name; a single value stands for itself."""
    if len(names) == 1:
        return {names[0]: values}
    return dict(zip(names, values, strict=True))


def _nothing(_one: dict[str, Any]) -> tuple[()]:
    return ()


Builder = Callable[[dict[str, Any]], tuple[dict[str, Any] | None, frozenset[str] | None]]
Nested = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Required:
    key: str
    name: str
    needed_by: frozenset[str]
    nested: Nested | None
    joins: bool


def _builder(entity: EntityType) -> Builder:
    """Make `(object) -> (representation, keys to leave out)`; (None, None) without its key."""
    keys = tuple((each.key, each.name, _nested(each, is_key=True)) for each in entity.keys)
    key_names = {each.name for each in entity.keys}
    required = tuple(
        _Required(
            each.field.key,
            each.field.name,
            each.needed_by,
            _nested(each.field, is_key=False),
            each.field.name in key_names,
        )
        for each in entity.requires
    )

    def build(one: dict[str, Any]) -> tuple[dict[str, Any] | None, frozenset[str] | None]:
        made: dict[str, Any] = {"__typename": entity.local_type}
        for key, name, nested in keys:
            value = one.get(key)
            if nested is not None:
                value = nested(value)
            if value is None or value is MISSING:
                return None, None
            made[name] = value
        lost: frozenset[str] | None = None
        for each in required:
            value = one.get(each.key, MISSING)
            if each.nested is not None and value is not MISSING:
                value = each.nested(value)
            if value is MISSING:
                lost = each.needed_by if lost is None else lost | each.needed_by
            else:
                made[each.name] = join(made[each.name], value) if each.joins else value
        return made, lost

    return build


def _nested(one: InputField, *, is_key: bool) -> Nested | None:
    """Make the function that represents a nested value; None for a leaf."""
    if one.by_type is None:
        return None
    branches = [
        (
            type_name,
            tuple((inner.key, inner.name, _nested(inner, is_key=is_key)) for inner in fields),
        )
        for type_name, fields in one.by_type
    ]
    by_type = dict(reversed(branches))

    def represent(value: Any) -> Any:
        if value.__class__ is list:
            values = [represent(each) for each in value]
            return MISSING if any(each is MISSING for each in values) else values
        if value.__class__ is not dict:
            return None if value is None else MISSING
        made: dict[str, Any] = {}
        if one.is_abstract:
            type_name = value.get("__typename")
            made["__typename"] = type_name
            fields = by_type.get(type_name, ()) if isinstance(type_name, str) else ()
        else:
            fields = branches[0][1] if branches else ()
        for key, name, nested in fields:
            inner = value.get(key, MISSING)
            if nested is not None and inner is not MISSING:
                inner = nested(inner)
            if inner is MISSING or (is_key and inner is None):
                return MISSING
            made[name] = inner
        return made

    return represent


def join(one: object, other: object) -> object:
    """One nested representation that has the fields of both."""
    if isinstance(one, dict) and isinstance(other, dict):
        joined = dict(one)
        for key, value in other.items():
            joined[key] = join(joined[key], value) if key in joined else value
        return joined
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [join(left, right) for left, right in zip(one, other, strict=True)]
    return one
