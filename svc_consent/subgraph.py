"""Assembles the slices into one federation schema."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_consent.agencies.schema import AgenciesMutation, DirectoryQuery, GrantsQuery
from svc_consent.bindings.schema import BindingsMutation
from svc_consent.disclosures.schema import AccountingMutation, Participant
from svc_consent.duties.schema import DutiesMutation, DutiesQuery
from svc_consent.emergencies.schema import EmergenciesMutation
from svc_consent.explanations.schema import ExplanationsMutation, ExplanationsQuery
from svc_consent.governance.schema import (
    GovernanceMutation,
    GovernanceQuery,
    ReviewsMutation,
    ReviewsQuery,
)
from svc_consent.indicators.schema import IndicatorQuery
from svc_consent.releases.schema import ReleaseFormsQuery, RevokingMutation, SigningMutation
from svc_consent.safeguards.schema import ReportsMutation, RequestsMutation, SafeguardsQuery

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(
    DirectoryQuery,
    GrantsQuery,
    GovernanceQuery,
    ReviewsQuery,
    ReleaseFormsQuery,
    SafeguardsQuery,
    DutiesQuery,
    ExplanationsQuery,
    IndicatorQuery,
):
    """Root query type."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(
    SigningMutation,
    RevokingMutation,
    EmergenciesMutation,
    ReportsMutation,
    RequestsMutation,
    BindingsMutation,
    DutiesMutation,
    ExplanationsMutation,
    AccountingMutation,
    AgenciesMutation,
    GovernanceMutation,
    ReviewsMutation,
):
    """Root mutation type."""


def schema() -> SubgraphSchema:
    """Build the consent subgraph's schema."""
    return build_schema(query=Query, mutation=Mutation, types=[Participant])
