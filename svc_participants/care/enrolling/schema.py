"""GraphQL of enrolling somebody."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from svc_participants.care.enrolling import commands
from svc_participants.care.presenting import STRUCTURE, carried_out
from svc_participants.enrollments.commands import EnrollRequest
from svc_participants.enrollments.schema.mutations import EnrollmentPayload, enrollment_payload
from svc_participants.people.schema import INPUT


@strawberry.input(description="Enroll somebody whose psychosocial intake is complete.")
class EnrollInput:
    """Input of ``enroll``."""

    enrollment_id: strawberry.ID = strawberry.field(description="Enrollment pending intake.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended enrollment.")
    enrolled_on: date = strawberry.field(description="First day.")
    intake_completed_on: date = strawberry.field(
        description="Day on which the psychosocial intake was completed."
    )


@strawberry.type(directives=STRUCTURE, description="Enrolling, with the intake.")
class EnrollingMutation:
    """Mutation by which somebody is enrolled."""

    @strawberry.mutation(description="Enroll somebody (CM assigned, SUP of the provider).")
    async def enroll(
        self,
        info: Info,
        input: Annotated[EnrollInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """Enroll a person."""
        request = EnrollRequest(
            input.expected_version, input.enrolled_on, input.intake_completed_on
        )
        outcome = await carried_out(
            info,
            "enroll",
            input,
            lambda session, caller: commands.enroll(
                session, caller, parse_id(input.enrollment_id), request
            ),
        )
        return await enrollment_payload(info, outcome)
