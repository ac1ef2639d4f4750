"""Random operations over the coordinates that the oracle knows, and their comparison."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.proof.oracle.answer import OracleAnswer
from tests.proof.oracle.consent import World
from tests.proof.oracle.shapes import TYPES, Shape

_MAX_DEPTH = 4
_ROOTS_BY_ID = {
    "participant": "participant",
    "referral": "referral",
    "legalCase": "legal_case",
    "leadLink": "lead_link",
    "owgMeeting": "owg_meeting",
    "owgAgenda": "owg_meeting",
    "courtLetter": "court_letter",
}
_QUEUES = ("TO_DECIDE", "HELD", "OPEN_CASES", "REQUESTED")
_ABSENT = "00000000-0000-4000-8000-000000000000"


@dataclass
class Operation:
    """A query with its variables."""

    source: str
    variables: dict[str, Any] = field(default_factory=dict)


class Generator:
    """Draws operations: one die for their shape, another for the values of their variables."""

    def __init__(self, dice: random.Random, world: World, *, values: random.Random) -> None:
        self._dice = dice
        self._values = values
        self._world = world
        self._fragments: list[str] = []
        self._variables: dict[str, tuple[str, Any]] = {}

    def operation(self, *, roots: int | None = None) -> Operation:
        """Draw one operation."""
        self._fragments, self._variables = [], {}
        names = self._dice.choices(
            list(TYPES["Query"].fields), k=roots or self._dice.choice((1, 1, 1, 2, 3))
        )
        body = " ".join(self._root(name, number) for number, name in enumerate(names))
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        head = f"query({declared}) " if declared else ""
        return Operation(
            " ".join([f"{head}{{ {body} }}", *self._fragments]),
            {name: value for name, (_, value) in self._variables.items()},
        )

    def _root(self, name: str, number: int) -> str:
        shape = TYPES["Query"].fields[name]
        return f"r{number}: {name}{self._arguments(name, shape)}{self._below(shape, 0)}"

    def _arguments(self, name: str, shape: Shape) -> str:
        return _in_brackets([*self._own_arguments(name), *self._size(shape)])

    def _own_arguments(self, name: str) -> list[str]:
        if name in _ROOTS_BY_ID:
            return [f"id: {self._variable('ID!', self._id(_ROOTS_BY_ID[name]))}"]
        if name == "caseByNumber":
            number = self._values.choice(self._world.tables["legal_case"])["number"]
            return [f"number: {self._variable('String!', number)}"]
        if name == "liaisonQueue" and self._dice.random() < 0.7:
            return [f"kind: {self._dice.choice(_QUEUES)}"]
        if name == "docket":
            hearing = self._values.choice(self._world.tables["hearing"])
            (case,) = self._world.rows("legal_case", id=hearing["case_id"])
            (court,) = self._world.rows("court", id=case["court_id"])
            on = hearing["starts_at"].astimezone(ZoneInfo(court["time_zone"])).date()
            code = self._variable("String!", court["code"])
            return [f"court: {code}", f"on: {self._variable('Date!', on.isoformat())}"]
        return []

    def _size(self, shape: Shape) -> list[str]:
        if shape.many != "page" or self._dice.random() < 0.4:
            return []
        return [f"first: {self._dice.choice((1, 2, 3, 7, 40))}"]

    def _id(self, table: str) -> str:
        if self._values.random() < 0.05:
            return _ABSENT
        return str(self._values.choice(self._world.tables[table])["id"])

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self._variables)}"
        self._variables[name] = (kind, value)
        return f"${name}"

    def _below(self, shape: Shape, depth: int) -> str:
        if shape.returns is None:
            return ""
        inner = self._selection(shape.returns, depth + 1)
        if shape.many != "page":
            return inner
        parts = [f"edges {{ node {inner} }}"]
        if self._dice.random() < 0.7:
            parts.append("totalCount")
        if self._dice.random() < 0.5:
            parts.append("pageInfo { hasNextPage }")
        self._dice.shuffle(parts)
        return f" {{ {' '.join(parts)} }}"

    def _selection(self, type_name: str, depth: int) -> str:
        shapes = TYPES[type_name].fields
        leaves = [name for name, shape in shapes.items() if shape.returns is None]
        deeper = [name for name, shape in shapes.items() if shape.returns is not None]
        chosen = self._dice.sample(leaves, min(len(leaves), self._dice.randint(1, 4)))
        if deeper and depth < _MAX_DEPTH:
            most = 3 if depth == 1 else 1
            chosen += self._dice.sample(deeper, min(len(deeper), self._dice.randint(0, most)))
        parts = []
        for name in chosen:
            shape = shapes[name]
            alias = f"a{self._dice.randint(0, 99)}{name}: " if self._dice.random() < 0.2 else ""
            size = _in_brackets(self._size(shape))
            part = f"{alias}{name}{size}{self._directive()}{self._below(shape, depth)}"
            parts.append(self._wrapped(part, type_name))
        if self._dice.random() < 0.2:
            parts.append("__typename")
        return f" {{ {' '.join(parts)} }}"

    def _directive(self) -> str:
        if self._dice.random() > 0.06:
            return ""
        name = self._dice.choice(("skip", "include"))
        return f" @{name}(if: {self._variable('Boolean!', self._values.random() < 0.5)})"

    def _wrapped(self, part: str, type_name: str) -> str:
        match self._dice.randint(0, 11):
            case 0:
                return f"... on {type_name} {{ {part} }}"
            case 1:
                name = f"F{len(self._fragments)}"
                self._fragments.append("")  # its place, before those that it holds
                self._fragments[int(name[1:])] = f"fragment {name} on {type_name} {{ {part} }}"
                return f"...{name}"
        return part


def _in_brackets(arguments: list[str]) -> str:
    return f"({', '.join(arguments)})" if arguments else ""


def refused_of(body: Mapping[str, Any]) -> set[str]:
    """Return the coordinates that an answer says are refused."""
    return {
        each["extensions"]["coordinate"]
        for each in body.get("errors", [])
        if each["extensions"]["code"] == "FIELD_NOT_ALLOWED"
    }


def difference(expected: OracleAnswer, status: int, body: Mapping[str, Any]) -> str | None:
    """Return where an answer differs from the oracle's, None where it does not."""
    if status != expected.status:
        return f"status {status}, not {expected.status}: {body.get('errors')}"
    if expected.status != 200:
        return None
    other = [e for e in body.get("errors", []) if e["extensions"]["code"] != "FIELD_NOT_ALLOWED"]
    if other:
        return f"errors {other}"
    if refused_of(body) != expected.refused:
        return f"refused {sorted(refused_of(body) ^ expected.refused)} differ"
    return _where(body["data"], expected.data, "data")


def _where(given: Any, expected: Any, path: str) -> str | None:
    if isinstance(expected, dict) and isinstance(given, dict):
        if given.keys() != expected.keys():
            return f"{path}: keys {given.keys() ^ expected.keys()}"
        for key, value in expected.items():
            found = _where(given[key], value, f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(expected, list) and isinstance(given, list):
        if len(given) != len(expected):
            return f"{path}: {len(given)} rows, not {len(expected)}"
        for index, (one, other) in enumerate(zip(given, expected, strict=True)):
            found = _where(one, other, f"{path}[{index}]")
            if found:
                return found
        return None
    return None if given == expected else f"{path}: {given!r}, not {expected!r}"
