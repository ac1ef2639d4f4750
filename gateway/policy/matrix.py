"""The agencies' agreement: role x category, read strictly from ``matrix.toml``.

Source: the role x category matrix of the design (18 roles, and PAR, REP, MED, PRV). Anything
unknown, missing or of the wrong length is an error with the line it stands on.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

from gateway.policy.errors import PolicyError
from gateway.policy.lines import Lines
from infra.authority import expression
from infra.vocabulary import PERSON_CATEGORIES, Category, Form, Purpose, Role

MATRIX_FILE = "matrix.toml"
UNDER_ORDER = "under_order"
"""How a column is called that a role acts under while it carries a court order out."""


class CellKind(StrEnum):
    """What a role may do with a category (design section 5)."""

    NONE = "N"
    AGGREGATE = "A"
    DEIDENTIFIED = "D"
    SUMMARY = "S"
    PUBLIC_RECORD = "P"
    OWN = "O"
    WITHOUT_RELEASE = "W"
    CONSENT = "C"
    EXPLICIT_CONSENT = "E"


_DEFAULT_GROUNDS = {
    CellKind.SUMMARY: "r",
    CellKind.CONSENT: "r",
    CellKind.EXPLICIT_CONSENT: "r",
    CellKind.PUBLIC_RECORD: "*",
    CellKind.OWN: "s",
}
_FORMS = {CellKind.SUMMARY: Form.SUMMARY, CellKind.PUBLIC_RECORD: Form.PUBLIC_RECORD}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, compiled.

    Attributes:
        kind: as written in the matrix.
        grounds: access expression; empty means never.
        form: the only form that may be read, or None for every form.
    """

    kind: CellKind
    grounds: str
    form: Form | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole agreement.

    Attributes:
        version: of the agreement; part of every decision's record.
        columns: by column name (``CM``, ``PRO:not_liaison``, ``SVC:SUD``).
        purposes: purposes that a column may state.
        justice_roles: roles without any list of participants.
        own_lists: root fields that are lists of their own all the same.
        restricted: roles by root field that no other role has.
        counted: categories that a column may count although its cells open rows.
    """

    version: str
    columns: Mapping[str, Mapping[Category, Cell]]
    purposes: Mapping[str, frozenset[Purpose]]
    justice_roles: frozenset[Role]
    own_lists: frozenset[str]
    restricted: Mapping[str, frozenset[Role]]
    counted: Mapping[str, frozenset[Category]]

    def counts(self, column: str, category: Category) -> bool:
        """Return whether a column may have suppressed figures of a category."""
        cell = self.columns[column][category]
        is_open = cell.kind in (CellKind.AGGREGATE, CellKind.DEIDENTIFIED)
        return is_open or category in self.counted.get(column, ())

    def column_of(self, role: Role, *, is_liaison: bool, service_field: str | None) -> str:
        """Return which column applies to a grant."""
        if role is Role.PRO and not is_liaison:
            return "PRO:not_liaison"
        if role is Role.SVC and f"SVC:{service_field}" in self.columns:
            return f"SVC:{service_field}"
        return role.value

    def column_under_order(self, role: Role) -> str | None:
        """Return the column of a role that carries a court order out (D33), None for the others."""
        column = f"{role.value}:{UNDER_ORDER}"
        return column if column in self.columns else None

    def purposes_of(self, column: str) -> frozenset[Purpose]:
        """Return the purposes that a column may state."""
        return self.purposes.get(column, self.purposes[column.partition(":")[0]])


def load_matrix(text: str | None = None, name: str = MATRIX_FILE) -> Matrix:
    """Read the matrix.

    Args:
        text: TOML; the packaged file when None.
        name: how errors call the file.

    Raises:
        PolicyError: an unknown word, a row of the wrong length, a missing role or purpose.
    """
    source = text or (resources.files("gateway.policy") / MATRIX_FILE).read_text()
    reader = Lines(source, name)
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", name) from None
    categories = _categories(document, reader)
    rows = {**document.get("roles", {}), **document.get("variants", {})}
    for role in Role:
        if role.value not in document.get("roles", {}):
            raise PolicyError(f"role {role.value} has no row", reader.where("[roles]"))
    grounds = dict(document.get("grounds", {}))
    single = grounds.pop("cells", {})
    _check_grounds(grounds, single, rows, reader)
    columns = {
        column: _row(column, str(cells), categories, (grounds, single), reader)
        for column, cells in rows.items()
    }
    purposes = _purposes(document, rows, reader)
    justice = document.get("justice", {})
    try:
        justice_roles = frozenset(Role(code) for code in justice.get("roles", ()))
    except ValueError as error:
        raise PolicyError(str(error), reader.where("[justice]")) from None
    return Matrix(
        version=str(document.get("version", "")),
        columns=MappingProxyType(columns),
        purposes=MappingProxyType(purposes),
        justice_roles=justice_roles,
        own_lists=frozenset(justice.get("own_lists", ())),
        restricted=MappingProxyType(_restricted(document, reader)),
        counted=MappingProxyType(_counted(document, rows, reader)),
    )


def _restricted(document: dict[str, Any], reader: Lines) -> dict[str, frozenset[Role]]:
    restricted: dict[str, frozenset[Role]] = {}
    for coordinate, codes in document.get("restricted", {}).items():
        try:
            restricted[coordinate] = frozenset(Role(code) for code in codes)
        except ValueError as error:
            raise PolicyError(str(error), reader.where(coordinate)) from None
    return restricted


def _counted(
    document: dict[str, Any], rows: dict[str, Any], reader: Lines
) -> dict[str, frozenset[Category]]:
    counted: dict[str, frozenset[Category]] = {}
    for column, codes in document.get("counted", {}).items():
        if column not in rows:
            raise PolicyError(f"counts for unknown column {column}", reader.where(column))
        try:
            counted[column] = frozenset(Category(code) for code in codes)
        except ValueError as error:
            raise PolicyError(str(error), reader.where("[counted]")) from None
    return counted


def _categories(document: dict[str, Any], reader: Lines) -> list[Category]:
    where = reader.where("categories")
    try:
        categories = [Category(code) for code in document.get("categories", ())]
    except ValueError as error:
        raise PolicyError(str(error), where) from None
    expected = {*PERSON_CATEGORIES, Category.TRAINING, Category.AGENCY_ROLES}
    if set(categories) != expected or len(categories) != len(expected):
        raise PolicyError("the columns are not exactly the 21 categories", where)
    return categories


def _check_grounds(
    grounds: dict[str, Any], single: dict[str, Any], rows: dict[str, Any], reader: Lines
) -> None:
    for key, value in grounds.items():
        role, _, kind = key.rpartition(":")
        if role not in rows or kind not in {k.value for k in CellKind}:
            raise PolicyError(f"ground for unknown cell {key}", reader.where(key))
        same_role = [
            cells for column, cells in rows.items() if role in (column, column.partition(":")[0])
        ]
        if not any(kind in str(cells).split() for cells in same_role):
            raise PolicyError(f"{key} can never apply: no cell is {kind}", reader.where(key))
        _check_expression(str(value), reader.where(key))
    for key, value in single.items():
        role, _, category = key.rpartition(":")
        if role not in rows or category not in {c.value for c in Category}:
            raise PolicyError(f"ground for unknown cell {key}", reader.where(key))
        _check_expression(str(value), reader.where(key))


def _check_expression(text: str, where: str) -> None:
    try:
        expression.parse(text)
    except ValueError as error:
        raise PolicyError(str(error), where) from None


def _row(
    column: str,
    cells: str,
    categories: list[Category],
    grounds: tuple[dict[str, Any], dict[str, Any]],
    reader: Lines,
) -> Mapping[Category, Cell]:
    by_kind, by_cell = grounds
    words = cells.split()
    where = reader.where(column)
    if len(words) != len(categories):
        raise PolicyError(f"{column} has {len(words)} cells, not {len(categories)}", where)
    base = column.partition(":")[0]
    row: dict[Category, Cell] = {}
    for category, word in zip(categories, words, strict=True):
        try:
            kind = CellKind(word)
        except ValueError:
            raise PolicyError(f"{column} x {category}: unknown cell {word}", where) from None
        text = by_cell.get(
            f"{column}:{category}",
            by_kind.get(f"{column}:{kind}")
            or by_cell.get(
                f"{base}:{category}",
                by_kind.get(f"{base}:{kind}", _DEFAULT_GROUNDS.get(kind, "")),
            ),
        )
        if kind in (CellKind.NONE, CellKind.AGGREGATE, CellKind.DEIDENTIFIED):
            if by_cell.get(f"{column}:{category}"):
                key = f"{column}:{category}"
                raise PolicyError(f"{key} can never apply: the cell is {kind}", reader.where(key))
            text = ""
        elif kind is CellKind.WITHOUT_RELEASE and not _is_stated(column, base, category, grounds):
            raise PolicyError(f"{column} x {category}: W without a stated ground", where)
        row[category] = Cell(kind, str(text), _FORMS.get(kind))
    return MappingProxyType(row)


def _is_stated(
    column: str, base: str, category: Category, grounds: tuple[dict[str, Any], dict[str, Any]]
) -> bool:
    by_kind, by_cell = grounds
    stated = (f"{column}:{category}" in by_cell, f"{base}:{category}" in by_cell)
    return any(stated) or not by_kind.keys().isdisjoint((f"{column}:W", f"{base}:W"))


def _purposes(
    document: dict[str, Any], rows: Mapping[str, object], reader: Lines
) -> dict[str, frozenset[Purpose]]:
    purposes: dict[str, frozenset[Purpose]] = {}
    for column, codes in document.get("purposes", {}).items():
        if column not in rows:
            raise PolicyError(f"purposes for unknown column {column}", reader.where(column))
        try:
            purposes[column] = frozenset(Purpose(code) for code in codes)
        except ValueError as error:
            raise PolicyError(str(error), reader.where(column)) from None
    for role in Role:
        if role.value not in purposes:
            raise PolicyError(f"no purposes for {role.value}", reader.where("[purposes]"))
    return purposes
