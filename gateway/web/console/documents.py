"""The committed operations that pages run: one file each, named like its operation."""

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_SUFFIX = ".graphql"


def load_documents() -> Mapping[str, str]:
    """Return all documents by operation name."""
    folder = resources.files("gateway.web.console") / "operations"
    return MappingProxyType(
        {
            entry.name.removesuffix(_SUFFIX): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(_SUFFIX)
        }
    )
