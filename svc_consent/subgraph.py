"""Assembles the slices into one federation schema."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_consent.agencies.schema import (
    AgenciesMutation,
    ClaimsMutation,
    ClaimsQuery,
    ColleaguesQuery,
    DirectoryQuery,
    GrantsQuery,
    SettingsMutation,
    SettingsQuery,
)
from svc_consent.bindings.schema import BindingsMutation
from svc_consent.disclosures.schema import AccountingMutation, LedgerQuery, Participant
from svc_consent.duties.schema import DutiesMutation, DutiesQuery
from svc_consent.emergencies.schema import EmergenciesMutation
from svc_consent.explanations.schema import ExplanationsMutation, ExplanationsQuery
from svc_consent.governance.schema import (
    GovernanceMutation,
    GovernanceQuery,
    LeavingQuery,
    ReviewsMutation,
    ReviewsQuery,
)
from svc_consent.indicators.schema import IndicatorQuery
from svc_consent.orders.schema import OrdersMutation
from svc_consent.provisioning.schema import (
    EnrollingMutation,
    ProvisioningMutation,
    ProvisioningQuery,
)
from svc_consent.releases.schema import (
    ReleaseFormsQuery,
    ReleasesQuery,
    ReleaseSubscription,
    RevokingMutation,
    SigningMutation,
)
from svc_consent.safeguards.schema import ReportsMutation, RequestsMutation, SafeguardsQuery
from svc_consent.webhooks.schema import WebhooksMutation, WebhooksQuery

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(
    DirectoryQuery,
    GrantsQuery,
    SettingsQuery,
    ClaimsQuery,
    ColleaguesQuery,
    GovernanceQuery,
    LeavingQuery,
    ReviewsQuery,
    ProvisioningQuery,
    ReleasesQuery,
    ReleaseFormsQuery,
    SafeguardsQuery,
    DutiesQuery,
    ExplanationsQuery,
    LedgerQuery,
    IndicatorQuery,
    WebhooksQuery,
):
    """Root query type."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(
    SigningMutation,
    RevokingMutation,
    EmergenciesMutation,
    ReportsMutation,
    RequestsMutation,
    OrdersMutation,
    BindingsMutation,
    DutiesMutation,
    ExplanationsMutation,
    AccountingMutation,
    AgenciesMutation,
    SettingsMutation,
    ClaimsMutation,
    GovernanceMutation,
    ReviewsMutation,
    ProvisioningMutation,
    EnrollingMutation,
    WebhooksMutation,
):
    """Root mutation type."""


@strawberry.type(directives=_STRUCTURE, description="What there is to hear of.")
class Subscription(ReleaseSubscription):
    """Root subscription type."""


def schema() -> SubgraphSchema:
    """Build the consent subgraph's schema."""
    return build_schema(
        query=Query, mutation=Mutation, subscription=Subscription, types=[Participant]
    )
