"""What one execution is given: transports, headers, deadline, limits, and who is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from infra.http_client import HttpResponse


class Transport(Protocol):
    """Sends one request to one subgraph."""

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        """Send a GraphQL request body; HttpClientError if no whole answer comes in time."""
        ...


class Recorder(Protocol):
    """Is told about each fetch, for spans and metrics."""

    def on_fetch_start(self, subgraph: str, node_id: int) -> None:
        """A request is about to be sent."""
        ...

    def on_fetch_end(
        self, subgraph: str, node_id: int, duration_seconds: float, *, ok: bool
    ) -> None:
        """The request ended; `ok` means that usable data came back without errors."""
        ...


class SilentRecorder:
    """Records nothing."""

    def on_fetch_start(self, subgraph: str, node_id: int) -> None:
        """Nothing."""

    def on_fetch_end(
        self, subgraph: str, node_id: int, duration_seconds: float, *, ok: bool
    ) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """Bounds of one execution; a fetch beyond them is not sent and counts as failed.

    Attributes:
        max_answer_bytes: of all answers together; the transport bounds each of them.
    """

    max_fetches: int = 200
    max_representations: int = 20_000
    max_answer_bytes: int = 64 * 1024 * 1024
    fetch_timeout_seconds: float = 10.0


def _no_headers(subgraph: str) -> dict[str, str]:
    del subgraph
    return {}


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """One request's surroundings.

    Attributes:
        transports: by subgraph name.
        deadline: on the clock of the running event loop; None for no deadline of the request.
        headers_for: headers for a subgraph (identity token, trace context).
        passed_codes: error codes of subgraphs that clients may see; never the text.
        correlation_id: written beside each failure in the log.
    """

    transports: Mapping[str, Transport]
    deadline: float | None = None
    headers_for: Callable[[str], Mapping[str, str]] = _no_headers
    limits: ExecutionLimits = field(default_factory=ExecutionLimits)
    recorder: Recorder = field(default_factory=SilentRecorder)
    passed_codes: frozenset[str] = frozenset()
    correlation_id: str = ""
