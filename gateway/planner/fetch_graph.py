"""Fetches while a plan is made: groups of selections, places in the answer, dependencies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import ArgumentNode, get_named_type, is_abstract_type

from gateway.planner.key_space import KeySpace
from gateway.planner.plan import ContextSource, InputField, PathStep
from gateway.planner.query_graph import QueryGraph
from gateway.planner.selection import (
    ALWAYS,
    NEVER,
    Conditions,
    ObjectSelection,
    SelectedField,
    Selection,
    any_of,
    both_of,
    storage_keys,
)


@dataclass(slots=True, eq=False)
class TreeField:
    """One field in a fetch, with every use of it joined.

    Attributes:
        conditions: when it is fetched, where the field around it is.
        absolute: when any use wants it, with the conditions of all around that use.
        is_in_input: it lies inside a key or requirement, of which no part may be missing.
    """

    name: str
    key: str
    arguments: tuple[ArgumentNode, ...]
    type_text: str
    conditions: Conditions = NEVER
    absolute: Conditions = NEVER
    is_in_input: bool = False
    needs: set[int] = field(default_factory=set)
    tree: "FetchTree | None" = None


@dataclass(slots=True, eq=False)
class FetchTree:
    """What a fetch selects at one place, by the subgraph's name of the object type.

    Attributes:
        opaque: interface objects of the subgraph that objects here can be.
    """

    is_abstract: bool
    types: dict[str, dict[str, TreeField]] = field(default_factory=dict)
    opaque: tuple[str, ...] = ()

    def add(self, local_type: str, key: str, selected: SelectedField, type_text: str) -> TreeField:
        """The field under a key, made if it is not there."""
        fields = self.types.setdefault(local_type, {})
        found = fields.get(key)
        if found is None:
            found = TreeField(selected.name, key, selected.arguments, type_text)
            fields[key] = found
        return found

    def keep_to_uses(self, around: Conditions) -> None:
        """Fetch no field because the one around it is a key, where the client skips both.

        Args:
            around: when the object of this place is fetched at all.
        """
        for fields in self.types.values():
            for one in fields.values():
                if one.is_in_input:
                    one.conditions, one.absolute = ALWAYS, around
                elif both_of(around, one.conditions) != one.absolute:
                    one.conditions = one.absolute
                if one.tree is not None:
                    one.tree.keep_to_uses(one.absolute)

    def absorb(self, other: "FetchTree") -> None:
        """Take over all fields of another tree of the same place."""
        for local_type, fields in other.types.items():
            mine = self.types.setdefault(local_type, {})
            for key, theirs in fields.items():
                kept = mine.get(key)
                if kept is None:
                    mine[key] = theirs
                    continue
                kept.conditions = any_of(kept.conditions, theirs.conditions)
                kept.needs |= theirs.needs
                if kept.tree is not None and theirs.tree is not None:
                    kept.tree.absorb(theirs.tree)


@dataclass(slots=True, eq=False)
class EntityInputs:
    """Representation of one type: keys, and required fields with the fetched keys needing them."""

    type_name: str
    local_type: str
    keys: dict[str, InputField] = field(default_factory=dict)
    requires: dict[str, tuple[InputField, set[str]]] = field(default_factory=dict)

    def accepts(self, fields: Iterable[InputField]) -> bool:
        """Whether these fields can be in the same representation as those already there."""
        for new in fields:
            for known in (self.keys.get(new.name), self.requires.get(new.name, (None,))[0]):
                if known is not None and known != new and not _can_join(known, new):
                    return False
        return True


@dataclass(slots=True, eq=False)
class FetchGroup:
    """One request to be: root fields, or entities of one place.

    Attributes:
        tells: object types, one of which the subgraph tells for each entity (in order).
        contexts: variables whose values come from objects around the entities.
        turn: when the turn of the mutation's root field holds to which this belongs.
        waits: groups that bring what the representations are made of, whoever tells types.
    """

    number: int
    subgraph: str
    kind: str
    tree: FetchTree
    parents: set["FetchGroup"] = field(default_factory=set)
    root_type: str | None = None
    place: "Place | None" = None
    inputs: dict[str, EntityInputs] = field(default_factory=dict)
    tells: dict[str, None] = field(default_factory=dict)
    contexts: dict[ContextSource, str] = field(default_factory=dict)
    turn: Conditions = ALWAYS
    waits: set["FetchGroup"] = field(default_factory=set)

    def has_other_types_as(self, local_type: str, type_name: str) -> bool:
        """Whether entities of another type are asked for by the same name of an interface.

        What is selected on one name is asked of all of them, so each type has a group of its own;
        groups that turn out to ask the same share a call in the end.
        """
        return any(
            name != type_name and one.local_type == local_type for name, one in self.inputs.items()
        )

    @property
    def needs_more_than_keys(self) -> bool:
        """Whether a field wants values from elsewhere in the representation."""
        return any(one.requires for one in self.inputs.values())

    def ancestors(self) -> set["FetchGroup"]:
        """All groups that must have answered before this one can be sent."""
        found: set[FetchGroup] = set()
        pending = list(self.parents)
        while pending:
            group = pending.pop()
            if group not in found:
                found.add(group)
                pending.extend(group.parents)
        return found


def without_ancestors(groups: Iterable[FetchGroup]) -> set[FetchGroup]:
    """Only those groups that no other of them waits for."""
    kept = set(groups)
    if len(kept) > 1:
        for group in list(kept):
            kept -= group.ancestors()
    return kept


@dataclass(slots=True, eq=False)
class Place:
    """One place in the fetched tree: where values are kept, and which fetches go there."""

    graph: QueryGraph
    is_abstract: bool
    client: Selection
    above: "PlaceObject | None" = None
    key: str = ""
    field_needs: int = 0
    absolute: Conditions = NEVER
    groups: list[FetchGroup] = field(default_factory=list)
    _objects: dict[str, "PlaceObject"] = field(default_factory=dict)
    space: KeySpace | None = None
    _keys: dict[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        self._keys = storage_keys(self.client)

    def object(self, type_name: str) -> "PlaceObject":
        """The objects of one type at this place."""
        found = self._objects.get(type_name)
        if found is None:
            wanted = self.client.by_type.get(type_name)
            found = self._objects[type_name] = PlaceObject(self, type_name, wanted)
        return found

    def client_key(self, type_name: str, response_key: str) -> str:
        """Where a field of the client is kept."""
        return self._keys[type_name, response_key]

    def keys(self) -> KeySpace:
        """Which keys are taken here."""
        if self.space is None:
            self.space = KeySpace([self.client])
        return self.space

    def internal_key(self, selected: SelectedField) -> str:
        """Where a field that the engine needs is kept: with an equal field, or on its own."""
        return self.keys().internal_key(selected)

    def around(self) -> Iterator["PlaceObject"]:
        """The objects that enclose this place, innermost first."""
        if self.above is not None:
            yield from self.above.lineage()

    def replace_groups(self, gone: set[FetchGroup], by: FetchGroup) -> None:
        """Let one group stand for groups that are gone, here and everywhere below."""
        for objects in self._objects.values():
            objects.replace_groups(gone, by)

    def path(self) -> tuple[PathStep, ...]:
        """Steps from the root to this place."""
        steps: list[PathStep] = []
        place = self
        while place.above is not None:
            above = place.above
            steps.append(
                PathStep(
                    type_name=above.type_name,
                    type_names=place.graph.runtime_names(above.type_name),
                    key=place.key,
                    is_abstract=above.place.is_abstract,
                    subject_key=above.subject_key,
                    object_needs=above.needs,
                    field_needs=place.field_needs,
                )
            )
            place = above.place
        return tuple(reversed(steps))


@dataclass(slots=True, eq=False)
class PlaceObject:
    """Objects of one type at one place.

    Attributes:
        told_by: groups after which it is known which objects are of this type.
        stands_for: objects of a told type, if all of them are asked for before they are told.
    """

    place: Place
    type_name: str
    client: ObjectSelection | None
    suppliers: dict[str, set[FetchGroup]] = field(default_factory=dict)
    told_by: set[FetchGroup] = field(default_factory=set)
    stands_for: "PlaceObject | None" = None
    _children: dict[str, Place] = field(default_factory=dict)

    @property
    def needs(self) -> int:
        """Bits for the object to exist."""
        if self.stands_for is not None:
            return self.stands_for.needs
        return self.client.needs if self.client is not None else 0

    @property
    def subject_key(self) -> str | None:
        """Where the subject's name is kept; None to inherit."""
        if self.stands_for is not None:
            return self.stands_for.subject_key
        if self.client is None or self.client.subject_key is None:
            return None
        return self.place.client_key(self.type_name, self.client.subject_key)

    def child(self, key: str, selected: SelectedField) -> Place:
        """The place below one field."""
        found = self._children.get(key)
        if found is None:
            graph = self.place.graph
            named: Any = get_named_type(graph.field_type(self.type_name, selected.name))
            wanted = self._client_field(key)
            has_selection = wanted is not None and wanted.selection is not None
            found = Place(
                graph=graph,
                is_abstract=is_abstract_type(named),
                client=wanted.selection if wanted and wanted.selection else Selection({}),
                above=self,
                key=key,
                field_needs=wanted.needs if wanted is not None and has_selection else 0,
                space=self.place.keys().below(key) if graph.interface_objects else None,
            )
            self._children[key] = found
        return found

    def alike(self, place: Place) -> Place:
        """The place below these objects that is like one below others; made if there is none."""
        found = self._children.get(place.key)
        if found is None:
            found = self._children[place.key] = Place(
                graph=place.graph,
                is_abstract=place.is_abstract,
                client=place.client,
                above=self,
                key=place.key,
                field_needs=place.field_needs,
                absolute=place.absolute,
                space=place.space,
            )
        return found

    def replace_groups(self, gone: set[FetchGroup], by: FetchGroup) -> None:
        """Let one group stand for groups that are gone, here and everywhere below."""
        for groups in (*self.suppliers.values(), self.told_by):
            if groups & gone:
                groups.difference_update(gone)
                groups.add(by)
        for child in self._children.values():
            child.replace_groups(gone, by)

    def lineage(self) -> Iterator["PlaceObject"]:
        """This object and those that enclose it, innermost first."""
        current: PlaceObject | None = self
        while current is not None:
            yield current
            current = current.place.above

    def _client_field(self, key: str) -> SelectedField | None:
        for selected in self.client.fields if self.client is not None else ():
            if self.place.client_key(self.type_name, selected.response_key) == key:
                return selected
        return None


def _can_join(one: InputField, other: InputField) -> bool:
    if one.key != other.key or one.by_type is None or other.by_type is None:
        return one == other
    theirs = dict(other.by_type)
    for type_name, fields in one.by_type:
        by_name = {new.name: new for new in theirs.get(type_name, ())}
        for known in fields:
            new = by_name.get(known.name)
            if new is not None and new != known and not _can_join(known, new):
                return False
    return True


def join_inputs(one: InputField, other: InputField) -> InputField:
    """One field that carries what both carry."""
    if one == other or one.by_type is None or other.by_type is None:
        return one
    joined = {
        type_name: {known.name: known for known in fields} for type_name, fields in one.by_type
    }
    for type_name, fields in other.by_type:
        mine = joined.setdefault(type_name, {})
        for new in fields:
            known = mine.get(new.name)
            mine[new.name] = new if known is None else join_inputs(known, new)
    by_type = tuple((type_name, tuple(mine.values())) for type_name, mine in joined.items())
    return InputField(one.name, one.key, by_type, one.is_abstract)
