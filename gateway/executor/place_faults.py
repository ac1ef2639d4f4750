"""Find where the values are missing that a subgraph's errors speak of."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gateway.executor.faults import REPORTED, Fault, Faults
from gateway.planner.plan import FetchShape, InputField


def code_of(found: dict[str, Any], passed_codes: Collection[str]) -> str:
    """The code that clients see for a subgraph's error."""
    extensions = found.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) and code in passed_codes else REPORTED


def place_root_error(
    faults: Faults,
    fault: Fault,
    path: Any,
    data: dict[str, Any],
    roots: Collection[dict[str, Any]],
    keys: tuple[str, ...],
) -> None:
    """Place an error of a root fetch; without a usable path, at its null root fields."""
    if isinstance(path, list) and path and path[0] in keys:
        first = path[0]
        value = data.get(first)
        if value is None:
            faults.place(fault, roots, [first], path)
            return
        if place_inside(faults, fault, path[1:], value):
            return
    missing = [key for key in keys if data.get(key) is None]
    if missing:
        faults.place(fault, roots, missing)
    else:
        faults.unplaced.append(fault)


def place_inside(faults: Faults, fault: Fault, path: list[Any], value: Any) -> bool:
    """Follow a path into a value; False if it ends before any null."""
    holder: Any = None
    name: str | int = ""
    for number, step in enumerate(path, start=1):
        if isinstance(value, dict) and isinstance(step, str):
            holder, name = value, step
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            holder, name = value, step
            value = value[step]
        else:
            return False
        if value is None:
            if holder is None:
                return False
            faults.place(fault, [holder], [name], [name, *path[number:]])
            return True
    return False


def find_fault(faults: Faults, holder: Any, inputs: Iterable[InputField]) -> Fault | None:
    """The fault that explains a missing part of a representation."""
    if isinstance(holder, list):
        found = (find_fault(faults, one, inputs) for one in holder)
        return next((fault for fault in found if fault is not None), None)
    if not isinstance(holder, dict):
        return None
    for one in inputs:
        fault = faults.at.get((id(holder), one.key))
        if fault is None and one.by_type is not None:
            nested = [inner for _, fields in one.by_type for inner in fields]
            fault = find_fault(faults, holder.get(one.key), nested)
        if fault is not None:
            return fault
    return None


def is_consequence(
    found: dict[str, Any], missing: Mapping[str, list[frozenset[str] | None]]
) -> bool:
    """Whether an error is about a field that was asked for without what it requires."""
    path = found.get("path")
    match path:
        case [str(alias), int(index), str(name), *_] if 0 <= index < len(missing.get(alias, ())):
            return name in (missing[alias][index] or ())
    return False


def first_step(found: dict[str, Any]) -> str | None:
    """The first step of an error's path, if it has one."""
    path = found.get("path")
    first = path[0] if isinstance(path, list) and path else None
    return first if isinstance(first, str) else None


def miss_null_roots(
    faults: Faults,
    shape: FetchShape | None,
    data: dict[str, Any],
    roots: list[dict[str, Any]],
) -> None:
    """Remember which root fields failed here, since others may have them in part."""
    for _, fields in shape.by_type if shape is not None else ():
        for one in fields:
            fault = faults.at.get((id(roots[0]), one.key))
            if fault is not None and data.get(one.key) is None:
                faults.miss(fault, shape, roots, (one.key,))


def place_parts(faults: Faults) -> None:
    """Once all is fetched, find what is missing below values that several fetches share."""
    for fault, shape, holders, keys in faults.parts:
        for holder in holders:
            _place_part(faults, fault, shape, holder, keys)


def _place_part(
    faults: Faults, fault: Fault, shape: FetchShape, holder: Any, keys: Collection[str] | None
) -> None:
    if isinstance(holder, list):
        for one in holder:
            _place_part(faults, fault, shape, one, keys)
    if not isinstance(holder, dict):
        return
    for local_type, fields in shape.by_type:
        if shape.is_abstract and holder.get("__typename") != local_type:
            continue
        for one in fields:
            if keys is not None and one.key not in keys:
                continue
            value = holder.get(one.key)
            if value is None:
                faults.place(fault, [holder], [one.key])
            elif one.shape is not None:
                _place_part(faults, fault, one.shape, value, None)
