"""Counts what a document would expand to by memoised arithmetic, never by expanding it.

A document of sixteen fragments that each use the next one twice validates in milliseconds and
expands to 65,536 selections; here each fragment is counted once.
"""

from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget

_INCREMENTAL = frozenset({"defer", "stream"})


@dataclass(frozen=True, slots=True)
class _Size:
    selections: int
    depth: int
    root_fields: int


class _Counter:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Size] = {}

    def of(self, selection_set: SelectionSetNode | None) -> _Size:
        if selection_set is None:
            return _Size(0, 0, 0)
        selections = depth = roots = 0
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                inner = self.of(node.selection_set)
                selections += 1 + inner.selections
                # Wrappers of one type in introspection: every tool asks for nine of them.
                level = 0 if node.name.value == "ofType" else 1
                depth = max(depth, level + inner.depth)
                roots += 1
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
        return _Size(selections, depth, roots)

    def _fragment(self, name: str) -> _Size:
        if name not in self._known:
            # Validation has refused cycles already; this keeps the arithmetic finite regardless.
            self._known[name] = _Size(0, 0, 0)
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set if fragment else None)
        return self._known[name]


class _AsWritten(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.aliases = 0
        self.directives = 0

    def enter_field(self, node: FieldNode, *_rest: object) -> None:
        self.aliases += node.alias is not None

    def enter_directive(self, node: DirectiveNode, *_rest: object) -> None:
        self.directives += 1
        if node.name.value in _INCREMENTAL:
            # Each part would be a release of its own; what is sent cannot be taken back.
            raise RequestRefusedError(400, "INCREMENTAL_DELIVERY_REFUSED")


def check_shapes(document: DocumentNode, budget: Budget) -> None:
    """Refuse a document any of whose operations is beyond the budget; it need not be valid.

    Raises:
        RequestRefusedError: 400 with the code of the first limit passed.
    """
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            check_shape(document, node, budget)


def check_shape(document: DocumentNode, operation: OperationDefinitionNode, budget: Budget) -> None:
    """Refuse an operation whose shape is beyond the budget.

    Raises:
        RequestRefusedError: 400 with the code of the first limit passed, or for `@defer` and
            `@stream`, which are not offered.
    """
    written = _AsWritten()
    visit(document, written)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    size = _Counter(fragments).of(operation.selection_set)
    for code, actual, limit in (
        ("ALIAS_LIMIT", written.aliases, budget.aliases),
        ("DIRECTIVE_LIMIT", written.directives, budget.directives),
        ("DEPTH_LIMIT", size.depth, budget.depth),
        ("ROOT_FIELD_LIMIT", size.root_fields, budget.root_fields),
        ("EXPANSION_LIMIT", size.selections, budget.expanded_selections),
    ):
        if actual > limit:
            raise RequestRefusedError(400, code)
