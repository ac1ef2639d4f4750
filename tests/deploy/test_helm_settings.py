"""The chart's programs start: their settings as a cluster would give them, read by themselves."""

import base64
import re
import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from infra.cli.doctor import programs
from infra.cli.doctor.deployment import PROGRAMS, Deployment, Program, database_address
from infra.cli.doctor.findings import Outcome
from infra.settings import Environment, SettingsError, read_service_settings
from tests.deploy.test_containerfile import instructions
from tests.deploy.test_helm import of_kind, rendered

_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def secret(name: str, key: str) -> str:
    """Return what an operator has put into a Secret under a key, as the values describe it."""
    if key == "password":
        return f"of-{name}"
    made = base64.b64encode(f"{name}/{key}".encode().ljust(32, b".")[:32]).decode()
    return "of-the-issuer" if key == "console-client-secret" else made


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    words = [word for name, rest in instructions() if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def given(container: Mapping[str, Any], pod: str) -> dict[str, str]:
    """Return the environment that a kubelet gives a container (Kubernetes: dependent variables)."""
    found: dict[str, str] = {}
    for variable in container["env"]:
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            value = secret(source["secretKeyRef"]["name"], source["secretKeyRef"]["key"])
        elif "fieldRef" in source:
            assert source["fieldRef"]["fieldPath"] == "metadata.name"
            value = pod
        else:
            value = _REFERENCE.sub(lambda m: found.get(m[1], m[0]), variable["value"])
        found[variable["name"]] = value
    return {**image_environment(), **found}


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return rendered()


@pytest.fixture(scope="module")
def deployment(manifests: list[dict[str, Any]]) -> Deployment:
    found = []
    for name, each in sorted(of_kind(manifests, "Deployment").items()):
        [container] = each["spec"]["template"]["spec"]["containers"]
        [program] = container["args"]
        settings = given(container, f"{name}-7f9c-x2")
        found.append(Program(program, {k: v for k, v in settings.items() if k.startswith("GT_")}))
    return Deployment("chart", tuple(found))


def refused(deployment: Deployment) -> list[str]:
    return [f.message for f in programs.settings(deployment) if f.outcome is not Outcome.OK]


def test_every_program_reads_the_settings_that_the_chart_gives_it(deployment: Deployment) -> None:
    assert {each.name for each in deployment.programs} == set(PROGRAMS)
    assert refused(deployment) == []


def test_a_setting_that_the_chart_forgets_is_caught(deployment: Deployment) -> None:
    training = deployment.program("svc_training")
    assert training is not None
    less = {k: v for k, v in training.environment.items() if k != "GT_CURSOR_KEY"}
    assert refused(Deployment("chart", (Program("svc_training", less),))) != []


def test_the_programs_of_the_chart_fit_each_other(deployment: Deployment) -> None:
    """Each pod has a folder of private keys in its own memory, under the same path."""
    found = [each for each in programs.agreement(deployment) if each.subject != "GT_KEY_DIR"]
    assert [each.message for each in found if each.outcome is not Outcome.OK] == []
    assert all(each.is_production for each in deployment.programs)


def read_by_jobs(manifests: list[dict[str, Any]]) -> int:
    """Let every daily job read its settings as its program does; return how many there are."""
    jobs = of_kind(manifests, "CronJob")
    for name, each in jobs.items():
        [container] = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        service = container["args"][0].removeprefix("svc_")
        settings = read_service_settings(service, Environment(given(container, f"{name}-x2")))
        assert database_address(settings.database_dsn.reveal()).database == f"gt_{service}"
    return len(jobs)


def test_every_daily_job_reads_its_settings(manifests: list[dict[str, Any]]) -> None:
    assert read_by_jobs(manifests) == 5


def test_a_job_that_lacks_a_setting_is_caught(manifests: list[dict[str, Any]]) -> None:
    job = next(iter(of_kind(manifests, "CronJob").values()))
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    kept = container["env"]
    container["env"] = [each for each in kept if each["name"] != "GT_DATABASE_DSN"]
    try:
        with pytest.raises(SettingsError, match="GT_DATABASE_DSN"):
            read_by_jobs(manifests)
    finally:
        container["env"] = kept


def test_the_owner_s_address_is_one(manifests: list[dict[str, Any]]) -> None:
    jobs = of_kind(manifests, "Job")
    assert len(jobs) == 4
    for name, each in jobs.items():
        [container] = each["spec"]["template"]["spec"]["containers"]
        owner = Environment(given(container, f"{name}-x2")).secret("GT_DATABASE_OWNER_DSN")
        address = database_address(owner.reveal())
        assert (address.role, address.tls) == (f"{address.database}_owner", "verify-full")
        assert "$(" not in owner.reveal(), name
