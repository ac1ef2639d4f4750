"""The planner: a normalised operation in, a query plan out.

    context values  what fields want filled in from the objects around them
    opaque objects  what is selected on objects whose type nobody needs to know
    mutation turns  root fields of a mutation wherever their turn can be
    root choice     which subgraphs resolve the root fields, by the
    path search     which subgraph resolves each field, entered by which key
    build fetches   groups of selections, each after those that supply its representations
    ask untold      what is wanted of objects of any type waits for no type,
    ask below untold  nor what is wanted below them
    join siblings   fetches of one place that can travel together
    share requests  one request per subgraph and wave; freeze

Pure: no I/O, no policy.  Prior art, by public description only: Apollo's federated query graphs
and fetch groups; Hive's planner as a chain of path walking, fetch graph and merge passes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.planner.build_fetches import FetchBuilder, check_keys
from gateway.planner.errors import PlanningError
from gateway.planner.merge.ask_below_untold import ask_below_untold
from gateway.planner.merge.ask_untold import ask_untold
from gateway.planner.merge.drop_repeats import drop_repeats
from gateway.planner.merge.join_siblings import join_siblings
from gateway.planner.merge.share_requests import share_requests
from gateway.planner.mutation_turns import in_turns
from gateway.planner.normalize import with_context_values, with_opaque_objects
from gateway.planner.plan import QueryPlan
from gateway.planner.query_graph import query_graph
from gateway.planner.root_choice import RootChoice
from gateway.planner.routes import DirectRoute
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
    answers_events: bool = False,
) -> QueryPlan:
    """Plan an operation.

    Args:
        override_labels: labels of progressive `@override` that are on for this plan.
        answers_events: a subscription is planned as what answers one of its events: its root field
            is asked like a query's, once for each event.

    Raises:
        PlanningError: no subgraphs together resolve the operation, the search is too large, or a
            subscription that is not to be answered event by event.
    """
    if operation.kind == "subscription" and not answers_events:
        raise PlanningError("subscription operations are not carried out; ask a query instead")
    return plan_in_stages(operation, supergraph, override_labels=override_labels).plan


def plan_in_stages(
    operation: NormalizedOperation,
    supergraph: Supergraph,
    *,
    override_labels: Iterable[str] = (),
) -> PlanStages:
    """Plan an operation, and keep what each stage made; arguments and errors are those of plan."""
    operation = with_context_values(operation, supergraph)
    operation = with_opaque_objects(operation, supergraph)
    check_keys(operation.root)
    root = in_turns(operation)
    graph = query_graph(supergraph, frozenset(override_labels))
    routes = RootChoice(graph).routes(operation.kind, root)
    reserved = [one.variable.name.value for one in operation.variable_definitions]
    builder = FetchBuilder(graph, root, reserved)
    if operation.kind == "query":
        built = ask_untold(builder.query(routes), graph.interface_objects)
        built = ask_below_untold(built, graph.interface_objects)
        groups = drop_repeats(join_siblings(built))
    else:
        groups = builder.serial(operation.kind, routes)
    made = share_requests(operation.kind, groups, operation.variable_definitions)
    if len(made.nodes) > MAX_FETCHES:
        raise PlanningError("the plan needs too many fetches")
    return PlanStages(operation, routes, made)
