"""What tests with a partner's programs share: Node, the packages of the lock file, a platform."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.fixtures.whole_platform import ROOT

SOURCES = ROOT / "tests" / "partner_front_end"
SECONDS = 300
NEEDS_NODE = shutil.which("node") is None or shutil.which("npm") is None


def run(folder: Path, *words: str) -> str:
    """Run a program to its end, which must be a good one; returns what it printed."""
    ran = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def have_packages() -> None:
    """Install the packages of the lock file, once for each lock file; one process at a time."""
    stamp = SOURCES / "node_modules" / ".goldenthread"
    with (SOURCES / "package-lock.json").open("rb") as listed:
        fcntl.flock(listed, fcntl.LOCK_EX)
        lock = hashlib.sha256(listed.read()).hexdigest()
        if not stamp.exists() or stamp.read_text() != lock:
            run(SOURCES, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            stamp.write_text(lock)
