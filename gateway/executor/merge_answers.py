"""Put values of several answers into one tree."""

from collections.abc import Iterable
from typing import Any

from gateway.executor.faults import Faults


class OpaqueName(str):
    """A `__typename` by which a subgraph knows objects of an interface; any type may follow."""

    __slots__ = ()


Container = dict[str, Any] | list[Any]
Moves = list[tuple[Container, Container]]
"""Objects and lists, each with the one that took its values over."""


def merge_into(target: dict[str, Any], source: dict[str, Any], moves: Moves | None = None) -> None:
    """Add the values of one object to another; null never replaces a value.

    Objects of different types are not mixed: what the first answer said stays.

    Args:
        moves: is told which objects are merged into which.
    """
    if not _are_alike(target, source):
        return
    if moves is not None:
        moves.append((source, target))
    for key, value in source.items():
        known = target.get(key)
        if known is None:
            target[key] = value
        elif value.__class__ is dict and known.__class__ is dict:
            merge_into(known, value, moves)
        elif value.__class__ is list and known.__class__ is list and len(value) == len(known):
            _merge_lists(known, value, moves)


def _merge_lists(known: list[Any], new: list[Any], moves: Moves | None) -> None:
    if moves is not None:
        moves.append((new, known))
    for index, value in enumerate(new):
        old = known[index]
        if old is None:
            known[index] = value
        elif value.__class__ is dict and old.__class__ is dict:
            merge_into(old, value, moves)
        elif value.__class__ is list and old.__class__ is list and len(value) == len(old):
            _merge_lists(old, value, moves)


def _are_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, theirs = one.get("__typename"), other.get("__typename")
    if mine is None or theirs is None or mine == theirs or theirs.__class__ is OpaqueName:
        return True
    if mine.__class__ is OpaqueName:
        one["__typename"] = theirs
        return True
    return False


def copy_value(value: Any, moves: Moves | None = None) -> Any:
    """A deep copy of JSON data; `moves` is told which objects are copied into which."""
    if value.__class__ is dict:
        copied = {key: copy_value(inner, moves) for key, inner in value.items()}
        if moves is not None:
            moves.append((value, copied))
        return copied
    if value.__class__ is list:
        items = [copy_value(inner, moves) for inner in value]
        if moves is not None:
            moves.append((value, items))
        return items
    return value


def tell(
    type_name: Any, possible: tuple[str, ...], objects: list[tuple[int, dict[str, Any]]]
) -> bool:
    """Note which type objects have; False if a subgraph told none of those possible."""
    if type_name.__class__ is not str or type_name not in possible:
        return False
    for _, one in objects:
        one["__typename"] = type_name
    return True


def give(
    entity: dict[str, Any],
    objects: list[tuple[int, dict[str, Any]]],
    faults: Faults,
    *,
    is_flat: bool,
) -> None:
    """Merge one entity into all objects it stands for; faults inside it go along.

    Objects of one place may share the nested values, since every later fetch treats them alike;
    objects of different places may not.
    """
    if is_flat:
        if None not in entity.values():
            for _, one in objects:
                one.update(entity)
            return
        for _, one in objects:
            for key, value in entity.items():
                if value is not None or key not in one:
                    one[key] = value
        return
    moves: Moves | None = [] if faults.at else None
    owner = objects[0][0]
    copies = {owner: entity}
    for target_number, one in objects:
        given = copies.get(target_number)
        if given is None:
            given = copies[target_number] = copy_value(entity, moves)
        merge_into(one, given, moves)
    if moves is not None:
        faults.follow(moves)


def give_all(
    entities: Iterable[tuple[dict[str, Any], list[tuple[int, dict[str, Any]]]]],
    faults: Faults,
    *,
    is_flat: bool,
    is_shared: bool,
) -> None:
    """Put entities into the objects that they stand for.

    Args:
        is_shared: equal objects of one place never differ by what stands around them.
    """
    if is_flat or is_shared:
        for entity, objects in entities:
            give(entity, objects, faults, is_flat=is_flat)
        return
    for entity, objects in entities:
        for one in objects:
            give(copy_value(entity), [one], faults, is_flat=is_flat)
