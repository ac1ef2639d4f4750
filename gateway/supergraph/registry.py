"""Load a supergraph: SDL in, checked and frozen value out."""

import hashlib
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
)

from gateway.supergraph.api_schema import Stripping, build_schema_without
from gateway.supergraph.authorization import read_access_rules
from gateway.supergraph.demand import read_demand
from gateway.supergraph.directives import Directives, read_directives
from gateway.supergraph.links import Feature, read_features
from gateway.supergraph.model import Subgraph, SubgraphType, Supergraph, SupergraphError
from gateway.supergraph.read_types import TypeReader, read_subgraphs
from gateway.supergraph.requirements import read_requirements


def load_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph in the join specification, v0.1 to v0.5.

    Raises:
        SupergraphError: it does not parse, contradicts itself, or needs a feature that is
            unknown or not carried out here; with the coordinate at fault.
    """
    document = _parse(sdl)
    features = read_features(document)
    join = features["join"]
    prefixes = tuple(f"{feature.prefix}__" for feature in features.values())
    by_enum = read_subgraphs(document, join)
    full = build_schema_without(document, Stripping(prefixes, lambda _: False))
    # Building costs as much as parsing; most supergraphs hide nothing.
    api = full
    if "inaccessible" in features:
        api = build_schema_without(document, Stripping(prefixes, _hidden_test(features)))
    types = TypeReader(document, join, by_enum).read()
    directives = read_directives(document, prefixes)
    _check_types(types, full)
    owners: dict[str, list[str]] = {}
    for subgraph in by_enum.values():
        for name, type_name in types:
            if name == subgraph.name:
                owners.setdefault(type_name, []).append(name)
    return Supergraph(
        revision=hashlib.sha256(sdl.encode()).hexdigest(),
        api_schema=api,
        full_schema=full,
        subgraphs=_by_name(by_enum.values()),
        types=types,
        owners={name: tuple(found) for name, found in owners.items()},
        contexts=_contexts(types, directives, features, full),
        access_rules=read_access_rules(directives, features),
        demand=read_demand(document, features),
        _directives=directives,
        _requires=read_requirements(types, full),
    )


def _parse(sdl: str) -> DocumentNode:
    try:
        return parse(sdl, no_location=True)
    except GraphQLError as error:
        message = f"does not parse: {error.message}"
        raise SupergraphError(message) from error


def _hidden_test(features: dict[str, Feature]) -> Any:
    name = features["inaccessible"].directive("inaccessible")
    return lambda node: any(directive.name.value == name for directive in node.directives or ())


def _by_name(subgraphs: Any) -> dict[str, Subgraph]:
    by_name: dict[str, Subgraph] = {}
    for subgraph in subgraphs:
        if subgraph.name in by_name:
            raise SupergraphError("two subgraphs of one name", subgraph.name)
        by_name[subgraph.name] = subgraph
    return by_name


def _contexts(
    types: dict[tuple[str, str], SubgraphType],
    directives: Directives,
    features: dict[str, Feature],
    schema: GraphQLSchema,
) -> dict[str, frozenset[str]]:
    """Object types that set each context; SupergraphError if a field reads one that nobody sets."""
    found: dict[str, set[str]] = {}
    name = features["context"].directive("context") if "context" in features else ""
    for coordinate, uses in directives.items():
        for used, arguments in uses:
            named = schema.get_type(coordinate)
            if used == name and named is not None:
                members = schema.get_possible_types(named) if is_abstract_type(named) else [named]
                found.setdefault(arguments["name"], set()).update(one.name for one in members)
    for (_, type_name), seen in types.items():
        for field in seen.fields.values():
            for argument in field.context:
                if argument.context not in found:
                    message = f"no type sets the context {argument.context}"
                    raise SupergraphError(message, f"{type_name}.{field.name}")
    return {context: frozenset(names) for context, names in found.items()}


def _check_types(types: dict[tuple[str, str], SubgraphType], schema: GraphQLSchema) -> None:
    """Refuse what the join directives say but the schema does not have."""
    for (subgraph, type_name), seen in types.items():
        for possible in seen.possible_types:
            if schema.get_type(possible) is None:
                message = f"subgraph {subgraph} speaks of the unknown type {possible}"
                raise SupergraphError(message, type_name)
        definition: Any = schema.get_type(type_name)
        for field in seen.fields.values():
            coordinate = f"{type_name}.{field.name}"
            named = schema.get_type(field.named_type)
            if named is None:
                message = f"subgraph {subgraph} speaks of the unknown type {field.named_type}"
                raise SupergraphError(message, coordinate)
            declared = get_named_type(definition.fields[field.name].type)
            if is_composite_type(named) != is_composite_type(declared):
                message = f"subgraph {subgraph} gives it a type of another kind"
                raise SupergraphError(message, coordinate)
