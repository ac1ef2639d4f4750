"""``python -m svc_participants instruments FOLDER``: read a folder as the start does."""

import argparse
import sys
from pathlib import Path

from svc_participants.care.assessments.instruments import Instrument, InstrumentError, with_own


def show(words: list[str]) -> int:
    """Say which instruments there would be with a folder; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m svc_participants instruments",
        description="Read a folder for GT_INSTRUMENTS_DIR, without database or settings.",
    )
    parser.add_argument("folder", type=Path, help="folder of TOML files")
    folder: Path = parser.parse_args(words).folder
    try:
        found = with_own(folder)
    except InstrumentError as error:
        sys.stderr.write(f"participants: {error}\n")
        return 2
    for _, each in sorted(found.items()):
        sys.stdout.write(f"{each.key} {each.version}: {each.title}; {_place(each)}\n")
    return 0


def _place(instrument: Instrument) -> str:
    if instrument.sites is None:
        return "every site"
    return f"sites {', '.join(sorted(map(str, instrument.sites)))}"
