"""Assembles the slices into one federation schema."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_cases.conferences.schema.agenda import AgendaMutation, AgendaQuery
from svc_cases.conferences.schema.meetings import MeetingMutation, MeetingQuery
from svc_cases.conferences.schema.news import AgendaSubscription
from svc_cases.conferences.schema.pledges import PledgeMutation, PledgeQuery
from svc_cases.coordination.schema.matches import LeadLink, LegalCase, Participant
from svc_cases.court_dates.schema import CalendarMutation, CalendarQuery
from svc_cases.docket.schema.changes import EntryMutation
from svc_cases.docket.schema.public import DocketMutation, DocketQuery
from svc_cases.indicators.schema import IndicatorQuery
from svc_cases.workbench.schema.asking import RequestMutation
from svc_cases.workbench.schema.decisions import WorkbenchMutation, WorkbenchQuery
from svc_cases.workbench.schema.letters import LetterMutation, LetterQuery
from svc_cases.workbench.schema.liaison import QueueQuery
from svc_cases.workbench.schema.searching import MatchSearchQuery

STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=STRUCTURE, description="Where reading begins.")
class Query(
    DocketQuery,
    WorkbenchQuery,
    QueueQuery,
    MatchSearchQuery,
    CalendarQuery,
    MeetingQuery,
    PledgeQuery,
    AgendaQuery,
    IndicatorQuery,
    LetterQuery,
):
    """Root of queries."""


@strawberry.type(directives=STRUCTURE, description="Where changes begin.")
class Mutation(
    DocketMutation,
    EntryMutation,
    WorkbenchMutation,
    RequestMutation,
    CalendarMutation,
    MeetingMutation,
    PledgeMutation,
    AgendaMutation,
    LetterMutation,
):
    """Root of mutations."""


@strawberry.type(directives=STRUCTURE, description="Where streams begin.")
class Subscription(AgendaSubscription):
    """Root of subscriptions."""


def schema() -> SubgraphSchema:
    """Return the service's schema."""
    return build_schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[LegalCase, LeadLink, Participant],
    )
