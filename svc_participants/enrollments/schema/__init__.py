"""GraphQL of enrollments."""

from svc_participants.enrollments.schema.enrollment import Enrollment, load_enrollment
from svc_participants.enrollments.schema.mutations import EnrollmentMutation

__all__ = ["Enrollment", "EnrollmentMutation", "load_enrollment"]
