"""Mutations: an agency's own requirements, and exemptions."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_training.compliance import commands, repository
from svc_training.compliance.rules import Policy
from svc_training.compliance.schema.reading import TrainingRequirement
from svc_training.personnel.rules import AppointmentType

_STRUCTURE = [category(Category.STRUCTURE)]
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="A requirement of the own agency.")
class SetAgencyRequirementInput:
    """Input of setAgencyRequirement."""

    title: str = strawberry.field(description="Title.")
    course_numbers: list[str] = strawberry.field(
        description="Courses of which one must have been completed."
    )
    in_force_on: date = strawberry.field(description="From when it is required.")
    idempotency_key: str = strawberry.field(description=_KEY)
    key: str | None = strawberry.field(
        default=None, description="Key of the requirement to change; a new one when absent."
    )
    appointment_types: list[AppointmentType] | None = strawberry.field(
        default=None, description="Of whom; everybody when absent."
    )
    due_on: date | None = strawberry.field(default=None, description="Until when.")
    due_days: int | None = strawberry.field(
        default=None, description="Or within how many days of starting."
    )
    renew_months: int | None = strawberry.field(
        default=None, description="After how many months again."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="The version that you have read; absent for a new one."
    )


@strawberry.input(description="A requirement of the own agency to take out of force.")
class EndAgencyRequirementInput:
    """Input of endAgencyRequirement."""

    key: str = strawberry.field(description="Which requirement.")
    expected_version: int = strawberry.field(description="The version that you have read.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="An exemption of a person of the own agency.")
class ExemptFromTrainingInput:
    """Input of exemptFromTraining."""

    key: str = strawberry.field(description="From which requirement.")
    personnel_id: strawberry.ID = strawberry.field(description="Whom.")
    idempotency_key: str = strawberry.field(description=_KEY)
    reason: str | None = strawberry.field(
        default=None, description="Why; an exemption is ended when absent."
    )
    ends_on: date | None = strawberry.field(
        default=None, description="Last day; for good when absent."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of a change about a requirement.")
class TrainingRequirementPayload:
    """Payload of the mutations about requirements."""

    requirement: TrainingRequirement | None = strawberry.field(
        default=None, description="The requirement as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class ComplianceMutation:
    """Mutations of compliance."""

    @strawberry.mutation(description="Add or change a requirement of the own agency.")
    async def set_agency_requirement(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SetAgencyRequirementInput, strawberry.argument(description="The requirement.")
        ],
    ) -> TrainingRequirementPayload:
        """Add or change a requirement."""
        context = context_of(info)
        policy = Policy(
            input.title,
            tuple(input.course_numbers),
            tuple(input.appointment_types or ()),
            input.in_force_on,
            input.due_on,
            input.due_days,
            input.renew_months,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.set_policy(
                session, context.caller, input.key, policy, input.expected_version
            )

        name = "setAgencyRequirement"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Take a requirement of the own agency out of force.")
    async def end_agency_requirement(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndAgencyRequirementInput, strawberry.argument(description="Which requirement.")
        ],
    ) -> TrainingRequirementPayload:
        """End a requirement."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_policy(
                session, context.caller, input.key, input.expected_version
            )

        name = "endAgencyRequirement"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)

    @strawberry.mutation(description="Exempt a person from a requirement, or end that.")
    async def exempt_from_training(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ExemptFromTrainingInput, strawberry.argument(description="Whom, from what, why.")
        ],
    ) -> TrainingRequirementPayload:
        """Exempt a person."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.exempt(
                session,
                context.caller,
                input.key,
                input.personnel_id,
                input.reason,
                input.ends_on,
            )

        name = "exemptFromTraining"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        return await _payload(info, outcome)


async def _payload(info: Info, outcome: Outcome) -> TrainingRequirementPayload:
    key, found = outcome.result.get("key"), None
    if key is not None:
        async with context_of(info).reading() as session:
            row = await repository.requirement_by_key(session, key)
        found = TrainingRequirement.from_row(row) if row else None
    return TrainingRequirementPayload(requirement=found, user_errors=outcome.user_errors)
