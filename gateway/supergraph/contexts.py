"""Which types set a context that fields below them read from (`@context`).

Source: https://specs.apollo.dev/context/v0.1.
"""

from collections.abc import Mapping

from graphql import GraphQLSchema, is_abstract_type

from gateway.supergraph.directives import Directives
from gateway.supergraph.links import Feature
from gateway.supergraph.model import SupergraphError


def read_contexts(
    directives: Directives, features: Mapping[str, Feature], schema: GraphQLSchema
) -> dict[str, frozenset[str]]:
    """Object types that set each context; SupergraphError if one has no name."""
    found: dict[str, set[str]] = {}
    if "context" not in features:
        return {}
    name = features["context"].directive("context")
    for coordinate, uses in directives.items():
        for used, arguments in uses:
            named = schema.get_type(coordinate)
            if used != name or named is None:
                continue
            context = arguments.get("name")
            if not isinstance(context, str):
                raise SupergraphError(f"@{name}(name:) is no text", coordinate)
            members = schema.get_possible_types(named) if is_abstract_type(named) else [named]
            found.setdefault(context, set()).update(one.name for one in members)
    return {context: frozenset(names) for context, names in found.items()}
