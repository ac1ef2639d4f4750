"""Turn routes into fetch groups: what each request selects, and what it waits for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from graphql import ArgumentNode, NameNode, VariableNode

from gateway.planner.errors import PlanningError
from gateway.planner.fetch_graph import (
    EntityInputs,
    FetchGroup,
    FetchTree,
    Place,
    PlaceObject,
    join_inputs,
    without_ancestors,
)
from gateway.planner.plan import ContextSource, InputField
from gateway.planner.query_graph import QueryGraph
from gateway.planner.routes import (
    DirectRoute,
    HopRoute,
    SelectionRoute,
    Site,
    TypedRoute,
)
from gateway.planner.selection import (
    ALWAYS,
    NEVER,
    Conditions,
    ObjectSelection,
    SelectedField,
    Selection,
    any_of,
    both_of,
)
from gateway.supergraph.model import ContextArgument


@dataclass(frozen=True, slots=True)
class _Use:
    """Why a field is fetched: for the client, or as key or requirement of a field of hers.

    Attributes:
        around: the conditions of all fields around it, for this use.
        is_in_input: the field around it is a key or requirement.
    """

    is_client: bool
    conditions: Conditions = ALWAYS
    needs: int = 0
    around: Conditions = ALWAYS
    is_in_input: bool = False


_FOR_CLIENT: Final = _Use(is_client=True)


class FetchBuilder:
    """Builds the groups of one operation.

    Args:
        reserved: names of the client's variables.
    """

    def __init__(
        self, graph: QueryGraph, root: ObjectSelection, reserved: Iterable[str] = ()
    ) -> None:
        self._graph = graph
        self._prefix = "_context"
        while any(name.startswith(self._prefix) for name in reserved):
            self._prefix = f"_{self._prefix}"
        self._client = root
        self._root = self._root_objects()
        self._has_turns = False
        self.groups: list[FetchGroup] = []

    def _root_objects(self) -> PlaceObject:
        root = self._client
        place = Place(self._graph, is_abstract=False, client=Selection({root.type_name: root}))
        place.absolute = ALWAYS
        return place.object(root.type_name)

    def query(self, routes: list[tuple[str, DirectRoute]]) -> list[FetchGroup]:
        """Groups of a query: one root group per subgraph."""
        roots: dict[str, FetchGroup] = {}
        for subgraph, route in routes:
            group = roots.get(subgraph)
            if group is None:
                group = roots[subgraph] = self._root_group(subgraph, "query")
            self._root_field(route, group)
        return self._finished()

    def serial(self, kind: str, routes: list[tuple[str, DirectRoute]]) -> list[FetchGroup]:
        """Groups of a mutation: each root field, with all that follows, before the next."""
        previous: FetchGroup | None = None
        before: set[FetchGroup] = set()
        keys = Counter(route.field.response_key for _, route in routes)
        self._has_turns = keys.total() > len(keys)
        is_turn = False
        for subgraph, route in routes:
            only_one = not is_turn and previous is not None and before == {previous}
            is_turn = keys[route.field.response_key] > 1
            if is_turn:  # a request of its own, which fails for this turn alone, and a place, too
                self._root, only_one = self._root_objects(), False
            if previous is not None and only_one and previous.subgraph == subgraph:
                start = len(self.groups)
                self._root_field(route, previous)
                before = {previous, *self.groups[start:]}
                continue
            start = len(self.groups)
            group = self._root_group(subgraph, kind)
            group.parents = without_ancestors(before)
            self._root_field(route, group)
            previous, before = group, set(self.groups[start:])
            for one in before if is_turn else ():  # objects here can be those of another turn
                one.turn = route.field.conditions
        return self._finished()

    def _finished(self) -> list[FetchGroup]:
        self._wait_for_subjects()
        for group in self.groups:
            group.tree.keep_to_uses(group.place.absolute if group.place is not None else ALWAYS)
        return self.groups

    def _root_group(self, subgraph: str, kind: str) -> FetchGroup:
        group = FetchGroup(
            number=len(self.groups),
            subgraph=subgraph,
            kind=kind,
            tree=FetchTree(is_abstract=False),
            root_type=self._root.type_name,
            place=self._root.place,
        )
        self.groups.append(group)
        return group

    def _root_field(self, route: DirectRoute, group: FetchGroup) -> None:
        self._direct(route, self._root.type_name, self._root, group, group.tree, _FOR_CLIENT)

    def _selection(
        self,
        route: SelectionRoute,
        objects: PlaceObject,
        group: FetchGroup,
        tree: FetchTree,
        use: _Use,
    ) -> set[FetchGroup]:
        """Fetch a selection; returns the groups that supply some of it."""
        suppliers: set[FetchGroup] = set()
        local_type = route.site.local_type
        for field_route in route.routes:
            own = field_route.field.conditions
            if self._has_turns and use.is_client and both_of(use.around, own) == NEVER:
                continue  # never selected in this turn of the root field, but in another one
            if isinstance(field_route, DirectRoute):
                found = self._direct(field_route, local_type, objects, group, tree, use)
            else:
                found = self._hop(field_route, objects, group, tree, use)
            suppliers |= found
        return suppliers

    def _direct(
        self,
        route: DirectRoute,
        local_type: str,
        objects: PlaceObject,
        group: FetchGroup,
        tree: FetchTree,
        use: _Use,
        *,
        filled: tuple[ArgumentNode, ...] = (),
    ) -> set[FetchGroup]:
        if route.local is None:
            return {group}
        selected = route.field
        key = _key(selected, objects, use)
        fetched = tree.add(local_type, key, selected, route.local.type_text)
        fetched.arguments = (*selected.arguments, *filled)
        conditions = selected.conditions if use.is_client else use.conditions
        absolute = both_of(use.around, conditions)
        fetched.conditions = any_of(fetched.conditions, conditions)
        fetched.absolute = any_of(fetched.absolute, absolute)
        fetched.is_in_input = fetched.is_in_input or use.is_in_input
        fetched.needs.add(selected.needs if use.is_client else use.needs)
        suppliers = {group}
        if selected.selection is not None:
            place = objects.child(key, selected)
            place.absolute = any_of(place.absolute, absolute)
            if fetched.tree is None:
                local = self._graph.local_type(group.subgraph, route.local.named_type)
                is_local_object = local is not None and local.possible_types == {local.name}
                is_abstract = place.is_abstract or not is_local_object
                opaque = self._graph.opaque_names(group.subgraph, route.local.named_type)
                fetched.tree = FetchTree(is_abstract=is_abstract, opaque=opaque)
            inner_use = _Use(
                use.is_client, needs=use.needs, around=absolute, is_in_input=not use.is_client
            )
            for child in route.children:
                if isinstance(child, TypedRoute):
                    suppliers |= self._typed(child, place, group, fetched.tree, inner_use)
                    continue
                below = place.object(child.type_name)
                suppliers |= self._selection(child, below, group, fetched.tree, inner_use)
        objects.suppliers.setdefault(key, set()).update(suppliers)
        return suppliers

    def _typed(
        self, route: TypedRoute, place: Place, group: FetchGroup, tree: FetchTree, use: _Use
    ) -> set[FetchGroup]:
        """Fetch objects whose type another subgraph tells."""
        unknown = place.object(route.interface)
        before = _Use(is_client=False, needs=use.needs, around=use.around)
        waits = {group} | self._selection(route.key_route, unknown, group, tree, before)
        keys = self._inputs(route.entrance.selection, unknown)
        entered = self._entity_group(route.target, unknown, waits, keys)
        inputs = entered.inputs[unknown.type_name]
        for new in keys:
            known = inputs.keys.get(new.name)
            inputs.keys[new.name] = new if known is None else join_inputs(known, new)
        members = self._graph.interface_objects[route.interface]
        entered.tells.update(dict.fromkeys(sorted(members)))
        suppliers = {group, entered}
        for type_name, routes in route.here:
            objects = place.object(type_name)
            objects.told_by.add(entered)
            for one in routes:
                suppliers |= self._direct(one, route.interface, objects, group, tree, use)
        for child in route.there:
            objects = place.object(child.type_name)
            objects.told_by.add(entered)
            suppliers |= self._selection(child, objects, entered, entered.tree, use)
        return suppliers

    def _hop(
        self,
        route: HopRoute,
        objects: PlaceObject,
        group: FetchGroup,
        tree: FetchTree,
        use: _Use,
    ) -> set[FetchGroup]:
        selected = route.field
        conditions = selected.conditions if use.is_client else use.conditions
        needs = selected.needs if use.is_client else use.needs
        before = _Use(is_client=False, conditions=conditions, needs=needs, around=use.around)
        waits = {group} | self._selection(route.key_route, objects, group, tree, before)
        keys = self._inputs(route.entrance.selection, objects)
        requires: tuple[InputField, ...] = ()
        if route.requires is not None and route.requires_route is not None:
            waits |= self._selection(route.requires_route, objects, group, tree, before)
            requires = self._inputs(route.requires, objects)
        entered = self._entity_group(route.target, objects, waits, keys + requires)
        inputs = entered.inputs[objects.type_name]
        for new in keys:
            known = inputs.keys.get(new.name)
            inputs.keys[new.name] = new if known is None else join_inputs(known, new)
        key = _key(selected, objects, use)
        for new in requires:
            if new.name in inputs.keys and new.by_type is None:
                continue
            wanted, needed_by = inputs.requires.get(new.name, (new, set()))
            inputs.requires[new.name] = (join_inputs(wanted, new), needed_by | {key})
        filled = self._contexts(route, objects, entered)
        local_type = route.target.local_type
        found = self._direct(
            route.inner, local_type, objects, entered, entered.tree, use, filled=filled
        )
        return found | {entered}

    def _contexts(
        self, route: HopRoute, objects: PlaceObject, entered: FetchGroup
    ) -> tuple[ArgumentNode, ...]:
        """Arguments that are filled in from enclosing objects, as variables of the group."""
        filled: list[ArgumentNode] = []
        for wanted in route.inner.local.context if route.inner.local is not None else ():
            types = self._graph.supergraph.contexts[wanted.context]
            holder = next((one for one in objects.place.around() if one.type_name in types), None)
            if holder is None:
                message = f"{objects.type_name}.{route.field.name} is read outside its context"
                raise PlanningError(message)
            source = _context_source(self._graph, holder, wanted)
            entered.parents = without_ancestors(
                {*entered.parents, *holder.suppliers.get(source.keys[0], set())} - {entered}
            )
            name = entered.contexts.setdefault(source, f"{self._prefix}{len(entered.contexts)}")
            variable = VariableNode(name=NameNode(value=name))
            filled.append(ArgumentNode(name=NameNode(value=wanted.name), value=variable))
        return tuple(filled)

    def _entity_group(
        self,
        target: Site,
        objects: PlaceObject,
        waits: set[FetchGroup],
        fields: tuple[InputField, ...],
    ) -> FetchGroup:
        """The group that enters a subgraph here after these groups; made if there is none."""
        told_by = {group for one in objects.lineage() for group in one.told_by}
        parents = without_ancestors(waits | told_by)
        place, type_name = objects.place, objects.type_name
        for group in place.groups:
            inputs = group.inputs.get(type_name)
            if group.subgraph != target.subgraph or group.parents != parents:
                continue
            if group.has_other_types_as(target.local_type, type_name):
                continue
            if inputs is None:
                group.inputs[type_name] = EntityInputs(type_name, target.local_type)
            elif inputs.local_type != target.local_type or not inputs.accepts(fields):
                continue
            group.waits |= waits
            return group
        is_root = type_name == self._graph.query_type
        group = FetchGroup(
            number=len(self.groups),
            subgraph=target.subgraph,
            kind="query",
            tree=FetchTree(is_abstract=not is_root),
            parents=parents,
            root_type=type_name if is_root else None,
            place=place,
            inputs={type_name: EntityInputs(type_name, target.local_type)},
            waits=set(waits),
        )
        self.groups.append(group)
        place.groups.append(group)
        return group

    def _inputs(self, wanted: ObjectSelection, objects: PlaceObject) -> tuple[InputField, ...]:
        """Where the fields of a key or requirement are kept."""
        inputs: list[InputField] = []
        for selected in wanted.fields:
            if selected.name == "__typename":
                continue
            key = objects.place.internal_key(selected)
            by_type = None
            is_abstract = False
            if selected.selection is not None:
                below = objects.child(key, selected)
                is_abstract = below.is_abstract
                by_type = tuple(
                    (name, self._inputs(inner, below.object(name)))
                    for name, inner in selected.selection.by_type.items()
                )
            inputs.append(InputField(selected.name, key, by_type, is_abstract))
        return tuple(inputs)

    def _wait_for_subjects(self) -> None:
        """Let entity fetches wait for the fields that name the subjects, where they can."""
        for group in self.groups:
            if group.root_type is not None or group.place is None:
                continue
            for type_name in group.inputs:
                for objects in group.place.object(type_name).lineage():
                    suppliers = objects.suppliers.get(objects.subject_key or "", set())
                    for supplier in suppliers:
                        if supplier is not group and group not in supplier.ancestors():
                            group.parents = without_ancestors({*group.parents, supplier})


def _context_source(
    graph: QueryGraph, holder: PlaceObject, wanted: ContextArgument
) -> ContextSource:
    """Where the value of a context is kept: below which objects, under which keys."""
    keys: list[str] = []
    current = holder
    fields = graph.selection_of(wanted.selection, holder.type_name).fields
    while fields:
        selected = fields[0]
        keys.append(current.place.internal_key(selected))
        fields = ()
        if selected.selection is not None and selected.selection.by_type:
            name, inner = next(iter(selected.selection.by_type.items()))
            current = current.child(keys[-1], selected).object(name)
            fields = inner.fields
    return ContextSource(len(holder.place.path()), tuple(keys), wanted.type_text)


def _key(selected: SelectedField, objects: PlaceObject, use: _Use) -> str:
    if use.is_client:
        return objects.place.client_key(objects.type_name, selected.response_key)
    return objects.place.internal_key(selected)


def check_keys(root: ObjectSelection) -> None:
    """Refuse an operation in which a subject key names no selected field."""
    pending = [root]
    while pending:
        wanted = pending.pop()
        keys = {selected.response_key for selected in wanted.fields}
        if wanted.subject_key is not None and wanted.subject_key not in keys:
            message = f"the subject of {wanted.type_name} is not selected"
            raise PlanningError(message)
        for selected in wanted.fields:
            if selected.selection is not None:
                pending.extend(selected.selection.by_type.values())
