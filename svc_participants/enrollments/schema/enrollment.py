"""The type Enrollment, and what it adds to Participant."""

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.enrollments import repository, rules
from svc_participants.enrollments.tables import (
    DateCorrectionRow,
    EnrollmentEventRow,
    EnrollmentRow,
)
from svc_participants.people.schema import After, First, GlobalId, Participant

_STRUCTURE = [category(Category.STRUCTURE)]
_ENROLLMENT = [category(Category.ENROLLMENT)]
_OF_PARTICIPANT, _STEPS = "Participant.enrollments", "Enrollment.steps"
_CORRECTIONS = "Enrollment.dateCorrections"

described_enum(
    rules.EnrollmentStatus,
    "Where an enrollment stands. There is no failed, terminated or non-compliant state.",
    rules.STATUS_MEANINGS,
)
described_enum(
    rules.InactiveReason, "Why somebody is out of touch.", rules.INACTIVE_REASON_MEANINGS
)
described_enum(
    rules.ExitReason, "How an enrollment ended; none is a failure.", rules.EXIT_REASON_MEANINGS
)

described_enum(rules.EnrollmentDate, "A day of an enrollment.", rules.DATE_MEANINGS)
described_enum(
    rules.CorrectionReason,
    "Why a day of an enrollment is corrected.",
    rules.CORRECTION_REASON_MEANINGS,
    name="EnrollmentCorrectionReason",
)


@strawberry.type(directives=_ENROLLMENT, description="One change of an enrollment's status.")
class EnrollmentStep:
    """A step."""

    from_status: rules.EnrollmentStatus | None = strawberry.field(description="Status before.")
    to_status: rules.EnrollmentStatus | None = strawberry.field(description="Status after.")
    happened_on: date | None = strawberry.field(
        description="Day from which it holds, as it was recorded; `dateCorrections` came later."
    )
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")
    is_brought_in: bool | None = strawberry.field(
        description="Whether it was brought in from an earlier system, and not recorded here."
    )
    brought_in_from: str | None = strawberry.field(
        description="Which earlier system, for the agency that provides alone."
    )


