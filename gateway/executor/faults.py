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
from itertools import chain, repeat
from typing import Any, Final

from gateway.executor.locate import Locator
from gateway.planner.plan import FetchShape

UNAVAILABLE: Final = "SERVICE_UNAVAILABLE"
REPORTED: Final = "SUBGRAPH_ERROR"
UNUSABLE: Final = "INTERNAL_SUBGRAPH_FAILURE"

_MESSAGES: Final = {
    UNAVAILABLE: "A service is unavailable; try again later.",
    REPORTED: "A service could not provide a value.",
    UNUSABLE: "A service gave an answer that cannot be used.",
}
_LET_THROUGH: Final = "A service refused the request."


Container = dict[str, Any] | list[Any]


@dataclass(slots=True, eq=False)
class Fault:
    """One cause of missing values.

    Attributes:
        path: where it happened, from the root, if that took a whole answer with it.
    """

    code: str
    path: tuple[Any, ...] = ()


@dataclass(slots=True)
class Faults:
    """Faults of one execution: where values are missing because of them, or nowhere.

    Attributes:
        parts: what a fetch would have brought, where another may have brought a part of it.
    """

    at: dict[tuple[int, str | int], Fault] = field(default_factory=dict)
    origins: dict[tuple[int, str | int], tuple[Any, ...]] = field(default_factory=dict)
    more: dict[tuple[int, str | int], list[tuple[Fault, tuple[Any, ...]]]] = field(
        default_factory=dict
    )
    unplaced: list[Fault] = field(default_factory=list)
    parts: list[tuple[Fault, FetchShape, list[dict[str, Any]], tuple[str, ...]]] = field(
        default_factory=list
    )

    def place(
        self,
        fault: Fault,
        objects: Iterable[Container],
        keys: Iterable[str | int],
        origin: Iterable[Any] = (),
    ) -> None:
        """Say that values under these keys of these objects may be missing because of a fault.

        An item of a list is under its index.

        Args:
            origin: where the subgraph says that it happened, as a path from the objects: a value
                that must not be null took those around it with it.
        """
        names = tuple(keys)
        path = tuple(step for step in origin if step.__class__ in (str, int))
        for one in objects:
            for name in names:
                self._add((id(one), name), fault, path)

    def _add(self, place: tuple[int, str | int], fault: Fault, path: tuple[Any, ...]) -> None:
        if self.at.setdefault(place, fault) is not fault:
            if path:  # another cause of the same null
                self.more.setdefault(place, []).append((fault, path))
        elif path:
            self.origins.setdefault(place, path)

    def miss(
        self,
        fault: Fault,
        shape: FetchShape | None,
        holders: list[dict[str, Any]],
        keys: tuple[str, ...],
    ) -> None:
        """Say that what a fetch would have brought to these objects is missing, nested or not."""
        self.place(fault, holders, keys)
        if shape is not None:
            self.parts.append((fault, shape, holders, keys))

    def follow(self, moves: Iterable[tuple[Container, Container]]) -> None:
        """Go with values to the objects that took them over."""
        names: dict[int, list[str | int]] = {}
        for number, name in self.at:
            names.setdefault(number, []).append(name)
        for source, target in moves:
            for name in () if source is target else tuple(names.get(id(source), ())):
                old, new = (id(source), name), (id(target), name)
                self._add(new, self.at[old], self.origins.get(old, ()))
                for fault, path in self.more.get(old, ()):
                    self._add(new, fault, path)
                names.setdefault(id(target), []).append(name)

    def __bool__(self) -> bool:
        return bool(self.at or self.unplaced)


Path = tuple[Any, Any, Any] | None
"""Linked from the leaf upwards: (path of the parent, key or index, type of the object there)."""


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
        path, step, _ = path
        full.append(step)
    full.reverse()
    return full


def _types(path: Path) -> list[str | None]:
    """Types of the objects that keys are in, for each key of a path to a field in order."""
    types: list[str | None] = []
    if path is None or path[2] is not None:
        types.append(path[2] if path is not None else None)
    while path is not None:
        path, step, _ = path
        if step.__class__ is str:
            types.append(path[2] if path is not None else None)
    types.reverse()
    return types


