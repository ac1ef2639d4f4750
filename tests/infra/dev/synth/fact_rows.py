"""Reads what the maker of a site left for COPY: the facts, field by field."""

from infra.bulk_copy import BINARY_BEGIN, BINARY_END, VISIBILITY_COLUMNS


def rows_of(content: bytes) -> list[dict[str, bytes | None]]:
    """Return the rows of binary COPY content by column (PostgreSQL's manual, COPY)."""
    assert content.startswith(BINARY_BEGIN)
    assert content.endswith(BINARY_END)
    place, end = len(BINARY_BEGIN), len(content) - len(BINARY_END)
    rows = []
    while place < end:
        count = int.from_bytes(content[place : place + 2], "big")
        assert count == len(VISIBILITY_COLUMNS)
        place += 2
        row: dict[str, bytes | None] = {}
        for column in VISIBILITY_COLUMNS:
            size = int.from_bytes(content[place : place + 4], "big", signed=True)
            place += 4
            row[column] = None if size < 0 else content[place : place + size]
            place += max(size, 0)
        rows.append(row)
    assert place == end
    return rows
