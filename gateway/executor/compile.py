"""Compile a plan and its operation, once; what requests then run is straight-line.

Walks and checks become closures, made in no time; projections become Python source, which is fast
to run and slow to compile, so each is written when it is first wanted.

Literature: partial evaluation of an interpreter for a fixed program (Futamura's first
projection); here the program is the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLSchema

from gateway.executor.compile_plain_projection import PlainProjectionCompiler
from gateway.executor.compile_projection import ProjectionCompiler
from gateway.executor.compile_representations import Representer
from gateway.executor.compile_shapes import Clean, compile_shape, has_composites, top_keys
from gateway.executor.compile_subjects import NoteAll, compile_subject_walk
from gateway.executor.compile_targets import Places, TargetWalk
from gateway.executor.serial import Stop, find_stops
from gateway.executor.write_source import SourceWriter
from gateway.planner.normalize import with_context_values, with_opaque_objects
from gateway.planner.plan import EntityCall, FetchNode, QueryPlan
from gateway.planner.selection import (
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    walk,
)
from gateway.supergraph import Supergraph


@dataclass(frozen=True, slots=True)
class CompiledTarget:
    """Finds and represents the objects of one place; a representer for each of its types."""

    walk: TargetWalk
    representers: tuple[Representer, ...]


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """One `_entities` field."""

    call: EntityCall
    targets: tuple[CompiledTarget, ...]
    clean: Clean
    keys: tuple[str, ...]
    is_flat: bool


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """One request: the beginning of its body, and what to do with the answer.

    Attributes:
        is_constant: the same request every time: root fields without variables.
        changes_places: its answer may bring objects, or what tells of whom or of what type they
            are; else what earlier walks have found still stands.
    """

    node: FetchNode
    body_start: bytes
    clean_root: Clean | None
    root_keys: tuple[str, ...]
    targets: tuple[TargetWalk, ...]
    calls: tuple[CompiledCall, ...]
    dependents: tuple[int, ...]
    has_needs: bool
    is_constant: bool
    changes_places: bool


@dataclass(frozen=True, slots=True)
class PlainProjection:
    """The projection of the plain case: who grants all of `needs` may have it."""

    make: Callable[..., Any]
    needs: int


@dataclass(slots=True)
class CompiledOperation:
    """All that one operation needs at run time; safe to share between requests."""

    plan: QueryPlan
    operation: NormalizedOperation
    nodes: tuple[CompiledNode, ...]
    conditions: list[Conditions]
    is_guarded: bool
    note_all_subjects: NoteAll | None
    stops: dict[int, Stop]
    _schema: GraphQLSchema
    _exact: dict[bool, Callable[..., Any]] = field(default_factory=dict)
    _plain: list[PlainProjection | None] = field(default_factory=list)

    @property
    def has_contexts(self) -> bool:
        """Whether equal objects may differ by what stands around them."""
        return any(node.contexts for node in self.plan.nodes)

    @property
    def has_fields(self) -> bool:
        """Whether anything is left to answer, refused fields aside."""
        return any(not one.hidden for one in self.operation.root.fields)

    def plain_projection(self) -> PlainProjection | None:
        """The projection for when nothing failed and nobody refuses; None if there is none."""
        if not self._plain:
            writer = SourceWriter()
            compiler = PlainProjectionCompiler(self._schema, writer, self.conditions)
            made = None
            if compiler.write(self.operation.root):
                make = writer.load("plain projection")["make"]
                made = PlainProjection(make, compiler.needs)
            self._plain.append(made)
        return self._plain[0]

    def projection(self, *, has_faults: bool) -> Callable[..., Any]:
        """The function that makes an exact projection, with faults looked for or not."""
        found = self._exact.get(has_faults)
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
            found = self._exact[has_faults] = writer.load("projection")["make"]
        return found


def compile_plan(
    plan: QueryPlan, operation: NormalizedOperation, supergraph: Supergraph
) -> CompiledOperation:
    """Compile a plan; keep the result (see the plan cache)."""
    operation = with_context_values(operation, supergraph)
    operation = with_opaque_objects(operation, supergraph)
    dependents: dict[int, list[int]] = {}
    for node in plan.nodes:
        for before in node.waits_for:
            dependents.setdefault(before, []).append(node.id)
    guarded = _is_guarded(operation.root)
    places: Places = {}
    telling = _subject_keys(plan) | {"__typename"}
    return CompiledOperation(
        plan=plan,
        operation=operation,
        nodes=tuple(
            _node(node, tuple(dependents.get(node.id, ())), places, telling) for node in plan.nodes
        ),
        conditions=[],
        is_guarded=guarded,
        note_all_subjects=compile_subject_walk(operation.root) if guarded else None,
        stops=find_stops(plan, operation, supergraph.api_schema, is_guarded=guarded),
        _schema=supergraph.api_schema,
    )


def _node(
    node: FetchNode, dependents: tuple[int, ...], places: Places, telling: set[str]
) -> CompiledNode:
    calls = tuple(
        CompiledCall(
            call=call,
            targets=tuple(
                CompiledTarget(
                    TargetWalk(target, places),
                    tuple(Representer(entity) for entity in target.types),
                )
                for target in call.targets
            ),
            clean=compile_shape(call.shape),
            keys=top_keys(call.shape),
            is_flat=not has_composites(call.shape),
        )
        for call in node.calls
    )
    targets = tuple(TargetWalk(target, places) for target in node.targets)
    return CompiledNode(
        node=node,
        body_start=b'{"query":' + orjson.dumps(node.text),
        clean_root=compile_shape(node.root_shape) if node.root_shape is not None else None,
        root_keys=top_keys(node.root_shape) if node.root_shape is not None else (),
        targets=targets,
        calls=calls,
        dependents=dependents,
        has_needs=any(each.needs for each in targets)
        or any(target.walk.needs for call in calls for target in call.targets),
        is_constant=not (calls or targets or node.variables or node.computed or node.contexts),
        changes_places=node.root_shape is not None
        or any(
            not call.is_flat or call.call.tells or not telling.isdisjoint(call.keys)
            for call in calls
        ),
    )


def _subject_keys(plan: QueryPlan) -> set[str]:
    """Where objects say of whom they are."""
    targets = [one for node in plan.nodes for call in node.calls for one in call.targets]
    targets += [one for node in plan.nodes for one in node.targets]
    on_the_way = {step.subject_key for one in targets for step in one.path}
    at_the_end = {entity.subject_key for one in targets for entity in one.types}
    return {key for key in on_the_way | at_the_end if key is not None}


def _is_guarded(root: ObjectSelection) -> bool:
    if root.needs or any(selected.needs for selected in walk(root)):
        return True
    return any(
        wanted.needs
        for selected in walk(root)
        if selected.selection is not None
        for wanted in selected.selection.by_type.values()
    )
