"""Reads the ids that clients and the gateway send: a malformed id behaves as an absent one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

_TEXT_LENGTH = 36


def parse_id(text: object) -> UUID | None:
    """Return the UUID that an id is the text of, or None; only the usual written form counts."""
    if not isinstance(text, str) or len(text) != _TEXT_LENGTH:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def reference_ids(representations: Sequence[dict[str, Any]]) -> list[UUID | None]:
    """Return the ids of entity representations with ``@key(fields: "id")``, in order."""
    return [parse_id(each.get("id")) for each in representations]


def known(ids: Sequence[UUID | None]) -> list[UUID]:
    """Return the ids that can name a row, each once."""
    return list(dict.fromkeys(each for each in ids if each is not None))
