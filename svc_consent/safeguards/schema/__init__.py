"""GraphQL of safeguards: records about a participant, and the mutations that make them."""

from svc_consent.safeguards.schema.records import ParticipantSafeguards, SafeguardsQuery
from svc_consent.safeguards.schema.reports import ReportsMutation
from svc_consent.safeguards.schema.requests import RequestsMutation

__all__ = ["ParticipantSafeguards", "ReportsMutation", "RequestsMutation", "SafeguardsQuery"]
