"""Answers an operation from a world: walks it field by field and asks the policy at each leaf."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    value_from_ast_untyped,
)

from tests.proof.oracle.consent import (
    Asker,
    Ground,
    Row,
    World,
    grounds,
    may_ever_see,
    stand,
)
from tests.proof.oracle.matrix import FREE, JUSTICE, STAFF_DATA
from tests.proof.oracle.shapes import TYPES, Shape
from tests.proof.oracle.work import WorkRecords

_LISTS_OF_PEOPLE = {"participants", "caseload", "referralQueue"}
_READS_LETTERS = {"CM", "SUP", "DEF", "PAR", "REP"}
_ONLY_FOR = {
    "Query.liaisonQueue": {"PRO"},
    "OwgAgendaItem.mustStepOut": {"PM", "CM", "SUP"},
    "Query.courtLetter": _READS_LETTERS,
    "Participant.courtLetters": _READS_LETTERS,
}
"""What belongs to somebody's work, and is refused to everybody else."""


@dataclass
class OracleAnswer:
    """Status, data, and the coordinates that were refused."""

    status: int
    data: Any = None
    refused: set[str] = field(default_factory=set)


@dataclass
class _Here:
    """One object on the way: its type, its row, and about whom it is, if about anybody."""

    type_name: str
    row: Row
    about: str | None


