"""What is wrong with a form: one sentence beside each field, all of them at the top."""

from collections.abc import Iterable, Mapping
from typing import Any


class Problems:
    """Problems by field, in order; those that belong to no field stand at the top alone."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}
        self.general: list[str] = []

    def add(self, field: str, sentence: str) -> None:
        """Note a problem; an empty field name makes it a general one."""
        if not field:
            self.general.append(sentence)
        else:
            self._fields.setdefault(field, []).append(sentence)

    def take(self, errors: Iterable[Mapping[str, Any]], fields: Mapping[str, str]) -> None:
        """Note user errors of a mutation.

        Args:
            errors: as the payload has them.
            fields: name of the form's field by the last name of the input's path.
        """
        for error in errors:
            path = [part for part in error.get("field") or () if not part.isdigit()]
            name = next((fields[part] for part in reversed(path) if part in fields), "")
            self.add(name, error["message"])

    def of(self, field: str) -> str:
        """Return what is wrong with a field, empty when nothing is."""
        return " ".join(self._fields.get(field, ()))

    def listed(self) -> list[tuple[str, str]]:
        """Return field and sentence of each problem, general ones first."""
        return [("", each) for each in self.general] + [
            (field, each) for field, found in self._fields.items() for each in found
        ]

    def __bool__(self) -> bool:
        return bool(self._fields or self.general)
