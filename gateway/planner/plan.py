"""Query plans: frozen data that says which subgraph is asked what, when, and what goes where.

A plan is a list of fetch nodes, each with the nodes that it waits for; its *wave* is the length of
the longest chain of nodes that ends in it.
"""

from dataclasses import dataclass

from gateway.planner.selection import Conditions


@dataclass(frozen=True, slots=True)
class FetchedField:
    """One field of a fetch.

    Attributes:
        wire_key: response key in the subgraph's answer.
        key: where the value is kept in the fetched tree.
    """

    name: str
    wire_key: str
    key: str
    conditions: Conditions
    shape: "FetchShape | None"


@dataclass(frozen=True, slots=True)
class FetchShape:
    """What an answer looks like at one place.

    Attributes:
        by_type: fields by the subgraph's type of the object.
        is_abstract: the answer says the type of each object in `__typename`.
        opaque: values of `__typename` that do not say which type an object really has.
    """

    by_type: tuple[tuple[str, tuple[FetchedField, ...]], ...]
    is_abstract: bool
    opaque: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step down the fetched tree, from objects of one type through one field.

    Attributes:
        is_abstract: objects of other types can stand beside, told apart by `__typename`.
        type_names: what `__typename` is for the objects of the type.
        subject_key: where the subject of the objects is kept, None to inherit.
        object_needs: bits for the object to exist.
        field_needs: bits for the field to be seen.
    """

    type_name: str
    key: str
    is_abstract: bool
    subject_key: str | None
    object_needs: int
    field_needs: int
    type_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputField:
    """One field of a representation: its name, and where its value is kept."""

    name: str
    key: str
    by_type: tuple[tuple[str, tuple["InputField", ...]], ...] | None
    is_abstract: bool


@dataclass(frozen=True, slots=True)
class RequiredInput:
    """A field that `@requires` reads, and the keys of the fetched fields that need it."""

    field: InputField
    needed_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class EntityType:
    """How objects of one type are represented in an entity fetch.

    Attributes:
        type_names: what `__typename` is in the fetched tree for the objects of the type.
        local_type: `__typename` of the representation.
        needs: what the fetched fields need, one number per distinct need; one of them suffices.
        is_guarded: the subject of the objects is known before this fetch.
    """

    type_name: str
    local_type: str
    keys: tuple[InputField, ...]
    requires: tuple[RequiredInput, ...]
    subject_key: str | None
    object_needs: int
    needs: tuple[int, ...]
    is_guarded: bool
    type_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextSource:
    """Where the value of a context stands: on objects on the way to the entities.

    Attributes:
        depth: number of steps from the root to those objects.
        keys: from those objects down to the value.
        type_text: of the variable that carries it.
    """

    depth: int
    keys: tuple[str, ...]
    type_text: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where the objects of an entity call stand in the fetched tree."""

    path: tuple[PathStep, ...]
    is_abstract: bool
    types: tuple[EntityType, ...]


@dataclass(frozen=True, slots=True)
class EntityCall:
    """One `_entities` field of a request; equal representations of all targets are sent once.

    Attributes:
        tells: object types, one of which the subgraph tells for each entity; () if not asked.
    """

    alias: str
    variable: str
    shape: FetchShape
    conditions: Conditions
    targets: tuple[Target, ...]
    tells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchNode:
    """One request to one subgraph.

    Attributes:
        text: the operation as sent.
        variables: the client's variables that it uses.
        computed: Boolean variables that stand for conditions.
        root_type: type of the root fields, None for an entity fetch.
        waits_for: ids of the nodes whose values it needs.
        targets: places of the query root type that the root fields go to; () for the root.
        contexts: variables whose values come from objects around the entities; the request is
            sent once for each combination of values.
        has_any_numbers: the answer may hold integers of any length, in custom scalars or as ID.
    """

    id: int
    wave: int
    subgraph: str
    kind: str
    text: str
    variables: tuple[str, ...]
    computed: tuple[tuple[str, Conditions], ...]
    root_type: str | None
    root_shape: FetchShape | None
    calls: tuple[EntityCall, ...]
    conditions: Conditions
    waits_for: tuple[int, ...]
    targets: tuple[Target, ...] = ()
    contexts: tuple[tuple[str, ContextSource], ...] = ()
    has_any_numbers: bool = True


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """All fetches of one operation, ordered so that each comes after those it waits for."""

    kind: str
    nodes: tuple[FetchNode, ...]

    @property
    def wave_count(self) -> int:
        """Number of waves."""
        return max((node.wave for node in self.nodes), default=0)
