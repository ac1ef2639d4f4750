"""Stop a mutation where the specification does: once null has reached the root.

Source: GraphQL specification 6.2.2 Mutation and 6.4.4 Handling Execution Errors: root fields run
one after another; a field that failed and may be null is no reason to stop, one that may not be
null makes `data` null, and what stands after it must not take effect any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLNonNull, GraphQLSchema

from gateway.executor.compile_projection import ProjectionCompiler
from gateway.executor.faults import ErrorCollector, Faults
from gateway.executor.guard import Masks, PermitAll
from gateway.executor.write_source import SourceWriter
from gateway.planner.plan import QueryPlan
from gateway.planner.selection import (
    NEVER,
    Conditions,
    NormalizedOperation,
    ObjectSelection,
    Selection,
    any_of,
    storage_keys,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """The test before one mutation request: whether earlier fields have made `data` null.

    Consent has no say in it: a field that is withheld has still taken effect.
    """

    _make: Callable[..., Any]
    _conditions: list[Conditions]

    def is_reached(
        self,
        root: dict[str, Any],
        variables: Mapping[str, Any],
        holds: Callable[[Conditions, Mapping[str, Any]], bool],
    ) -> bool:
        """Whether null has reached the root by what was fetched so far."""
        conditions = [holds(one, variables) for one in self._conditions]
        collector = ErrorCollector(Faults(), None)
        project = self._make(collector, conditions, Masks(PermitAll()), {}, [], {})
        return project(root) is None


def find_stops(
    plan: QueryPlan, operation: NormalizedOperation, schema: GraphQLSchema, *, is_guarded: bool
) -> dict[int, Stop]:
    """The tests of a plan by node; none where no earlier field is non-null."""
    if plan.kind != "mutation":
        return {}
    keys = storage_keys(Selection({operation.root.type_name: operation.root}))
    done: dict[str, Conditions] = {}
    stops: dict[int, Stop] = {}
    for node in plan.nodes:
        if node.kind != "mutation" or node.root_shape is None:
            continue
        # A field that has several turns counts as far as those before this request go.
        earlier = tuple(
            replace(one, conditions=done[key])
            for one in operation.root.fields
            if (key := keys.get((operation.root.type_name, one.response_key))) in done
        )
        root = replace(operation.root, fields=earlier, refused=(), order=())
        if any(_is_non_null(root, one.name, schema) for one in earlier):
            stops[node.id] = _stop(root, schema, is_guarded=is_guarded)
        for _, fields in node.root_shape.by_type:
            for one in fields:
                done[one.key] = any_of(done.get(one.key, NEVER), one.conditions)
    return stops


def _is_non_null(root: ObjectSelection, name: str, schema: GraphQLSchema) -> bool:
    parent: Any = schema.get_type(root.type_name)
    return name in parent.fields and isinstance(parent.fields[name].type, GraphQLNonNull)


def _stop(root: ObjectSelection, schema: GraphQLSchema, *, is_guarded: bool) -> Stop:
    writer = SourceWriter()
    conditions: list[Conditions] = []
    compiler = ProjectionCompiler(
        schema, writer, conditions, is_guarded=is_guarded, has_faults=False
    )
    compiler.write(root)
    return Stop(writer.load("stop")["make"], conditions)
