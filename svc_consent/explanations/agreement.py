"""The agencies' agreement as the gateway compiled it, for explanations.

``agreement.json`` is written together with the golden access table and holds nothing that is not
in it: what each column of the matrix may state and see, and what each coordinate is. An
explanation is given only while the caller's gateway runs this very version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from infra.vocabulary import Category, Form, Purpose, Role

AGREEMENT_FILE = "agreement.json"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a column may do with a category: letter of the matrix, grounds, only form."""

    kind: str
    grounds: str
    form: Form | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The compiled agreement.

    Attributes:
        version: of the policy; the internal token carries the gateway's.
        cells: by column, then category.
        purposes: purposes that a column may state.
        labels: categories with their form by coordinate (``Type.field``).
        refused: coordinates that a column never gets although its categories would allow it.
    """

    version: str
    cells: Mapping[str, Mapping[Category, Cell]]
    purposes: Mapping[str, frozenset[Purpose]]
    labels: Mapping[str, tuple[tuple[Category, Form], ...]]
    refused: Mapping[str, frozenset[str]]

    def column_of(self, role: Role, *, is_liaison: bool, service_field: str | None) -> str:
        """Return the column that a grant acts under."""
        if role is Role.PRO and not is_liaison:
            return "PRO:not_liaison"
        named = f"{role.value}:{service_field}"
        return named if named in self.cells else role.value


def read_agreement(text: bytes) -> Agreement:
    """Read the compiled agreement."""
    document: dict[str, Any] = orjson.loads(text)
    return Agreement(
        version=document["version"],
        cells={
            column: {
                Category(category): Cell(kind, grounds, Form(form) if form else None)
                for category, (kind, grounds, form) in cells.items()
            }
            for column, cells in document["cells"].items()
        },
        purposes={
            column: frozenset(Purpose(code) for code in codes)
            for column, codes in document["purposes"].items()
        },
        labels={
            coordinate: tuple((Category(category), Form(form)) for category, form in labels)
            for coordinate, labels in document["labels"].items()
        },
        refused={
            column: frozenset(coordinates) for column, coordinates in document["refused"].items()
        },
    )


@lru_cache(maxsize=1)
def packaged_agreement() -> Agreement:
    """Return the agreement that this version was built with."""
    return read_agreement((resources.files(__package__) / AGREEMENT_FILE).read_bytes())
