"""The committed operations that pages run: one file each, named like its operation.

What several of them select is a fragment in a file of its own, which each that spreads it gets.
What a page hands over in the same way as a door is asked by the door's own operations.
"""

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from gateway.web.doors import letter_handover, tables_out

_SUFFIX = ".graphql"
OF_FILES: Final = (
    "TrainingBadge",
    "TrainingSessions",
    *(each.operation for each in tables_out.TABLES.values()),
)
"""Operations of the doors that a page hands over as files."""


def load_documents() -> Mapping[str, str]:
    """Return all documents by operation name."""
    web = resources.files("gateway.web")
    folder = web / "console" / "operations"
    fragments = _files(folder / "fragments")
    own = {
        name: "\n".join(
            [text, *(part for each, part in fragments.items() if f"...{each} " in text)]
        )
        for name, text in _files(folder).items()
    }
    doors = {
        name: (web / "doors" / "operations" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
        for name in (*letter_handover.OPERATIONS, *OF_FILES)
    }
    return MappingProxyType(own | doors)


def _files(folder: Traversable) -> dict[str, str]:
    return {
        entry.name.removesuffix(_SUFFIX): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(_SUFFIX)
    }
