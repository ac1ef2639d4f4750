"""Do the programs answer where the others look for them."""

from collections.abc import Iterator

from infra.cli.doctor.deployment import GATEWAY, SERVICES, Deployment
from infra.cli.doctor.findings import Finding, fail, ok, warn
from infra.cli.errors import CommandError
from infra.cli.local_http import ask


def processes(deployment: Deployment) -> list[Finding]:
    """Ask each program for its readiness, at the addresses that the gateway uses."""
    return list(_findings(deployment))


def _findings(deployment: Deployment) -> Iterator[Finding]:
    gateway = deployment.program(GATEWAY)
    for name in SERVICES:
        program = deployment.program(f"svc_{name}")
        setting = f"GT_{name.upper()}_ADDRESS"
        address = gateway.setting(setting) if gateway else ""
        if not address and program:
            address = program.setting("GT_BIND")
        if address:
            yield _ready(f"svc_{name}", address)
    if gateway and gateway.setting("GT_BIND"):
        yield _ready(GATEWAY, gateway.setting("GT_BIND"))
        if not gateway.setting("GT_OTLP_ENDPOINT") and gateway.is_production:
            yield warn(
                "telemetry", GATEWAY, "no collector: there are no traces",
                "set GT_OTLP_ENDPOINT on every program",
            )  # fmt: skip


def _ready(name: str, bind: str) -> Finding:
    address = bind
    if bind.startswith("tcp:"):
        host, _, port = bind.removeprefix("tcp:").rpartition(":")
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}"  # noqa: S104
    try:
        status, _ = ask(address, "GET", "/health/ready")
    except CommandError:
        return fail(
            "reach", name, f"no answer at {bind}",
            "start it; if it runs, compare GT_BIND with the address that the gateway has",
        )  # fmt: skip
    if status != 200:
        return fail(
            "reach", name, f"answers at {bind} and is not ready",
            "its log says what it waits for: database, or handing its facts to svc_consent",
        )  # fmt: skip
    return ok("reach", name, "ready")
