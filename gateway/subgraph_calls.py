"""Everything a request needs to reach the services: transports, internal tokens, deadline."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from prometheus_client import Counter, Histogram

from gateway.caller import InternalTokens
from gateway.executor import ExecutionContext, ExecutionLimits
from gateway.fetch_sharing import FetchSharing
from gateway.limits.budget import Budget
from gateway.subgraph_client import SubgraphClient
from infra.identity_token import Caller
from infra.telemetry import metrics, traces
from infra.telemetry.logs import correlation_id
from infra.vocabulary import Role

PASSED_CODES = frozenset({"BAD_USER_INPUT", "SERVICE_UNAVAILABLE"})
_PATH = "http://subgraph/graphql"
_NOBODY = Caller(
    subject="nobody", agency_id="", site_id="", grant_id="", role=Role.COM, purpose=None
)


class FetchMetrics:
    """Counts fetches and their time by subgraph."""

    def __init__(self) -> None:
        # Looking a label up costs as much as counting.
        self._seconds: dict[str, Histogram] = {}
        self._counts: dict[tuple[str, bool], Counter] = {}

    def on_fetch_start(self, subgraph: str, node_id: int) -> None:
        """Open nothing: the end of a fetch says it all, also as a span."""

    def on_fetch_end(
        self, subgraph: str, node_id: int, duration_seconds: float, *, ok: bool
    ) -> None:
        """Count one fetch."""
        del node_id  # metrics count by service; spans tell single fetches apart
        count = self._counts.get((subgraph, ok))
        if count is None:
            count = metrics.FETCHES.labels(subgraph, "ok" if ok else "failed")
            self._counts[subgraph, ok] = count
        seconds = self._seconds.get(subgraph)
        if seconds is None:
            seconds = self._seconds[subgraph] = metrics.FETCH_SECONDS.labels(subgraph)
        count.inc()
        seconds.observe(duration_seconds)
        if traces.is_recorded():
            traces.past_span(
                "gateway.fetch", duration_seconds, {"gt.subgraph": subgraph}, failed=not ok
            )


class SubgraphCalls:
    """Makes execution contexts; holds one connection pool per service."""

    def __init__(
        self, addresses: Mapping[str, str], tokens: InternalTokens, budget: Budget
    ) -> None:
        self._clients = {
            name: SubgraphClient(_PATH, address=address) for name, address in addresses.items()
        }
        sharing = FetchSharing()
        self._transports = MappingProxyType(
            {name: sharing.over(name, client) for name, client in self._clients.items()}
        )
        self._tokens = tokens
        self._budget = budget
        self._limits = ExecutionLimits(fetch_timeout_seconds=budget.request_seconds)
        self._recorder = FetchMetrics()

    def for_caller(self, caller: Caller) -> ExecutionContext:
        """Return a context that speaks for one caller."""
        trace_headers = traces.outgoing_headers()

        def headers_for(subgraph: str) -> dict[str, str]:
            token = self._tokens.token(caller, subgraph)
            return {"authorization": f"Bearer {token}", **trace_headers}

        return ExecutionContext(
            transports=self._transports,
            deadline=asyncio.get_running_loop().time() + self._budget.request_seconds,
            headers_for=headers_for,
            limits=self._limits,
            recorder=self._recorder,
            passed_codes=PASSED_CODES,
            correlation_id=correlation_id(),
        )

    def anonymous(self) -> ExecutionContext:
        """Return a context that speaks for nobody: catalogue is all that it reads."""
        return self.for_caller(_NOBODY)

    async def close(self) -> None:
        """Drop all connections."""
        for client in self._clients.values():
            await client.close()
