"""Units for one server: as few rights as the programs need."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.test_layout import PROGRAMS, ROOT

UNITS = ROOT / "infra" / "deploy" / "systemd"
HARDENED = {
    "User": "goldenthread", "NoNewPrivileges": "yes", "ProtectSystem": "strict",
    "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "CapabilityBoundingSet": "",
    "UMask": "0077",
}  # fmt: skip


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser


@pytest.mark.parametrize(
    "name",
    ["goldenthread@.service", "goldenthread-migrate@.service", "goldenthread-retention@.service"],
)
def test_services_are_hardened(name: str) -> None:
    service = dict(unit(name)["Service"])
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert service["EnvironmentFile"].startswith("/etc/goldenthread/%i")


def test_the_user_and_the_folder_of_public_keys_are_made() -> None:
    service = dict(unit("goldenthread@.service")["Service"])
    users = (UNITS / "sysusers.conf").read_text().splitlines()
    assert any(line.split()[:2] == ["u", service["User"]] for line in users)
    folders = (UNITS / "tmpfiles.conf").read_text().splitlines()
    made = [line.split() for line in folders if line.startswith("d ")]
    assert [(words[1], words[3]) for words in made] == [
        (service["ReadWritePaths"], service["User"])
    ]


def test_the_program_never_sees_the_owner() -> None:
    assert "owner" not in unit("goldenthread@.service")["Service"]["EnvironmentFile"]
    assert "owner" in unit("goldenthread-migrate@.service")["Service"]["EnvironmentFile"]


def test_the_target_wants_all_five_programs() -> None:
    text = (UNITS / "goldenthread.target").read_text()
    assert all(f"goldenthread@{name}.service" in text for name in PROGRAMS)


def test_the_consent_service_may_write_its_journal_on_a_volume_that_is_there() -> None:
    dropped_in = unit("goldenthread@svc_consent.service.d/journal.conf")
    variable, _, folder = dropped_in["Service"]["Environment"].partition("=")
    assert variable == "GT_NARROWING_JOURNAL"
    assert dropped_in["Service"]["ReadWritePaths"] == folder
    assert dropped_in["Unit"]["RequiresMountsFor"] == folder
    assert folder not in unit("goldenthread@.service")["Service"]["ReadWritePaths"].split()


def test_retention_runs_each_day_with_what_the_program_itself_has() -> None:
    service = unit("goldenthread-retention@.service")["Service"]
    program = unit("goldenthread@.service")["Service"]
    for key in ("EnvironmentFile", "Environment", "StateDirectory", "User"):
        assert service[key] == program[key], key
    assert " %i retention --by " in service["ExecStart"]
    ledger = unit("goldenthread-retention@svc_consent.service.d/ledger.conf")["Service"]
    assert " svc_consent audit retention --by ${RETENTION_BY}" in ledger["ExecStart"]
    assert unit("goldenthread-retention@.timer")["Timer"]["Persistent"] == "true"


def test_draining_has_time() -> None:
    from infra.serve import DRAIN_SECONDS

    assert int(unit("goldenthread@.service")["Service"]["TimeoutStopSec"]) > DRAIN_SECONDS


def test_systemd_itself_accepts_them(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here: apt install systemd")
    for path in UNITS.glob("*.*"):
        if path.is_dir():
            continue
        text = path.read_text().replace("/opt/goldenthread/.venv/bin/python", "/bin/true")
        (tmp_path / path.name.replace("@.", "@gateway.")).write_text(text)
    ran = subprocess.run(
        [analyze, "verify", "--man=no", str(tmp_path / "goldenthread@gateway.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "goldenthread@gateway" not in ran.stderr, ran.stderr