class _Walk:
    def __init__(
        self,
        world: World,
        asker: Asker,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._world = world
        self._asker = asker
        self._fragments = fragments
        self._variables = variables
        self._records = WorkRecords(world, asker, self.grounds)
        self.refused: set[str] = set()

    def grounds(self, participant: str, category: str) -> list[Ground]:
        return grounds(self._world, self._asker, participant, category)

    def object(self, here: _Here, selections: Iterable[SelectionSetNode]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for key, nodes in self._fields(here.type_name, selections).items():
            name = nodes[0].name.value
            below = [node.selection_set for node in nodes if node.selection_set is not None]
            answer[key] = (
                here.type_name if name == "__typename" else self._field(here, nodes[0], below)
            )
        return answer

    def _fields(
        self, type_name: str, selections: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        found: dict[str, list[FieldNode]] = {}
        for selection_set in selections:
            for each in selection_set.selections:
                if not self._is_selected(each.directives):
                    continue
                if isinstance(each, FieldNode):
                    key = each.alias.value if each.alias else each.name.value
                    found.setdefault(key, []).append(each)
                    continue
                inner: SelectionSetNode
                condition = None
                if isinstance(each, FragmentSpreadNode):
                    fragment = self._fragments[each.name.value]
                    inner, condition = fragment.selection_set, fragment.type_condition
                else:
                    assert isinstance(each, InlineFragmentNode)
                    inner, condition = each.selection_set, each.type_condition
                if condition is None or condition.name.value == type_name:
                    for key, nodes in self._fields(type_name, [inner]).items():
                        found.setdefault(key, []).extend(nodes)
        return found

    def _is_selected(self, directives: Iterable[DirectiveNode] | None) -> bool:
        for directive in directives or ():
            (argument,) = directive.arguments or ()
            value = argument.value
            if isinstance(value, VariableNode):
                holds = bool(self._variables[value.name.value])
            else:
                assert isinstance(value, BooleanValueNode)
                holds = value.value
            if holds is (directive.name.value == "skip"):
                return False
        return True

    def _field(self, here: _Here, node: FieldNode, below: list[SelectionSetNode]) -> Any:
        name = node.name.value
        shape = TYPES[here.type_name].fields[name]
        if self._is_refused(here.type_name, name, shape) or not self._is_permitted(here, shape):
            return None
        if shape.returns is None:
            return _plain(self._records.leaf(here.type_name, here.row, here.about, shape.column))
        arguments = {
            each.name.value: value_from_ast_untyped(each.value, dict(self._variables))
            for each in node.arguments or ()
        }
        rows = self._records.children(here.type_name, name, here.row, here.about, arguments)
        if rows is None:
            return None
        reached = [self._reached(shape.returns, row, here) for row in rows]
        found = [each for each in reached if each is not None]
        if shape.many == "page":
            return self._page(found, arguments, below)
        if shape.many == "list":
            return [self.object(each, below) for each in found]
        return self.object(found[0], below) if found else None

    def note_refusals(self, type_name: str, selections: Iterable[SelectionSetNode]) -> None:
        """Note what this role never sees; below a refused field nothing more is told."""
        for nodes in self._fields(type_name, selections).values():
            name = nodes[0].name.value
            if name == "__typename":
                continue
            shape = TYPES[type_name].fields[name]
            if self._is_refused(type_name, name, shape):
                self.refused.add(f"{type_name}.{name}")
            elif shape.returns is not None:
                below = [n.selection_set for n in nodes if n.selection_set is not None]
                for wrapper in ("edges", "node") if shape.many == "page" else ():
                    below = [
                        each.selection_set
                        for inner in self._fields("", below).values()
                        for each in inner
                        if each.name.value == wrapper and each.selection_set is not None
                    ]
                self.note_refusals(shape.returns, below)

    def _is_refused(self, type_name: str, name: str, shape: Shape) -> bool:
        if type_name == "Query" and name in _LISTS_OF_PEOPLE and self._asker.role in JUSTICE:
            return True  # GR-7, GR-8
        if self._asker.role not in _ONLY_FOR.get(f"{type_name}.{name}", {self._asker.role}):
            return True
        if not all(may_ever_see(self._asker, *label) for label in shape.labels):
            return True
        if shape.returns is None:
            return False
        return not may_ever_see(self._asker, *TYPES[shape.returns].label)

    def _is_permitted(self, here: _Here, shape: Shape) -> bool:
        """Ask the policy about this leaf: each of its labels, for the person it is about."""
        for category, _ in shape.labels:
            if category in FREE | STAFF_DATA:
                continue
            if category == "LEGAL_PUBLIC" and self._asker.cell(category) in "WP":
                continue  # public for this role, whoever it is about
            if here.about is None:
                if category == "LEGAL_PUBLIC":
                    return False  # what is one's own is found in one's own record
                continue  # the rows behind it are about somebody, and are judged one by one
            if not self.grounds(here.about, category):
                return False
        return True

    def _reached(self, type_name: str, row: Row, parent: _Here) -> _Here | None:
        """Return a row as an object, or None where it is not there for this asker."""
        shape = TYPES[type_name]
        about = parent.about
        if shape.is_about:
            about = str(row["id"] if type_name == "Participant" else row["participant_id"])
            if not self.grounds(about, shape.label[0]):
                return None
        return _Here(type_name, row, about)

    def _page(
        self, found: list[_Here], arguments: Mapping[str, Any], below: list[SelectionSetNode]
    ) -> dict[str, Any]:
        size = arguments.get("first", 25)
        page: dict[str, Any] = {}
        for key, nodes in self._fields("", below).items():
            inner = [node.selection_set for node in nodes if node.selection_set is not None]
            match nodes[0].name.value:
                case "totalCount":
                    page[key] = len(found)
                case "pageInfo":
                    page[key] = {
                        each: len(found) > size for each in self._fields("", inner)
                    }  # only hasNextPage is ever asked for
                case "edges":
                    page[key] = [self._edge(each, inner) for each in found[:size]]
        return page

    def _edge(self, here: _Here, below: list[SelectionSetNode]) -> dict[str, Any]:
        return {
            key: self.object(here, [n.selection_set for n in nodes if n.selection_set is not None])
            for key, nodes in self._fields("", below).items()
        }


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def answer(
    world: World,
    subject: str,
    purpose: str | None,
    source: str,
    variables: Mapping[str, Any] | None = None,
) -> OracleAnswer:
    """Answer a query as the agreement says; ``data`` has no cursors."""
    asker = stand(world, subject, purpose)
    if isinstance(asker, int):
        return OracleAnswer(asker)
    document = parse(source)
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    (operation,) = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    walk = _Walk(world, asker, fragments, variables or {})
    walk.note_refusals("Query", [operation.selection_set])
    data = walk.object(_Here("Query", {}, None), [operation.selection_set])
    return OracleAnswer(200, data, walk.refused)
