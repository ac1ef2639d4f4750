"""OpenTelemetry spans with an attribute allow-list, exported by OTLP over HTTP when configured.

Attributes not on the list are dropped before a span ever holds them, so none can carry personal
data. Exceptions are recorded by type only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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
        "http.response.status_code", "error.type", "gt.stage",
    }
)  # fmt: skip

AttributeValue = str | int | float | bool
_PROPAGATOR = TraceContextTextMapPropagator()


def configure(program: str, instance: str, otlp_endpoint: str | None, ratio: float) -> None:
    """Install the tracer provider.

    Args:
        program: ``service.name``.
        instance: ``service.instance.id``.
        otlp_endpoint: base URL of a collector; None keeps spans inside the process (no export).
        ratio: share of traces to sample, 0 to 1.
    """
    resource = Resource.create({"service.name": program, "service.instance.id": instance})
    sampler = ParentBased(TraceIdRatioBased(ratio if otlp_endpoint else 0.0))
    provider = TracerProvider(resource=resource, sampler=sampler)
    if otlp_endpoint:
        # Loaded only when there is a collector: they cost more to load than the rest of telemetry.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
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


def outgoing_headers() -> dict[str, str]:
    """Return W3C trace context headers for a call that this span makes."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers
