"""Load a supergraph: SDL in, checked and frozen value out."""

import hashlib
from typing import Any

from graphql import DocumentNode, GraphQLError, parse

from gateway.supergraph.api_schema import Stripping, build_schema_without
from gateway.supergraph.authorization import read_access_rules
from gateway.supergraph.check_definitions import check_definitions
from gateway.supergraph.check_field_sets import FieldSetChecker
from gateway.supergraph.check_joins import check_joins
from gateway.supergraph.check_types import check_types
from gateway.supergraph.contexts import read_contexts
from gateway.supergraph.demand import read_demand
from gateway.supergraph.directives import read_directives
from gateway.supergraph.links import Feature, read_features
from gateway.supergraph.model import Subgraph, Supergraph, SupergraphError
from gateway.supergraph.read_types import TypeReader, read_subgraphs
from gateway.supergraph.requirements import read_requirements


def load_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph in the join specification, v0.1 to v0.5.

    Raises:
        SupergraphError: it does not parse, contradicts itself, or needs a feature that is
            unknown or not carried out here; with the coordinate at fault.
    """
    document = _parse(sdl)
    check_definitions(document)
    features = read_features(document)
    join = features["join"]
    prefixes = tuple(f"{feature.prefix}__" for feature in features.values())
    named = frozenset(
        local
        for name in ("join", "link", "core")
        if name in features
        for local in features[name].imported_types.values()
    )
    by_enum = read_subgraphs(document, join)
    check_joins(document, join, by_enum)
    full = build_schema_without(document, Stripping(prefixes, lambda _: False, named))
    # Building costs as much as parsing; most supergraphs hide nothing.
    api = full
    if "inaccessible" in features:
        api = build_schema_without(document, Stripping(prefixes, _hidden_test(features), named))
    types = TypeReader(document, join, by_enum).read()
    directives = read_directives(document, prefixes)
    contexts = read_contexts(directives, features, full)
    check_types(types, full)
    FieldSetChecker(types, full, says_all=join.version != "v0.1").check(contexts)
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
        contexts=contexts,
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
    except RecursionError:
        raise SupergraphError("does not parse: it nests too deeply") from None


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
