"""GraphQL of enrollments."""

from svc_participants.enrollments.schema.enrollment import (
    Enrollment,
    EnrollmentFields,
    EnrollmentQuery,
    load_enrollment,
)
from svc_participants.enrollments.schema.mutations import EnrollmentMutation, IntakeMutation

__all__ = [
    "Enrollment",
    "EnrollmentFields",
    "EnrollmentMutation",
    "EnrollmentQuery",
    "IntakeMutation",
    "load_enrollment",
]
