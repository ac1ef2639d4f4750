"""Alerts, dashboards and collector speak of metrics and attributes that there are."""

import importlib
import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from infra.telemetry import traces
from tests.architecture.test_layout import ROOT

DEPLOY = ROOT / "infra" / "deploy"
ALERTS = DEPLOY / "helm" / "goldenthread" / "alerts.yaml"
DASHBOARDS = sorted((DEPLOY / "observability" / "grafana" / "dashboards").glob("*.json"))
NAME = re.compile(r"\b(?:gt|process)_[a-z0-9_]+")
SELECTOR = re.compile(r"\b(gt_[a-z0-9_]+)\{([^}]*)\}")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    found = [rule["expr"] for rule in rules()]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            found += [target["expr"] for target in panel["targets"]]
    return found


def known() -> dict[str, set[str]]:
    """Names of all series with their labels."""
    for name in ("infra.telemetry.metrics", "infra.telemetry.stages", "gateway.app"):
        importlib.import_module(name)
    importlib.import_module("svc_consent.app")
    found: dict[str, set[str]] = {}
    for collector, names in REGISTRY._collector_to_names.items():
        labels = set(getattr(collector, "_labelnames", ()))
        for name in names:
            found[name] = labels
    return found


def assert_metrics_exist(texts: list[str]) -> None:
    series = known()
    unknown = {n for text in texts for n in NAME.findall(text) if n not in series}
    assert {name for name in unknown if not name.startswith("process_")} == set()
    for text in texts:
        for name, selector in SELECTOR.findall(text):
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|=)", selector))
            assert labels <= series[name], (name, labels)


def test_every_metric_of_alerts_and_dashboards_exists() -> None:
    assert len(expressions()) > 25
    assert_metrics_exist(expressions())


@pytest.mark.parametrize(
    "wrong", ["rate(gt_no_such_total[5m])", 'gt_gate_seconds_bucket{code="1"}']
)
def test_a_metric_that_there_is_not_is_caught(wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_metrics_exist([wrong])


def test_every_alert_has_its_entry_in_the_runbook_and_none_is_left_over() -> None:
    text = (ROOT / "infra" / "docs" / "runbook.md").read_text()
    entries = re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)
    assert entries == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_every_metric_of_ours_is_looked_at_somewhere() -> None:
    text = " ".join(expressions())
    ours = {
        str(getattr(collector, "_name", ""))
        for collector in REGISTRY._collector_to_names
        if str(getattr(collector, "_name", "")).startswith("gt_")
    }
    known()
    assert {name for name in ours if name not in text} == set()


def test_the_collector_keeps_what_programs_may_record_and_nothing_else() -> None:
    config = yaml.safe_load((DEPLOY / "observability" / "collector.yaml").read_text())
    redaction = config["processors"]["redaction"]
    assert set(redaction["allowed_keys"]) == traces.ALLOWED_ATTRIBUTES
    assert redaction["allow_all_keys"] is False
    assert "redaction" in config["service"]["pipelines"]["traces"]["processors"]


def test_every_program_is_scraped() -> None:
    config = yaml.safe_load((DEPLOY / "observability" / "prometheus.yaml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    assert {target.split(":")[0] for target in targets} <= set(compose["services"])
    assert len(targets) == 5
