"""Compile checks of subgraph answers: all that was asked for, nothing else, under our own keys.

A subgraph that answers more than it was asked must not be able to put a value where another
subgraph's value, or the name of a subject, is expected.  Values of wrong types stay for the
projection, which knows their paths.

A field that was asked for and is not there is no null: the answer is not a response to the request
(GraphQL specification 6.3.2 and 7.1.1: each collected field has its entry).  It is noted, so that
the null that stands for it has its error.
"""

from collections import deque
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Final

from gateway.executor.merge_answers import OpaqueName
from gateway.executor.walk import Objects, below, getter_of
from gateway.planner.plan import FetchedField, FetchShape
from gateway.planner.selection import ALWAYS, Conditions, holds

Missing = list[tuple[dict[str, Any], str]]
"""Objects, each with the key under which we would keep a field that they lack."""

Clean = Callable[[Objects, Mapping[str, Any], Missing], None]
"""Cleans all objects of one place, in place, and what is below them; notes what they lack.

Takes the variables, which say what was asked for.
"""

Asked = tuple[tuple[str, str, Conditions], ...]
"""Key in the answer, our own key, and when the field is asked for."""

_TYPENAME: Final = "__typename"


def compile_shape(shape: FetchShape) -> Clean:
    """Make the function that cleans what stands at a place."""
    if not shape.is_abstract:
        fields = tuple(one for _, all_fields in shape.by_type for one in all_fields)
        kinds = tuple(_asked(all_fields) for _, all_fields in shape.by_type)
        return _clean_objects(fields, () if fields else (_TYPENAME,), kinds)
    by_type = {
        local_type: _clean_objects(fields, (_TYPENAME,), (_asked(fields),))
        for local_type, fields in shape.by_type
    }
    fallback = _clean_objects((), (_TYPENAME,), ())
    signs = {name: OpaqueName(name) for name in shape.opaque}

    def clean(found: Objects, variables: Mapping[str, Any], missing: Missing) -> None:
        groups: dict[Any, Objects] = {}
        for one in found:
            name = one.get(_TYPENAME)
            kind = name if name.__class__ is str else None
            if kind in signs:
                one[_TYPENAME] = signs[kind]
            groups.setdefault(kind, []).append(one)
        for kind, ones in groups.items():
            by_type.get(kind, fallback)(ones, variables, missing)

    return clean


def _asked(fields: tuple[FetchedField, ...]) -> Asked:
    return tuple((one.wire_key, one.key, one.conditions) for one in fields)


def _clean_objects(
    fields: tuple[FetchedField, ...], more: tuple[str, ...], kinds: tuple[Asked, ...]
) -> Clean:
    """Clean objects of one type, or of several that the answer does not tell apart.

    Args:
        kinds: what is asked for on each of the types.
    """
    is_constant = all(one.conditions == ALWAYS for one in fields)
    always = _Asked(kinds, more, {}) if is_constant else None
    renamed = tuple((one.wire_key, one.key) for one in fields if one.wire_key != one.key)
    # By the answer's keys: where types are not told apart, one place may keep what two types bring.
    nested = tuple(
        (one.wire_key, getter_of(one.wire_key), compile_shape(one.shape))
        for one in {one.wire_key: one for one in fields if one.shape is not None}.values()
        if one.shape is not None
    )

    def clean(found: Objects, variables: Mapping[str, Any], missing: Missing) -> None:
        asked = always or _Asked(kinds, more, variables)
        if not asked.is_all_of(found):
            _note_missing(found, kinds, variables, missing)
            for one in found:
                _drop_others(one, asked.keys)
        for wire_key, getter, inner in nested:
            ones = below(found, getter, wire_key)
            if ones:
                inner(ones, variables, missing)
        for wire_key, key in renamed:
            for one in found:
                if wire_key in one:
                    one[key] = one.pop(wire_key)

    return clean


class _Asked:
    """The keys that objects have if they hold what was asked for and nothing else."""

    __slots__ = ("_read", "keys")

    def __init__(
        self, kinds: tuple[Asked, ...], more: tuple[str, ...], variables: Mapping[str, Any]
    ) -> None:
        asked = [
            wire_key
            for fields in kinds
            for wire_key, _, conditions in fields
            if conditions == ALWAYS or holds(conditions, variables)
        ]
        self.keys = frozenset((*asked, *more))
        self._read = itemgetter(*self.keys) if self.keys else len

    def is_all_of(self, found: Objects) -> bool:
        """Whether each object has these keys and no others; in C, object by object."""
        if set(map(len, found)) != {len(self.keys)}:
            return not found
        try:
            deque(map(self._read, found), maxlen=0)
        except KeyError:
            return False
        return True


def _note_missing(
    found: Objects, kinds: tuple[Asked, ...], variables: Mapping[str, Any], missing: Missing
) -> None:
    wanted = [
        [(wire_key, key) for wire_key, key, conditions in asked if holds(conditions, variables)]
        for asked in kinds
    ]
    for one in found:
        # Of several types that it can be, that of which it has most.
        lacking = [[key for wire_key, key in each if wire_key not in one] for each in wanted]
        missing.extend((one, key) for key in min(lacking, key=len, default=()))


def _drop_others(found: dict[str, Any], keys: frozenset[str]) -> None:
    for key in [key for key in found if key not in keys]:
        del found[key]


def top_keys(shape: FetchShape) -> tuple[str, ...]:
    """Where the values of the outermost fields are kept."""
    return tuple({one.key: None for _, fields in shape.by_type for one in fields})


def has_composites(shape: FetchShape) -> bool:
    """Whether any outermost field is an object or a list of objects."""
    return any(one.shape is not None for _, fields in shape.by_type for one in fields)
