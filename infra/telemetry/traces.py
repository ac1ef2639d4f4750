"""OpenTelemetry spans with an attribute allow-list, exported by OTLP over HTTP when configured.

Attributes not on the list are dropped before a span ever holds them, so none can carry personal
data. Exceptions are recorded by type only.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ALLOWED_ATTRIBUTES = frozenset(
    {
        "graphql.operation.name", "graphql.operation.type", "graphql.document.hash",
        "gt.subgraph", "gt.role", "gt.purpose", "gt.records", "gt.subjects", "gt.conflicts",
        "gt.cache_hits", "gt.revision", "gt.outcome", "http.request.method",
        "http.response.status_code", "error.type", "gt.stage", "db.operation.name", "gt.pool",
    }
)  # fmt: skip

AttributeValue = str | int | float | bool
_PROPAGATOR = TraceContextTextMapPropagator()


@dataclass(slots=True)
class _State:
    is_exporting: bool = False


_STATE = _State()


def configure(
    program: str,
    instance: str,
    otlp_endpoint: str | None,
    ratio: float,
    *,
    trusts_callers: bool = True,
) -> None:
    """Install the tracer provider.

    Args:
        program: ``service.name``.
        instance: ``service.instance.id``.
        otlp_endpoint: base URL of a collector; None keeps spans inside the process (no export).
        ratio: share of traces to sample, 0 to 1.
        trusts_callers: whether whoever calls decides about sampling; the gateway's callers are
            everybody, so there the ratio holds whatever they say.
    """
    resource = Resource.create({"service.name": program, "service.instance.id": instance})
    share = TraceIdRatioBased(ratio if otlp_endpoint else 0.0)
    if trusts_callers:
        sampler = ParentBased(share)
    else:
        sampler = ParentBased(share, remote_parent_sampled=share, remote_parent_not_sampled=share)
    provider = TracerProvider(resource=resource, sampler=sampler)
    if otlp_endpoint:
        # Loaded only when there is a collector: they cost more to load than the rest of telemetry.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    _STATE.is_exporting = bool(otlp_endpoint)
    trace.set_tracer_provider(provider)


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, AttributeValue] | None = None,
    carrier: Mapping[str, str] | None = None,
) -> Iterator[trace.Span]:
    """Run a block as a span.

    Args:
        name: what happens; a fixed word, never data.
        attributes: only allow-listed keys are kept.
        carrier: incoming headers, to continue the trace of the caller.
    """
    tracer = trace.get_tracer("goldenthread")
    kept = {k: v for k, v in (attributes or {}).items() if k in ALLOWED_ATTRIBUTES}
    context = _PROPAGATOR.extract(carrier) if carrier is not None else None
    with tracer.start_as_current_span(
        name,
        context=context,
        attributes=kept,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR)
            raise


def set_attribute(current: trace.Span, key: str, value: AttributeValue) -> None:
    """Set an attribute if its key is on the allow-list."""
    if key in ALLOWED_ATTRIBUTES:
        current.set_attribute(key, value)


def are_exported() -> bool:
    """Return whether spans go to a collector."""
    return _STATE.is_exporting


def note(key: str, value: AttributeValue) -> None:
    """Set an allow-listed attribute on the span that is under way, if that is recorded."""
    current = trace.get_current_span()
    if current.is_recording():
        set_attribute(current, key, value)


def is_recorded() -> bool:
    """Return whether the span that is under way is kept: most traces are not sampled."""
    return trace.get_current_span().is_recording()


def past_span(
    name: str, seconds: float, attributes: Mapping[str, AttributeValue], *, failed: bool = False
) -> None:
    """Record what has just ended as a span below the one that is under way, if that is recorded.

    Args:
        name: what happened; a fixed word, never data.
        seconds: how long it took, until now.
        attributes: only allow-listed keys are kept.
        failed: whether it ended badly.
    """
    if not is_recorded():
        return
    ended_at = time.time_ns()
    kept = {k: v for k, v in attributes.items() if k in ALLOWED_ATTRIBUTES}
    past = trace.get_tracer("goldenthread").start_span(
        name, attributes=kept, start_time=ended_at - int(seconds * 1e9)
    )
    if failed:
        past.set_status(trace.StatusCode.ERROR)
    past.end(ended_at)


def outgoing_headers() -> dict[str, str]:
    """Return W3C trace context headers for a call that this span makes."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers
