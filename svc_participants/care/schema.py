"""GraphQL of care, put together from its slices for ``subgraph``."""

import strawberry

from svc_participants.care.appointments.schema import AppointmentFields, AppointmentMutation
from svc_participants.care.arrangements.schema import ArrangementFields, ArrangementMutation
from svc_participants.care.assessments.schema import (
    AssessmentFields,
    AssessmentMutation,
    AssessmentQuery,
)
from svc_participants.care.documents.schema import DocumentFields, DocumentMutation
from svc_participants.care.encounters.schema import EncounterFields, EncounterMutation
from svc_participants.care.funds.schema import FundFields, FundMutation, FundQuery
from svc_participants.care.goals.schema import Goal, GoalFields, GoalMutation, GoalQuery
from svc_participants.care.housing.schema import HousingFields, HousingMutation
from svc_participants.care.income.schema import IncomeFields, IncomeMutation
from svc_participants.care.notes.schema import CaseNote, NoteFields, NoteMutation, NoteQuery
from svc_participants.care.plans.schema import PlanFields, PlanMutation, StepFields
from svc_participants.care.presenting import STRUCTURE
from svc_participants.care.safety.schema import SafetyFields, SafetyMutation
from svc_participants.care.summaries.schema import SummaryFields, SummaryMutation

OF_PARTICIPANT = (
    NoteFields,
    GoalFields,
    HousingFields,
    SummaryFields,
    PlanFields,
    AssessmentFields,
    EncounterFields,
    ArrangementFields,
    IncomeFields,
    SafetyFields,
    FundFields,
    DocumentFields,
    AppointmentFields,
)
"""What care adds to ``Participant``, in the order of the schema."""

OF_GOAL = (StepFields,)
"""What care's other slices add to ``Goal``."""

ENTITIES = (CaseNote, Goal)


@strawberry.type(directives=STRUCTURE, description="Reading about care.")
class CareQuery(NoteQuery, GoalQuery, AssessmentQuery, FundQuery):
    """Root fields about care."""


@strawberry.type(directives=STRUCTURE, description="Changes to care.")
class CareMutation(
    NoteMutation,
    GoalMutation,
    HousingMutation,
    SummaryMutation,
    PlanMutation,
    AssessmentMutation,
    EncounterMutation,
    ArrangementMutation,
    IncomeMutation,
    SafetyMutation,
    FundMutation,
    DocumentMutation,
    AppointmentMutation,
):
    """Mutations about care."""
