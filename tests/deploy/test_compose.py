"""One host: the settings that are made start every program, databases are as they must be."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from gateway.identity.issuers import ALGORITHMS, OWN_MAX_LIFETIME_SECONDS
from infra.cli.doctor import databases, programs
from infra.cli.doctor.deployment import PROGRAMS, Deployment, Program, of_settings_folder
from infra.cli.doctor.findings import Outcome
from infra.dev.postgres import EmbeddedPostgres
from infra.migrations import migrate
from infra.settings import Secret
from tests.architecture.test_layout import ROOT
from tests.fixtures.postgres import in_own_loop

COMPOSE = ROOT / "infra" / "deploy" / "compose"
SERVICES = ("consent", "participants", "cases", "training")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def settings() -> Iterator[Path]:
    """The folder that new-settings.sh writes."""
    with tempfile.TemporaryDirectory(prefix="gt-set-") as folder:
        target = Path(folder) / "settings"
        environment = {**os.environ, "GT_SETTINGS_FOLDER": str(target)}
        command = [str(COMPOSE / "new-settings.sh"), "lead.example.org", "id.example.org"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        yield target


def described(settings: Path) -> Deployment:
    return of_settings_folder(settings)


def test_programs_run_without_rights_on_a_file_system_that_is_read_only(
    compose: dict[str, Any],
) -> None:
    for name, each in compose["services"].items():
        if "GOLDENTHREAD_IMAGE" not in each["image"]:
            continue
        assert each["read_only"] is True, name
        assert each["user"] == "10001:10001", name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert "ports" not in each, name


def test_only_the_edge_is_reached_from_outside(compose: dict[str, Any]) -> None:
    published = {n: each["ports"] for n, each in compose["services"].items() if "ports" in each}
    assert published == {"edge": ["443:443"], "grafana": ["127.0.0.1:3000:3000"]}
    for network in ("inside", "data"):
        assert compose["networks"][network]["internal"] is True
    for name in SERVICES:
        assert "outside" not in compose["services"][f"svc_{name}"]["networks"]
    assert "data" not in compose["services"]["gateway"]["networks"], "the gateway has no database"


def test_images_are_pinned_and_files_exist(compose: dict[str, Any]) -> None:
    for name, each in compose["services"].items():
        if "GOLDENTHREAD_IMAGE" not in each["image"]:
            tag = each["image"].rpartition(":")[2]
            assert tag[:1].isdigit() or tag[:1] == "v", name
        for volume in each.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE / source).resolve().exists(), source
            else:
                assert source in compose["volumes"], source


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    assert "environment" not in str(compose["services"].get("gateway", {}))
    for name, each in compose["services"].items():
        for file in each.get("env_file", ()):
            assert file.startswith("settings/"), name
    assert "settings/" in (COMPOSE / ".gitignore").read_text()


def test_the_settings_that_are_made_start_every_program(settings: Path) -> None:
    found = programs.settings(described(settings))
    assert [each.message for each in found if each.outcome is not Outcome.OK] == []
    assert {each.subject for each in found} == set(PROGRAMS)


def test_the_settings_that_are_made_fit_each_other(settings: Path) -> None:
    deployment = described(settings)
    found = [each for each in programs.agreement(deployment) if "KEY_DIR" not in each.subject]
    # In containers all programs call their own volume by the same path.
    assert [each.message for each in found if each.outcome is Outcome.FAIL] == []


def test_the_settings_are_private_and_made_once(settings: Path) -> None:
    assert settings.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in settings.iterdir())
    again = subprocess.run(
        [str(COMPOSE / "new-settings.sh"), "a.example.org", "b.example.org"],
        env={**os.environ, "GT_SETTINGS_FOLDER": str(settings)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert "once" in again.stderr


async def test_the_databases_that_are_made_are_as_the_doctor_wants_them(settings: Path) -> None:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("psql is not here: apt install postgresql-client")
    given = dict(
        line.partition("=")[::2] for line in (settings / "postgres.env").read_text().splitlines()
    )
    with tempfile.TemporaryDirectory(prefix="gt-pg-") as folder:
        sockets = Path(folder) / "run"
        async with EmbeddedPostgres(Path(folder) / "data", sockets, durable=False) as server:
            superuser = urlsplit(server.server.superuser_dsn)
            environment = {
                "PATH": os.environ["PATH"], "PGHOST": parse_qs(superuser.query)["host"][0],
                "PGPASSWORD": superuser.password or "", **given,
            }  # fmt: skip
            made = await asyncio.to_thread(
                subprocess.run, [str(COMPOSE / "databases.sh")],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            for service in SERVICES:
                here = f"/gt_{service}?host={sockets}"
                owner = f"gt_{service}_owner:{given[f'PASSWORD_gt_{service}_owner']}"
                runtime = f"gt_{service}:{given[f'PASSWORD_gt_{service}']}"
                package = ROOT / f"svc_{service}"
                in_own_loop(_migrated(package, f"postgresql://{owner}@{here}"))
                program = Program(
                    f"svc_{service}", {"GT_DATABASE_DSN": f"postgresql://{runtime}@{here}"}
                )
                found = await databases.examine(program)
                checks = {each.check: each.outcome for each in found}
                assert checks["role"] is Outcome.OK, found
                assert checks["migrations"] is Outcome.OK, found
                if service == "consent":
                    assert checks["ledger"] is Outcome.OK, found


async def _migrated(package: Path, dsn: str) -> None:
    await asyncio.to_thread(migrate, package, Secret(dsn))


def test_the_realm_issues_what_the_gateway_accepts(settings: Path) -> None:
    realm = json.loads((COMPOSE / "realm.json").read_text())
    assert realm["accessTokenLifespan"] <= OWN_MAX_LIFETIME_SECONDS
    assert realm["defaultSignatureAlgorithm"] in ALGORITHMS
    gateway = described(settings).program("gateway")
    assert gateway is not None
    [issuer] = json.loads(gateway.setting("GT_ISSUERS"))
    for client in realm["clients"]:
        assert client["implicitFlowEnabled"] is False
        assert client["directAccessGrantsEnabled"] is False
        assert client["attributes"]["pkce.code.challenge.method"] == "S256"
        assert client["attributes"]["access.token.header.type.rfc9068"] == "true"
        assert client["attributes"]["access.token.signed.response.alg"] in issuer["algorithms"]
        assert not any("*" in uri for uri in client["redirectUris"])
        claims = {
            mapper["config"].get("claim.name", mapper["config"].get("included.custom.audience"))
            for mapper in client["protocolMappers"]
        }
        assert {issuer["audience"], "client_id", "gt_roles"} <= claims
    assert issuer["issuer"].endswith(f"/realms/{realm['realm']}")
