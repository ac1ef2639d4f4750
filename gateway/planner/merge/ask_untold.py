"""Ask at once for what is wanted of objects whichever type they have.

Objects of an interface object are told their type by another subgraph (see `interface_objects`),
and what is selected on a type waits for that.  Where a third subgraph, which knows them by the
name of the interface as well, is asked for the same on every type, it need not wait: the key that
led to the telling leads there too, and both are asked in one wave.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.planner.fetch_graph import (
    EntityInputs,
    FetchGroup,
    FetchTree,
    PlaceObject,
    TreeField,
    without_ancestors,
)
from gateway.planner.merge.waves import waves_of
from gateway.planner.selection import arguments_text


def ask_untold(
    groups: list[FetchGroup], interfaces: Mapping[str, frozenset[str]]
) -> list[FetchGroup]:
    """Groups that are left.

    Args:
        interfaces: object types of each interface that some subgraph has as interface object.
    """
    if not interfaces:
        return groups
    left = list(groups)
    for alike in list(_by_interface(groups, interfaces)):
        _ask(alike, left)
    return left


def _by_interface(
    groups: Iterable[FetchGroup], interfaces: Mapping[str, frozenset[str]]
) -> Iterable[dict[str, FetchGroup]]:
    """Groups by type that ask one subgraph at one place by the name of one interface."""
    found: dict[tuple[int, str, str], dict[str, FetchGroup]] = {}
    for group in groups:
        if group.place is None or group.root_type is not None or len(group.inputs) != 1:
            continue
        ((type_name, inputs),) = group.inputs.items()
        if type_name in interfaces.get(inputs.local_type, ()):
            key = (id(group.place), group.subgraph, inputs.local_type)
            found.setdefault(key, {}).setdefault(type_name, group)
    for (_, _, interface), by_type in found.items():
        if by_type.keys() == interfaces[interface]:
            yield by_type


def _ask(by_type: dict[str, FetchGroup], groups: list[FetchGroup]) -> None:
    """Put one group in the place of these, if it need not wait for the types."""
    asked = list(by_type.values())
    first = asked[0]
    inputs = next(iter(first.inputs.values()))
    place = first.place
    if place is None or any(one not in groups for one in asked):
        return
    if any(one.tells or one.contexts or one.needs_more_than_keys for one in asked):
        return
    if any(_meaning(one) != _meaning(first) for one in asked[1:]):
        return
    unknown = place.object(inputs.local_type)
    objects = [place.object(name) for name in by_type]
    if len({(one.needs, one.subject_key) for one in objects}) > 1:
        return
    if unknown.client is None:
        unknown.stands_for = objects[0]
    elif (unknown.needs, unknown.subject_key) != (objects[0].needs, objects[0].subject_key):
        return
    parents = _suppliers(unknown, inputs)
    waves = waves_of(groups)
    if parents is None or max(waves[one] for one in parents) >= max(
        waves[one] - 1 for one in asked
    ):
        return
    told = {parent for one in asked for parent in one.parents}
    first.parents = parents
    first.waits = set(parents)
    first.inputs = {
        unknown.type_name: EntityInputs(unknown.type_name, inputs.local_type, inputs.keys)
    }
    for other in asked[1:]:
        groups.remove(other)
        place.groups.remove(other)
    let_stand_for(first, set(asked[1:]), told, groups)
    place.replace_groups(set(asked[1:]), first)


def let_stand_for(
    first: FetchGroup, replaced: set[FetchGroup], told: set[FetchGroup], groups: list[FetchGroup]
) -> None:
    """Have what waited for any of these groups wait for the first of them.

    Args:
        told: what they waited for and no longer do; what comes after them still does.
    """
    for group in groups:
        if group.parents & {first, *replaced}:
            group.parents = without_ancestors((group.parents - replaced) | {first} | told)
        if group.waits & replaced:
            group.waits = (group.waits - replaced) | {first}


def _suppliers(unknown: PlaceObject, inputs: EntityInputs) -> set[FetchGroup] | None:
    """Groups that bring key and subject of objects of any type; None if they are not brought."""
    wanted = [one.key for one in inputs.keys.values()]
    if any(one.by_type is not None for one in inputs.keys.values()):
        return None  # parts of a key may come from several places
    if unknown.subject_key is not None:
        wanted.append(unknown.subject_key)
    found: set[FetchGroup] = set()
    for key in wanted:
        suppliers = unknown.suppliers.get(key)
        if not suppliers:
            return None
        found |= suppliers
    for around in unknown.place.around():
        found |= around.told_by
    return without_ancestors(found) or None


def _meaning(group: FetchGroup) -> Any:
    ((_, inputs),) = group.inputs.items()
    return inputs.keys, inputs.local_type, tree_meaning(group.tree)


def tree_meaning(tree: FetchTree) -> Any:
    """What a fetch selects, to be compared."""
    return tree.opaque, {
        local_type: {key: _field(one) for key, one in fields.items()}
        for local_type, fields in tree.types.items()
    }


def _field(one: TreeField) -> Any:
    below = None if one.tree is None else tree_meaning(one.tree)
    return one.name, arguments_text(one.arguments), one.conditions, one.needs, below