def _field(full: Iterable[Any]) -> tuple[str, ...]:
    """The field of the operation that a response path leads to."""
    return tuple(step for step in full if isinstance(step, str))


ELSEWHERE: Final[tuple[Any, ...]] = (None,)
"""The origin of a null that must not be, lost together with an answer that failed elsewhere."""


class ErrorCollector:
    """Collects the errors of one projection; its methods return None, the value instead."""

    def __init__(self, faults: Faults, locator: Locator | None) -> None:
        self._faults = faults
        self._locator = locator
        self._told: dict[tuple[Fault, tuple[str, ...]], tuple[Path, dict[str, Any]]] = {}
        self._explained: set[Fault] = set()
        self.errors: list[dict[str, Any]] = []

    def bad(self, path: Path, key: str | int) -> None:
        """A value of a wrong type stands at a place."""
        self._add(UNUSABLE, _full(path, key), path)

    def null(self, holder: Any, name: str | int, path: Path, key: str | int) -> None:
        """A value that must not be null is; a fault that explains it is told instead."""
        place = (id(holder), name)
        fault = self._faults.at.get(place)
        if fault is None:
            self._add(UNUSABLE, _full(path, key), path)
        else:
            self._withdraw(fault, path)
            self._tell(fault, path, key, self._faults.origins.get(place, ELSEWHERE))
            self._tell_more(place, path, key)

    def fault(self, holder: Any, name: str | int, path: Path, key: str | int) -> None:
        """A value that may be null is; tells the fault that explains it, if there is one."""
        place = (id(holder), name)
        fault = self._faults.at.get(place)
        if fault is not None:
            origin = self._faults.origins.get(place, ())
            self._tell(fault, path, key, origin if origin[:1] == (name,) else ())
            self._tell_more(place, path, key)

    def finish(self) -> list[dict[str, Any]]:
        """All errors, those without a place last."""
        for fault in self._faults.unplaced:
            if fault not in self._explained:
                self._explained.add(fault)
                self.errors.append(error(fault.code, None))
        return self.errors

    def _tell(self, fault: Fault, path: Path, key: str | int, origin: tuple[Any, ...]) -> None:
        """Tell a fault once for each field of the operation, not for each row that it emptied."""
        full, where = _full(path, key), path
        # Another place only where the client itself selected that, so that its keys are known.
        if origin is ELSEWHERE:
            if self._selects(fault.path):
                full, path = list(fault.path), None
        elif origin and self._selects([*full[:-1], *origin]):
            full[-1:] = origin
        field = _field(full)
        if (fault, field) not in self._told:
            self._explained.add(fault)
            self._told[fault, field] = (where, self._add(fault.code, full, path))

    def _tell_more(self, place: tuple[int, str | int], path: Path, key: str | int) -> None:
        """Tell the other causes of one null, each at its own place."""
        for fault, origin in self._faults.more.get(place, ()):
            if self._selects([*_full(path, key)[:-1], *origin]):
                self._tell(fault, path, key, origin)

    def _withdraw(self, fault: Fault, path: Path) -> None:
        """Take back what a fault was told to have emptied in an object that it removes whole."""
        told = [
            each for each, (where, _) in self._told.items() if each[0] is fault and where is path
        ]
        for each in told:
            self.errors.remove(self._told.pop(each)[1])

    def _selects(self, full: Iterable[Any]) -> bool:
        return self._locator is not None and self._locator.selects(_field(full))

    def _add(self, code: str, full: list[str | int], path: Path) -> dict[str, Any]:
        """Add an error at a place; of what is below the path the types are not known."""
        formatted = error(code, full)
        keys = _field(full)
        found = None
        if self._locator is not None:
            types = chain(_types(path), repeat(None))
            found = self._locator.of(tuple(zip(types, keys, strict=False)))
        if found:
            formatted["locations"] = found
        self.errors.append(formatted)
        return formatted
