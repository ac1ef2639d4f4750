"""What `@authenticated`, `@requiresScopes` and `@policy` demand, by schema coordinate.

Sources: https://specs.apollo.dev/authenticated/v0.1, https://specs.apollo.dev/requiresScopes/v0.1,
https://specs.apollo.dev/policy/v0.1.  Lists of lists are alternatives, each of which names all
that it takes; the three directives hold together (AND).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.supergraph.directives import Directives
from gateway.supergraph.links import Feature
from gateway.supergraph.model import SupergraphError

FEATURES: Final = ("authenticated", "requiresScopes", "policy")

Alternatives = tuple[frozenset[str], ...]
"""One of them suffices, whole; none at all asks for nothing."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a caller needs for one type or field."""

    scopes: Alternatives = ()
    policies: Alternatives = ()


AccessRules = Mapping[str, AccessRule]
"""By coordinate: `T` or `T.f`.  Whoever has a rule needs an authenticated caller too."""


def read_access_rules(directives: Directives, features: Mapping[str, Feature]) -> AccessRules:
    """The rules of a supergraph; SupergraphError with the coordinate if one cannot be read."""
    linked = {name: features[name].directive(name) for name in FEATURES if name in features}
    rules: dict[str, AccessRule] = {}
    for coordinate, uses in directives.items():
        found = {
            name: arguments
            for name, local in linked.items()
            for used, arguments in uses
            if used == local
        }
        if found:
            rules[coordinate] = AccessRule(
                scopes=_alternatives(found, "requiresScopes", "scopes", coordinate),
                policies=_alternatives(found, "policy", "policies", coordinate),
            )
    return rules


def _alternatives(
    found: Mapping[str, dict[str, Any]], directive: str, argument: str, coordinate: str
) -> Alternatives:
    if directive not in found:
        return ()
    value = found[directive].get(argument)
    if not isinstance(value, list) or not value or not all(map(_are_names, value)):
        message = f"@{directive}({argument}:) is not a list of lists of names"
        raise SupergraphError(message, coordinate)
    return tuple(map(frozenset, value))


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
