"""Alembic's entry point for this service."""

from infra import idempotency, migration_environment
from infra.indicators import tables as indicators
from infra.tables import Base
from svc_participants.care.appointments import tables as appointments
from svc_participants.care.arrangements import tables as arrangements
from svc_participants.care.assessments import tables as assessments
from svc_participants.care.documents import tables as documents
from svc_participants.care.encounters import tables as encounters
from svc_participants.care.funds import tables as funds
from svc_participants.care.goals import tables as goals
from svc_participants.care.history import tables as history
from svc_participants.care.housing import tables as housing
from svc_participants.care.income import tables as income
from svc_participants.care.notes import tables as notes
from svc_participants.care.plans import tables as plans
from svc_participants.care.safety import tables as safety
from svc_participants.care.summaries import tables as summaries
from svc_participants.caseloads import tables as caseloads
from svc_participants.clocks import tables as clocks
from svc_participants.contacts import tables as contacts
from svc_participants.duplicates import tables as duplicates
from svc_participants.enrollments import tables as enrollments
from svc_participants.handoffs import tables as handoffs
from svc_participants.people import tables as people
from svc_participants.programmes import tables as programmes
from svc_participants.protocols import tables as protocols
from svc_participants.referrals import tables as referrals

__all__ = [
    "appointments",
    "arrangements",
    "assessments",
    "caseloads",
    "clocks",
    "contacts",
    "documents",
    "duplicates",
    "encounters",
    "enrollments",
    "funds",
    "goals",
    "handoffs",
    "history",
    "housing",
    "idempotency",
    "income",
    "indicators",
    "notes",
    "people",
    "plans",
    "programmes",
    "protocols",
    "referrals",
    "safety",
    "summaries",
]

migration_environment.run(Base.metadata)
