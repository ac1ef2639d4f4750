"""Selections on concrete object types: what the planner, the policy and the executor share.

A normalised operation has no fragments and no abstract types: below each field stands, for each
object type that it can have, exactly what is selected on that type.  Values compare by identity.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Final

from graphql import ArgumentNode, VariableDefinitionNode, print_ast

from gateway.planner.errors import PlanningError

Literal = tuple[str, bool]
"""A Boolean variable and the value that it must have."""

Conditions = frozenset[frozenset[Literal]]
"""Alternatives, one of which must hold; each is a set of literals that must all hold."""

ALWAYS: Final[Conditions] = frozenset({frozenset()})
NEVER: Final[Conditions] = frozenset()
MAX_ALTERNATIVES: Final = 32
"""Of one condition: ways that multiply with each level would take time without end."""


@dataclass(frozen=True, slots=True, eq=False)
class SelectedField:
    """One field selected on one object type.

    Attributes:
        needs: capability bits that the subject must grant, else the field is null.
        hidden: fetched and never projected.
        locations: (line, column) of the field in the client's document, each place once.
        places: when the field is selected at each of these; () where that is whenever it is.
        kept_as: where its value is kept in the fetched tree, if not by its response key.
    """

    parent_type: str
    name: str
    response_key: str
    arguments: tuple[ArgumentNode, ...] = ()
    conditions: Conditions = ALWAYS
    selection: "Selection | None" = None
    needs: int = 0
    hidden: bool = False
    locations: tuple[tuple[int, int], ...] = ()
    places: tuple[Conditions, ...] = ()
    kept_as: str = ""

    def placed(self) -> Iterator[tuple[tuple[int, int], Conditions]]:
        """Each location, and when the field is selected there."""
        return zip(self.locations, self.places or repeat(ALWAYS), strict=False)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectSelection:
    """What is selected on one object type at one place.

    Attributes:
        needs: capability bits without which the object is absent.
        subject_key: response key of the field whose value names the subject (or a list of
            subjects, all of whom must grant); None inherits the subject of the enclosing object.
        refused: selections that are never fetched and answer null, each with the number of
            `fields` that stand before it in the answer.
        order: response keys as the document goes through them, each with when it is first selected
            there; () unless the order in the answer depends on that.
    """

    type_name: str
    fields: tuple[SelectedField, ...]
    needs: int = 0
    subject_key: str | None = None
    refused: tuple[tuple[int, SelectedField], ...] = ()
    order: tuple[tuple[str, Conditions], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What is selected at one place, for each object type possible there."""

    by_type: Mapping[str, ObjectSelection]


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedOperation:
    """An operation without fragments, on concrete types.

    Attributes:
        kind: `query`, `mutation` or `subscription`.
        hash: sha256 of document and operation name, in hexadecimal; independent of variables.
    """

    kind: str
    root: ObjectSelection
    variable_definitions: tuple[VariableDefinitionNode, ...] = ()
    hash: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


def holds(conditions: Conditions, variables: Mapping[str, Any]) -> bool:
    """Whether conditions hold for variables."""
    if conditions == ALWAYS:
        return True
    return any(
        all(bool(variables.get(name)) is value for name, value in literals)
        for literals in conditions
    )


def any_of(one: Conditions, other: Conditions) -> Conditions:
    """Alternatives of both, without those that another alternative already covers.

    Raises:
        PlanningError: there are more than MAX_ALTERNATIVES.
    """
    return one if one == other else _least(one | other)


def both_of(one: Conditions, other: Conditions) -> Conditions:
    """Hold where both hold; contradictions disappear.

    Raises:
        PlanningError: there are more than MAX_ALTERNATIVES.
    """
    if one == ALWAYS:
        return other
    if other == ALWAYS:
        return one
    if len(one) * len(other) > MAX_ALTERNATIVES**2:
        raise _too_many()
    joined = (left | right for left in one for right in other)
    return _least(frozenset(literals for literals in joined if not _contradicts(literals)))


def _contradicts(literals: frozenset[Literal]) -> bool:
    return any((name, not value) in literals for name, value in literals)


def _least(alternatives: Conditions) -> Conditions:
    if len(alternatives) > MAX_ALTERNATIVES:
        raise _too_many()
    return frozenset(
        alternative
        for alternative in alternatives
        if not any(narrower < alternative for narrower in alternatives)
    )


def _too_many() -> PlanningError:
    return PlanningError("what is selected depends on too many conditions at once")