@strawberry.type(directives=_ENROLLMENT, description="One corrected day of an enrollment.")
class EnrollmentDateCorrection:
    """A correction."""

    field: rules.EnrollmentDate | None = strawberry.field(description="Which day.")
    before_on: date | None = strawberry.field(description="What stood there before.")
    after_on: date | None = strawberry.field(description="What it was corrected to.")
    reason: rules.CorrectionReason | None = strawberry.field(description="Why.")
    corrected_at: datetime | None = strawberry.field(description="When it was corrected.")


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.ENROLLMENT), about("participantId")],
    description="One stay in LEAD at one site, with one provider.",
)
class Enrollment:
    """An enrollment that the caller may see."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    status: rules.EnrollmentStatus | None = strawberry.field(description="Where it stands.")
    possible_steps: list[rules.EnrollmentStatus] | None = strawberry.field(
        description="Statuses that may follow."
    )
    enrolled_on: date | None = strawberry.field(description="First day; null during intake.")
    intake_completed_on: date | None = strawberry.field(
        description="Day on which the psychosocial intake was completed."
    )
    inactive_reason: rules.InactiveReason | None = strawberry.field(
        description="Why the person is out of touch, while they are."
    )
    exited_on: date | None = strawberry.field(description="Last day.")
    exit_reason: rules.ExitReason | None = strawberry.field(description="How it ended.")
    provider_agency_id: strawberry.ID | None = strawberry.field(
        description="Agency that provides case management."
    )
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list["Enrollment | None"]:
        """Resolve entity representations in one statement."""
        keys = reference_ids(representations)
        found = await context_of(info).loader(repository.EnrollmentLoader).load_many(keys)
        return [None if each is None else enrollment_of(each) for each in found]

    @strawberry.field(description="Changes of status, oldest first.")
    async def steps(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[EnrollmentStep] | None:
        """Return a page of the history."""
        context, order = context_of(info), repository.STEPS_IN_ORDER
        request = page_request(context, info, name=_STEPS, order=order, first=first, after=after)
        owner = parse_id(self.id)
        if owner is None:
            return None
        page = await context.loader(repository.StepsOfEnrollment).load(owner, request)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_STEPS,
            after=after,
            key=order.key,
            node=partial(_step_of, is_own=self._is_own(context.caller)),
        )

    def _is_own(self, caller: Caller) -> bool:
        """Return whether the caller acts for the agency that provides case management."""
        return bool(caller.agency_id) and caller.agency_id == self.provider_agency_id

    @strawberry.field(description="Corrected days, oldest first.")
    async def date_corrections(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[EnrollmentDateCorrection] | None:
        """Return a page of what was put right."""
        context, order = context_of(info), repository.CORRECTIONS_IN_ORDER
        request = page_request(
            context, info, name=_CORRECTIONS, order=order, first=first, after=after
        )
        owner = parse_id(self.id)
        if owner is None:
            return None
        page = await context.loader(repository.CorrectionsOfEnrollment).load(owner, request)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_CORRECTIONS,
            after=after,
            key=order.key,
            node=_correction_of,
        )


def _correction_of(row: DateCorrectionRow) -> EnrollmentDateCorrection:
    return EnrollmentDateCorrection(
        field=rules.EnrollmentDate(row.field),
        before_on=row.before_on,
        after_on=row.after_on,
        reason=rules.CorrectionReason(row.reason),
        corrected_at=row.corrected_at,
    )


def _step_of(row: EnrollmentEventRow, *, is_own: bool) -> EnrollmentStep:
    return EnrollmentStep(
        from_status=rules.EnrollmentStatus(row.from_status),
        to_status=rules.EnrollmentStatus(row.to_status),
        happened_on=row.happened_on,
        recorded_at=row.happened_at,
        is_brought_in=row.source is not None,
        # The name of a system may tell of treatment; nobody learns it by a release.
        brought_in_from=row.source if is_own else None,
    )


def enrollment_of(row: EnrollmentRow) -> Enrollment:
    """Return the GraphQL object of an enrollment."""
    status = rules.EnrollmentStatus(row.status)
    return Enrollment(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        status=status,
        possible_steps=sorted(rules.STEPS[status]),
        enrolled_on=row.enrolled_on,
        intake_completed_on=row.intake_completed_on,
        inactive_reason=rules.InactiveReason(row.inactive_reason) if row.inactive_reason else None,
        exited_on=row.exited_on,
        exit_reason=rules.ExitReason(row.exit_reason) if row.exit_reason else None,
        provider_agency_id=strawberry.ID(str(row.provider_agency_id)),
        version=row.version,
    )


async def load_enrollment(info: Info, enrollment_id: object) -> Enrollment | None:
    """Return one enrollment, or None: absent, hidden and malformed ids look alike."""
    key = enrollment_id if isinstance(enrollment_id, UUID) else parse_id(enrollment_id)
    if key is None:
        return None
    row = await context_of(info).loader(repository.EnrollmentLoader).load(key)
    return None if row is None else enrollment_of(row)


async def _enrollment(root: strawberry.Parent[Participant], info: Info) -> Enrollment | None:
    loader = context_of(info).loader(repository.CurrentEnrollmentLoader)
    row = await loader.load(root.seen.row.id)
    return None if row is None else enrollment_of(row)


async def _enrolled_on(root: strawberry.Parent[Participant], info: Info) -> date | None:
    return await context_of(info).loader(repository.FirstEnrolledOnLoader).load(root.seen.row.id)


async def _enrollments(
    root: strawberry.Parent[Participant], info: Info, first: First = 25, after: After = None
) -> Connection[Enrollment] | None:
    context, order = context_of(info), repository.NEWEST_FIRST
    request = page_request(
        context, info, name=_OF_PARTICIPANT, order=order, first=first, after=after
    )
    loader = context.loader(repository.EnrollmentsOfParticipant)
    return connection(
        await loader.load(root.seen.row.id, request),
        seal=context.seal,
        caller=context.caller,
        name=_OF_PARTICIPANT,
        after=after,
        key=order.key,
        node=enrollment_of,
    )


@strawberry.type(directives=_STRUCTURE, description="Reading about enrollments.")
class EnrollmentQuery:
    """Root field about one enrollment."""

    @strawberry.field(description="One enrollment; null when there is none that you may see.")
    async def enrollment(self, info: Info, id: GlobalId) -> Enrollment | None:  # noqa: A002
        """Return one enrollment."""
        return await load_enrollment(info, str(id))


@strawberry.type
class EnrollmentFields:
    """What enrollments add to ``Participant``; put there by ``subgraph``."""

    enrollment: Enrollment | None = strawberry.field(
        resolver=_enrollment,
        description="The newest enrollment that was not entered in error.",
        directives=_ENROLLMENT,
    )
    enrolled_on: date | None = strawberry.field(
        resolver=_enrolled_on,
        description="First day of the earliest enrollment that was not entered in error.",
        directives=_ENROLLMENT,
    )
    enrollments: Connection[Enrollment] | None = strawberry.field(
        resolver=_enrollments,
        description="All enrollments, newest first.",
        directives=_ENROLLMENT,
    )
