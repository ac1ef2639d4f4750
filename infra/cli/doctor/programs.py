"""What the programs say about their own settings, whether these agree, and the policy."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.cli.data_folder import REPOSITORY
from infra.cli.doctor.deployment import (
    GATEWAY,
    SERVICES,
    Deployment,
    Program,
    database_address,
)
from infra.cli.doctor.findings import Finding, fail, ok, warn

_TIMEOUT_SECONDS = 60
_SETTINGS_GUIDE = "see infra/docs/settings.md; correct it and start the program again"


def settings(deployment: Deployment) -> list[Finding]:
    """Ask each program to read its settings, as it does when it starts."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(_settings, deployment.programs))


def _settings(program: Program) -> Finding:
    status, said = run_program(program.name, ["check-settings"], program)
    if status == 0:
        return ok("settings", program.name, "read, and complete")
    return fail("settings", program.name, said or "the program does not start", _SETTINGS_GUIDE)


def run_program(module: str, words: Sequence[str], program: Program | None) -> tuple[int, str]:
    """Run one command of a program with its settings; returns exit status and its last line."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GT_")}
    environment = {**outside, **(program.environment if program else {})}
    try:
        ran = subprocess.run(  # noqa: S603 - our own programs, by name
            [sys.executable, "-P", "-m", module, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "no answer in a minute"
    lines = (ran.stdout if ran.returncode == 0 else ran.stderr).strip().splitlines()
    return ran.returncode, lines[-1] if lines else ""


def agreement(deployment: Deployment) -> list[Finding]:
    """Compare settings across programs: what must be shared, and what must not be."""
    if len(deployment.programs) == 1:
        return []
    found = list(_disagreements(deployment))
    return found or [ok("agreement", "", "the programs' settings fit each other")]


def _disagreements(deployment: Deployment) -> Iterator[Finding]:
    missing = [f"svc_{n}" for n in SERVICES if deployment.program(f"svc_{n}") is None]
    missing += [GATEWAY] if deployment.program(GATEWAY) is None else []
    if missing:
        yield warn(
            "agreement", "", f"not described here: {', '.join(missing)}",
            "run the doctor again with the settings of all five programs",
        )  # fmt: skip
    if len({each.is_production for each in deployment.programs}) > 1:
        yield fail(
            "agreement", "GT_ENVIRONMENT", "some programs are in development, some are not",
            "remove GT_ENVIRONMENT everywhere in production",
        )  # fmt: skip
    if len({each.setting("GT_PUBLIC_KEY_DIR") for each in deployment.programs}) > 1:
        yield warn(
            "agreement", "GT_PUBLIC_KEY_DIR", "the programs name different folders",
            "make sure that it is one volume under several names; else no token is believed",
        )  # fmt: skip
    yield from _must_differ(deployment, "GT_SERVICE_INSTANCE", "instance name")
    yield from _must_differ(deployment, "GT_KEY_DIR", "folder of private keys")
    addresses = [
        (each.name, database_address(each.setting("GT_DATABASE_DSN")))
        for each in deployment.services
        if each.setting("GT_DATABASE_DSN").startswith("postgres")
    ]
    for what, values in (
        ("database", [(name, f"{each.host}/{each.database}") for name, each in addresses]),
        ("database role", [(name, f"{each.host}/{each.role}") for name, each in addresses]),
    ):
        yield from _twice("GT_DATABASE_DSN", what, values)
    gateway = deployment.program(GATEWAY)
    if gateway and gateway.setting("GT_CONSOLE_KEY"):
        seals = [each.setting("GT_CURSOR_KEY") for each in deployment.services]
        if gateway.setting("GT_CONSOLE_KEY") in seals:
            yield fail(
                "agreement", "GT_CONSOLE_KEY", "one key seals sessions and page cursors",
                "make a new one: openssl rand -base64 32",
            )  # fmt: skip


def journal(deployment: Deployment) -> list[Finding]:
    """Look for the journal that keeps what was revoked after a backup."""
    consent = deployment.program("svc_consent")
    if consent is None:
        return []
    folder = consent.setting("GT_NARROWING_JOURNAL")
    advice = "name a folder on another volume than the database in GT_NARROWING_JOURNAL"
    if not folder:
        judge = fail if consent.is_production else warn
        return [judge("journal", "svc_consent", "a restore brings back what was revoked", advice)]
    if not Path(folder).is_dir():
        message = f"{folder} cannot be seen from here"
        return [warn("journal", "svc_consent", message, "run the doctor where svc_consent runs")]
    return [ok("journal", "svc_consent", "changes are on it before they are acknowledged")]


def _must_differ(deployment: Deployment, setting: str, what: str) -> Iterator[Finding]:
    values = [
        (each.name, each.setting(setting)) for each in deployment.programs if each.setting(setting)
    ]
    yield from _twice(setting, what, values)


def _twice(setting: str, what: str, values: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    by_value: dict[str, list[str]] = {}
    for name, value in values:
        by_value.setdefault(value, []).append(name)
    for names in by_value.values():
        if len(names) > 1:
            yield fail(
                "agreement", setting, f"{' and '.join(names)} share one {what}",
                f"give each program a {what} of its own",
            )  # fmt: skip


def policy(deployment: Deployment) -> list[Finding]:
    """Check policy, labels and supergraph against each other, as the gateway would load them."""
    found = [_policy()]
    packages = [package_folder(f"svc_{name}") for name in SERVICES]
    schemas = [folder / "subgraph.graphql" for folder in packages if folder is not None]
    gateway = deployment.program(GATEWAY)
    supergraph = Path(gateway.setting("GT_SUPERGRAPH")) if gateway else Path()
    if gateway is None or not gateway.setting("GT_SUPERGRAPH"):
        supergraph = (package_folder("gateway") or REPOSITORY / "gateway") / "supergraph.graphql"
    words = ["check-labels", "--supergraph", str(supergraph), *map(str, schemas)]
    status, said = run_program("gateway", words, None)
    advice = "run ./goldenthread compose on the release that is deployed, and deploy its result"
    if status == 0:
        found.append(ok("labels", supergraph.name, said))
    else:
        found.append(fail("labels", supergraph.name, said or "labels and policy disagree", advice))
    return found


def _policy() -> Finding:
    status, said = run_program("gateway", ["policy", "check"], None)
    if status == 0:
        return ok("policy", "", said.removeprefix("policy ok: "))
    advice = "put back the release's own gateway/policy; change it by a reviewed release only"
    return fail("policy", "", said or "the policy cannot be read", advice)


def package_folder(name: str) -> Path | None:
    """Return where a program's package lies, without loading it."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None
