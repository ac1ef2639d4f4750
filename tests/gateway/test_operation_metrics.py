"""Operations count under registered names; what clients make up counts as one."""

import pytest
from prometheus_client import REGISTRY

from gateway import operation_metrics
from gateway.operation_metrics import MOST_NAMES, OTHER, UNNAMED, OperationMetrics, committed_names


def counted(name: str, outcome: str = "ok") -> float:
    labels = {"operation": name, "outcome": outcome}
    return REGISTRY.get_sample_value("gt_operation_requests_total", labels) or 0.0


def ask(
    asked: OperationMetrics, name: str | None, *, status: int = 200, is_registered: bool = False,
    has_errors: bool = False,
) -> None:  # fmt: skip
    asked.begin()
    asked.note(name, "query", is_registered=is_registered)
    asked.end(status, 0.01, has_errors=has_errors)


def assert_invented_names_are_one() -> None:
    before = counted(OTHER)
    for number in range(1000):
        ask(OperationMetrics(), f"JaneRoe{number}")
    assert counted(OTHER) == before + 1000
    assert counted("JaneRoe7") == 0


def test_names_that_clients_invent_are_one() -> None:
    assert_invented_names_are_one()


def test_taking_any_name_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: OperationMetrics, name: str | None, kind: str, **_rest: object) -> None:
        del self, kind
        operation_metrics._CURRENT.set(name or UNNAMED)

    monkeypatch.setattr(OperationMetrics, "note", careless)
    with pytest.raises(AssertionError):
        assert_invented_names_are_one()


def test_committed_operations_count_under_their_names() -> None:
    assert "ParticipantOverview" in committed_names()
    before = counted("ParticipantOverview", "errors")
    ask(OperationMetrics(), "ParticipantOverview", has_errors=True)
    assert counted("ParticipantOverview", "errors") == before + 1


def test_manifests_add_names_up_to_a_bound() -> None:
    asked = OperationMetrics()
    for number in range(MOST_NAMES + 50):
        ask(asked, f"Manifest{number}", is_registered=True)
    assert counted("Manifest1") == 1
    assert counted(f"Manifest{MOST_NAMES + 49}") == 0


def test_what_has_no_name_or_is_refused_is_counted() -> None:
    before = counted(UNNAMED), counted(OTHER, "refused")
    ask(OperationMetrics(), None)
    early = OperationMetrics()
    early.begin()
    early.end(401, 0.001, has_errors=True)
    assert (counted(UNNAMED), counted(OTHER, "refused")) == (before[0] + 1, before[1] + 1)
