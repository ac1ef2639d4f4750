"""`up` over small stand-ins of the programs: real processes, real database, real issuer."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from infra.dev.postgres import EmbeddedPostgres
from tests.infra.dev.up_process import PROGRAMS, UpProcess, copy_of, free_ports, wait_until


def _seeded(up: UpProcess, service: str) -> list[str]:
    """Return the days on which a service's demo data was loaded, from the running database."""
    lines = (up.data / "env" / f"svc_{service}.env").read_text().splitlines()
    dsn = next(line for line in lines if line.startswith("GT_DATABASE_DSN="))

    async def read() -> list[str]:
        connection = await asyncpg.connect(dsn.partition("=")[2].strip("'"))
        try:
            return [row["world"] for row in await connection.fetch("SELECT world FROM seeded")]
        finally:
            await connection.close()

    return asyncio.run(read())


@dataclass(frozen=True, slots=True)
class ColdStart:
    """What a first start looked like, and the folder that it left."""

    folder: Path
    run: dict[str, Any]
    alive: bool
    pointer: str
    seeded: dict[str, list[str]]
    status: int
    has_run_file: bool


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> ColdStart:
    up = UpProcess(tmp_path_factory.mktemp("cold") / "a folder with spaces")
    run = up.start()
    alive = all(psutil.pid_exists(pid) for pid in run["pids"].values())
    pointer = (up.data.parent / "current").read_text().strip()
    seeded = {service: _seeded(up, service) for service in ("consent", "training")}
    status = up.stop(signal.SIGINT)
    return ColdStart(up.data, run, alive, pointer, seeded, status, (up.data / "run.json").exists())


@pytest.fixture
def up(cold: ColdStart, tmp_path: Path) -> Iterator[UpProcess]:
    """An `up` that is not running yet, on a copy of the folder."""
    process = UpProcess(copy_of(cold.folder, tmp_path / "a folder with spaces"))
    yield process
    if process.process is not None and process.process.poll() is None:
        process.stop()
    process.close()


@pytest.fixture(scope="module")
def running(cold: ColdStart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpProcess]:
    """A running one for tests that leave it as it is."""
    process = UpProcess(copy_of(cold.folder, tmp_path_factory.mktemp("run") / "data"))
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def new(tmp_path: Path) -> UpProcess:
    """One that never gets as far as running."""
    return UpProcess(tmp_path / "new")


def test_a_first_start_runs_and_seeds_everything(cold: ColdStart) -> None:
    assert set(cold.run["pids"]) == {*PROGRAMS, "up", "postgres"}
    assert cold.alive
    port = int(cold.run["urls"]["gateway"].rpartition(":")[2])
    assert cold.run["urls"]["issuer"] == f"http://127.0.0.1:{port + 1}" == cold.run["issuer"]
    assert cold.pointer == str(cold.folder)
    assert all(len(days) == 1 for days in cold.seeded.values())
    assert cold.status == 0
    assert not cold.has_run_file
    assert not Path(cold.run["sockets"]["postgres"]).exists()


def test_data_stays_and_is_seeded_once(cold: ColdStart, running: UpProcess) -> None:
    assert {service: _seeded(running, service) for service in cold.seeded} == cold.seeded
    world = (running.data / "world.json").read_bytes()
    assert world == (cold.folder / "world.json").read_bytes()


def test_files_with_secrets_are_private(running: UpProcess) -> None:
    for folder in ("env", "secrets", "keys/issuer"):
        files = [path for path in (running.data / folder).rglob("*") if path.is_file()]
        assert files
        for path in files:
            assert path.stat().st_mode & 0o077 == 0, path
    environment = (running.data / "env" / "svc_cases.env").read_text()
    assert "GT_DATABASE_OWNER_DSN" not in environment
    for text in (running.log(), (running.data / "run.json").read_text()):
        for secret in (running.data / "secrets" / "postgres").iterdir():
            assert secret.read_text() not in text


@pytest.mark.parametrize("victim", ["svc_training", "gateway", "postgres"])
def test_a_program_that_dies_is_started_again(running: UpProcess, victim: str) -> None:
    before = running.run_file()["pids"]
    psutil.Process(before[victim]).kill()

    def is_back() -> bool:
        pids = running.run_file()["pids"]
        return pids.get(victim) not in {None, before[victim]}

    wait_until(is_back)
    wait_until(lambda: running.ask("status").returncode == 0)
    after = running.run_file()["pids"]
    assert {k: v for k, v in after.items() if k != victim} == {
        k: v for k, v in before.items() if k != victim
    }


def test_a_second_up_is_refused_and_harms_nothing(running: UpProcess) -> None:
    for words in ([], ["--fresh"]):
        second = running.ask("up", "--port", str(free_ports()), *words)
        assert second.returncode == 1
        assert second.stdout == ""
        [line] = second.stderr.splitlines()
        assert "already runs on" in line
    assert running.ask("status").stdout.endswith("all ready\n")
    assert len(_seeded(running, "consent")) == 1


