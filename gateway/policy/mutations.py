"""Which roles may run which mutation, read strictly from ``mutations.toml``."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import Any

from gateway.policy.errors import PolicyError
from gateway.policy.lines import Lines, only_keys
from gateway.supergraph import Supergraph
from infra.vocabulary import Role

MUTATIONS_FILE = "mutations.toml"


@dataclass(frozen=True, slots=True)
class MutationRules:
    """Roles by mutation, and which of them need a way of their own.

    Attributes:
        back_ends: coordinates that a back end without a person behind it runs.
        doors: coordinates that only a door of this gateway runs.
        lines: of the file, for errors.
    """

    roles: Mapping[str, frozenset[Role]]
    back_ends: frozenset[str] = frozenset()
    doors: frozenset[str] = frozenset()
    lines: Lines = field(default_factory=lambda: Lines("", MUTATIONS_FILE), compare=False)

    def check(self, supergraph: Supergraph) -> None:
        """Check that rules and schema name the same mutations.

        Raises:
            PolicyError: a mutation without a rule, or a rule that can never apply.
        """
        mutation = supergraph.full_schema.mutation_type
        names = set(mutation.fields) if mutation else set()
        for name in sorted(names - set(self.roles)):
            raise PolicyError(f"the mutation has no rule in {MUTATIONS_FILE}", f"Mutation.{name}")
        for name in sorted(set(self.roles) - names):
            raise PolicyError(f"no such mutation: {name}", self.lines.where(name))

    def not_this_way(self, roots: Iterable[str], *, by_service: bool, by_door: bool) -> list[str]:
        """Return which of these root fields of a mutation do not run in this way.

        Args:
            roots: as ``Mutation.name``.
            by_service: nobody stands behind the request.
            by_door: a door of this gateway runs it.
        """
        return [
            each
            for each in roots
            if (by_service and each not in self.back_ends) or (not by_door and each in self.doors)
        ]

    def refused_for(self, role: Role, supergraph: Supergraph) -> set[tuple[str, str]]:
        """Return the coordinates of the mutations that a role may not run."""
        mutation = supergraph.full_schema.mutation_type
        if mutation is None:
            return set()
        return {(mutation.name, name) for name in mutation.fields if role not in self.roles[name]}


def load_mutations(text: str | None = None) -> MutationRules:
    """Read the rules.

    Raises:
        PolicyError: not TOML, or an unknown role.
    """
    source = text or (resources.files("gateway.policy") / MUTATIONS_FILE).read_text()
    lines = Lines(source, MUTATIONS_FILE)
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", MUTATIONS_FILE) from None
    rules: dict[str, frozenset[Role]] = {}
    for name, codes in document.get("mutations", {}).items():
        try:
            rules[name] = frozenset(Role(code) for code in codes)
        except ValueError as error:
            raise PolicyError(str(error), lines.where(name)) from None
        if not rules[name]:
            raise PolicyError(f"{name} is nobody's: such a rule can never apply", lines.where(name))
    ways = {
        section: _named(document.get(section, {}), section, rules, lines)
        for section in ("back_ends", "doors")
    }
    return MutationRules(MappingProxyType(rules), **ways, lines=lines)


def _named(
    entry: dict[str, Any], section: str, rules: Collection[str], lines: Lines
) -> frozenset[str]:
    names = entry.get("mutations", [])
    unknown = [*only_keys(entry, frozenset({"mutations"})), *sorted(set(names) - set(rules))]
    if unknown:
        raise PolicyError(f"[{section}] names {unknown[0]}", lines.where(f"[{section}]"))
    return frozenset(f"Mutation.{name}" for name in names)
