"""Which supergraph a request runs under: the one that served when it began, to its end.

A generation is a pipeline over one supergraph and the access table that was compiled for it, so
that plan, labels and views of a request always belong together. What does not depend on the
supergraph (decisions, directory, gate, connections) all generations share.
"""

from collections.abc import Callable, Iterable
from itertools import chain

from gateway.identity.claims import VerifiedAccessToken
from gateway.limits.budget import Budget
from gateway.limits.traffic import packaged_rules
from gateway.nodes import NODE_SUBGRAPH
from gateway.pipeline import Answer, GraphQLRequest, Pipeline, Visitor
from gateway.policy.packaged import packaged_table
from gateway.prepare import Preparer
from gateway.supergraph import SupergraphError, load_supergraph
from gateway.warm_up import Recent, named, persisted, warm


class Generations(Pipeline):
    """The pipeline of the present generation; its requests keep the one that they began with."""

    def __init__(self, first: Pipeline) -> None:
        self._current = first

    @property
    def preparer(self) -> Preparer:
        """What prepares the operations of the present generation."""
        return self._current.preparer

    async def answer(self, request: GraphQLRequest) -> Answer:
        """Answer one request, all of it under one generation."""
        return await self._current.answer(request)

    async def schema_text(self, request: GraphQLRequest) -> str:
        """Return the schema of the present generation as the caller's role sees it."""
        return await self._current.schema_text(request)

    async def identify(self, request: GraphQLRequest) -> VerifiedAccessToken:
        """Return whose token a request carries and may use."""
        return await self._current.identify(request)

    async def admit(self, request: GraphQLRequest) -> Visitor:
        """Return who opens a connection."""
        return await self._current.admit(request)

    async def visitor(self, request: GraphQLRequest) -> Visitor:
        """Return who opens a stream, under the present generation."""
        return await self._current.visitor(request)

    def swap(self, preparer: Preparer) -> None:
        """Let requests that begin from now on run under another supergraph."""
        self._current = self._current.under(preparer)


def load_generation(
    sdl: str,
    budget: Budget,
    services: Iterable[str],
    recent: Iterable[Recent] = (),
    texts: Callable[[], Iterable[tuple[str, str]]] | None = None,
) -> Preparer:
    """Load supergraph and policy together, with the plans of operations that will be asked.

    Args:
        services: names of the subgraphs that have an address.
        recent: operations that were asked lately.
        texts: application and document of each persisted operation; without it, none is warmed,
            nor are the named ones.

    Raises:
        SupergraphError: the supergraph cannot be used, or names a service without an address.
        GoldenThreadError: the policy does not fit it (a coordinate without a label, for example).
    """
    supergraph = load_supergraph(sdl)
    unknown = sorted(set(supergraph.subgraphs) - {*services, NODE_SUBGRAPH})
    if unknown:
        raise SupergraphError(f"no address is set for: {', '.join(unknown)}")
    table = packaged_table(supergraph, sdl)
    packaged_rules(supergraph)
    preparer = Preparer(supergraph, table, budget)
    if texts is None:
        warm(preparer, recent)
    else:
        warm(preparer, chain(recent, named(preparer), persisted(preparer, texts())))
    return preparer
