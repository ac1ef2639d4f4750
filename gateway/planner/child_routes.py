"""Resolve what is selected below a field, for each object type that it can have."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.planner.interface_objects import Search, Visited, resolve_unknown
from gateway.planner.routes import SelectionRoute, Site, TypedRoute
from gateway.planner.selection import ObjectSelection, SelectedField, Selection
from gateway.supergraph.model import SubgraphField

Children = tuple[
    tuple[SelectionRoute | TypedRoute, ...],
    dict[str, ObjectSelection],
    bool,
]
"""Routes, what is missing by type, and whether all that is missing is on types that the subgraph
never returns here."""


def resolve_children(
    search: Search,
    site: Site,
    local: SubgraphField,
    field: SelectedField,
    provided: list[Selection],
    visited: Visited,
) -> Children:
    """Routes of the selection of a field that the subgraph of the site resolves.

    Args:
        provided: selections that `@provides` promises below the field.
    """
    selection = field.selection or Selection({})
    graph = search.graph
    children: list[SelectionRoute | TypedRoute] = []
    missing: dict[str, ObjectSelection] = {}
    unknown: dict[str, dict[str, ObjectSelection]] = {}
    is_soft = True
    for child_type, wanted in selection.by_type.items():
        if graph.interface_objects.get(child_type):
            continue  # taken with the types that it stands for
        local_name = graph.local_of(site.subgraph, local.named_type, child_type)
        if local_name is None:
            missing[child_type] = wanted
            continue
        if local_name != child_type:
            unknown.setdefault(local_name, {})[child_type] = wanted
            continue
        child_site = Site(site.subgraph, local_name, _given(provided, child_type))
        child = search.selection(child_type, child_site, wanted.fields, visited)
        children.append(child)
        if child.remainder:
            missing[child_type] = replace(wanted, fields=child.remainder)
            is_soft = is_soft and child.is_soft
    for interface, by_type in unknown.items():
        opaque_site = Site(site.subgraph, interface, _given(provided, interface))
        opaque = selection.by_type.get(interface)
        resolved = resolve_unknown(search, opaque_site, opaque, by_type, visited)
        lost = _lost(resolved, by_type)
        missing.update(lost)
        is_soft = is_soft and not lost
        if resolved is not None:
            children.append(resolved)
    for interface in selection.by_type.keys() & graph.interface_objects.keys():
        members = graph.interface_objects[interface]
        if members and missing.keys() >= members:
            missing[interface] = selection.by_type[interface]
    return tuple(children), missing, is_soft


def _lost(
    resolved: SelectionRoute | TypedRoute | None, by_type: dict[str, ObjectSelection]
) -> dict[str, ObjectSelection]:
    if resolved is None:
        return by_type
    if isinstance(resolved, SelectionRoute):
        return {}
    return {name: replace(by_type[name], fields=rest) for name, rest in resolved.missing}


def _given(provided: Iterable[Selection], type_name: str) -> tuple[ObjectSelection, ...]:
    """What `@provides` promises on objects of one type."""
    return tuple(one.by_type[type_name] for one in provided if type_name in one.by_type)
