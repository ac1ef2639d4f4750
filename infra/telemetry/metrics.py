"""Prometheus metrics, served on a private address only.

Labels come from closed sets (operation kind, subgraph, outcome); never ids or free text.
"""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

REQUESTS = Counter("gt_requests_total", "Requests answered.", ["program", "kind", "status"])
REQUEST_SECONDS = Histogram(
    "gt_request_seconds", "Time to answer a request.", ["program", "kind"], buckets=_BUCKETS
)
FETCHES = Counter("gt_fetches_total", "Subgraph fetches of the gateway.", ["subgraph", "outcome"])
SHARED_FETCHES = Counter("gt_shared_fetches_total", "Fetches that joined an equal one under way.")
FETCH_SECONDS = Histogram(
    "gt_fetch_seconds", "Time of a subgraph fetch.", ["subgraph"], buckets=_BUCKETS
)
# The gateway counts what requests met; svc_consent has a series of its own for what it took.
GATE_SECONDS = Histogram(
    "gt_gate_seconds", "Time of a release-gate call, as a gateway waits for it.", buckets=_BUCKETS
)
GATE_VERDICTS = Counter(
    "gt_gate_verdicts_total",
    "Verdicts that requests of a gateway met; UNAVAILABLE where none came in time.",
    ["verdict"],
)
JUDGING_SECONDS = Histogram(
    "gt_gate_judging_seconds",
    "Time that svc_consent takes over a release-gate call, its transaction included.",
    buckets=_BUCKETS,
)
REFUSALS = Counter("gt_refusals_total", "Requests refused.", ["code"])
SUPERGRAPHS = Counter(
    "gt_supergraphs_total", "New supergraphs, by what became of them.", ["outcome"]
)
REVISION = Gauge("gt_authority_revision", "Authority revision applied.", ["program"])
SILENCE = Gauge(
    "gt_authority_silence_seconds", "Time since the feed of authority facts answered.", ["program"]
)
OPERATIONS = Counter(
    "gt_operation_requests_total",
    "Requests by operation; names that are not registered count as other.",
    ["operation", "outcome"],
)
OPERATION_SECONDS = Histogram(
    "gt_operation_seconds", "Time to answer a request.", ["operation"], buckets=_BUCKETS
)
LEDGER_ENTRIES = Counter("gt_ledger_entries_total", "Entries that the gate has appended.")
CLAIM_MISMATCHES = Counter(
    "gt_claim_mismatches_total", "Token claims that the directory did not confirm.", ["issuer"]
)
DENIED = Counter("gt_denied_attempts_total", "Look-ups of people whom the caller may not see.")
POOL = Gauge("gt_pool_connections", "Database connections.", ["program", "pool", "state"])


def metrics_app() -> Starlette:
    """Return the application that serves ``/metrics`` on the private address."""

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/metrics", metrics)])
