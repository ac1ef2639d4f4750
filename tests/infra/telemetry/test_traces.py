"""Spans: listed attributes only, types of errors only, and one trace across programs."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from infra.telemetry import logs, traces

CANARY = "Example-Canary"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", lambda name: provider.get_tracer(name))
    yield exporter
    provider.shutdown()


def only(exported: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exported.get_finished_spans()
    return span


def assert_only_listed_attributes(exported: InMemorySpanExporter) -> None:
    given: dict[str, Any] = {"gt.role": "CM", "participant.name": CANARY}
    with traces.span("cases.execute", given) as span:
        traces.set_attribute(span, "gt.records", 3)
        traces.set_attribute(span, "graphql.variables", CANARY)
    assert dict(only(exported).attributes or {}) == {"gt.role": "CM", "gt.records": 3}


def test_only_listed_attributes_are_kept(exported: InMemorySpanExporter) -> None:
    assert_only_listed_attributes(exported)


def test_a_span_that_keeps_everything_is_caught(
    exported: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Everything:
        def __contains__(self, _key: object) -> bool:
            return True

    monkeypatch.setattr(traces, "ALLOWED_ATTRIBUTES", Everything())
    with pytest.raises(AssertionError):
        assert_only_listed_attributes(exported)


def test_an_error_leaves_its_type_and_nothing_of_its_text(
    exported: InMemorySpanExporter,
) -> None:
    with pytest.raises(ValueError, match=CANARY), traces.span("cases.execute"):
        raise ValueError(CANARY)
    span = only(exported)
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert span.events == ()
    assert span.status.status_code is trace.StatusCode.ERROR
    assert CANARY not in span.to_json()


def test_a_trace_goes_on_in_the_next_program(exported: InMemorySpanExporter) -> None:
    with traces.span("gateway.fetch"):
        headers = traces.outgoing_headers()
    with traces.span("cases.execute", carrier=headers):
        pass
    sent, received = exported.get_finished_spans()
    assert received.context is not None
    assert sent.context is not None
    assert received.context.trace_id == sent.context.trace_id
    assert received.parent is not None
    assert received.parent.span_id == sent.context.span_id


def test_log_lines_within_a_trace_name_it(exported: InMemorySpanExporter) -> None:
    assert logs._join_trace(None, "", {"event": "outside"}) == {"event": "outside"}
    with traces.span("cases.execute"):
        line = logs._join_trace(None, "", {"event": "inside"})
    context = only(exported).context
    assert context is not None
    assert line["trace_id"] == format(context.trace_id, "032x")
    assert line["span_id"] == format(context.span_id, "016x")
    assert set(line) <= logs.ALLOWED_KEYS


def sampled(*, trusts_callers: bool, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a request whose caller wants it traced is, where hardly any trace is kept."""
    providers: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", providers.append)
    traces.configure("test", "test-0", None, 0.0, trusts_callers=trusts_callers)
    tracer = providers[0].get_tracer("test")
    monkeypatch.setattr(trace, "get_tracer", lambda _name: tracer)
    wanted = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    with traces.span("gateway.request", carrier=wanted) as span:
        return bool(span.is_recording())


def test_callers_of_the_gateway_do_not_decide_what_is_traced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not sampled(trusts_callers=False, monkeypatch=monkeypatch)
    assert sampled(trusts_callers=True, monkeypatch=monkeypatch)


def test_the_list_has_no_attribute_for_a_person_or_a_value() -> None:
    words = ("subject", "participant", "variables", "url", "query", "user", "body")
    found = {key for key in traces.ALLOWED_ATTRIBUTES if any(word in key for word in words)}
    assert found == {"gt.subjects"}  # a number