def test_tokens_and_their_errors(running: UpProcess, new: UpProcess) -> None:
    before = new.ask("token", "officer")
    assert before.returncode == 1
    assert "start it with ./goldenthread up" in before.stderr
    good = running.ask("token", "officer", "--seconds", "30")
    assert good.returncode == 0
    assert good.stdout.count(".") == 2
    unknown = running.ask("token", "nobody")
    assert unknown.returncode == 2
    assert "known are: agency_admin, case_manager" in unknown.stderr
    assert len(unknown.stderr.splitlines()) == 1
    assert running.ask("token", "officer", "--seconds", "601").returncode == 2


def test_demo_prints_the_contract(running: UpProcess) -> None:
    demo = json.loads(running.ask("demo", "--json").stdout)
    assert len(demo["personas"]) == 32
    handles = {row["handle"]: row for row in demo["participants"]}
    assert handles["roi_active"]["cases"][0]["number"]
    assert handles["absent"]["id"]
    assert demo["session"]["number"] == "8020-1"
    assert "case_manager_unassigned" in running.ask("demo").stdout


def test_commands_follow_the_pointer(running: UpProcess) -> None:
    words = [w for w in running.command("status") if w not in {"--data", str(running.data)}]
    shown = subprocess.run(
        words, env=running.environment(), capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0
    assert str(running.data) in shown.stdout


def test_two_instances_run_side_by_side(running: UpProcess, up: UpProcess) -> None:
    up.start()
    assert up.ask("status").returncode == running.ask("status").returncode == 0


def test_nothing_is_left_when_the_supervisor_is_killed(up: UpProcess) -> None:
    run = up.start()
    family = up.family()
    assert {process.pid for process in family} >= set(run["pids"].values())
    assert up.process is not None
    up.process.kill()
    up.process.wait()
    up.close()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive, [process.cmdline() for process in alive]
    assert up.ask("status").returncode != 0
    up.port = free_ports()  # the issuer's identity outlives the port
    again = up.start()
    assert again["issuer"] == run["issuer"]
    assert again["urls"]["issuer"] == f"http://127.0.0.1:{up.port + 1}"
    assert len(_seeded(up, "cases")) == 1


@pytest.mark.parametrize("offset", [0, 1])
def test_a_port_in_use_is_one_clear_line(new: UpProcess, offset: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", new.port + offset))
        taken.listen()
        refused = new.ask("up", "--port", str(new.port))
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert f"port {new.port + offset} " in line
    assert "--port" in line
    assert not (new.data / "postgres").exists()


def test_fresh_starts_over_and_deletes_only_its_own(up: UpProcess) -> None:
    password = (up.data / "secrets" / "postgres" / "gt_cases").read_text()
    (up.data / "notes.txt").write_text("mine")
    up.start("--fresh")
    assert (up.data / "secrets" / "postgres" / "gt_cases").read_text() != password
    assert (up.data / "notes.txt").read_text() == "mine"
    assert len(_seeded(up, "cases")) == 1


async def test_an_external_server_serves_as_well(new: UpProcess, tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path / "server", tmp_path / "s", durable=False) as server:
        new.extra["GT_POSTGRES_DSN"] = server.server.superuser_dsn
        run = new.start()
        assert "postgres" not in run["pids"]
        assert not (new.data / "postgres").exists()
        assert new.stop() == 0
        connection = await asyncpg.connect(server.dsn("gt_participants", "postgres"))
        assert await connection.fetchval("SELECT count(*) FROM seeded") == 1
        await connection.close()


def test_a_folder_of_other_things_is_not_taken(new: UpProcess) -> None:
    new.data.mkdir(mode=0o755)
    (new.data / "thesis.txt").write_text("mine")
    refused = new.ask("up", "--port", str(new.port), "--fresh")
    assert refused.returncode == 1
    assert "no data folder of ours" in refused.stderr
    assert new.data.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in new.data.iterdir()] == ["thesis.txt"]


def test_a_program_that_cannot_start_ends_up_with_its_reason(up: UpProcess) -> None:
    up.extra["GT_STAND_IN_FAULT"] = "dies:svc_cases"
    refused = up.ask("up", "--port", str(up.port))
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert "svc_cases does not start (exit status 1): a setting is missing" in last
    assert refused.stdout == ""


def test_interrupted_while_starting_leaves_nothing(new: UpProcess) -> None:
    new.spawn()
    wait_until(lambda: (new.data / "log" / "postgres.log").exists())
    assert new.stop(signal.SIGINT) == 0
    new.start()
    assert new.stop() == 0
