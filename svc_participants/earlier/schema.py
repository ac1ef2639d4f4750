"""GraphQL of bringing in who was enrolled before."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.earlier import commands, rules
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason, InactiveReason
from svc_participants.enrollments.schema import Enrollment
from svc_participants.enrollments.schema.enrollment import load_enrollment
from svc_participants.people.schema import INPUT, Participant, load_participant
from svc_participants.referrals.forms import Person

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.input(description="Who was enrolled: a participant's id alone, or who they are.")
class EarlierPersonInput:
    """The person."""

    participant_id: strawberry.ID | None = strawberry.field(
        default=None, description="A participant who has a record here; then nothing else."
    )
    given_name: str | None = strawberry.field(default=None, description="Given name.")
    family_name: str | None = strawberry.field(default=None, description="Family name.")
    alias: str | None = strawberry.field(default=None, description="Street name or other name.")
    date_of_birth: date | None = strawberry.field(default=None, description="Date of birth.")
    estimated_birth_year: int | None = strawberry.field(
        default=None, description="Estimated year of birth, where the date is not known."
    )
    phone: str | None = strawberry.field(default=None, description="Their telephone number.")
    usual_places: list[str] = strawberry.field(
        default_factory=list, description="Where they are usually found."
    )

    def as_person(self) -> Person:
        """Return the command's person."""
        return Person(
            participant_id=self.participant_id,
            given_name=self.given_name,
            family_name=self.family_name,
            alias=self.alias,
            born_on=self.date_of_birth,
            estimated_birth_year=self.estimated_birth_year,
            phone=self.phone,
            usual_places=tuple(self.usual_places),
        )


@strawberry.input(description="A stay with LEAD that an earlier system kept, as it has it.")
class RecordEarlierEnrollmentInput:
    """Input of ``recordEarlierEnrollment``."""

    idempotency_key: str = strawberry.field(description="Unique per stay that is brought in.")
    person: EarlierPersonInput = strawberry.field(description="Who was enrolled.")
    enrolled_on: date = strawberry.field(
        description="First day, of the site's calendar; LEAD began on 2011-10-01."
    )
    status: EnrollmentStatus = strawberry.field(
        description="How the person stands: ENROLLED_ACTIVE, ENROLLED_INACTIVE or EXITED."
    )
    status_since: date | None = strawberry.field(
        default=None,
        description="Day from which it holds, of EXITED the last day; not for ENROLLED_ACTIVE.",
    )
    inactive_reason: InactiveReason | None = strawberry.field(
        default=None, description="Why the person is out of touch, for ENROLLED_INACTIVE."
    )
    exit_reason: ExitReason | None = strawberry.field(
        default=None, description="How it ended, for EXITED; not ADMIN_ERROR."
    )
    source: str = strawberry.field(
        description="Name of the earlier system; 60 characters, nothing about the person."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of bringing an enrollment in.")
class EarlierEnrollmentPayload:
    """Payload with the enrollment, and whose it is."""

    enrollment: Enrollment | None = strawberry.field(description="The enrollment as now.")
    participant: Participant | None = strawberry.field(description="Whose it is.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Bringing in who was enrolled before.")
class EarlierMutation:
    """Mutation by which a site brings in its people."""

    @strawberry.mutation(
        description="Bring in somebody who was enrolled before the platform, with first day and "
        "status; no release comes with it (SUP; CM of people assigned who have a record here)."
    )
    async def record_earlier_enrollment(
        self,
        info: Info,
        input: Annotated[RecordEarlierEnrollmentInput, INPUT],  # noqa: A002
    ) -> EarlierEnrollmentPayload:
        """Bring an enrollment in."""
        context = context_of(info)
        stay = rules.EarlierStay(
            input.enrolled_on,
            input.status,
            input.status_since,
            input.inactive_reason,
            input.exit_reason,
            input.source,
        )
        outcome = await run_command(
            context,
            "recordEarlierEnrollment",
            input,
            key=input.idempotency_key,
            effect=lambda session: commands.record(
                session, context.caller, input.person.as_person(), stay
            ),
        )
        key, person = outcome.id("enrollment"), outcome.id("participant")
        return EarlierEnrollmentPayload(
            enrollment=None if key is None else await load_enrollment(info, key),
            participant=None if person is None else await load_participant(info, person),
            user_errors=outcome.user_errors,
        )
