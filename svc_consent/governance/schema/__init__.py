"""GraphQL of governance: requests for roles, agreements, seats, reviews, history."""

from svc_consent.governance.schema.leaving import LeavingQuery
from svc_consent.governance.schema.mutations import GovernanceMutation
from svc_consent.governance.schema.reading import GovernanceQuery
from svc_consent.governance.schema.reviewing import ReviewsMutation, ReviewsQuery

__all__ = [
    "GovernanceMutation",
    "GovernanceQuery",
    "LeavingQuery",
    "ReviewsMutation",
    "ReviewsQuery",
]
