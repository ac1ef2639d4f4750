"""The planner: a normalised operation in, a query plan out.

    context values  what fields want filled in from the objects around them
    opaque objects  what is selected on objects whose type nobody needs to know
    root choice     which subgraphs resolve the root fields, by the
    path search     which subgraph resolves each field, entered by which key
    build fetches   groups of selections, each after those that supply its representations
    join siblings   fetches of one place that can travel together
    share requests  one request per subgraph and wave; freeze

Pure: no I/O, no policy.  Prior art, by public description only: Apollo's federated query graphs
and fetch groups; Hive's planner as a chain of path walking, fetch graph and merge passes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.planner.build_fetches import FetchBuilder, check_keys
from gateway.planner.merge.drop_repeats import drop_repeats
from gateway.planner.merge.join_siblings import join_siblings
from gateway.planner.merge.share_requests import share_requests
from gateway.planner.normalize import with_context_values, with_opaque_objects
from gateway.planner.plan import QueryPlan
from gateway.planner.query_graph import query_graph
from gateway.planner.root_choice import RootChoice
from gateway.planner.routes import DirectRoute, PlanningError
from gateway.planner.selection import NormalizedOperation
from gateway.supergraph import Supergraph

MAX_FETCHES: Final = 200
"""Requests of one plan; what needs more is not planned."""


@dataclass(frozen=True, slots=True)
class PlanStages:
    """What each stage of planning made of an operation.

    Attributes:
        operation: with what the engine selects beside the client's fields.
        routes: of the root fields, each with the subgraph that is asked.
    """

    operation: NormalizedOperation
    routes: list[tuple[str, DirectRoute]]
    plan: QueryPlan


def plan(
    operation: NormalizedOperation,
    supergraph: Supergraph,
    *,
    override_labels: Iterable[str] = (),
) -> QueryPlan:
    """Plan an operation.

    Args:
        override_labels: labels of progressive `@override` that are on for this plan.

    Raises:
        PlanningError: no subgraphs together resolve the operation, or the search is too large.
    """
    return plan_in_stages(operation, supergraph, override_labels=override_labels).plan


def plan_in_stages(
    operation: NormalizedOperation,
    supergraph: Supergraph,
    *,
    override_labels: Iterable[str] = (),
) -> PlanStages:
    """Plan an operation, and keep what each stage made; arguments and errors are those of plan."""
    if operation.kind == "subscription":
        raise PlanningError("subscription operations are not carried out; ask a query instead")
    operation = with_context_values(operation, supergraph)
    operation = with_opaque_objects(operation, supergraph)
    check_keys(operation.root)
    graph = query_graph(supergraph, frozenset(override_labels))
    routes = RootChoice(graph).routes(operation.kind, operation.root)
    reserved = [one.variable.name.value for one in operation.variable_definitions]
    builder = FetchBuilder(graph, operation.root, reserved)
    if operation.kind == "query":
        groups = drop_repeats(join_siblings(builder.query(routes)))
    else:
        groups = builder.serial(operation.kind, routes)
    made = share_requests(operation.kind, groups, operation.variable_definitions)
    if len(made.nodes) > MAX_FETCHES:
        raise PlanningError("the plan needs too many fetches")
    return PlanStages(operation, routes, made)
