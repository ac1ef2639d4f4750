"""Ask at once for what is wanted below objects whichever type they have.

Below a field of an interface object each type that the objects can have has a place of its own,
and a fetch there waits until the type is told, as what is selected on a type does (see
`ask_untold`).  Where the same is wanted below the same field of every type, it need not: the
values are there before anybody knows the type, and one fetch for all of them takes the place of
one for each type.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.planner.fetch_graph import FetchGroup, Place, PlaceObject, without_ancestors
from gateway.planner.merge.ask_untold import let_stand_for, tree_meaning
from gateway.planner.merge.waves import waves_of


def ask_below_untold(
    groups: list[FetchGroup], interfaces: Mapping[str, frozenset[str]]
) -> list[FetchGroup]:
    """Groups that are left.

    Args:
        interfaces: object types of each interface that some subgraph has as interface object.
    """
    if not interfaces:
        return groups
    left = list(groups)
    while any(_ask(alike, left) for alike in _alike(left, interfaces)):
        pass  # what followed a group that waits no longer may be next
    return left


@dataclass(frozen=True, slots=True)
class _Below:
    """A group, and the objects around its place: innermost first, ending with the told ones."""

    group: FetchGroup
    place: Place
    around: tuple[PlaceObject, ...]

    @property
    def told(self) -> PlaceObject:
        return self.around[-1]

    def places(self) -> tuple[Place, ...]:
        """The places below the told objects, down to that of the group."""
        return (*(one.place for one in reversed(self.around[:-1])), self.place)

    def way(self) -> tuple[str, ...]:
        """Types and keys from the told objects down to the place."""
        types = (one.type_name for one in reversed(self.around[:-1]))
        return (*(place.key for place in self.places()), *types)

    def objects(self) -> Iterable[PlaceObject]:
        """The objects that the group asks about, and those around them up to the told ones."""
        yield from (self.place.object(name) for name in self.group.inputs)
        yield from self.around

    def meaning(self) -> Any:
        """All that must be the same for every type."""
        group = self.group
        inputs = {
            name: (one.local_type, one.keys, one.requires) for name, one in group.inputs.items()
        }
        return inputs, tree_meaning(group.tree), group.turn, [*group.tells], self.guarded()

    def guarded(self) -> Any:
        """On which conditions the way is taken, and what has to be granted there."""
        bounds = [(one.is_abstract, one.field_needs, one.absolute) for one in self.places()]
        return bounds, [(one.needs, one.subject_key) for one in self.objects()]


def _alike(
    groups: Iterable[FetchGroup], interfaces: Mapping[str, frozenset[str]]
) -> list[tuple[Place, str, list[_Below]]]:
    """Groups that ask one subgraph for the same, below the same field of every type."""
    found: dict[Any, dict[str, _Below]] = {}
    for group in groups:
        if group.place is None or group.root_type is not None or group.contexts:
            continue
        around: list[PlaceObject] = []
        for one in group.place.around():
            around.append(one)
            if one.told_by:
                break
        interface = _interface(around[-1], interfaces) if around else None
        if interface is not None:
            below = _Below(group, group.place, tuple(around))
            key = (id(below.told.place), interface, group.subgraph, below.way())
            found.setdefault(key, {}).setdefault(below.told.type_name, below)
    return [
        (next(iter(by_type.values())).told.place, interface, list(by_type.values()))
        for (_, interface, *_), by_type in found.items()
        if by_type.keys() == interfaces[interface]
    ]


def _interface(told: PlaceObject, interfaces: Mapping[str, frozenset[str]]) -> str | None:
    """By which name objects are known before their type is told; None if there are several."""
    names = {
        name
        for group in told.told_by
        for name in group.inputs
        if told.type_name in interfaces.get(name, ())
    }
    return names.pop() if len(names) == 1 else None


def _ask(alike: tuple[Place, str, list[_Below]], groups: list[FetchGroup]) -> bool:
    """Put one group in the place of these, if it then waits for less."""
    place, interface, below = alike
    first = below[0]
    if any(one.meaning() != first.meaning() for one in below[1:]):
        return False
    unknown = place.object(interface)
    if unknown.client is not None or unknown.stands_for is not None:
        known = unknown.needs, unknown.subject_key
        if known != (first.told.needs, first.told.subject_key):
            return False
    asked = {one.group for one in below}
    parents = _parents(below, unknown)
    waves = waves_of(groups)
    if any((parent.ancestors() | {parent}) & asked for parent in parents):
        return False
    saved = max(waves[one] for one in asked) - 1 - max(waves[one] for one in parents)
    is_untold_again = any(one.told_by for one in place.around())
    if saved < 0 or (saved == 0 and not is_untold_again):
        return False
    if not _move(below, unknown):
        return False
    group = first.group
    told = {parent for one in asked for parent in one.parents}
    group.parents = parents
    replaced = asked - {group}
    groups[:] = [one for one in groups if one not in replaced]
    let_stand_for(group, replaced, told, groups)
    place.replace_groups(replaced, group)
    return True


def _parents(below: list[_Below], unknown: PlaceObject) -> set[FetchGroup]:
    """What the groups wait for, but for the telling of the types."""
    found = {group for one in below for group in one.group.waits}
    for one in below:
        for objects in one.objects():
            if objects is not one.told:
                found |= objects.told_by
            key = objects.subject_key or ""
            suppliers = objects.suppliers.get(key, set())
            if objects is one.told:
                suppliers = unknown.suppliers.get(key, suppliers)
            found.update(
                supplier
                for supplier in suppliers
                if supplier is not one.group and one.group not in supplier.ancestors()
            )
        for around in one.told.place.around():
            found |= around.told_by
    return without_ancestors(found)


def _move(below: list[_Below], unknown: PlaceObject) -> bool:
    """Take the first group to the objects of untold type; False if these differ from the told."""
    first = below[0]
    if unknown.client is None and unknown.stands_for is None:
        unknown.stands_for = first.told
    around = [unknown]
    for place, objects in zip(first.places(), (*reversed(first.around[:-1]), None), strict=True):
        there = around[0].alike(place)
        if objects is not None:
            around.insert(0, there.object(objects.type_name))
    moved = _Below(first.group, there, tuple(around))
    if moved.guarded() != first.guarded():
        return False
    for one in below:
        for mine, theirs in zip(moved.objects(), one.objects(), strict=True):
            for key, suppliers in theirs.suppliers.items():
                if theirs is not one.told or key not in mine.suppliers:
                    mine.suppliers.setdefault(key, set()).update(suppliers)
            if theirs is not one.told:
                mine.told_by |= theirs.told_by
    first.group.place = there
    there.groups.append(first.group)
    return True
