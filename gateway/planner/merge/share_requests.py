"""Put the fetches of one wave to one subgraph into one request, and freeze the plan.

Entity fetches become aliased `_entities` fields of one operation; those that select the same on
the same types become one, so that equal entities of different places are asked for once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import VariableDefinitionNode, print_ast

from gateway.planner.fetch_graph import FetchGroup, PlaceObject
from gateway.planner.merge.waves import waves_of
from gateway.planner.plan import (
    EntityCall,
    EntityType,
    FetchNode,
    FetchShape,
    QueryPlan,
    RequiredInput,
    Target,
)
from gateway.planner.print_operation import OperationPrinter
from gateway.planner.selection import NEVER, Conditions, any_of, both_of


def share_requests(
    kind: str, groups: list[FetchGroup], definitions: Iterable[VariableDefinitionNode]
) -> QueryPlan:
    """The plan that carries out all groups."""
    requests: dict[tuple[int, str, int], list[FetchGroup]] = {}
    waves = waves_of(groups)
    for group in groups:
        # Root fields are asked apart from entities, and those of each place apart from others.
        is_apart = group.root_type is not None or bool(group.contexts)
        root = group.number if is_apart else -1
        requests.setdefault((waves[group], group.subgraph, root), []).append(group)
    ids: dict[FetchGroup, int] = {}
    nodes: list[FetchNode] = []
    variable_texts = {one.variable.name.value: _definition_text(one) for one in definitions}
    ordered = sorted(requests.items(), key=lambda item: (item[0][0], item[1][0].number))
    for number, ((wave, subgraph, _), members) in enumerate(ordered, start=1):
        for group in members:
            ids[group] = number
        waits_for = {ids[parent] for group in members for parent in group.parents}
        nodes.append(_node(number, wave, subgraph, members, waits_for, variable_texts))
    return QueryPlan(kind, tuple(nodes))


def _definition_text(definition: VariableDefinitionNode) -> str:
    default = f"={print_ast(definition.default_value)}" if definition.default_value else ""
    return f"{print_ast(definition.type)}{default}"


def _node(
    number: int,
    wave: int,
    subgraph: str,
    members: list[FetchGroup],
    waits_for: set[int],
    variable_texts: dict[str, str],
) -> FetchNode:
    printer = OperationPrinter(reserved=frozenset(variable_texts))
    first = members[0]
    root_shape: FetchShape | None = None
    calls: list[EntityCall] = []
    if first.root_type is not None:
        body, root_shape = printer.tree(first.tree)
        conditions = _any_field(first)
    else:
        joined = _joined(printer, members)
        calls = _calls(printer, joined)
        body = "{" + " ".join(_printed(printer, joined)) + "}"
        conditions = NEVER
        for call in calls:
            conditions = any_of(conditions, call.conditions)
    contexts = {name: source for source, name in first.contexts.items()}
    variable_texts = {
        **variable_texts, **{name: source.type_text for name, source in contexts.items()}
    }  # fmt: skip
    declared = [f"${call.variable}:[_Any!]!" for call in calls]
    declared += [f"${name}:{variable_texts[name]}" for name in printer.variables]
    declared += [f"${name}:Boolean!" for name in printer.computed.values()]
    head = f"{first.kind}({','.join(declared)})" if declared else first.kind
    text = body if head == "query" else f"{head}{body}"
    is_nested = first.root_type is not None and first.place is not None and first.place.above
    return FetchNode(
        id=number,
        wave=wave,
        subgraph=subgraph,
        kind=first.kind,
        text=text,
        variables=tuple(name for name in printer.variables if name not in contexts),
        computed=tuple((name, wanted) for wanted, name in printer.computed.items()),
        root_type=first.root_type,
        root_shape=root_shape,
        calls=tuple(calls),
        conditions=conditions,
        waits_for=tuple(sorted(waits_for)),
        targets=(_target(first),) if is_nested else (),
        contexts=tuple(contexts.items()),
        has_any_numbers=printer.has_any_numbers,
    )


@dataclass(slots=True)
class _Call:
    body: str
    shape: FetchShape
    conditions: Conditions
    members: list[FetchGroup] = field(default_factory=list)


def _joined(printer: OperationPrinter, members: list[FetchGroup]) -> list[_Call]:
    calls: dict[str, _Call] = {}
    for group in members:
        body, shape = printer.tree(group.tree, is_entity=True, tells_type=bool(group.tells))
        call = calls.setdefault(body, _Call(body, shape, NEVER))
        call.members.append(group)
        call.conditions = any_of(call.conditions, _any_field(group))
    return list(calls.values())


def _printed(printer: OperationPrinter, joined: list[_Call]) -> list[str]:
    is_alone = len(joined) == 1
    return [
        ("" if is_alone else f"_e{number}:")
        + f"_entities(representations:${printer.variable(f'r{number}')}){call.body}"
        for number, call in enumerate(joined)
    ]


def _calls(printer: OperationPrinter, joined: list[_Call]) -> list[EntityCall]:
    is_alone = len(joined) == 1
    return [
        EntityCall(
            alias="_entities" if is_alone else f"_e{number}",
            variable=printer.variable(f"r{number}"),
            shape=call.shape,
            conditions=call.conditions,
            targets=tuple(_target(group) for group in call.members),
            tells=tuple(dict.fromkeys(name for group in call.members for name in group.tells)),
        )
        for number, call in enumerate(joined)
    ]


def _any_field(group: FetchGroup) -> Conditions:
    """When any field of the group is asked for, and its turn holds."""
    if group.tells:
        return group.turn
    conditions = NEVER
    for fields in group.tree.types.values():
        for one in fields.values():
            conditions = any_of(conditions, one.conditions)
    return both_of(conditions, group.turn) if conditions != NEVER else group.turn


def _target(group: FetchGroup) -> Target:
    place = group.place
    if place is None:  # pragma: no cover  entity groups are made at a place
        raise ValueError(group.subgraph)
    return Target(
        path=place.path(),
        is_abstract=place.is_abstract,
        types=tuple(_entity_type(group, place.object(name)) for name in group.inputs),
    )


def _entity_type(group: FetchGroup, objects: PlaceObject) -> EntityType:
    inputs = group.inputs[objects.type_name]
    needs: set[int] = set()
    for one in group.tree.types.get(inputs.local_type, {}).values():
        needs |= one.needs
    return EntityType(
        type_name=objects.type_name,
        type_names=objects.place.graph.runtime_names(objects.type_name),
        local_type=inputs.local_type,
        keys=tuple(inputs.keys.values()),
        requires=tuple(
            RequiredInput(wanted, frozenset(needed_by))
            for wanted, needed_by in inputs.requires.values()
        ),
        subject_key=objects.subject_key,
        object_needs=objects.needs,
        needs=tuple(sorted(needs)),
        is_guarded=_is_subject_known(group, objects),
    )


def _is_subject_known(group: FetchGroup, objects: PlaceObject) -> bool:
    """Whether every subject on the way here is fetched before this group is sent."""
    ancestors = group.ancestors()
    return all(
        one.suppliers.get(one.subject_key, {group}) <= ancestors
        for one in objects.lineage()
        if one.subject_key is not None
    )
