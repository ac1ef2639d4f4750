"""Compile the walk that finds every subject in a fetched tree, so that decisions can be loaded."""

from collections.abc import Callable
from typing import Any

from gateway.executor.walk import Objects, below, getter_of, note_subjects
from gateway.planner.selection import ObjectSelection, Selection, storage_keys

NoteAll = Callable[[Objects, set[str]], bool]
"""Adds the subjects in objects and below to those seen; False if any has none, or several."""


def compile_subject_walk(root: ObjectSelection) -> NoteAll:
    """Make the walk of a whole tree; it is given the root object alone."""
    return _place(Selection({root.type_name: root}), is_root=True) or _nothing


def _nothing(_found: Objects, _seen: set[str]) -> bool:
    return True


def _place(selection: Selection, *, is_root: bool = False) -> NoteAll | None:
    """Make the walk of one place; None where no subject is there or below."""
    keys = storage_keys(selection)
    walks = {
        type_name: walk
        for type_name, wanted in selection.by_type.items()
        if (walk := _object(wanted, keys)) is not None
    }
    if not walks:
        return None
    if is_root or len(selection.by_type) == 1:
        return next(iter(walks.values()))

    def note(found: Objects, seen: set[str]) -> bool:
        groups: dict[Any, Objects] = {}
        for one in found:
            name = one.get("__typename")
            if isinstance(name, str):
                groups.setdefault(name, []).append(one)
        is_plain = True
        for name, ones in groups.items():
            walk = walks.get(name)
            if walk is not None and not walk(ones, seen):
                is_plain = False
        return is_plain

    return note


def _object(wanted: ObjectSelection, keys: dict[tuple[str, str], str]) -> NoteAll | None:
    subject = wanted.subject_key and keys[wanted.type_name, wanted.subject_key]
    inner = tuple(
        (key, getter_of(key), walk)
        for one in wanted.fields
        if one.selection is not None and (walk := _place(one.selection)) is not None
        for key in (keys[wanted.type_name, one.response_key],)
    )
    if subject is None and not inner:
        return None
    subjects = (subject, getter_of(subject)) if subject is not None else None

    def note(found: Objects, seen: set[str]) -> bool:
        is_plain = subjects is None or note_subjects(found, subjects[1], subjects[0], seen)
        for key, getter, walk in inner:
            ones = below(found, getter, key)
            if ones and not walk(ones, seen):
                is_plain = False
        return is_plain

    return note
