"""All statements about enrollments, narrowed by ENROLLMENT."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from infra.authority.predicate import visible
from infra.batch_loader import BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people.repository import may_write

NEWEST_FIRST = Order((EnrollmentRow.created_at, EnrollmentRow.id), is_descending=True)
STEPS_IN_ORDER = Order((EnrollmentEventRow.happened_at, EnrollmentEventRow.id))

_NOT_IN_ERROR = EnrollmentRow.exit_reason.is_distinct_from(ExitReason.ADMIN_ERROR.value)


def enrollment_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this enrollment"."""
    return visible(
        caller, Category.ENROLLMENT, EnrollmentRow.participant_id, EnrollmentRow.enrolled_on
    )


class EnrollmentLoader(BatchLoader[EnrollmentRow]):
    """Enrollments by id."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, EnrollmentRow]:
        """Read those that the caller may see."""
        found = await session.scalars(
            select(EnrollmentRow).where(EnrollmentRow.id.in_(ids), enrollment_visible(caller))
        )
        return {row.id: row for row in found}


class CurrentEnrollmentLoader(BatchLoader[EnrollmentRow]):
    """The newest enrollment of a participant that was not entered in error."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, EnrollmentRow]:
        """Read them where the caller may see them."""
        found = await session.scalars(
            select(EnrollmentRow)
            .ext(distinct_on(EnrollmentRow.participant_id))
            .where(EnrollmentRow.participant_id.in_(ids), _NOT_IN_ERROR, enrollment_visible(caller))
            .order_by(EnrollmentRow.participant_id, *NEWEST_FIRST.clauses())
        )
        return {row.participant_id: row for row in found}


class FirstEnrolledOnLoader(BatchLoader[date]):
    """First day of the earliest enrollment that was not entered in error.

    The earliest is found first and narrowed afterwards: what a release's data period leaves out
    must not make a later enrollment look like the first one.
    """

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, date]:
        """Read the dates that the caller may see."""
        earliest = aliased(
            EnrollmentRow,
            select(EnrollmentRow)
            .ext(distinct_on(EnrollmentRow.participant_id))
            .where(
                EnrollmentRow.participant_id.in_(ids),
                EnrollmentRow.enrolled_on.is_not(None),
                _NOT_IN_ERROR,
            )
            .order_by(EnrollmentRow.participant_id, EnrollmentRow.enrolled_on, EnrollmentRow.id)
            .subquery(),
        )
        found = await session.execute(
            select(earliest.participant_id, earliest.enrolled_on).where(
                visible(caller, Category.ENROLLMENT, earliest.participant_id, earliest.enrolled_on)
            )
        )
        return {each[0]: each[1] for each in found.all() if each[1] is not None}


class EnrollmentsOfParticipant(OwnerPages[EnrollmentRow]):
    """Enrollments of participants, newest first."""

    row = EnrollmentRow
    owner = EnrollmentRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return enrollment_visible(caller)


class StepsOfEnrollment(OwnerPages[EnrollmentEventRow]):
    """Changes of status of enrollments, oldest first."""

    row = EnrollmentEventRow
    owner = EnrollmentEventRow.enrollment_id
    order = STEPS_IN_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return visible(
            caller,
            Category.ENROLLMENT,
            EnrollmentEventRow.participant_id,
            EnrollmentEventRow.happened_on,
        )


async def for_update(
    session: WriteSession, caller: Caller, enrollment_id: UUID
) -> EnrollmentRow | None:
    """Return an enrollment, locked, of the caller's own agency that the caller may change."""
    agency = parse_id(caller.agency_id)
    row: EnrollmentRow | None = await session.scalar(
        select(EnrollmentRow)
        .where(
            EnrollmentRow.id == enrollment_id,
            false() if agency is None else EnrollmentRow.provider_agency_id == agency,
            may_write(caller, Category.ENROLLMENT, EnrollmentRow.participant_id),
        )
        .with_for_update(of=EnrollmentRow)
    )
    return row


async def open_at_site(
    session: AnySession, participant_id: UUID, site_id: UUID
) -> EnrollmentRow | None:
    """Return the open enrollment of a participant at a site.

    Not narrowed: used only after the caller's right to write about the participant was checked.
    """
    row: EnrollmentRow | None = await session.scalar(
        select(EnrollmentRow).where(
            EnrollmentRow.participant_id == participant_id,
            EnrollmentRow.site_id == site_id,
            EnrollmentRow.status != EnrollmentStatus.EXITED.value,
        )
    )
    return row


async def is_served_by(session: AnySession, participant_id: UUID, agency_id: UUID) -> bool:
    """Return whether an agency has an enrollment of a participant that is not in error.

    Not narrowed: used only after the caller's right to write about the participant was checked.
    """
    found = await session.scalar(
        select(EnrollmentRow.id).where(
            EnrollmentRow.participant_id == participant_id,
            EnrollmentRow.provider_agency_id == agency_id,
            _NOT_IN_ERROR,
        )
    )
    return found is not None
