"""Print the demo world as JSON: ``python -m infra.dev.demo [--on YYYY-MM-DD]``."""

import argparse
import sys
from datetime import date

from infra import clock
from infra.dev.demo.world import build_world, world_json


def main() -> None:
    """Write the world of the given day, else of today, to standard output."""
    parser = argparse.ArgumentParser(prog="python -m infra.dev.demo", description=__doc__)
    parser.add_argument("--on", type=date.fromisoformat, help="day to reckon from (today)")
    day = parser.parse_args().on or clock.now().date()
    sys.stdout.write(world_json(build_world(day)) + "\n")


if __name__ == "__main__":
    main()
