"""GraphQL of prerequisites: what a course asks for, and how people show it."""

from svc_training.prerequisites.schema.mutations import PrerequisitesMutation
from svc_training.prerequisites.schema.reading import (
    Fulfillment,
    PrerequisitesQuery,
    fulfillments_of,
)

__all__ = ["Fulfillment", "PrerequisitesMutation", "PrerequisitesQuery", "fulfillments_of"]
