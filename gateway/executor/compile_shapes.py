"""Compile checks of subgraph answers: keep what was asked for, under the keys we keep it by.

A subgraph that answers more than it was asked must not be able to put a value where another
subgraph's value, or the name of a subject, is expected.  Values of wrong types stay for the
projection, which knows their paths.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.executor.merge_answers import OpaqueName
from gateway.executor.walk import Objects, below, getter_of
from gateway.planner.plan import FetchedField, FetchShape

Clean = Callable[[Objects], None]
"""Cleans all objects of one place, in place, and what is below them."""

_TYPENAME: Final = "__typename"


def compile_shape(shape: FetchShape) -> Clean:
    """Make the function that cleans what stands at a place."""
    if not shape.is_abstract:
        fields = tuple(one for _, all_fields in shape.by_type for one in all_fields)
        return _clean_objects(fields, () if fields else (_TYPENAME,))
    by_type = {
        local_type: _clean_objects(fields, (_TYPENAME,)) for local_type, fields in shape.by_type
    }
    fallback = _clean_objects((), (_TYPENAME,))
    signs = {name: OpaqueName(name) for name in shape.opaque}

    def clean(found: Objects) -> None:
        groups: dict[Any, Objects] = {}
        for one in found:
            name = one.get(_TYPENAME)
            kind = name if name.__class__ is str else None
            if kind in signs:
                one[_TYPENAME] = signs[kind]
            groups.setdefault(kind, []).append(one)
        for kind, ones in groups.items():
            by_type.get(kind, fallback)(ones)

    return clean


def _clean_objects(fields: tuple[FetchedField, ...], more: tuple[str, ...]) -> Clean:
    keys = frozenset({one.wire_key for one in fields} | set(more))
    renamed = tuple((one.wire_key, one.key) for one in fields if one.wire_key != one.key)
    nested = tuple(
        (one.key, getter_of(one.key), compile_shape(one.shape))
        for one in {one.key: one for one in fields if one.shape is not None}.values()
        if one.shape is not None
    )

    def clean(found: Objects) -> None:
        if not keys.issuperset(set().union(*found)):
            for one in found:
                _drop_others(one, keys)
        for wire_key, key in renamed:
            for one in found:
                one[key] = one.pop(wire_key, None)
        for key, getter, inner in nested:
            ones = below(found, getter, key)
            if ones:
                inner(ones)

    return clean


def _drop_others(found: dict[str, Any], keys: frozenset[str]) -> None:
    for key in [key for key in found if key not in keys]:
        del found[key]


def top_keys(shape: FetchShape) -> tuple[str, ...]:
    """Where the values of the outermost fields are kept."""
    return tuple({one.key: None for _, fields in shape.by_type for one in fields})


def has_composites(shape: FetchShape) -> bool:
    """Whether any outermost field is an object or a list of objects."""
    return any(one.shape is not None for _, fields in shape.by_type for one in fields)
