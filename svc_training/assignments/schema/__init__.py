"""GraphQL of assignments: who is assigned to what, and moving them along."""

from svc_training.assignments.schema.mutations import AssignmentsMutation
from svc_training.assignments.schema.places import PlacesQuery
from svc_training.assignments.schema.reading import AssignmentsQuery

__all__ = ["AssignmentsMutation", "AssignmentsQuery", "PlacesQuery"]
