"""The federation schema of this service, put together from its slices."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_participants.care.enrolling.schema import EnrollingMutation
from svc_participants.care.goals.schema import Goal
from svc_participants.care.schema import (
    ENTITIES,
    OF_GOAL,
    OF_PARTICIPANT,
    CareMutation,
    CareQuery,
)
from svc_participants.caseloads.news import CaseloadSubscription
from svc_participants.caseloads.schema import CaseloadFields, CaseloadMutation
from svc_participants.earlier.schema import EarlierMutation
from svc_participants.enrollments.schema import (
    Enrollment,
    EnrollmentFields,
    EnrollmentMutation,
    EnrollmentQuery,
    IntakeMutation,
)
from svc_participants.indicators.fidelity_schema import FidelityQuery
from svc_participants.indicators.schema import IndicatorQuery
from svc_participants.indicators.study_schema import StudyQuery
from svc_participants.lists.schema import ListQuery
from svc_participants.people.identity_schema import IdentityMutation
from svc_participants.people.schema import Participant, PeopleMutation, PeopleQuery, extend
from svc_participants.referrals.schema import (
    Referral,
    ReferralFields,
    ReferralMutation,
    ReferralQuery,
    ReferralSubscription,
)
from svc_participants.search.schema import SearchQuery
from svc_participants.way_in import OF_PERSON, WayInMutation, WayInQuery, WayInSubscription

_STRUCTURE = [category(Category.STRUCTURE)]

for _fields in (
    ReferralFields,
    EnrollmentFields,
    *OF_PARTICIPANT,
    CaseloadFields,
    *OF_PERSON,
):
    extend(Participant, _fields)

for _more in OF_GOAL:
    extend(Goal, _more)


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(
    PeopleQuery,
    ListQuery,
    SearchQuery,
    ReferralQuery,
    EnrollmentQuery,
    CareQuery,
    IndicatorQuery,
    StudyQuery,
    FidelityQuery,
    WayInQuery,
):
    """All root fields."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(
    PeopleMutation,
    IdentityMutation,
    ReferralMutation,
    IntakeMutation,
    EnrollingMutation,
    EnrollmentMutation,
    EarlierMutation,
    CareMutation,
    CaseloadMutation,
    WayInMutation,
):
    """All mutations."""


@strawberry.type(directives=_STRUCTURE, description="What there is to hear of.")
class Subscription(ReferralSubscription, CaseloadSubscription, WayInSubscription):
    """All events."""


def schema() -> SubgraphSchema:
    """Return the schema; needs no database."""
    return build_schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Participant, Referral, Enrollment, *ENTITIES],
    )