def walk(selection: ObjectSelection) -> Iterator[SelectedField]:
    """Every selected field, parents first."""
    for selected in selection.fields:
        yield selected
        if selected.selection is not None:
            for inner in selected.selection.by_type.values():
                yield from walk(inner)


def map_objects(
    selection: ObjectSelection, change: Callable[[ObjectSelection], ObjectSelection]
) -> ObjectSelection:
    """Rebuild a tree, children first, with every object selection changed."""
    fields = []
    for selected in selection.fields:
        inner = selected.selection
        if inner is not None:
            by_type = {name: map_objects(one, change) for name, one in inner.by_type.items()}
            fields.append(replace(selected, selection=Selection(by_type)))
        else:
            fields.append(selected)
    return change(replace(selection, fields=tuple(fields)))


def map_fields(
    operation: NormalizedOperation, change: Callable[[SelectedField], SelectedField | None]
) -> NormalizedOperation:
    """Rebuild an operation with every field changed, or removed where `change` gives None.

    Parents are offered before their children; a removed field takes its children with it.
    """

    def rebuilt(selection: ObjectSelection) -> ObjectSelection:
        fields: list[SelectedField] = []
        for selected in selection.fields:
            changed = change(selected)
            if changed is not None and changed.selection is not None:
                by_type = {name: rebuilt(one) for name, one in changed.selection.by_type.items()}
                changed = replace(changed, selection=Selection(by_type))
            if changed is not None:
                fields.append(changed)
        return replace(selection, fields=tuple(fields))

    return replace(operation, root=rebuilt(operation.root))


def with_hidden_field(
    selection: ObjectSelection, name: str, *, needs: int = 0
) -> tuple[ObjectSelection, str]:
    """Add a hidden leaf field; returns the selection and the response key to read it by.

    A field of the client that already selects the same, unconditionally and without arguments,
    serves; otherwise the hidden field gets a response key that no field of the client has.
    """
    for selected in selection.fields:
        is_same = selected.name == name and not selected.arguments
        if is_same and selected.conditions == ALWAYS and selected.needs == needs:
            return selection, selected.response_key
    hidden = SelectedField(
        parent_type=selection.type_name,
        name=name,
        response_key=unused_key(name, {one.response_key for one in selection.fields}),
        needs=needs,
        hidden=True,
    )
    return replace(selection, fields=(*selection.fields, hidden)), hidden.response_key


def unused_key(name: str, used: Iterable[str]) -> str:
    """An internal response key for a field, different from all that are used."""
    taken = set(used)
    key, number = f"_gt_{name}", 1
    while key in taken:
        number += 1
        key = f"_gt{number}_{name}"
    return key


def storage_keys(selection: Selection) -> dict[tuple[str, str], str]:
    """Where values are kept in the fetched tree, by (object type, response key).

    That is the response key, except where an alias of the client starts with two underscores and
    would stand where the engine keeps `__typename`, and where equal response keys mean different
    fields on different types, which one subgraph may not be able to tell apart.  A hidden leaf is
    kept with an equal field that is always fetched.
    """
    used = {
        key
        for kind in selection.by_type.values()
        for one in kind.fields
        for key in (one.response_key, one.kept_as)
    }
    meanings: dict[str, tuple[str, str]] = {}
    keys: dict[tuple[str, str], str] = {}
    for type_name, wanted in selection.by_type.items():
        always = {
            (one.name, arguments_text(one.arguments)): one.response_key
            for one in wanted.fields
            if one.conditions == ALWAYS and not one.hidden
        }
        for selected in wanted.fields:
            key = selected.kept_as or selected.response_key
            if selected.hidden and selected.selection is None:
                key = always.get((selected.name, arguments_text(selected.arguments)), key)
            if key.startswith("__") and key != selected.name:
                key = f"_gt_alias{key}"
            meaning = (selected.name, arguments_text(selected.arguments))
            if meanings.setdefault(key, meaning) != meaning:
                key = unused_key(f"{selected.name}", used)
                used.add(key)
                meanings[key] = meaning
            keys[type_name, selected.response_key] = key
    return keys


def arguments_text(arguments: tuple[ArgumentNode, ...]) -> str:
    """Arguments as canonical text, sorted by name; "" for none."""
    if not arguments:
        return ""
    by_name = sorted(arguments, key=lambda one: one.name.value)
    return ", ".join(print_ast(argument) for argument in by_name)
