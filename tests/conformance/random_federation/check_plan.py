"""Check a plan against the federation that it was made for: who owns what, and is it all needed.

The check reads the requests as text, as a subgraph would, and knows nothing of how plans are made.
"""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, parse

from gateway.planner.plan import FetchNode, FetchShape, QueryPlan
from gateway.planner.selection import ALWAYS, NEVER, Conditions, any_of, both_of
from gateway.supergraph import Supergraph
from tests.conformance.random_federation.model import Federation, Subgraph

_Leaf = tuple[tuple[str, ...], str, str]


def plan_faults(federation: Federation, supergraph: Supergraph, made: QueryPlan) -> list[str]:
    """What is wrong with a plan, in words."""
    problems: list[str] = []
    for node in made.nodes:
        problems += _not_owned(federation, node)
    problems += _wasted(made)
    return problems


def _not_owned(federation: Federation, node: FetchNode) -> Iterator[str]:
    definition = parse(node.text, no_location=True).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    subgraph = federation.subgraph(node.subgraph)
    root = node.root_type or "Query"
    yield from _walk(federation, subgraph, root, definition.selection_set)


def _walk(
    federation: Federation, subgraph: Subgraph, type_name: str, selection_set: Any
) -> Iterator[str]:
    for one in selection_set.selections:
        if isinstance(one, InlineFragmentNode):
            narrowed = one.type_condition.name.value if one.type_condition else type_name
            yield from _walk(federation, subgraph, narrowed, one.selection_set)
            continue
        assert isinstance(one, FieldNode)
        name = one.name.value
        if name == "_entities":
            yield from _walk(federation, subgraph, "", one.selection_set)
            continue
        if name == "__typename":
            continue
        known = subgraph.types.get(type_name)
        found = known.fields.get(name) if known is not None else None
        if found is None:
            yield f"{subgraph.name} does not know {type_name}.{name}"
            continue
        if federation.is_overridden(subgraph.name, type_name, name):
            yield f"{type_name}.{name} was taken over from {subgraph.name}"
        if one.selection_set is not None:
            yield from _walk(federation, subgraph, found.named, one.selection_set)


def _wasted(made: QueryPlan) -> Iterator[str]:
    """Fetches all of whose leaves other fetches bring too, whenever they do."""
    if made.kind != "query":
        return
    brought = {node.id: _by_leaf(node) for node in made.nodes}
    for node in made.nodes:
        others: dict[_Leaf, Conditions] = {}
        for other in made.nodes:
            if other is not node:
                for leaf, when in brought[other.id].items():
                    others[leaf] = any_of(others.get(leaf, NEVER), when)
        mine = brought[node.id]
        is_brought = all(
            any_of(others.get(leaf, NEVER), when) == others.get(leaf, NEVER)
            for leaf, when in mine.items()
        )
        if mine and is_brought and not _is_waited_for(made, node):
            yield f"fetch {node.id} from {node.subgraph} brings nothing that no other brings"


def _by_leaf(node: FetchNode) -> dict[_Leaf, Conditions]:
    """What a fetch brings, and when."""
    found: dict[_Leaf, Conditions] = {}
    for leaf, when in _leaves(node):
        found[leaf] = any_of(found.get(leaf, NEVER), both_of(node.conditions, when))
    return found


def _is_waited_for(made: QueryPlan, node: FetchNode) -> bool:
    return any(node.id in other.waits_for for other in made.nodes)


def _leaves(node: FetchNode) -> Iterator[tuple[_Leaf, Conditions]]:
    if node.root_shape is not None:
        yield from _shape_leaves(node.root_shape, (), ALWAYS)
    for call in node.calls:
        for target in call.targets:
            path = tuple(
                f"{step.type_name if step.is_abstract else ''}.{step.key}" for step in target.path
            )
            for entity in target.types:
                for local_type, fields in call.shape.by_type:
                    if local_type == entity.local_type:
                        yield from _field_leaves(fields, path, entity.type_name, ALWAYS)


def _shape_leaves(
    shape: FetchShape, path: tuple[str, ...], around: Conditions
) -> Iterator[tuple[_Leaf, Conditions]]:
    for local_type, fields in shape.by_type:
        yield from _field_leaves(fields, path, local_type, around)


def _field_leaves(
    fields: Any, path: tuple[str, ...], type_name: str, around: Conditions
) -> Iterator[tuple[_Leaf, Conditions]]:
    for one in fields:
        when = both_of(around, one.conditions)
        if one.shape is None:
            yield (path, type_name, one.key), when
        else:
            yield from _shape_leaves(one.shape, (*path, f"{type_name}.{one.key}"), when)
