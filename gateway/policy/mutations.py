"""Which roles may run which mutation, read strictly from ``mutations.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType

from gateway.policy.errors import PolicyError
from gateway.policy.lines import Lines
from gateway.supergraph import Supergraph
from infra.vocabulary import Role

MUTATIONS_FILE = "mutations.toml"


@dataclass(frozen=True, slots=True)
class MutationRules:
    """Roles by mutation; ``lines`` are those of the file, for errors."""

    roles: Mapping[str, frozenset[Role]]
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
    return MutationRules(MappingProxyType(rules), lines)
