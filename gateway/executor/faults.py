"""Failures of fetches, and the errors that clients see for them.

    SERVICE_UNAVAILABLE         a subgraph did not answer, answered 5xx, or a limit was reached
    SUBGRAPH_ERROR              a subgraph answered with GraphQL errors
    INTERNAL_SUBGRAPH_FAILURE   an answer that is not what was asked for
    (a code that is let through, with a static text)

Texts are static: never the subgraph's words, name or address (they are in the log).  One cause
gives one error for each field of the operation that it leaves without values, so that no field is
null without a word; never one for each row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

UNAVAILABLE: Final = "SERVICE_UNAVAILABLE"
REPORTED: Final = "SUBGRAPH_ERROR"
UNUSABLE: Final = "INTERNAL_SUBGRAPH_FAILURE"

_MESSAGES: Final = {
    UNAVAILABLE: "A service is unavailable; try again later.",
    REPORTED: "A service could not provide a value.",
    UNUSABLE: "A service gave an answer that cannot be used.",
}
_LET_THROUGH: Final = "A service refused the request."


@dataclass(slots=True, eq=False)
class Fault:
    """One cause of missing values."""

    code: str


@dataclass(slots=True)
class Faults:
    """Faults of one execution: where values are missing because of them, or nowhere."""

    at: dict[tuple[int, str], Fault] = field(default_factory=dict)
    unplaced: list[Fault] = field(default_factory=list)

    def place(self, fault: Fault, objects: Iterable[dict[str, Any]], keys: Iterable[str]) -> None:
        """Say that values under these keys of these objects may be missing because of a fault."""
        names = tuple(keys)
        for one in objects:
            for name in names:
                self.at.setdefault((id(one), name), fault)

    def __bool__(self) -> bool:
        return bool(self.at or self.unplaced)


Path = tuple[Any, Any] | None
"""Linked from the leaf upwards: (path of the parent, key or index)."""


def error(code: str, path: list[str | int] | None) -> dict[str, Any]:
    """A GraphQL error as sent to clients."""
    formatted: dict[str, Any] = {"message": _MESSAGES.get(code, _LET_THROUGH)}
    if path is not None:
        formatted["path"] = path
    formatted["extensions"] = {"code": code}
    return formatted


def _full(path: Path, key: str | int) -> list[str | int]:
    """A response path from the root down."""
    full: list[str | int] = [key]
    while path is not None:
        path, step = path
        full.append(step)
    full.reverse()
    return full


class ErrorCollector:
    """Collects the errors of one projection; its methods return None, the value instead."""

    def __init__(self, faults: Faults, locations: dict[tuple[str, ...], Any]) -> None:
        self._faults = faults
        self._locations = locations
        self._told: set[tuple[Fault, tuple[str, ...]]] = set()
        self._explained: set[Fault] = set()
        self.errors: list[dict[str, Any]] = []

    def bad(self, path: Path, key: str | int) -> None:
        """A value of a wrong type stands at a place."""
        self._add(UNUSABLE, path, key)

    def null(self, holder: Any, name: str, path: Path, key: str | int) -> None:
        """A value that must not be null is; a fault that explains it is told instead."""
        fault = self._faults.at.get((id(holder), name))
        if fault is None:
            self._add(UNUSABLE, path, key)
        else:
            self._tell(fault, path, key)

    def fault(self, holder: Any, name: str, path: Path, key: str | int) -> None:
        """A value that may be null is; tells the fault that explains it, if there is one."""
        fault = self._faults.at.get((id(holder), name))
        if fault is not None:
            self._tell(fault, path, key)

    def finish(self) -> list[dict[str, Any]]:
        """All errors, those without a place last."""
        for fault in self._faults.unplaced:
            if fault not in self._explained:
                self._explained.add(fault)
                self.errors.append(error(fault.code, None))
        return self.errors

    def _tell(self, fault: Fault, path: Path, key: str | int) -> None:
        """Tell a fault once for each field of the operation, not for each row that it emptied."""
        field = tuple(step for step in _full(path, key) if isinstance(step, str))
        if (fault, field) not in self._told:
            self._told.add((fault, field))
            self._explained.add(fault)
            self._add(fault.code, path, key)

    def _add(self, code: str, path: Path, key: str | int) -> None:
        full = _full(path, key)
        formatted = error(code, full)
        found = self._locations.get(tuple(step for step in full if isinstance(step, str)))
        if found:
            formatted["locations"] = found
        self.errors.append(formatted)
