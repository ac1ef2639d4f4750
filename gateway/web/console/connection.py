"""Reading what lists give: rows that are there, and where the next page begins."""

from collections.abc import Mapping
from typing import Any


def nodes(connection: Mapping[str, Any] | None) -> list[Any]:
    """Return the rows of a connection; a row that was withheld is none."""
    edges = (connection or {}).get("edges") or ()
    return [edge["node"] for edge in edges if edge["node"] is not None]


def next_cursor(connection: Mapping[str, Any] | None) -> str:
    """Return the cursor of the next page, empty on the last one."""
    info = (connection or {}).get("pageInfo") or {}
    return str(info["endCursor"]) if info.get("hasNextPage") else ""
