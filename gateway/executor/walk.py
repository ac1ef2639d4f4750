"""Walk the fetched tree level by level: all objects of a place at once, in C where it can be.

A level is a list of objects (dicts).  Anything else that a subgraph may have put where an object
belongs is passed over here; the projection, which knows paths, says what is wrong with it.
"""

from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from typing import Any, Final

Objects = list[dict[str, Any]]

_OBJECTS: Final = {dict}
_LISTS: Final = {list}
_TEXTS: Final = {str}


def column(found: Objects, getter: Callable[[Any], Any], key: str) -> list[Any]:
    """The values under a key, None where there is none; `getter` is `itemgetter(key)`."""
    try:
        return list(map(getter, found))
    except KeyError:
        return [one.get(key) for one in found]


def below(found: Objects, getter: Callable[[Any], Any], key: str) -> Objects:
    """The objects under a key, out of lists of any depth; in order."""
    values = column(found, getter, key)
    kinds = set(map(type, values))
    if kinds == _LISTS:
        values = list(chain.from_iterable(values))
        kinds = set(map(type, values))
    if kinds <= _OBJECTS:
        return values
    flat: Objects = []
    _flatten(values, flat)
    return flat


def _flatten(values: list[Any], into: Objects) -> None:
    for value in values:
        if value.__class__ is dict:
            into.append(value)
        elif value.__class__ is list:
            _flatten(value, into)


def flattened(value: Any) -> Objects:
    """The objects in a value: itself, or those in lists of any depth."""
    flat: Objects = []
    _flatten([value], flat)
    return flat


def note_subjects(found: Objects, getter: Callable[[Any], Any], key: str, seen: set[str]) -> bool:
    """Add the subjects of objects to those seen; whether each object has exactly one."""
    values = column(found, getter, key)
    if set(map(type, values)) <= _TEXTS:
        seen.update(values)
        return True
    for value in values:
        _note(value, seen)
    return False


def _note(subject: Any, seen: set[str]) -> None:
    if subject.__class__ is str:
        seen.add(subject)
    elif subject.__class__ is list:
        for one in subject:
            _note(one, seen)


def getter_of(key: str) -> Callable[[Any], Any]:
    """What reads a key of an object; KeyError if it is not there."""
    return itemgetter(key)
