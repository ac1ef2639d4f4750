"""The property for as long as one likes, resumable by seed.

    python -m tests.conformance.random_federation.soak --pairs 1000000 [--state FILE] [--seconds N]

Goes on where the state file ends; prints each finding in its smallest version, and at the end one
line of the table in infra/docs/soak.md.  Exit status 1 if there is any finding.
"""

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from tests.conformance.random_federation.property import (
    REQUESTS_PER_FEDERATION,
    Tally,
    findings,
)

STEP = 50


def main() -> int:
    """Run until enough pairs are tried or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--start", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=REQUESTS_PER_FEDERATION)
    parser.add_argument("--state", type=Path, default=None)
    options = parser.parse_args()
    # Failing fields are part of the worlds; their log lines would be most of the output.
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    state: dict[str, Any] = {"seed": options.start, "found": [], **asdict(Tally())}
    if options.state is not None and options.state.exists():
        state |= json.loads(options.state.read_text())
    tally = Tally(state["pairs"], state["fetches"], state["refused"])
    end = time.monotonic() + options.seconds
    while tally.pairs < options.pairs and time.monotonic() < end:
        seeds = range(state["seed"], state["seed"] + STEP)
        for finding in findings(seeds, tally, requests=options.requests):
            state["found"].append(f"{finding.seed}/{finding.number}")
            print(finding.explained(), flush=True)
        state |= {"seed": seeds.stop, **asdict(tally)}
        if options.state is not None:
            options.state.write_text(json.dumps(state))
    print(_row(state, options.start))
    return 1 if state["found"] else 0


def _row(state: dict[str, Any], start: int) -> str:
    seeds = f"{start} to {state['seed'] - 1}"
    cells = [
        datetime.now(UTC).date().isoformat(), seeds, f"{state['pairs']:,}",
        f"{state['fetches']:,}", str(len(state["found"])),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
