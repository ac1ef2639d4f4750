"""Print what the stages before the plan made: the normalised operation, and the routes."""

from collections.abc import Iterator

from gateway.planner.plan_text import conditions_text, plan_text
from gateway.planner.planner import PlanStages
from gateway.planner.routes import (
    DirectRoute,
    FieldRoute,
    HopRoute,
    SelectionRoute,
    TypedRoute,
)
from gateway.planner.selection import (
    ALWAYS,
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    arguments_text,
)


def stages_text(stages: PlanStages) -> str:
    """Every stage in its order, for people."""
    return "\n".join(
        [
            "== normalised operation: what is selected on each object type",
            operation_text(stages.operation),
            "== routes: which subgraph resolves it, entered by which key",
            *(
                line
                for subgraph, route in stages.routes
                for line in _field_lines(route, subgraph, 0)
            ),
            "",
            "== plan",
            plan_text(stages.plan),
        ]
    )


def operation_text(operation: NormalizedOperation) -> str:
    """A normalised operation: no fragments, no abstract types."""
    return "\n".join([operation.kind, *_selection_lines(operation.root, 1), ""])


def _selection_lines(wanted: ObjectSelection, depth: int) -> Iterator[str]:
    for at, refused in wanted.refused:
        yield f"{'  ' * depth}(refused, before {at}) {_shown(refused)}"
    for field in wanted.fields:
        yield f"{'  ' * depth}{_shown(field)}"
        if field.selection is None:
            continue
        for name, inner in field.selection.by_type.items():
            yield f"{'  ' * (depth + 1)}on {name}"
            yield from _selection_lines(inner, depth + 2)


def _shown(field: SelectedField) -> str:
    alias = "" if field.response_key == field.name else f"{field.response_key}: "
    arguments = arguments_text(field.arguments)
    condition = "" if field.conditions == ALWAYS else f" if {conditions_text(field.conditions)}"
    hidden = " (hidden)" if field.hidden else ""
    return f"{alias}{field.name}{f'({arguments})' if arguments else ''}{condition}{hidden}"


def _field_lines(route: FieldRoute, subgraph: str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    name = f"{route.field.parent_type}.{route.field.name}"
    if isinstance(route, HopRoute):
        key = route.entrance.key.text or "the root"
        extra = " with what it requires" if route.requires is not None else ""
        yield f"{indent}{name}: enter {route.target.subgraph} by {key}{extra}"
        yield from _route_lines(route.key_route, depth + 1)
        if route.requires_route is not None:
            yield from _route_lines(route.requires_route, depth + 1)
        yield from _field_lines(route.inner, route.target.subgraph, depth + 1)
        return
    yield f"{indent}{name}: {subgraph}"
    yield from _child_lines(route, subgraph, depth + 1)


def _child_lines(route: DirectRoute, subgraph: str, depth: int) -> Iterator[str]:
    for child in route.children:
        if isinstance(child, SelectionRoute):
            yield from _route_lines(child, depth)
            continue
        yield from _typed_lines(child, subgraph, depth)


def _typed_lines(route: TypedRoute, subgraph: str, depth: int) -> Iterator[str]:
    key = route.entrance.key.text
    yield f"{'  ' * depth}{route.interface}: type told by {route.target.subgraph}, key {key}"
    for _, here in route.here:
        for one in here:
            yield from _field_lines(one, subgraph, depth + 1)
    for there in route.there:
        yield from _route_lines(there, depth + 1)


def _route_lines(route: SelectionRoute, depth: int) -> Iterator[str]:
    for one in route.routes:
        yield from _field_lines(one, route.site.subgraph, depth)
