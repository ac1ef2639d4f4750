"""Make a failing case small: leave out what the failure does not need, until nothing can go."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.conformance.random_federation.check import Case, InvalidRequestError, Outcome, examine
from tests.conformance.random_federation.model import Federation
from tests.conformance.random_federation.random_operations import Request
from tests.conformance.random_federation.satisfiable import is_satisfiable

MAX_ATTEMPTS = 1500


def kind_of(outcome: Outcome) -> str:
    """What sort of failure it is, so that shrinking does not wander off to another."""
    return outcome.problems[0].split(":")[0].split(" at ")[0][:24] if outcome.problems else ""


class Shrinker:
    """Shrinks one case; `case` and `request` are the smallest found so far."""

    def __init__(self, case: Case, request: Request, outcome: Outcome) -> None:
        self.case, self.request, self.outcome = case, request, outcome
        self._kind = kind_of(outcome)
        self._attempts = MAX_ATTEMPTS

    def run(self) -> None:
        """Alternate between request and federation until neither gets smaller."""
        has_shrunk = True
        while has_shrunk and self._attempts > 0:
            has_shrunk = self._pass(self._smaller_requests)
            has_shrunk = self._pass(self._smaller_federations) or has_shrunk

    def _pass(self, candidates: Any) -> bool:
        has_shrunk = False
        again = True
        while again and self._attempts > 0:
            again = False
            for federation, request in candidates():
                self._attempts -= 1
                if self._attempts <= 0 or self._takes(federation, request):
                    again = has_shrunk = self._attempts > 0
                    break
        return has_shrunk

    def _takes(self, federation: Federation | None, request: Request) -> bool:
        try:
            case = self.case if federation is None else Case(federation, self.case.world)
            outcome = examine(case, request)
        except Exception:
            return False  # a candidate that is not valid in some way
        if kind_of(outcome) != self._kind:
            return False
        self.case, self.request, self.outcome = case, request, outcome
        return True

    def _smaller_requests(self) -> Iterator[tuple[None, Request]]:
        for document in smaller_documents(parse(self.request.source, no_location=True)):
            tidy = _without_unused(document)
            used = set(_variable_names(tidy))
            values = {key: value for key, value in self.request.variables.items() if key in used}
            yield None, replace(self.request, source=print_ast(tidy), variables=values)

    def _smaller_federations(self) -> Iterator[tuple[Federation, Request]]:
        for change in changes(self.case.federation):
            smaller = copy.deepcopy(self.case.federation)
            for subgraph, type_name, field_name, what in [change]:
                _apply(smaller, subgraph, type_name, field_name, what)
            try:
                is_fine = is_satisfiable(smaller)
            except (KeyError, ValueError, IndexError):
                continue
            if is_fine:
                yield smaller, self.request


Change = tuple[str, str, str, str]


def changes(federation: Federation) -> Iterator[Change]:
    """What might be left out of a federation, large things first."""
    for one in federation.subgraphs:
        yield one.name, "", "", "subgraph"
    for one in federation.subgraphs:
        for type_name in one.types:
            yield one.name, type_name, "", "type"
    for one in federation.subgraphs:
        for type_name, seen in one.types.items():
            for name, found in seen.fields.items():
                yield one.name, type_name, name, "field"
                for what in ("requires", "provides", "override"):
                    if getattr(found, what) is not None:
                        yield one.name, type_name, name, what
            for index in range(len(seen.keys)):
                yield one.name, type_name, str(index), "key"
            for other in (*seen.implements, *seen.members):
                yield one.name, type_name, other, "relation"


def _apply(federation: Federation, subgraph: str, type_name: str, name: str, what: str) -> None:
    if what == "subgraph":
        federation.subgraphs = [one for one in federation.subgraphs if one.name != subgraph]
        return
    types = federation.subgraph(subgraph).types
    if what == "type":
        del types[type_name]
        return
    seen = types[type_name]
    if what == "field":
        del seen.fields[name]
    elif what == "key":
        del seen.keys[int(name)]
    elif what == "relation":
        seen.implements = [one for one in seen.implements if one != name]
        seen.members = [one for one in seen.members if one != name]
    else:
        setattr(seen.fields[name], what, None)


def smaller_documents(document: DocumentNode) -> Iterator[DocumentNode]:
    """The document with one thing less, for each thing."""
    for index, definition in enumerate(document.definitions):
        rest = document.definitions[:index] + document.definitions[index + 1 :]
        if isinstance(definition, OperationDefinitionNode) and len(rest) > 0:
            yield replace(document, definitions=rest)
        for smaller in _smaller(definition):
            changed = (*document.definitions[:index], smaller, *document.definitions[index + 1 :])
            yield replace(document, definitions=changed)


def _smaller(node: Any) -> Iterator[Any]:
    """A node with one selection, directive, argument or alias less somewhere below."""
    if getattr(node, "directives", ()):
        yield replace(node, directives=())
    if isinstance(node, FieldNode):
        if node.arguments:
            yield replace(node, arguments=())
        if node.alias is not None:
            yield replace(node, alias=None)
    selection_set = getattr(node, "selection_set", None)
    if selection_set is None:
        return
    selections = selection_set.selections
    for index in range(len(selections)):
        rest = selections[:index] + selections[index + 1 :]
        if rest:
            yield replace(node, selection_set=SelectionSetNode(selections=rest))
        own = getattr(selections[index], "selection_set", None)
        if own is not None and not isinstance(selections[index], FieldNode):
            lifted = (*selections[:index], *own.selections, *selections[index + 1 :])
            yield replace(node, selection_set=SelectionSetNode(selections=lifted))
    for index, one in enumerate(selections):
        for smaller in _smaller(one):
            changed = (*selections[:index], smaller, *selections[index + 1 :])
            yield replace(node, selection_set=SelectionSetNode(selections=changed))


def _without_unused(document: DocumentNode) -> DocumentNode:
    """Drop fragments and variables that nothing uses any more."""
    spreads = {name for one in document.definitions for name in _spread_names(one)}
    kept = [
        one
        for one in document.definitions
        if not isinstance(one, FragmentDefinitionNode) or one.name.value in spreads
    ]
    tidy: list[Any] = []
    for one in kept:
        if isinstance(one, OperationDefinitionNode) and one.variable_definitions:
            bare = replace(one, variable_definitions=())
            fragments = [each for each in kept if isinstance(each, FragmentDefinitionNode)]
            used = set(_variable_names(DocumentNode(definitions=(bare, *fragments))))
            declared = tuple(
                each for each in one.variable_definitions if each.variable.name.value in used
            )
            tidy.append(replace(one, variable_definitions=declared))
        else:
            tidy.append(one)
    return replace(document, definitions=tuple(tidy))


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.variables: list[str] = []
        self.spreads: list[str] = []

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.append(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spreads.append(node.name.value)


def _variable_names(node: Any) -> list[str]:
    names = _Names()
    visit(node, names)
    return names.variables


def _spread_names(node: Any) -> list[str]:
    names = _Names()
    visit(node, names)
    return names.spreads


def shrunk(case: Case, request: Request) -> tuple[Case, Request, Outcome] | None:
    """The smallest failing case found; None if the request does not fail."""
    try:
        outcome = examine(case, request)
    except InvalidRequestError:
        return None
    if not outcome.problems:
        return None
    shrinker = Shrinker(case, request, outcome)
    shrinker.run()
    return shrinker.case, shrinker.request, shrinker.outcome
