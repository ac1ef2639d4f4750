"""What resolving a field costs and how long its lists are: ``@cost`` and ``@listSize``.

Sources: https://specs.apollo.dev/cost/v0.1, and the GraphQL cost directives specification
(https://ibm.github.io/graphql-specs/cost-spec.html) whose meaning it takes over.
"""

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode

from gateway.supergraph.directives import read_directives
from gateway.supergraph.links import Feature
from gateway.supergraph.model import Demand, ListSize, SupergraphError


def read_demand(document: DocumentNode, features: Mapping[str, Feature]) -> Demand:
    """Read what a supergraph states; nothing where it does not link the feature.

    Raises:
        SupergraphError: a directive's arguments cannot be read; with the coordinate.
    """
    feature = features.get("cost")
    if feature is None:
        return Demand()
    others = tuple(f"{one.prefix}__" for one in features.values() if one is not feature)
    cost, list_size = feature.directive("cost"), feature.directive("listSize")
    weights: dict[str, int] = {}
    sizes: dict[str, ListSize] = {}
    for coordinate, uses in read_directives(document, others).items():
        for name, arguments in uses:
            if name == cost:
                weights[coordinate] = _weight(arguments.get("weight"), coordinate)
            elif name == list_size:
                sizes[coordinate] = _list_size(arguments, coordinate)
    return Demand(weights, sizes)


def _weight(value: object, coordinate: str) -> int:
    """Return a weight: Apollo writes a whole number, the older specification a text."""
    text = str(value)
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise SupergraphError("@cost(weight:) is not a whole number", coordinate)
    return int(text)


def _list_size(arguments: Mapping[str, Any], coordinate: str) -> ListSize:
    assumed = arguments.get("assumedSize")
    if assumed is not None:
        assumed = _weight(assumed, coordinate)
    slicing, sized = arguments.get("slicingArguments"), arguments.get("sizedFields")
    for value in (slicing, sized):
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if value is not None and not is_list:
            raise SupergraphError("@listSize names arguments or fields by no list", coordinate)
    wants_one = arguments.get("requireOneSlicingArgument")
    return ListSize(
        assumed=assumed,
        slicing=tuple(slicing or ()),
        sized_fields=tuple(sized or ()),
        wants_one=wants_one is not False,
    )
