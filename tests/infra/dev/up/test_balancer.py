"""What `up` starts when it is told to start several, and that the balancer takes its orders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.dev.service_databases import ServiceDatabase
from infra.dev.up.balancer import (
    CHECK_EACH_MS,
    CHECK_SECONDS,
    STOP_DELAY_SECONDS,
    configuration,
)
from infra.dev.up.layout import Layout
from infra.dev.up.programs import SERVICES, Addresses, Program, Scale, planned

HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ADDRESSES = Addresses(port=8000, issuer="http://127.0.0.1:8001")


def programs(folder: Path, scale: Scale) -> dict[str, Program]:
    layout = Layout(folder, folder)
    (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
    databases = {name: ServiceDatabase(name, "owner", "runtime") for name in SERVICES}
    return {each.name: each for each in planned(layout, ADDRESSES, databases, scale)}


def test_one_of_each_has_nothing_in_front(tmp_path: Path) -> None:
    found = programs(tmp_path, Scale())
    assert set(found) == {*(f"svc_{name}" for name in SERVICES), "issuer", "gateway"}
    assert found["gateway"].environment["GT_BIND"] == "tcp:127.0.0.1:8000"
    assert "GT_STOP_DELAY_SECONDS" not in found["gateway"].environment


def test_every_instance_has_names_and_sockets_of_its_own(tmp_path: Path) -> None:
    found = programs(tmp_path, Scale(gateways=3, replicas=2))
    assert len(found) == 4 * 2 + 3 + 1 + 1
    for name in ("GT_BIND", "GT_METRICS_BIND", "GT_SERVICE_INSTANCE"):
        values = [e.environment[name] for e in found.values() if name in e.environment]
        assert len(values) == len(set(values)), name
    assert {found[f"svc_cases{each}"].environment["GT_KEY_DIR"] for each in ("", ".1")} == {
        str(tmp_path / "keys" / "cases")
    }


def test_programs_find_each_other_behind_the_balancer(tmp_path: Path) -> None:
    alone = programs(tmp_path, Scale())
    found = programs(tmp_path, Scale(gateways=2, replicas=2))
    for name in ("GT_CONSENT_ADDRESS", "GT_CASES_ADDRESS"):
        assert found["gateway.1"].environment[name] == alone["gateway"].environment[name]
    fronts = (tmp_path / "balancer.cfg").read_text()
    for name in SERVICES:
        front = alone[f"svc_{name}"].environment["GT_BIND"].removeprefix("unix:")
        assert f"bind unix@{front} mode 600" in fronts
        for each in ("", ".1"):
            own = found[f"svc_{name}{each}"].environment["GT_BIND"].removeprefix("unix:")
            assert f"unix@{own}\n" in fronts
    assert "bind 127.0.0.1:8000" in fronts
    assert "option http-server-close" in fronts  # none is idle when an instance stops
    # A refusal takes an instance out, before it goes; a late answer does not.
    assert "fall 1" in fronts
    assert f"timeout check {CHECK_SECONDS}s" in fronts
    assert 4 * CHECK_EACH_MS / 1000 < STOP_DELAY_SECONDS < CHECK_SECONDS


@pytest.mark.skipif(HAPROXY is None, reason="needs Debian's haproxy")
def test_haproxy_takes_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "balancer.cfg"
    file.write_text(
        configuration(
            {
                "gateway": ("tcp:127.0.0.1:8000", [f"unix:{tmp_path}/g.0.sock"]),
                "svc_cases": (f"unix:{tmp_path}/c.sock", [f"unix:{tmp_path}/c.0.sock"]),
            }
        )
    )
    assert HAPROXY is not None
    ran = subprocess.run(
        [HAPROXY, "-c", "-f", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
