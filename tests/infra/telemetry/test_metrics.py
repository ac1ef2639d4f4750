"""Metrics: served as Prometheus reads them, with labels from closed sets."""

import httpx2
import pytest
from prometheus_client import REGISTRY

from infra.telemetry import metrics

CLOSED_LABELS = {
    "program",
    "kind",
    "status",
    "subgraph",
    "outcome",
    "verdict",
    "code",
    "stage",
    "operation",
    "pool",
    "state",
    "issuer",
}


async def test_metrics_are_served_on_their_own_application() -> None:
    metrics.REQUESTS.labels("test", "graphql", "200").inc()
    transport = httpx2.ASGITransport(app=metrics.metrics_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://metrics.test") as client:
        response = await client.get("/metrics")
        assert (await client.get("/graphql")).status_code == 404
    assert response.status_code == 200
    assert 'gt_requests_total{kind="graphql",program="test",status="200"} 1.0' in response.text


@pytest.mark.parametrize("prefix", ["gt_"])
def test_labels_come_from_closed_sets(prefix: str) -> None:
    collectors = [
        collector
        for collector in set(REGISTRY._collector_to_names)
        if str(getattr(collector, "_name", "")).startswith(prefix)
    ]
    assert collectors
    for collector in collectors:
        assert set(getattr(collector, "_labelnames", ())) <= CLOSED_LABELS
