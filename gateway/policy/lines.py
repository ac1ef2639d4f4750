"""Where something stands in a policy file, so that every refusal can name file and line."""

import re
from typing import Any


class Lines:
    """The lines of one file.

    Args:
        text: of the file.
        name: how errors call it.
    """

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self.name = name

    def where(self, key: str) -> str:
        """Return ``file:line`` of the line that begins with a key (or table header)."""
        for number, line in enumerate(self._lines, 1):
            if line.strip().removeprefix('"').startswith(key):
                return f"{self.name}:{number}"
        return self.name

    def where_set(self, key: str, value: object) -> str:
        """Return ``file:line`` of ``key = "value"``, for entries of an array of tables."""
        wanted = re.compile(rf'^\s*{re.escape(key)}\s*=\s*"{re.escape(str(value))}"')
        for number, line in enumerate(self._lines, 1):
            if wanted.match(line):
                return f"{self.name}:{number}"
        return self.name


def coordinate_line(sdl: str, coordinate: str) -> int | None:
    """Return the line of a type or ``Type.field`` in a schema, None where it does not stand.

    Reads line by line: what it looks at may be the very schema that does not load.
    """
    type_name, _, field_name = coordinate.partition(".")
    header = re.compile(rf"^\s*(?:extend\s+)?(?:type|interface|input)\s+{re.escape(type_name)}\b")
    field = re.compile(rf"^\s*{re.escape(field_name)}\s*[(:]")
    inside = False
    for number, line in enumerate(sdl.splitlines(), 1):
        if header.match(line):
            if not field_name:
                return number
            inside = True
        elif inside and line.startswith("}"):
            inside = False
        elif inside and field.match(line):
            return number
    return None


def only_keys(entry: dict[str, Any], known: frozenset[str]) -> list[str]:
    """Return the keys of an entry that nobody reads, sorted: each is a mistake."""
    return sorted(set(entry) - known)
