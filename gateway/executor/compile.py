"""Compile a plan and its operation to Python, once; what requests then run is straight-line.

Literature: partial evaluation of an interpreter for a fixed program (Futamura's first
projection); here the program is the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLSchema

from gateway.executor.compile_projection import ProjectionCompiler
from gateway.executor.compile_representations import (
    MISSING,
    flatten,
    join,
    note,
    write_subjects,
    write_target,
)
from gateway.executor.compile_shapes import drop_others, has_composites, top_keys, write_shape
from gateway.executor.compile_subjects import write_subject_walk
from gateway.executor.serial import Stop, find_stops
from gateway.executor.write_source import SourceWriter
from gateway.planner.normalize import with_opaque_objects
from gateway.planner.plan import EntityCall, FetchNode, QueryPlan
from gateway.planner.selection import (
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    walk,
)
from gateway.supergraph import Supergraph

Found = list[tuple[dict[str, Any], dict[str, Any], frozenset[str] | None]]


@dataclass(frozen=True, slots=True)
class CompiledTarget:
    """Finds and represents the objects of one place; notes the subjects on the way."""

    find: Callable[[dict[str, Any], Any], tuple[Found, list[dict[str, Any]]]]
    note_subjects: Callable[[dict[str, Any], set[str]], None] | None


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """One `_entities` field."""

    call: EntityCall
    targets: tuple[CompiledTarget, ...]
    clean: Callable[[Any], None]
    keys: tuple[str, ...]
    is_flat: bool


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """One request: the beginning of its body, and what to do with the answer."""

    node: FetchNode
    body_start: bytes
    clean_root: Callable[[Any], None] | None
    root_keys: tuple[str, ...]
    targets: tuple[CompiledTarget, ...]
    calls: tuple[CompiledCall, ...]
    dependents: tuple[int, ...]


@dataclass(slots=True)
class CompiledOperation:
    """All that one operation needs at run time; safe to share between requests."""

    plan: QueryPlan
    operation: NormalizedOperation
    nodes: tuple[CompiledNode, ...]
    conditions: list[Conditions]
    is_guarded: bool
    note_all_subjects: Callable[[dict[str, Any], set[str]], None] | None
    locations: dict[tuple[str, ...], list[dict[str, int]]]
    stops: dict[int, Stop]
    _schema: GraphQLSchema
    _makers: dict[bool, Callable[..., Any]] = field(default_factory=dict)

    @property
    def has_fields(self) -> bool:
        """Whether anything is left to answer, refused fields aside."""
        return any(not one.hidden for one in self.operation.root.fields)

    def projection(self, *, has_faults: bool) -> Callable[..., Any]:
        """The function that makes a projection; the one that looks for faults is made late."""
        found = self._makers.get(has_faults)
        if found is None:
            writer = SourceWriter()
            compiler = ProjectionCompiler(
                self._schema,
                writer,
                self.conditions,
                is_guarded=self.is_guarded,
                has_faults=has_faults,
            )
            compiler.write(self.operation.root)
            found = self._makers[has_faults] = writer.load("projection")["make"]
        return found


def compile_plan(
    plan: QueryPlan, operation: NormalizedOperation, supergraph: Supergraph
) -> CompiledOperation:
    """Compile a plan; costs milliseconds, so keep the result (see the plan cache)."""
    operation = with_opaque_objects(operation, supergraph)
    writer = SourceWriter()
    writer.constants.update(
        MISSING=MISSING, flatten=flatten, join=join, note=note, drop_others=drop_others
    )
    pending = [_write_node(writer, node) for node in plan.nodes]
    guarded = _is_guarded(operation.root)
    subjects = write_subject_walk(writer, operation.root) if guarded else None
    names = writer.load("fetches")
    dependents: dict[int, list[int]] = {}
    for node in plan.nodes:
        for before in node.waits_for:
            dependents.setdefault(before, []).append(node.id)
    compiled = CompiledOperation(
        plan=plan,
        operation=operation,
        nodes=tuple(
            _node(node, written, names, tuple(dependents.get(node.id, ())))
            for node, written in zip(plan.nodes, pending, strict=True)
        ),
        conditions=[],
        is_guarded=guarded,
        note_all_subjects=names[subjects] if subjects is not None else None,
        locations=_locations(operation.root),
        stops=find_stops(plan, operation, supergraph.api_schema, is_guarded=guarded),
        _schema=supergraph.api_schema,
    )
    compiled.projection(has_faults=False)
    return compiled


@dataclass(frozen=True, slots=True)
class _Written:
    root: str | None
    targets: tuple[str, ...]
    calls: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...]


def _write_node(writer: SourceWriter, node: FetchNode) -> _Written:
    root = write_shape(writer, node.root_shape) if node.root_shape is not None else None
    calls = tuple(
        (
            write_shape(writer, call.shape),
            tuple(
                (write_target(writer, target), write_subjects(writer, target))
                for target in call.targets
            ),
        )
        for call in node.calls
    )
    targets = tuple(write_target(writer, target) for target in node.targets)
    return _Written(root, targets, calls)


def _node(
    node: FetchNode, written: _Written, names: dict[str, Any], dependents: tuple[int, ...]
) -> CompiledNode:
    body_start = b'{"query":' + orjson.dumps(node.text)
    return CompiledNode(
        node=node,
        body_start=body_start,
        clean_root=names[written.root] if written.root is not None else None,
        root_keys=top_keys(node.root_shape) if node.root_shape is not None else (),
        targets=tuple(CompiledTarget(names[find], None) for find in written.targets),
        calls=tuple(
            CompiledCall(
                call=call,
                targets=tuple(
                    CompiledTarget(names[find], names[noting] if noting is not None else None)
                    for find, noting in targets
                ),
                clean=names[clean],
                keys=top_keys(call.shape),
                is_flat=not has_composites(call.shape),
            )
            for call, (clean, targets) in zip(node.calls, written.calls, strict=True)
        ),
        dependents=dependents,
    )


def _is_guarded(root: ObjectSelection) -> bool:
    if root.needs or any(selected.needs for selected in walk(root)):
        return True
    return any(
        wanted.needs
        for selected in walk(root)
        if selected.selection is not None
        for wanted in selected.selection.by_type.values()
    )


def _locations(root: ObjectSelection) -> dict[tuple[str, ...], list[dict[str, int]]]:
    """Where each response path stands in the client's document."""
    found: dict[tuple[str, ...], list[dict[str, int]]] = {}

    def visit(wanted: ObjectSelection, path: tuple[str, ...]) -> None:
        for one in wanted.fields:
            if one.hidden or not one.locations:
                continue
            here = (*path, one.response_key)
            found.setdefault(
                here, [{"line": line, "column": column} for line, column in one.locations]
            )
            if one.selection is not None:
                for inner in one.selection.by_type.values():
                    visit(inner, here)

    visit(root, ())
    return found
