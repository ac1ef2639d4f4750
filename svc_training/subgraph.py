"""Assembles the slices into the training subgraph."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_training.acadis.schema import ExchangeMutation, ExchangeQuery
from svc_training.assignments.schema import AssignmentsMutation, AssignmentsQuery, PlacesQuery
from svc_training.assistance.schema import AssistanceMutation, AssistanceQuery
from svc_training.bulk.schema import BulkMutation, BulkQuery
from svc_training.calendars.schema import CalendarsMutation, CalendarsQuery
from svc_training.catalogue.schema import CatalogueMutation, CatalogueQuery
from svc_training.compliance.schema import ComplianceMutation, ComplianceQuery
from svc_training.indicators.schema import IndicatorQuery
from svc_training.library.schema import LibraryMutation, LibraryQuery
from svc_training.personnel.schema import PersonnelMutation, PersonnelQuery, PersonQuery
from svc_training.prerequisites.schema import PrerequisitesMutation, PrerequisitesQuery
from svc_training.records.schema import RecordsQuery
from svc_training.results.schema import ResultsMutation, ResultsQuery
from svc_training.sessions.schema import PlanningMutation, SessionsMutation, SessionsQuery

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(
    CatalogueQuery,
    SessionsQuery,
    PersonnelQuery,
    PersonQuery,
    PrerequisitesQuery,
    RecordsQuery,
    AssignmentsQuery,
    PlacesQuery,
    ComplianceQuery,
    BulkQuery,
    ResultsQuery,
    ExchangeQuery,
    LibraryQuery,
    AssistanceQuery,
    CalendarsQuery,
    IndicatorQuery,
):
    """Root query type."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(
    CatalogueMutation,
    SessionsMutation,
    PlanningMutation,
    PersonnelMutation,
    PrerequisitesMutation,
    AssignmentsMutation,
    ComplianceMutation,
    BulkMutation,
    ResultsMutation,
    ExchangeMutation,
    LibraryMutation,
    AssistanceMutation,
    CalendarsMutation,
):
    """Root mutation type."""


def schema() -> SubgraphSchema:
    """Build the training subgraph's schema."""
    return build_schema(query=Query, mutation=Mutation)
