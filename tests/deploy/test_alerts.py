"""Prometheus' own tool reads the alerts, and says of made-up series which of them fire."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.test_layout import ROOT

ALERTS = ROOT / "infra" / "deploy" / "helm" / "goldenthread" / "alerts.yaml"
PROMTOOL = shutil.which("promtool", path=f"{os.environ.get('PATH', '')}:{ROOT}/.tools/bin")

pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="needs promtool (Debian: prometheus; .ci/run fetches it)"
)

GATE, HTTP = "gt_gate_verdicts_total", "gt_requests_total"
SLOW = 'gt_request_seconds_bucket{program="gateway",kind="graphql",le="%s"}'
REVISION, POOL = "gt_authority_revision", "gt_pool_connections"

Series = dict[str, str]
Case = tuple[Series, Series, dict[str, str], str]
CASES: dict[str, Case] = {
    "ProgramDown": (
        {'up{job="goldenthread"}': "0x10"}, {'up{job="goldenthread"}': "1x10"},
        {"job": "goldenthread"}, "5m",
    ),
    "ReleaseGateUnavailable": (
        {f'{GATE}{{verdict="UNAVAILABLE"}}': "0+3x20", f'{GATE}{{verdict="RELEASED"}}': "0+197x20"},
        {f'{GATE}{{verdict="UNAVAILABLE"}}': "0+1x20", f'{GATE}{{verdict="RELEASED"}}': "0+199x20"},
        {}, "15m",
    ),
    "ReleaseGateSlow": (
        {f'gt_gate_seconds_bucket{{le="{le}"}}': f"0+{by}x40"
         for le, by in (("0.1", 98), ("0.25", 100), ("+Inf", 100))},
        {f'gt_gate_seconds_bucket{{le="{le}"}}': "0+100x40" for le in ("0.1", "0.25", "+Inf")},
        {}, "30m",
    ),
    "RequestsFail": (
        {f'{HTTP}{{program="cases",status="500"}}': "0+2x20",
         f'{HTTP}{{program="cases",status="200"}}': "0+98x20"},
        {f'{HTTP}{{program="cases",status="404"}}': "0+2x20",
         f'{HTTP}{{program="cases",status="200"}}': "0+98x20"},
        {"program": "cases"}, "15m",
    ),
    "RequestsSlow": (
        {SLOW % le: f"0+{by}x40" for le, by in (("1.0", 98), ("2.5", 100), ("+Inf", 100))},
        {SLOW % le: "0+100x40" for le in ("1.0", "2.5", "+Inf")},
        {}, "30m",
    ),
    "ServiceFetchesFail": (
        {'gt_fetches_total{subgraph="cases",outcome="failed"}': "0+3x20",
         'gt_fetches_total{subgraph="cases",outcome="ok"}': "0+97x20"},
        {'gt_fetches_total{subgraph="cases",outcome="failed"}': "0+1x20",
         'gt_fetches_total{subgraph="cases",outcome="ok"}': "0+99x20"},
        {"subgraph": "cases"}, "15m",
    ),
    "ReplicaBehind": (
        {f'{REVISION}{{program="consent"}}': "100x10", f'{REVISION}{{program="cases"}}': "79x10"},
        {f'{REVISION}{{program="consent"}}': "100x10", f'{REVISION}{{program="cases"}}': "80x10"},
        {"program": "cases"}, "5m",
    ),
    "FeedSilent": (
        {'gt_authority_silence_seconds{program="cases"}': "61x10"},
        {'gt_authority_silence_seconds{program="cases"}': "60x10"},
        {"program": "cases"}, "5m",
    ),
    "PoolExhausted": (
        {f'{POOL}{{program="cases",pool="hot",state="busy"}}': "10x20",
         f'{POOL}{{program="cases",pool="hot",state="most"}}': "10x20"},
        {f'{POOL}{{program="cases",pool="hot",state="busy"}}': "9x20",
         f'{POOL}{{program="cases",pool="hot",state="most"}}': "10x20"},
        {"program": "cases", "pool": "hot"}, "15m",
    ),
    "DeniedAttempts": (
        {"gt_denied_attempts_total": "0+10x30"}, {"gt_denied_attempts_total": "0+5x30"}, {}, "20m",
    ),
    "ClaimsUnconfirmed": (
        {'gt_claim_mismatches_total{issuer="here"}': "0+1x90"},
        {'gt_claim_mismatches_total{issuer="here"}': "0x90"},
        {"issuer": "here"}, "70m",
    ),
    "TokensRefused": (
        {'gt_refusals_total{code="UNAUTHENTICATED"}': "0+30x40",
         "gt_operation_requests_total": "0+100x40"},
        {'gt_refusals_total{code="UNAUTHENTICATED"}': "0+10x40",
         "gt_operation_requests_total": "0+100x40"},
        {}, "30m",
    ),
    "RequestsRateLimited": (
        {'gt_refusals_total{code="OVERLOADED"}': "0+120x40"},
        {'gt_refusals_total{code="COST_LIMIT"}': "0+120x40"},
        {}, "30m",
    ),
    # A sample each twenty minutes: a week is 504 of them.
    "LedgerGrowsFast": (
        {"gt_ledger_entries_total": "0+1000x504 504000+10000x40"},
        {"gt_ledger_entries_total": "0+1000x545"},
        {}, "174h",
    ),
    "SupergraphRefused": (
        {'gt_supergraphs_total{outcome="refused"}': "0 0 1 1 1 1"},
        {'gt_supergraphs_total{outcome="refused"}': "1x5"},
        {"outcome": "refused"}, "4m",
    ),
}  # fmt: skip
"""By alert: series that must wake somebody, series that must not, its labels, and when to look."""


def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def asked(alerts: Path, *, in_a_week: bool) -> dict[str, Any]:
    """Return what promtool is to try: each alert twice; apart, what takes a week of samples."""
    found = []
    interval = "20m" if in_a_week else "1m"
    for name, (loud, quiet, labels, at) in CASES.items():
        if (name == "LedgerGrowsFast") is not in_a_week:
            continue
        rule = rules()[name]
        fired = {
            "exp_labels": {**labels, **rule["labels"]},
            "exp_annotations": rule["annotations"],
        }
        for series, expected in ((loud, [fired]), (quiet, [])):
            look = {"eval_time": at, "alertname": name, "exp_alerts": expected}
            given = [{"series": each, "values": values} for each, values in series.items()]
            found.append({"interval": interval, "input_series": given, "alert_rule_test": [look]})
    return {"rule_files": [str(alerts)], "evaluation_interval": interval, "tests": found}


def tried(folder: Path, alerts: Path) -> "subprocess.CompletedProcess[str]":
    assert PROMTOOL is not None
    files = [folder / "now.yaml", folder / "week.yaml"]
    for file in files:
        file.write_text(yaml.safe_dump(asked(alerts, in_a_week=file.stem == "week")))
    return subprocess.run(
        [PROMTOOL, "test", "rules", *map(str, files)], capture_output=True, text=True, check=False
    )


def test_programs_of_which_nothing_is_known_are_down(tmp_path: Path) -> None:
    """An operator drops the targets of pods that do not run, so nothing is there to be 0."""
    assert PROMTOOL is not None
    rule = rules()["ProgramDown"]
    fired = {
        "exp_labels": {"job": "goldenthread", **rule["labels"]},
        "exp_annotations": rule["annotations"],
    }
    look = {"eval_time": "5m", "alertname": "ProgramDown", "exp_alerts": [fired]}
    other = [{"series": 'up{job="another"}', "values": "1x10"}]
    test = {"interval": "1m", "input_series": other, "alert_rule_test": [look]}
    file = tmp_path / "nothing.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": [test]}))
    ran = subprocess.run(
        [PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_prometheus_itself_accepts_the_rules() -> None:
    assert PROMTOOL is not None
    ran = subprocess.run(
        [PROMTOOL, "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    assert CASES.keys() == rules().keys()
    ran = tried(tmp_path, ALERTS)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("instead", ["vector(0) > 1", "vector(1) > 0"])
def test_twin_alerts_that_never_or_always_fire_are_caught(tmp_path: Path, instead: str) -> None:
    planted = yaml.safe_load(ALERTS.read_text())
    for rule in planted["groups"][0]["rules"]:
        rule["expr"] = instead
    alerts = tmp_path / "alerts.yaml"
    alerts.write_text(yaml.safe_dump(planted))
    ran = tried(tmp_path, alerts)
    assert ran.returncode != 0
    for name in CASES:
        assert f"alertname: {name}," in ran.stdout + ran.stderr, name
