"""Which roles may run which mutation, read strictly from ``mutations.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from gateway.policy.errors import PolicyError
from gateway.supergraph import Supergraph
from infra.vocabulary import Role

MUTATIONS_FILE = "mutations.toml"


@dataclass(frozen=True, slots=True)
class MutationRules:
    """Roles by mutation."""

    roles: Mapping[str, frozenset[Role]]

    def check(self, supergraph: Supergraph) -> None:
        """Check that rules and schema name the same mutations.

        Raises:
            PolicyError: a mutation without a rule, or a rule that can never apply.
        """
        mutation = supergraph.full_schema.mutation_type
        names = set(mutation.fields) if mutation else set()
        for name in sorted(names - set(self.roles)):
            raise PolicyError("the mutation has no rule", f"{MUTATIONS_FILE}: Mutation.{name}")
        for name in sorted(set(self.roles) - names):
            raise PolicyError("no such mutation", f"{MUTATIONS_FILE}: {name}")

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
    try:
        document = tomllib.loads(source)
        rules = {
            name: frozenset(Role(code) for code in codes)
            for name, codes in document.get("mutations", {}).items()
        }
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise PolicyError(str(error), MUTATIONS_FILE) from None
    return MutationRules(MappingProxyType(rules))
