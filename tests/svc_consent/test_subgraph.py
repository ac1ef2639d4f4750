"""The committed SDL is what the program says."""

import subprocess
import sys
from pathlib import Path

import svc_consent


def test_committed_sdl_is_current() -> None:
    committed = Path(str(svc_consent.__file__)).with_name("subgraph.graphql")
    # In a process of its own: the other services name some of the same enums otherwise.
    said = subprocess.run(
        [sys.executable, "-m", "svc_consent", "sdl"], capture_output=True, text=True, check=True
    )
    assert committed.read_text(encoding="utf-8") == said.stdout
