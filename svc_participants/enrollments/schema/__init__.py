"""GraphQL of enrollments."""

from svc_participants.enrollments.schema.enrollment import (
    Enrollment,
    EnrollmentFields,
    load_enrollment,
)
from svc_participants.enrollments.schema.mutations import EnrollmentMutation, IntakeMutation

__all__ = [
    "Enrollment",
    "EnrollmentFields",
    "EnrollmentMutation",
    "IntakeMutation",
    "load_enrollment",
]
