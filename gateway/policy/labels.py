"""What each coordinate of the supergraph is: its category, its form, whose data it is.

Labels come from the services (``@category``, ``@about``) through the supergraph. A coordinate
without a label, with two different ones, or consent-governed but non-null, is refused here, so a
gateway never serves a schema that is not labelled throughout (deny by default is a build property).
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_list_type,
)

from gateway.policy.errors import PolicyError
from gateway.supergraph import Supergraph
from infra.vocabulary import PERSON_CATEGORIES, WITHOUT_NAMES, Category, Form

CATEGORY_DIRECTIVE = "category"
ABOUT_DIRECTIVE = "about"
Coordinate = tuple[str, str]
PAGING = frozenset({"first", "after", "last", "before"})
SUBJECTS = frozenset({"id", "ids", "participantId", "participantIds"})
"""Arguments that name whom or what is asked about; the answer itself is what is governed."""


@dataclass(frozen=True, slots=True)
class Label:
    """One category in one form."""

    category: Category
    form: Form

    @property
    def is_consent_governed(self) -> bool:
        """Return whether a value with this label can be withheld for want of consent."""
        is_open = self.form is Form.PUBLIC_RECORD or self.form in WITHOUT_NAMES
        return self.category in PERSON_CATEGORIES and not is_open


STRUCTURE = Label(Category.STRUCTURE, Form.RAW)


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of a supergraph.

    Attributes:
        types: label of each object type.
        fields: every label that a field's reader must satisfy: its own, and those of all
            coordinates that ``@requires`` feeds into it.
        about: field that names the participant(s), for types that are about one.
        lists: fields that return a list or connection of objects about participants.
        carried: fields outside any participant's record whose label the returned objects, which
            are about a participant, carry themselves (``LegalCase.leadLink``).
        arguments: label of each argument that selects by a category; using it takes that category
            by role and, row by row, by consent.
    """

    types: Mapping[str, Label]
    fields: Mapping[Coordinate, frozenset[Label]]
    about: Mapping[str, str]
    lists: frozenset[Coordinate]
    carried: frozenset[Coordinate] = frozenset()
    arguments: Mapping[Coordinate, Mapping[str, Label]] = dataclasses.field(default_factory=dict)


def read_labels(supergraph: Supergraph) -> Labels:
    """Read and check the labels of a supergraph.

    Raises:
        PolicyError: with the coordinate at fault.
    """
    types: dict[str, Label] = {}
    own: dict[Coordinate, Label] = {}
    about: dict[str, str] = {}
    for graphql_type in _object_types(supergraph):
        name = graphql_type.name
        types[name] = _type_label(supergraph, name)
        subject = _about(supergraph, graphql_type)
        if subject is not None:
            about[name] = subject
        for field_name in graphql_type.fields:
            own[name, field_name] = _field_label(supergraph, name, field_name, types[name])
    fields = {
        coordinate: frozenset(
            {label, *(own[read] for read in supergraph.requires(*coordinate) if read in own)}
        )
        for coordinate, label in own.items()
    }
    labels = Labels(
        types=MappingProxyType(types),
        fields=MappingProxyType(fields),
        about=MappingProxyType(about),
        lists=frozenset(_person_lists(supergraph, about)),
    )
    _check_nullability(supergraph, labels)
    return replace(
        labels,
        carried=frozenset(_without_subject(supergraph, labels)),
        arguments=MappingProxyType(dict(_arguments(supergraph, labels))),
    )


def _object_types(supergraph: Supergraph) -> Iterator[GraphQLObjectType]:
    for graphql_type in supergraph.full_schema.type_map.values():
        if graphql_type.name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLInterfaceType) and supergraph.type_directives(
            graphql_type.name, CATEGORY_DIRECTIVE
        ):
            raise PolicyError("an interface carries no label; label its types", graphql_type.name)
        if isinstance(graphql_type, GraphQLObjectType):
            yield graphql_type


def _parse(uses: list[dict[str, object]], coordinate: str) -> Label | None:
    labels = set()
    for use in uses:
        try:
            labels.add(Label(Category(str(use["is"])), Form(str(use.get("as", "RAW")))))
        except (KeyError, ValueError):
            raise PolicyError("the label names an unknown category or form", coordinate) from None
    if len(labels) > 1:
        raise PolicyError("subgraphs give it different labels", coordinate)
    for label in labels:
        # Case managers read the public record without any ground; nothing else may ride on that.
        is_public = label.category is Category.LEGAL_PUBLIC and label.form not in WITHOUT_NAMES
        if is_public != (label.form is Form.PUBLIC_RECORD):
            raise PolicyError("LEGAL_PUBLIC is as: PUBLIC_RECORD, and nothing else is", coordinate)
    return labels.pop() if labels else None


def _type_label(supergraph: Supergraph, name: str) -> Label:
    label = _parse(supergraph.type_directives(name, CATEGORY_DIRECTIVE), name)
    if label is None:
        raise PolicyError("the type has no @category", name)
    return label


def _field_label(supergraph: Supergraph, type_name: str, field_name: str, of_type: Label) -> Label:
    uses = supergraph.field_directives(type_name, field_name, CATEGORY_DIRECTIVE)
    return _parse(uses, f"{type_name}.{field_name}") or of_type


