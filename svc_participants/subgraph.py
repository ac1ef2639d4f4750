"""The federation schema of this service, put together from its slices."""

import strawberry

from infra.schema_directives import category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category
from svc_participants.care.goals.schema import Goal, GoalFields, GoalMutation
from svc_participants.care.housing.schema import HousingFields, HousingMutation
from svc_participants.care.notes.schema import CaseNote, NoteFields, NoteMutation
from svc_participants.care.summaries.schema import SummaryFields, SummaryMutation
from svc_participants.caseloads.schema import CaseloadFields, CaseloadMutation, CaseloadQuery
from svc_participants.enrollments.schema import Enrollment, EnrollmentFields, EnrollmentMutation
from svc_participants.people.schema import Participant, PeopleMutation, PeopleQuery, extend
from svc_participants.referrals.schema import (
    Referral,
    ReferralFields,
    ReferralMutation,
    ReferralQuery,
)

_STRUCTURE = [category(Category.STRUCTURE)]

for _fields in (
    ReferralFields,
    EnrollmentFields,
    NoteFields,
    GoalFields,
    HousingFields,
    SummaryFields,
    CaseloadFields,
):
    extend(Participant, _fields)


@strawberry.type(directives=_STRUCTURE, description="What can be read.")
class Query(PeopleQuery, ReferralQuery, CaseloadQuery):
    """All root fields."""


@strawberry.type(directives=_STRUCTURE, description="What can be changed.")
class Mutation(
    PeopleMutation,
    ReferralMutation,
    EnrollmentMutation,
    NoteMutation,
    GoalMutation,
    HousingMutation,
    SummaryMutation,
    CaseloadMutation,
):
    """All mutations."""


def schema() -> SubgraphSchema:
    """Return the schema; needs no database."""
    return build_schema(
        query=Query,
        mutation=Mutation,
        types=[Participant, Referral, Enrollment, CaseNote, Goal],
    )
