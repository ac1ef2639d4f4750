"""GraphQL of screening: protocols, the waiting list, previews, corrections, site settings."""

from svc_participants.screening.schema.mutations import ScreeningMutation
from svc_participants.screening.schema.queries import ScreeningQuery

__all__ = ["ScreeningMutation", "ScreeningQuery"]
