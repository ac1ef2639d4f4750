"""Counts what a document would expand to by memoised arithmetic, never by expanding it.

A document of sixteen fragments that each use the next one twice validates in milliseconds and
expands to 65,536 selections; here each fragment is counted once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.limits.introspection import META_FIELDS, Introspection

_INCREMENTAL = frozenset({"defer", "stream"})


@dataclass(frozen=True, slots=True)
class _Size:
    selections: int
    depth: int
    root_fields: int
    introspected: float


class _Counter:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._introspection = Introspection(fragments)
        self._known: dict[str, _Size] = {}

    def of(self, selection_set: SelectionSetNode | None) -> _Size:
        if selection_set is None:
            return _Size(0, 0, 0, 0)
        selections = depth = roots = 0
        introspected = 0.0
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                inner = self.of(node.selection_set)
                selections += 1 + inner.selections
                # Wrappers of one type in introspection: every tool asks for nine of them.
                level = 0 if node.name.value == "ofType" else 1
                depth = max(depth, level + inner.depth)
                roots += 1
                introspected += inner.introspected
                if node.name.value in META_FIELDS:
                    introspected += self._introspection.values_of(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                size = self._fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                size = self.of(node.selection_set)
            else:
                continue
            selections += size.selections
            depth = max(depth, size.depth)
            roots += size.root_fields
            introspected += size.introspected
        return _Size(selections, depth, roots, introspected)

    def _fragment(self, name: str) -> _Size:
        if name not in self._known:
            # Validation has refused cycles already; this keeps the arithmetic finite regardless.
            self._known[name] = _Size(0, 0, 0, 0)
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set if fragment else None)
        return self._known[name]


@dataclass(slots=True)
class _Written:
    """Aliases and directives, each once, however often fragments bring them."""

    aliases: int = 0
    directives: int = 0


def _as_written(document: DocumentNode) -> _Written:
    written = _Written()
    pending: list[Any] = list(document.definitions)
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode):
            written.aliases += node.alias is not None
        for directive in getattr(node, "directives", None) or ():
            written.directives += 1
            if directive.name.value in _INCREMENTAL:
                # Each part would be a release of its own; what is sent cannot be taken back.
                raise RequestRefusedError(400, "INCREMENTAL_DELIVERY_REFUSED")
        selection_set = getattr(node, "selection_set", None)
        if selection_set is not None:
            pending.extend(selection_set.selections)
        pending.extend(getattr(node, "variable_definitions", None) or ())
    return written


def check_shapes(document: DocumentNode, budget: Budget) -> None:
    """Refuse a document any of whose operations is beyond the budget; it need not be valid.

    Raises:
        RequestRefusedError: 400 with the code of the first limit passed, or for `@defer` and
            `@stream`, which are not offered.
    """
    _check(
        document,
        (one for one in document.definitions if isinstance(one, OperationDefinitionNode)),
        budget,
    )


def check_shape(document: DocumentNode, operation: OperationDefinitionNode, budget: Budget) -> None:
    """Refuse one operation of a document whose shape is beyond the budget; raises likewise."""
    _check(document, (operation,), budget)


def _check(
    document: DocumentNode, operations: Iterable[OperationDefinitionNode], budget: Budget
) -> None:
    written = _as_written(document)
    _refuse("ALIAS_LIMIT", written.aliases, budget.aliases)
    _refuse("DIRECTIVE_LIMIT", written.directives, budget.directives)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    counter = _Counter(fragments)
    for operation in operations:
        size = counter.of(operation.selection_set)
        _refuse("DEPTH_LIMIT", size.depth, budget.depth)
        _refuse("ROOT_FIELD_LIMIT", size.root_fields, budget.root_fields)
        _refuse("EXPANSION_LIMIT", size.selections, budget.expanded_selections)
        _refuse("EXPANSION_LIMIT", size.introspected, budget.introspected_values)


def _refuse(code: str, actual: float, limit: float) -> None:
    if actual > limit:
        raise RequestRefusedError(400, code)