def _about(supergraph: Supergraph, graphql_type: GraphQLObjectType) -> str | None:
    uses = supergraph.type_directives(graphql_type.name, ABOUT_DIRECTIVE)
    names = {str(use["participant"]) for use in uses}
    if len(names) > 1:
        raise PolicyError("subgraphs disagree on @about", graphql_type.name)
    if not names:
        return None
    name = names.pop()
    if name not in graphql_type.fields:
        raise PolicyError(f"@about names {name}, which is no field of it", graphql_type.name)
    return name


def _node_type(field: GraphQLField) -> tuple[str, bool]:
    """Return the object type behind a field, looking through a connection, and if it is a list."""
    named = get_named_type(field.type)
    listed = is_list_type(field.type) or (
        isinstance(field.type, GraphQLNonNull) and is_list_type(field.type.of_type)
    )
    if isinstance(named, GraphQLObjectType) and "edges" in named.fields:
        edge = get_named_type(named.fields["edges"].type)
        if isinstance(edge, GraphQLObjectType) and "node" in edge.fields:
            return get_named_type(edge.fields["node"].type).name, True
    return named.name, listed


def _person_lists(supergraph: Supergraph, about: Mapping[str, str]) -> Iterator[Coordinate]:
    for graphql_type in _object_types(supergraph):
        if graphql_type.name in about or graphql_type.name.endswith(("Connection", "Edge")):
            continue
        for name, field in graphql_type.fields.items():
            node, is_list = _node_type(field)
            if is_list and node in about:
                yield graphql_type.name, name


def _check_nullability(supergraph: Supergraph, labels: Labels) -> None:
    for graphql_type in _object_types(supergraph):
        for name, field in graphql_type.fields.items():
            coordinate = (graphql_type.name, name)
            is_root = graphql_type is supergraph.full_schema.query_type
            if is_root and isinstance(field.type, GraphQLNonNull):
                raise PolicyError(
                    "a root field must be nullable, so that one service's outage stays its own",
                    ".".join(coordinate),
                )
            governed = any(label.is_consent_governed for label in labels.fields[coordinate])
            is_person = get_named_type(field.type).name in labels.about
            if (governed or is_person) and _has_non_null(field, is_person=is_person):
                raise PolicyError(
                    "a consent-governed field must be nullable", f"{graphql_type.name}.{name}"
                )


def _has_non_null(field: GraphQLField, *, is_person: bool) -> bool:
    current = field.type
    if isinstance(current, GraphQLNonNull):
        if not (is_person and is_list_type(current.of_type)):
            return True
        current = current.of_type  # the list itself may be non-null: withheld items are removed
    return False


def _arguments(
    supergraph: Supergraph, labels: Labels
) -> Iterator[tuple[Coordinate, Mapping[str, Label]]]:
    """Yield the labels of arguments that filter, sort, search or count.

    Where nothing about a participant is returned, an argument selects by what the field is. Where
    participants' records are, it must say by which category it selects: whoever may not know the
    category would learn it from what is found.
    """
    mutation = supergraph.full_schema.mutation_type
    for graphql_type in _object_types(supergraph):
        if graphql_type is mutation:
            continue  # inputs of commands select nothing
        for name, field in graphql_type.fields.items():
            coordinate = (graphql_type.name, name)
            node, _ = _node_type(field)
            is_about_person = graphql_type.name in labels.about or node in labels.about
            found = {}
            for argument in field.args:
                if argument in PAGING or argument in SUBJECTS:
                    continue
                where = f"{graphql_type.name}.{name}({argument}:)"
                stated = _parse(supergraph.directives_at(where, CATEGORY_DIRECTIVE), where)
                if stated is None and is_about_person:
                    raise PolicyError("it selects participants by something without label", where)
                found[argument] = stated or _selected(labels, coordinate, node)
            if found:
                yield coordinate, MappingProxyType(found)


def _selected(labels: Labels, coordinate: Coordinate, node: str) -> Label:
    """Return by what an argument selects where the field says nothing: what is returned."""
    own = next((each for each in labels.fields[coordinate] if each != STRUCTURE), None)
    return own or labels.types.get(node, STRUCTURE)


def _without_subject(supergraph: Supergraph, labels: Labels) -> Iterator[Coordinate]:
    """Yield consent-governed coordinates that are reached outside any participant's record.

    Each must return objects that are about a participant and carry the same label; anything else
    has nobody whose consent could be asked.
    """
    schema = supergraph.full_schema
    reached: set[str] = set()
    roots = [
        root.name
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
        if root is not None
    ]
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in reached or name in labels.about:
            continue
        reached.add(name)
        graphql_type = schema.type_map[name]
        if isinstance(graphql_type, (GraphQLInterfaceType, GraphQLUnionType)):
            waiting.extend(member.name for member in schema.get_possible_types(graphql_type))
        if not isinstance(graphql_type, GraphQLObjectType):
            continue
        for field_name, field in graphql_type.fields.items():
            coordinate = (name, field_name)
            governed = {each for each in labels.fields[coordinate] if each.is_consent_governed}
            if governed:
                node, _ = _node_type(field)
                # A root field's own label narrows by role; its rows carry labels of their own.
                is_covered = name in roots or governed == {labels.types.get(node)}
                if node not in labels.about or not is_covered:
                    raise PolicyError(
                        "consent-governed, but no @about says whose data it is",
                        ".".join(coordinate),
                    )
                yield coordinate
            returned = get_named_type(field.type)
            if is_composite_type(returned):
                waiting.append(returned.name)
