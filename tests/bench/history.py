"""The history of ratios: what one run measured beside itself, so that machines don't matter.

Absolute figures of a shared machine say little; a ratio inside one run can be compared for years.
"""

import csv
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra import clock

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "infra" / "docs" / "benchmark-history.csv"
COLUMNS = ("date", "commit", "bench", "ratio", "value")


def note(bench: str, ratios: Mapping[str, float], history: Path = HISTORY) -> None:
    """Append the ratios of one run.

    Args:
        bench: which benchmark.
        ratios: name and value; what a name means stands in `infra/docs/benchmarks.md`.
        history: the file, with its head.
    """
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    day, commit = clock.now().date().isoformat(), said.stdout.strip() or "unknown"
    with history.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for name, value in sorted(ratios.items()):
            writer.writerow([day, commit, bench, name, f"{value:.3g}"])


def read(history: Path = HISTORY) -> list[dict[str, str]]:
    """Return all rows, oldest first."""
    with history.open(newline="") as file:
        return list(csv.DictReader(file))
