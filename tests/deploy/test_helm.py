"""The chart, rendered by Helm's own library and held against Kubernetes' own schemas."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cli.retaining import COMMANDS
from tests.architecture.test_layout import ROOT

helm = pytest.importorskip("helm_python", reason="no Helm here: .tools/bin/uv sync --group ci")
kubernetes = pytest.importorskip(
    "kubernetes_validate", reason="no schemas here: .tools/bin/uv sync --group ci"
)
jsonschema = pytest.importorskip("jsonschema", reason="comes with kubernetes_validate")

CHART = ROOT / "infra" / "deploy" / "helm" / "goldenthread"
PROGRAMS = ("gateway", "consent", "participants", "cases", "training")
VERSION = "1.34.0"
CUSTOM = {"postgresql.cnpg.io/v1", "monitoring.coreos.com/v1"}


def rendered(values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values or {}, name="gt", namespace="lead")
    found: list[dict[str, Any]] = []
    for name, text in sorted(files.items()):
        if not name.endswith(".tpl"):
            found += [each for each in yaml.safe_load_all(text) if each]
    return found


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return rendered(
        {"databases": {"backup": {"destinationPath": "s3://x", "credentialsSecret": "y"}}}
    )


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("Deployment", "Job"):
        for name, each in of_kind(manifests, kind).items():
            yield name, each["spec"]["template"]["spec"]
    for name, each in of_kind(manifests, "CronJob").items():
        yield name, each["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def assert_valid(manifests: list[dict[str, Any]]) -> None:
    for each in manifests:
        if each["apiVersion"] not in CUSTOM:
            kubernetes.validate(each, VERSION, strict=True)


def test_every_manifest_is_one_of_kubernetes(manifests: list[dict[str, Any]]) -> None:
    assert len(manifests) > 40
    assert_valid(manifests)


def test_a_number_in_words_is_caught(manifests: list[dict[str, Any]]) -> None:
    broken = [
        {**each, "spec": {**each["spec"], "minReplicas": "two"}}
        for each in manifests
        if each["kind"] == "HorizontalPodAutoscaler"
    ]
    with pytest.raises(kubernetes.ValidationError):
        assert_valid(broken)


def assert_of_cloudnativepg(manifests: list[dict[str, Any]]) -> int:
    """Hold the database operator's objects against what is known of them; return how many."""
    known = yaml.safe_load((Path(__file__).parent / "cloudnativepg.yaml").read_text())
    ours = [each for each in manifests if each["apiVersion"] == "postgresql.cnpg.io/v1"]
    for each in ours:
        assert set(each) == {"apiVersion", "kind", "metadata", "spec"}
        for part, definition in (("metadata", "metadata"), ("spec", each["kind"])):
            schema = {"$ref": f"#/$defs/{definition}", "$defs": known["$defs"]}
            jsonschema.validate(each[part], schema, jsonschema.Draft202012Validator)
    return len(ours)


def test_the_databases_are_as_their_operator_reads_them(manifests: list[dict[str, Any]]) -> None:
    assert assert_of_cloudnativepg(manifests) == 8
    assert assert_of_cloudnativepg(rendered({"databases": {"storageClass": "fast"}})) == 4


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Cluster", ("postgresql", "synchronous", "method"), "quorum"),
        ("Cluster", ("postgresql", "synchronous", "numbers"), 1),
        ("Cluster", ("postgresql", "parameters", "log_parameter_max_length_on_error"), 0),
        ("Cluster", ("backup", "retentionPolicy"), "35"),
        ("ScheduledBackup", ("schedule",), "0 2 * * *"),
    ],
    ids=["no-such-method", "misspelt", "number-for-text", "no-unit", "five-fields"],
)
def test_a_database_that_its_operator_would_refuse_is_caught(
    manifests: list[dict[str, Any]], kind: str, path: tuple[str, ...], value: object
) -> None:
    broken = copy.deepcopy(of_kind(manifests, kind)["gt-consent-db"])
    *way, last = path
    inner = broken["spec"]
    for step in way:
        inner = inner[step]
    inner[last] = value
    with pytest.raises(jsonschema.ValidationError):
        assert_of_cloudnativepg([broken])


def test_the_linter_has_no_error() -> None:
    found = helm.lint(str(CHART))
    assert "[ERROR]" not in str(found)


