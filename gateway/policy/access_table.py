"""Labels and matrix compiled once: for each column and coordinate, refused or which bits it needs.

The table is what the role pass reads, and what reviewers read: its text form is a golden file, so
that widened access is a visible line.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from gateway.policy.errors import PolicyError
from gateway.policy.labels import Coordinate, Label, Labels
from gateway.policy.matrix import Cell, CellKind, Matrix
from gateway.policy.mutations import MutationRules
from gateway.policy.obligations import Obligations
from gateway.supergraph import Supergraph
from infra.vocabulary import (
    PERSON_CATEGORIES,
    STAFF_CATEGORIES,
    WITHOUT_NAMES,
    Category,
    Form,
    Role,
)

BITS: Mapping[Category, int] = MappingProxyType(
    {category: 1 << index for index, category in enumerate(PERSON_CATEGORIES)}
)
PURPOSES_ROW = "purposes"
_FREE = (Category.STRUCTURE, Category.CATALOGUE)


@dataclass(frozen=True, slots=True)
class View:
    """What one column of the matrix can ever see, with or without a purpose about persons.

    Attributes:
        name: the column, ``CM`` or ``PRO:not_liaison``; part of the plan cache's key.
        refused: coordinates that are never fetched for it.
        needs: bits that a coordinate's participant must grant (absent: none).
        type_needs: bits without which an object of the type does not exist for the caller.
        arguments: bits that a row's participant must grant where an argument is used; None where
            the column may not use it at all.
    """

    name: str
    refused: frozenset[Coordinate]
    needs: Mapping[Coordinate, int]
    type_needs: Mapping[str, int]
    arguments: Mapping[tuple[Coordinate, str], int | None] = field(default_factory=dict)

    def refuses(self, text: str) -> bool:
        """Return whether ``Type.field`` or ``Type.field(argument:)`` is refused."""
        type_name, _, rest = text.partition(".")
        name, _, argument = rest.partition("(")
        coordinate = (type_name, name)
        if coordinate in self.refused:
            return True
        return self.arguments.get((coordinate, argument.removesuffix(":)")), 0) is None


@dataclass(frozen=True, slots=True)
class AccessTable:
    """All views, and the agreement that they were compiled from."""

    matrix: Matrix
    labels: Labels
    version: str
    views: Mapping[tuple[str, bool], View]
    outage: View
    obligations: Obligations
    mutations: MutationRules

    def view(self, column: str, *, has_person_purpose: bool) -> View:
        """Return the view of a column."""
        return self.views[column, has_person_purpose]

    def access_of(
        self, column: str, *, has_person_purpose: bool
    ) -> tuple[dict[Category, str], dict[Category, Form], frozenset[Category]]:
        """Return what an internal token says: grounds, restricted forms, aggregates."""
        access: dict[Category, str] = {}
        forms: dict[Category, Form] = {}
        aggregates = set()
        for category, cell in self.matrix.columns[column].items():
            if self.matrix.counts(column, category) and _has_purpose(
                category, cell, has_person_purpose
            ):
                aggregates.add(category)
                if cell.kind is CellKind.DEIDENTIFIED:
                    forms[category] = Form.DEIDENTIFIED
            if not cell.grounds or not _has_purpose(category, cell, has_person_purpose):
                continue
            access[category] = cell.grounds
            if cell.form is not None:
                forms[category] = cell.form
        return access, forms, frozenset(aggregates)


def _has_purpose(category: Category, cell: Cell, has_person_purpose: bool) -> bool:
    is_public = cell.form is Form.PUBLIC_RECORD
    return has_person_purpose or category in STAFF_CATEGORIES or is_public


def compile_table(
    supergraph: Supergraph,
    labels: Labels,
    matrix: Matrix,
    mutations: MutationRules,
    obligations: Obligations | None = None,
) -> AccessTable:
    """Compile the access table.

    Args:
        supergraph: what there is.
        labels: what each coordinate is.
        matrix: who may see what.
        mutations: who may run what.
        obligations: what travels with answers; none where only decisions matter.

    Raises:
        PolicyError: a mutation without a rule, a rule without a mutation, or a stream of nobody's.
    """
    mutations.check(supergraph)
    stream = supergraph.full_schema.subscription_type
    for name in stream.fields if stream is not None else ():
        if f"{stream}.{name}" not in matrix.restricted:
            raise PolicyError(
                "nobody is named who is told of it ([restricted])", f"{stream}.{name}"
            )
    for coordinate in matrix.own_lists:
        type_name, _, field_name = coordinate.partition(".")
        if (type_name, field_name) not in labels.fields:
            raise PolicyError("own_lists names an unknown coordinate", coordinate)
    returned = _returned_objects(supergraph, labels)
    parts = (supergraph, labels, matrix, mutations, returned)
    views = {
        (column, has_purpose): _view(parts, column, has_purpose)
        for column in matrix.columns
        for has_purpose in (True, False)
    }
    attached = obligations or Obligations(matrix, (), MappingProxyType({}), "")
    ways = [*sorted(mutations.back_ends), "|", *sorted(mutations.doors)]
    text = "\n".join((*_lines(matrix, labels, views), attached.fingerprint, *ways))
    version = hashlib.sha256(f"{matrix.version}\n{text}".encode()).hexdigest()[:16]
    return AccessTable(
        matrix=matrix,
        labels=labels,
        version=f"{matrix.version}+{version}",
        views=MappingProxyType(views),
        outage=_outage_view(supergraph, labels, returned),
        obligations=attached,
        mutations=mutations,
    )


def _allows(matrix: Matrix, column: str, label: Label, has_purpose: bool) -> bool:
    if label.category in _FREE:
        return True
    cell = matrix.columns[column][label.category]
    if label.form is Form.AGGREGATE:
        has_cell = matrix.counts(column, label.category)
        return has_cell and _has_purpose(label.category, cell, has_purpose)
    if label.form is Form.DEIDENTIFIED:
        has_cell = cell.kind is CellKind.DEIDENTIFIED
        return has_cell and _has_purpose(label.category, cell, has_purpose)
    if not cell.grounds or not _has_purpose(label.category, cell, has_purpose):
        return False
    return cell.form is None or cell.form is label.form


def _bits(matrix: Matrix, column: str, label: Label) -> int:
    if label.category in STAFF_CATEGORIES:  # what is free is among them
        return 0
    if label.form in WITHOUT_NAMES:
        return 0
    if matrix.columns[column][label.category].grounds == "*":
        return 0
    return BITS[label.category]


_Parts = tuple[Supergraph, Labels, Matrix, MutationRules, "Returned"]


def _view(parts: _Parts, column: str, has_purpose: bool) -> View:
    supergraph, labels, matrix, mutations, returned = parts
    role = Role(column.partition(":")[0])
    types_refused = {
        name
        for name, label in labels.types.items()
        if not _allows(matrix, column, label, has_purpose)
    }
    refused: set[Coordinate] = set()
    needs: dict[Coordinate, int] = {}
    for coordinate, required in labels.fields.items():
        if not all(_allows(matrix, column, label, has_purpose) for label in required):
            refused.add(coordinate)
            continue
        bits = 0
        for label in required:
            bits |= _bits(matrix, column, label)
        if bits and coordinate not in labels.carried:
            needs[coordinate] = bits
    refused |= _returning_only(returned, types_refused)
    if role in matrix.justice_roles:
        refused |= {
            coordinate
            for coordinate in labels.lists
            if ".".join(coordinate) not in matrix.own_lists
        }
    refused |= mutations.refused_for(role, supergraph)
    refused |= {
        coordinate
        for coordinate in labels.fields
        if role not in matrix.restricted.get(".".join(coordinate), (role,))
    }
    type_needs = {
        name: bits
        for name, label in labels.types.items()
        if name not in types_refused and (bits := _bits(matrix, column, label))
    }
    return View(
        name=f"{column}{'' if has_purpose else '-'}",
        refused=frozenset(refused),
        needs=MappingProxyType(needs),
        type_needs=MappingProxyType(type_needs),
        arguments=MappingProxyType(
            {
                (coordinate, name): (
                    _bits(matrix, column, label)
                    if _allows(matrix, column, label, has_purpose)
                    else None
                )
                for coordinate, named in labels.arguments.items()
                for name, label in named.items()
            }
        ),
    )


Returned = Mapping[Coordinate, frozenset[str]]


def _returned_objects(supergraph: Supergraph, labels: Labels) -> Returned:
    """Return, for each field that returns objects, all types that these can be of."""
    found: dict[Coordinate, frozenset[str]] = {}
    for coordinate in labels.fields:
        parent = supergraph.full_schema.type_map[coordinate[0]]
        if not isinstance(parent, GraphQLObjectType):
            continue
        returned = get_named_type(parent.fields[coordinate[1]].type)
        if isinstance(returned, GraphQLObjectType):
            found[coordinate] = frozenset({_node_behind(returned)})
        elif isinstance(returned, GraphQLInterfaceType | GraphQLUnionType):
            possible = supergraph.full_schema.get_possible_types(returned)
            found[coordinate] = frozenset(member.name for member in possible)
    return found


def _node_behind(connection: GraphQLObjectType) -> str:
    """Return the type of a connection's nodes, or the type itself."""
    returned: GraphQLNamedType = connection
    if "edges" in connection.fields:
        edge = get_named_type(connection.fields["edges"].type)
        if isinstance(edge, GraphQLObjectType) and "node" in edge.fields:
            returned = get_named_type(edge.fields["node"].type)
    return str(returned.name)


