"""From a document to something that can run: parse, validate, limit, normalise, prune, plan.

Everything here depends on document, supergraph, policy and column alone, never on data, and of the
variables only on the types that global ids name; so it is done once and kept. The key holds all of
these: two columns, two supergraphs or two policies never share an entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import structlog
from graphql import GraphQLSchema, print_schema

from gateway.errors import RequestRefusedError
from gateway.executor import CompiledOperation, compile_plan
from gateway.limits.budget import Budget
from gateway.limits.cost import Cost, cost_of
from gateway.limits.nesting import check_nesting
from gateway.limits.shape import check_shapes
from gateway.limits.tokens import check_tokens
from gateway.nodes import Nodes, shape_of
from gateway.planner import (
    Operation,
    OperationError,
    PlanningError,
    QueryPlan,
    active_labels,
    coerce_variables,
    normalize,
    parse_operation,
    plan,
)
from gateway.planner.plan_cache import PlanCache, PlanKey, name_key
from gateway.policy.access_table import AccessTable, View
from gateway.policy.entitlements import Entitlements, leave_out_refused, satisfied_rules
from gateway.policy.roles import PrunedOperation, prune
from gateway.policy.schema_view import role_schema
from gateway.supergraph import Supergraph

_log = structlog.get_logger(__name__)

_TOO_MANY_TOKENS = "tokens. Parsing aborted"
"""How graphql-core words its own limit; a test keeps this true."""

NO_VARIABLES: Mapping[str, Any] = MappingProxyType({})
MAX_DOCUMENTS = 1_000
MAX_PREPARED = 2_000
MAX_SHARE = 0.25
"""Of each cache, for one client: none can push out what the others use."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One operation as one view may run it, ready to execute."""

    operation: Operation
    pruned: PrunedOperation
    plan: QueryPlan
    compiled: CompiledOperation
    cost: Cost


class Preparer:
    """Prepares operations for one supergraph and one policy; bounded caches."""

    def __init__(self, supergraph: Supergraph, table: AccessTable, budget: Budget) -> None:
        self.supergraph = supergraph
        self.table = table
        self.budget = budget
        self._nodes = Nodes(supergraph)
        self._operations: PlanCache[Operation] = PlanCache(
            max_entries=MAX_DOCUMENTS, max_per_client=int(MAX_DOCUMENTS * MAX_SHARE)
        )
        self._prepared: PlanCache[Prepared] = PlanCache(
            max_entries=MAX_PREPARED, max_per_client=int(MAX_PREPARED * MAX_SHARE)
        )
        self._schemas: dict[str, GraphQLSchema] = {}
        self._sdl: dict[str, str] = {}
        known = Entitlements(is_authenticated=True)
        self._labels_on = active_labels(supergraph)
        self._satisfied_rules = satisfied_rules(supergraph, known)

    def parse(self, source: str, operation_name: str | None, client: str) -> Operation:
        """Return the validated operation of a document.

        Args:
            client: whose share of the cache it is charged to.

        Raises:
            RequestRefusedError: 400, the document is not acceptable.
        """
        key = PlanKey(source, self.supergraph.revision, name_key(operation_name))
        known = self._operations.get(key)
        if known is None:
            check_tokens(source, self.budget.tokens)
            check_nesting(source, self.budget)
            try:
                known = parse_operation(
                    source,
                    operation_name,
                    self.supergraph,
                    max_tokens=self.budget.tokens,
                    check=lambda document: check_shapes(document, self.budget),
                )
            except OperationError as error:
                if any(_TOO_MANY_TOKENS in each.message for each in error.errors):
                    raise RequestRefusedError(400, "TOKEN_LIMIT") from None
                raise presented(error) from None
            self._operations.put(key, known, client)
        return known

    def variables(self, operation: Operation, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the variables that an operation runs with.

        Raises:
            OperationError: what is given does not fit.
        """
        return self._nodes.with_ids(operation, coerce_variables(operation, given))

    def prepare(
        self,
        operation: Operation,
        view: View,
        client: str,
        variables: Mapping[str, Any] = NO_VARIABLES,
    ) -> Prepared:
        """Return an operation pruned, planned and compiled for a view.

        Args:
            variables: as they are run with; of these, only global ids have a say here.

        Raises:
            RequestRefusedError: 400, it selects too much on concrete types, or the services cannot
                resolve it within the planner's limits.
        """
        asked = self._nodes.asked(operation, variables)
        key = PlanKey(operation.hash, self.supergraph.revision, view.name + shape_of(asked))
        known = self._prepared.get(key)
        if known is None:
            try:
                normalized = normalize(operation, max_selections=self.budget.concrete_selections)
            except OperationError:
                raise RequestRefusedError(400, "EXPANSION_LIMIT") from None
            normalized = self._nodes.replaced(normalized, asked)
            pruned = prune(normalized, view, self.table.labels)
            # Everybody here holds a valid token; what scopes or policies it has is not known.
            allowed, refusals = leave_out_refused(
                pruned.operation, self.supergraph, self._satisfied_rules
            )
            if refusals:
                refusals = (*pruned.refusals, *refusals)
                pruned = replace(pruned, operation=allowed, refusals=refusals)
            try:
                query_plan = plan(
                    pruned.operation,
                    self.supergraph,
                    override_labels=self._labels_on,
                    answers_events=True,
                )
            except PlanningError as error:
                # Its text names subgraphs and hidden coordinates: neither for clients nor logs.
                kind = type(error).__name__
                _log.warning("planning_failed", operation_hash=operation.hash, error_type=kind)
                raise RequestRefusedError(400, "PLANNING_LIMIT") from None
            compiled = compile_plan(query_plan, pruned.operation, self.supergraph)
            cost = cost_of(normalized, self.supergraph, self.budget.assumed_list)
            known = Prepared(operation, pruned, query_plan, compiled, cost)
            self._prepared.put(key, known, client)
        return known

    def sdl_of(self, view: View) -> str:
        """Return the schema as a view can ever see it, printed."""
        known = self._sdl.get(view.name)
        if known is None:
            known = print_schema(self.schema_of(view)) + "\n"
            self._sdl[view.name] = known
        return known

    def held(self) -> list[tuple[PlanKey, Prepared, str]]:
        """Key, plan and client of what is prepared, the most recently asked first."""
        return self._prepared.held()

    def schema_of(self, view: View) -> GraphQLSchema:
        """Return the schema as a view can ever see it, for introspection."""
        known = self._schemas.get(view.name)
        if known is None:
            known = role_schema(self.supergraph.api_schema, view)
            self._schemas[view.name] = known
        return known


def operation_name(operation: Operation) -> str:
    """Return the operation's name as written, or an empty text."""
    name = operation.definition.name
    return name.value if name else ""


def presented(refused: OperationError) -> RequestRefusedError:
    """Return what a client is told about an operation that is not acceptable."""
    errors = []
    for each in refused.errors:
        shown: dict[str, object] = {"message": each.message, "extensions": {"code": refused.code}}
        if each.locations:
            shown["locations"] = [
                {"line": location.line, "column": location.column} for location in each.locations
            ]
        errors.append(shown)
    return RequestRefusedError(400, refused.code, errors)
