"""The committed SDL is what the code says."""

from pathlib import Path

import svc_consent
from svc_consent.subgraph import schema


def test_committed_sdl_is_current() -> None:
    committed = Path(str(svc_consent.__file__)).with_name("subgraph.graphql")
    assert committed.read_text(encoding="utf-8") == schema().as_str() + "\n"