def _returning_only(returned: Returned, refused: set[str]) -> set[Coordinate]:
    """Return the fields of which all that they can return are objects of refused types."""
    return {
        coordinate for coordinate, possible in returned.items() if possible and possible <= refused
    }


def _outage_view(supergraph: Supergraph, labels: Labels, returned: Returned) -> View:
    """Return what is answered while ``svc_consent`` is away: CATALOGUE, and the way to it."""
    mutation = supergraph.full_schema.mutation_type
    refused = {
        coordinate
        for coordinate, required in labels.fields.items()
        if any(label.category not in _FREE for label in required)
        or (mutation is not None and coordinate[0] == mutation.name)
    }
    types = {name for name, label in labels.types.items() if label.category not in _FREE}
    refused |= _returning_only(returned, types)
    empty: Mapping[Coordinate, int] = MappingProxyType({})
    return View("outage", frozenset(refused), empty, MappingProxyType({}))


def _lines(matrix: Matrix, labels: Labels, views: Mapping[tuple[str, bool], View]) -> Iterator[str]:
    """Yield what each column may state, and each coordinate that it can see, on which grounds."""
    for (column, has_purpose), view in sorted(views.items()):
        if not has_purpose:
            continue
        stated = ",".join(sorted(purpose.value for purpose in matrix.purposes_of(column))) or "none"
        yield f"{column:16} {PURPOSES_ROW:48} {'-':8} {stated}"
        cells = matrix.columns[column]
        for coordinate in sorted(labels.fields):
            if coordinate in view.refused:
                continue
            names = "+".join(sorted(_named(label, cells) for label in labels.fields[coordinate]))
            free = "free" if not view.needs.get(coordinate) else "consent"
            yield f"{column:16} {'.'.join(coordinate):48} {free:8} {names}"
            for name, label in sorted(labels.arguments.get(coordinate, {}).items()):
                bits = view.arguments.get((coordinate, name))
                if bits is not None:
                    what = f"{'.'.join(coordinate)}({name}:)"
                    free = "consent" if bits else "free"
                    yield f"{column:16} {what:48} {free:8} {_named(label, cells)}"


def _named(label: Label, cells: Mapping[Category, Cell]) -> str:
    form = "" if label.form is Form.RAW else f":{label.form}"
    has_grounds = label.category in cells and label.form not in WITHOUT_NAMES
    grounds = f"[{cells[label.category].grounds}]" if has_grounds else ""
    return f"{label.category}{form}{grounds}"


def table_text(table: AccessTable) -> str:
    """Return the readable form of the table.

    One line for each column and coordinate that it can see: free or consent, and the categories
    with the grounds that the column needs for each (letters: ``infra.vocabulary.Basis``). What a
    column may state as its purpose is a line of its own.
    """
    return "\n".join(_lines(table.matrix, table.labels, table.views)) + "\n"
