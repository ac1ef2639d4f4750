"""A reason for every role and every category, read strictly from ``reasons.toml``.

Together the two give the reason for any cell of the matrix; a role or category that nobody has
given a reason for is not served.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from gateway.policy.errors import PolicyError
from gateway.policy.lines import Lines
from infra.vocabulary import PERSON_CATEGORIES, Category, Role

REASONS_FILE = "reasons.toml"
_CATEGORIES = frozenset({*PERSON_CATEGORIES, Category.TRAINING, Category.AGENCY_ROLES})


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why each role has its ceiling, and why each category is kept as it is."""

    roles: Mapping[Role, str]
    categories: Mapping[Category, str]


def check_reasons(text: str | None = None) -> Reasons:
    """Read the reasons.

    Raises:
        PolicyError: an unknown role or category, an empty reason, or one that is missing.
    """
    source = text or (resources.files("gateway.policy") / REASONS_FILE).read_text()
    lines = Lines(source, REASONS_FILE)
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", REASONS_FILE) from None
    for table, known in (("roles", set(Role)), ("categories", set(_CATEGORIES))):
        words = {each.value for each in known}
        found = document.get(table, {})
        for word, reason in found.items():
            if word not in words:
                raise PolicyError(f"{word} is not one of the {table}", lines.where(word))
            if not isinstance(reason, str) or not reason.strip():
                raise PolicyError(f"{word} has no reason", lines.where(word))
        if missing := sorted(words - set(found)):
            raise PolicyError(f"{missing[0]} has no reason", lines.where(f"[{table}]"))
    if unknown := sorted(set(document) - {"roles", "categories"}):
        raise PolicyError(f"unknown table {unknown[0]}", lines.where(f"[{unknown[0]}]"))
    return Reasons(
        {Role(word): reason for word, reason in document["roles"].items()},
        {Category(word): reason for word, reason in document["categories"].items()},
    )
