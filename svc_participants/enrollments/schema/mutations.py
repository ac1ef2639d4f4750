"""Changes to enrollments."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.enrollments import commands, rules
from svc_participants.enrollments.schema.enrollment import Enrollment, load_enrollment
from svc_participants.people.rules import YesNo
from svc_participants.people.schema import INPUT

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.input(description="Begin the intake of somebody who wants to take part.")
class StartIntakeInput:
    """Input of ``startIntake``."""

    referral_id: strawberry.ID = strawberry.field(description="Referral that the person accepted.")
    expected_version: int = strawberry.field(description="Version of the referral you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended intake.")
    consent_to_contact: YesNo = strawberry.field(
        description="Whether the person agrees to be contacted for the intake."
    )
    started_at: datetime | None = strawberry.field(
        default=None, description="When it began, where you enter it later; now if left out."
    )


@strawberry.input(description="Somebody is out of touch, or in touch again.")
class ChangeEnrollmentStatusInput:
    """Input of ``changeEnrollmentStatus``."""

    enrollment_id: strawberry.ID = strawberry.field(description="Which enrollment.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    status: rules.EnrollmentStatus = strawberry.field(
        description="ENROLLED_ACTIVE or ENROLLED_INACTIVE."
    )
    happened_on: date = strawberry.field(description="Day from which it holds.")
    inactive_reason: rules.InactiveReason | None = strawberry.field(
        default=None, description="Why the person is out of touch."
    )


@strawberry.input(description="Enroll somebody who comes back: a new enrollment.")
class ReenrollInput:
    """Input of ``reenroll``."""

    enrollment_id: strawberry.ID = strawberry.field(description="The enrollment that has ended.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended return.")
    enrolled_on: date = strawberry.field(description="First day of the new enrollment.")


@strawberry.input(description="Put a day of an enrollment right.")
class CorrectEnrollmentDateInput:
    """Input of ``correctEnrollmentDate``."""

    enrollment_id: strawberry.ID = strawberry.field(description="Which enrollment.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended correction.")
    field: rules.EnrollmentDate = strawberry.field(description="Which day was another one.")
    corrected_on: date = strawberry.field(description="The right day.")
    reason: rules.CorrectionReason = strawberry.field(description="Why it is corrected.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to an enrollment.")
class EnrollmentPayload:
    """Payload with the enrollment as it is now."""

    enrollment: Enrollment | None = strawberry.field(description="The enrollment as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def enrollment_payload(info: Info, outcome: Outcome) -> EnrollmentPayload:
    """Return the payload of a command about an enrollment."""
    key = outcome.id("enrollment")
    return EnrollmentPayload(
        enrollment=None if key is None else await load_enrollment(info, key),
        user_errors=outcome.user_errors,
    )


@strawberry.type(directives=_STRUCTURE, description="The beginning of an enrollment.")
class IntakeMutation:
    """Mutation by which an intake begins; enrolling stands where the intake is kept (care)."""

    @strawberry.mutation(description="Begin the intake (CM assigned, SUP of the provider).")
    async def start_intake(
        self,
        info: Info,
        input: Annotated[StartIntakeInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """Begin an intake."""
        context = context_of(info)
        outcome = await run_command(
            context,
            "startIntake",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.start_intake(
                session,
                context.caller,
                input.referral_id,
                input.expected_version,
                input.consent_to_contact,
                input.started_at,
            ),
        )
        return await enrollment_payload(info, outcome)


@strawberry.type(directives=_STRUCTURE, description="Changes to enrollments.")
class EnrollmentMutation:
    """Mutations about enrollments."""

    @strawberry.mutation(description="Record who is out of touch, or in touch again (CM, SUP).")
    async def change_enrollment_status(
        self,
        info: Info,
        input: Annotated[ChangeEnrollmentStatusInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """Change between active and inactive."""
        context = context_of(info)
        request = commands.StatusRequest(
            input.expected_version, input.status, input.inactive_reason, input.happened_on
        )
        outcome = await run_command(
            context,
            "changeEnrollmentStatus",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.change_status(
                session, context.caller, parse_id(input.enrollment_id), request
            ),
        )
        return await enrollment_payload(info, outcome)

    @strawberry.mutation(description="Enroll somebody who comes back (CM assigned, SUP).")
    async def reenroll(
        self,
        info: Info,
        input: Annotated[ReenrollInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """Enroll a person again."""
        context = context_of(info)
        request = commands.ReturnRequest(input.expected_version, input.enrolled_on)
        outcome = await run_command(
            context,
            "reenroll",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.reenroll(
                session, context.caller, parse_id(input.enrollment_id), request
            ),
        )
        return await enrollment_payload(info, outcome)

    @strawberry.mutation(
        description="Put a day of an enrollment right; what stood there is kept (CM assigned, SUP)."
    )
    async def correct_enrollment_date(
        self,
        info: Info,
        input: Annotated[CorrectEnrollmentDateInput, INPUT],  # noqa: A002
    ) -> EnrollmentPayload:
        """Correct a day."""
        context = context_of(info)
        request = commands.CorrectionRequest(
            input.expected_version, input.field, input.corrected_on, input.reason
        )
        outcome = await run_command(
            context,
            "correctEnrollmentDate",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.correct_date(
                session, context.caller, parse_id(input.enrollment_id), request
            ),
        )
        return await enrollment_payload(info, outcome)
