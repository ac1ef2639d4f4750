"""Assembles the slices into one federation schema."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_consent.agencies.schema import AgenciesQuery


@strawberry.type(directives=[category(Category.STRUCTURE)], description="Where reading starts.")
class Query(AgenciesQuery):
    """Root fields of all slices."""


def schema() -> SubgraphSchema:
    """Return the consent subgraph's schema."""
    return build_schema(query=Query)
