"""Starts `up` as a process of its own over stand-ins of the programs."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

STAND_INS = Path(__file__).parent / "stand_ins"
PROGRAMS = ("svc_consent", "svc_participants", "svc_cases", "svc_training", "issuer", "gateway")


def free_ports() -> int:
    """Return a port that is free and whose successor is free, too."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two ports in a row are free")


def copy_of(folder: Path, target: Path) -> Path:
    """Copy the data folder of a stopped platform: a warm start is quicker than a cold one."""
    shutil.copytree(folder, target)
    return target


@dataclass
class UpProcess:
    """An `up` on a data folder; its pointer file lies beside the folder."""

    data: Path
    port: int = field(default_factory=free_ports)
    extra: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(STAND_INS),
            "GT_UP_PRELOAD": "asyncpg",  # all that a stand-in needs
            "GT_POINTER": str(self.data.parent / "current"),
            **self.extra,
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "infra.cli", *words, "--data", str(self.data)]

    def spawn(self, *words: str) -> "subprocess.Popen[str]":
        log = self.data.parent / "up.log"
        with log.open("a") as stderr:
            self.process = subprocess.Popen(
                self.command("up", "--port", str(self.port), *words),
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        return self.process

    def start(self, *words: str) -> dict[str, Any]:
        """Start, wait for `ready`, return what run.json says."""
        process = self.spawn(*words)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"ready http://127.0.0.1:{self.port}\n", self.log()
        return self.run_file()

    def close(self) -> None:
        """Let go of a process that has ended."""
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def run_file(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "run.json").read_text()))

    def log(self) -> str:
        return (self.data.parent / "up.log").read_text()

    def ask(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run another command on the same folder."""
        return subprocess.run(
            self.command(*words),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def family(self) -> list[psutil.Process]:
        """Return the supervisor and everything that it started."""
        assert self.process is not None
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the supervisor and return its exit status; nothing may be left."""
        assert self.process is not None
        family = self.family()
        self.process.send_signal(number)
        status = self.process.wait(90)
        self.close()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive, [process.cmdline() for process in alive]
        return status


def wait_until(condition: Any, seconds: float = 60) -> None:
    """Poll until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