def test_each_program_has_probes_budget_and_autoscaler(manifests: list[dict[str, Any]]) -> None:
    deployments = of_kind(manifests, "Deployment")
    assert set(deployments) == {f"gt-{name}" for name in PROGRAMS}
    for kind in ("PodDisruptionBudget", "HorizontalPodAutoscaler", "Service"):
        assert set(of_kind(manifests, kind)) == set(deployments), kind
    for name, each in deployments.items():
        [container] = each["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready", name
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live", name
        assert "startupProbe" in container, name
        assert container["resources"]["limits"]["memory"], name


def test_nothing_runs_with_rights_that_it_does_not_need(manifests: list[dict[str, Any]]) -> None:
    for name, pod in pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_secrets_are_named_and_never_written(manifests: list[dict[str, Any]]) -> None:
    assert of_kind(manifests, "Secret") == {}
    for name, pod in pods(manifests):
        for variable in pod["containers"][0]["env"]:
            if any(word in variable["name"] for word in ("PASSWORD", "SECRET", "_KEY")):
                assert "secretKeyRef" in variable["valueFrom"], (name, variable)


def test_the_owner_of_tables_is_known_to_migrations_alone(manifests: list[dict[str, Any]]) -> None:
    for name, pod in pods(manifests):
        names = {each["name"] for each in pod["containers"][0]["env"]}
        secrets = str(pod["containers"][0]["env"])
        if "migrate" in name:
            assert "GT_DATABASE_OWNER_DSN" in names
        else:
            assert "GT_DATABASE_OWNER_DSN" not in names
            assert "-owner" not in secrets


def test_databases_are_reached_encrypted_and_by_name(manifests: list[dict[str, Any]]) -> None:
    for name, pod in pods(manifests):
        for variable in pod["containers"][0]["env"]:
            if variable["name"].endswith("_DSN"):
                assert "sslmode=verify-full" in variable["value"], name


def test_the_gateway_has_no_database_and_no_other_program_faces_outside(
    manifests: list[dict[str, Any]],
) -> None:
    gateway = of_kind(manifests, "Deployment")["gt-gateway"]["spec"]["template"]["spec"]
    assert "DATABASE" not in str(gateway)
    for ingress in of_kind(manifests, "Ingress").values():
        [path] = ingress["spec"]["rules"][0]["http"]["paths"]
        assert path["backend"]["service"]["name"] == "gt-gateway"
        assert ingress["spec"]["tls"]


def test_no_log_of_the_ingress_has_the_address_of_a_calendar(
    manifests: list[dict[str, Any]],
) -> None:
    ingresses = of_kind(manifests, "Ingress")
    paths = {
        name: each["spec"]["rules"][0]["http"]["paths"][0]["path"]
        for name, each in ingresses.items()
    }
    assert paths == {"gt": "/", "gt-calendars": "/training/calendar/"}
    logged = "nginx.ingress.kubernetes.io/enable-access-log"
    assert ingresses["gt-calendars"]["metadata"]["annotations"][logged] == "false"
    assert logged not in ingresses["gt"]["metadata"].get("annotations", {})
    own = rendered({"ingress": {"annotations": {"a/b": "c"}}})
    assert of_kind(own, "Ingress")["gt-calendars"]["metadata"]["annotations"] == {
        "a/b": "c", logged: "false",
    }  # fmt: skip


def test_alerts_find_the_programs_whatever_the_release_is_called(
    manifests: list[dict[str, Any]],
) -> None:
    """Without it the operator calls the job ``namespace/release``, and no program is ever down."""
    [monitor] = of_kind(manifests, "PodMonitor").values()
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    assert {"targetLabel": "job", "replacement": "goldenthread"} in endpoint["relabelings"]
    [rule] = of_kind(manifests, "PrometheusRule").values()
    down = next(
        each for each in rule["spec"]["groups"][0]["rules"] if each.get("alert") == "ProgramDown"
    )
    assert 'up{job="goldenthread"}' in down["expr"]


def component(peer: dict[str, Any]) -> str:
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    return str(labels.get("app.kubernetes.io/component", ""))


BESIDE_THE_GATEWAY = {
    # they follow its feed and hand facts over; and their retention asks what is held
    "consent": {
        "participants", "cases", "training", "participants-retention", "cases-retention",
    },
    "participants": {"cases", "consent"},  # their figures are split by who people are
}  # fmt: skip


def assert_only_the_gateway_reaches_services(manifests: list[dict[str, Any]]) -> None:
    policies = of_kind(manifests, "NetworkPolicy")
    nothing = policies["gt-nothing"]["spec"]
    assert nothing["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in nothing
    for name in PROGRAMS[1:]:
        [rule] = policies[f"gt-{name}"]["spec"]["ingress"]
        who = {component(peer) for peer in rule["from"]}
        assert who == {"gateway"} | BESIDE_THE_GATEWAY.get(name, set()), name
        [database] = [
            rule
            for rule in policies[f"gt-{name}-db"]["spec"]["ingress"]
            if any("podSelector" in peer for peer in rule["from"])
        ]
        reaching = {component(peer) for peer in database["from"]} - {""}
        assert reaching == {name, f"{name}-migrate", f"{name}-retention"}


def test_only_the_gateway_reaches_services(manifests: list[dict[str, Any]]) -> None:
    assert_only_the_gateway_reaches_services(manifests)


def test_a_policy_that_lets_others_in_is_caught(manifests: list[dict[str, Any]]) -> None:
    leaky = [dict(each) for each in manifests]
    for each in leaky:
        if each["metadata"]["name"] == "gt-cases" and each["kind"] == "NetworkPolicy":
            each["spec"] = {**each["spec"], "ingress": [{"from": [{"podSelector": {}}]}]}
    with pytest.raises(AssertionError):
        assert_only_the_gateway_reaches_services(leaky)


def test_consent_commits_to_a_standby(manifests: list[dict[str, Any]]) -> None:
    clusters = of_kind(manifests, "Cluster")
    assert set(clusters) == {f"gt-{name}-db" for name in PROGRAMS[1:]}
    synchronous = clusters["gt-consent-db"]["spec"]["postgresql"]["synchronous"]
    assert synchronous == {"method": "any", "number": 1, "dataDurability": "required"}
    for cluster in clusters.values():
        assert cluster["spec"]["enableSuperuserAccess"] is False
        assert cluster["spec"]["instances"] >= 2


def test_each_day_the_same_is_taken_out_as_by_the_command(
    manifests: list[dict[str, Any]],
) -> None:
    jobs = of_kind(manifests, "CronJob")
    asked = []
    for name, each in jobs.items():
        assert each["spec"]["concurrencyPolicy"] == "Forbid", name
        [container] = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        program, *words, by, who = container["args"]
        assert (by, bool(who)) == ("--by", True)
        asked.append((program, tuple(words)))
    assert sorted(asked) == sorted(COMMANDS)
    ledger = jobs["gt-ledger-retention"]["spec"]["schedule"]
    records = {each["spec"]["schedule"] for name, each in jobs.items() if "ledger" not in name}
    assert all(hour(each) < hour(ledger) for each in records), "a record has grounds in force"


def hour(schedule: str) -> int:
    return int(schedule.split()[1])


def test_retention_has_the_settings_that_its_program_has(manifests: list[dict[str, Any]]) -> None:
    """It is the same program, with the same database, key folders and names of settings."""
    programs = {
        name.removeprefix("gt-"): each["spec"]["template"]["spec"]["containers"][0]
        for name, each in of_kind(manifests, "Deployment").items()
    }
    for name, pod in pods(manifests):
        if not name.endswith("-retention"):
            continue
        [container] = pod["containers"]
        program = programs[container["args"][0].removeprefix("svc_")]
        its = {each["name"]: each for each in program["env"]}
        for variable in container["env"]:
            if variable["name"] not in ("GT_BIND", "GT_METRICS_BIND"):
                assert variable == its[variable["name"]], (name, variable)
        mounted = {(each["name"], each["mountPath"]) for each in container["volumeMounts"]}
        assert mounted <= {(each["name"], each["mountPath"]) for each in program["volumeMounts"]}


def test_retention_can_be_left_to_others() -> None:
    manifests = rendered({"retention": {"enabled": False}})
    assert of_kind(manifests, "CronJob") == {}
    assert "-retention" not in str(manifests)


@pytest.mark.parametrize(
    "values",
    [
        {"databases": {"consentSynchronous": 0}},
        {"publicUrl": "http://lead.example.org"},
        {"image": {"repository": "x", "tag": "latest"}},
        {"issuers": []},
        {"programs": {"gateway": {"replicas": 0}}},
        {"retention": {"by": " "}},
    ],
    ids=["no-standby", "no-tls", "latest", "no-issuer", "no-replica", "nobody-answers"],
)
def test_values_that_would_not_be_safe_are_refused(values: dict[str, Any]) -> None:
    with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmError, match="at '/"):
        chart.validate_schema(chart.merge_values(values))
