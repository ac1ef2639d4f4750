"""Assembles the slices into the training subgraph."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_training.assignments.schema import AssignmentsMutation, AssignmentsQuery
from svc_training.catalogue.schema import CatalogueQuery
from svc_training.personnel.schema import PersonnelMutation, PersonnelQuery
from svc_training.sessions.schema import SessionsMutation, SessionsQuery

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(CatalogueQuery, SessionsQuery, PersonnelQuery, AssignmentsQuery):
    """Root query type."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(SessionsMutation, PersonnelMutation, AssignmentsMutation):
    """Root mutation type."""


def schema() -> SubgraphSchema:
    """Build the training subgraph's schema."""
    return build_schema(query=Query, mutation=Mutation)
