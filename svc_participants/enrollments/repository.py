"""All statements about enrollments, narrowed by ENROLLMENT."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, false, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, aliased

from infra.authority.predicate import visible
from infra.authority.tables import Visibility
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Basis, Category
from svc_participants.enrollments.rules import Days, EnrollmentStatus, ExitReason
from svc_participants.enrollments.tables import (
    DateCorrectionRow,
    EnrollmentEventRow,
    EnrollmentRow,
)
from svc_participants.people.repository import may_write

NEWEST_FIRST = Order((EnrollmentRow.created_at, EnrollmentRow.id), is_descending=True)
STEPS_IN_ORDER = Order((EnrollmentEventRow.happened_at, EnrollmentEventRow.id))
CORRECTIONS_IN_ORDER = Order((DateCorrectionRow.corrected_at, DateCorrectionRow.id))

_NOT_IN_ERROR = EnrollmentRow.exit_reason.is_distinct_from(ExitReason.ADMIN_ERROR.value)


def enrollment_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this enrollment"."""
    return visible(
        caller, Category.ENROLLMENT, EnrollmentRow.participant_id, EnrollmentRow.enrolled_on
    )


def newest_of_person(
    caller: Caller, column: InstrumentedAttribute[Any], participant_id: InstrumentedAttribute[UUID]
) -> ScalarSelect[Any]:
    """Return a column of the newest enrollment, as ``CurrentEnrollmentLoader`` finds it.

    Args:
        caller: who asks; enrollments that they may not see are as if absent.
        column: of the enrollment.
        participant_id: column of the statement around it that names the person.
    """
    return (
        select(column)
        .where(
            EnrollmentRow.participant_id == participant_id,
            _NOT_IN_ERROR,
            enrollment_visible(caller),
        )
        .order_by(*NEWEST_FIRST.clauses())
        .limit(1)
        .correlate(participant_id.class_)
        .scalar_subquery()
    )


class EnrollmentLoader(BatchLoader[EnrollmentRow]):
    """Enrollments by id."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(EnrollmentRow).where(EnrollmentRow.id == IDS, enrollment_visible(caller))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, EnrollmentRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class CurrentEnrollmentLoader(BatchLoader[EnrollmentRow]):
    """The newest enrollment of a participant that was not entered in error."""

    def statement(self, caller: Caller) -> AnySelect:
        """The newest that the caller may see."""
        return (
            select(EnrollmentRow)
            .ext(distinct_on(EnrollmentRow.participant_id))
            .where(EnrollmentRow.participant_id == IDS, _NOT_IN_ERROR, enrollment_visible(caller))
            .order_by(EnrollmentRow.participant_id, *NEWEST_FIRST.clauses())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, EnrollmentRow]:
        """By participant."""
        return {row.participant_id: row for (row,) in rows}


class FirstEnrolledOnLoader(BatchLoader[date]):
    """First day of the earliest enrollment that was not entered in error.

    The earliest is found first and narrowed afterwards: what a release's data period leaves out
    must not make a later enrollment look like the first one.
    """

    def statement(self, caller: Caller) -> AnySelect:
        """The days that the caller may see."""
        earliest = aliased(
            EnrollmentRow,
            select(EnrollmentRow)
            .ext(distinct_on(EnrollmentRow.participant_id))
            .where(
                EnrollmentRow.participant_id == IDS,
                EnrollmentRow.enrolled_on.is_not(None),
                _NOT_IN_ERROR,
            )
            .order_by(EnrollmentRow.participant_id, EnrollmentRow.enrolled_on, EnrollmentRow.id)
            .subquery(),
        )
        whose, on = earliest.participant_id, earliest.enrolled_on
        return select(whose, on).where(visible(caller, Category.ENROLLMENT, whose, on))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, date]:
        """By participant."""
        return {whose: on for whose, on in rows}  # noqa: C416 - a row is no pair to the checker


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


class CorrectionsOfEnrollment(OwnerPages[DateCorrectionRow]):
    """Corrected days of enrollments, oldest first."""

    row = DateCorrectionRow
    owner = DateCorrectionRow.enrollment_id
    order = CORRECTIONS_IN_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return visible(
            caller,
            Category.ENROLLMENT,
            DateCorrectionRow.participant_id,
            DateCorrectionRow.after_on,
        )


async def for_update(
    session: WriteSession, caller: Caller, enrollment_id: UUID
) -> EnrollmentRow | None:
    """Return an enrollment, locked, of the caller's own agency that the caller may change."""
    row: EnrollmentRow | None = await session.scalar(
        select(EnrollmentRow)
        .where(EnrollmentRow.id == enrollment_id, _changeable(caller))
        .with_for_update(of=EnrollmentRow)
    )
    return row


async def whose(session: WriteSession, caller: Caller, enrollment_id: UUID) -> UUID | None:
    """Return the participant of an enrollment of the own agency that the caller may change."""
    found: UUID | None = await session.scalar(
        select(EnrollmentRow.participant_id).where(
            EnrollmentRow.id == enrollment_id, _changeable(caller)
        )
    )
    return found


def _changeable(caller: Caller) -> ColumnElement[bool]:
    agency = parse_id(caller.agency_id)
    return and_(
        false() if agency is None else EnrollmentRow.provider_agency_id == agency,
        may_write(caller, Category.ENROLLMENT, EnrollmentRow.participant_id),
    )


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


async def other_stays(session: AnySession, row: EnrollmentRow) -> list[Days]:
    """Return the days of a participant's other enrollments at the site of one.

    Not narrowed: used only after the caller's right to write about the participant was checked.
    """
    found = await session.scalars(
        select(EnrollmentRow).where(
            EnrollmentRow.participant_id == row.participant_id,
            EnrollmentRow.site_id == row.site_id,
            EnrollmentRow.id != row.id,
            EnrollmentRow.enrolled_on.is_not(None),
            _NOT_IN_ERROR,
        )
    )
    return [
        Days(each.enrolled_on, each.intake_completed_on, each.exited_on)
        for each in found
        if each.enrolled_on is not None
    ]


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


async def any_at_site(session: AnySession, participant_id: UUID, site_id: UUID) -> bool:
    """Return whether a participant has an enrollment at a site that is not in error.

    Not narrowed: used only after the caller's right to write about the participant was checked.
    """
    found = await session.scalar(
        select(EnrollmentRow.id).where(
            EnrollmentRow.participant_id == participant_id,
            EnrollmentRow.site_id == site_id,
            _NOT_IN_ERROR,
        )
    )
    return found is not None


async def has_release(session: AnySession, participant_id: UUID) -> bool:
    """Return whether any release of a participant is in force now, as the replica has it.

    Not narrowed: used only after the caller's right to write about the participant was checked;
    that something was signed is all that is learnt.
    """
    now = func.statement_timestamp()
    found = await session.scalar(
        select(Visibility.id)
        .where(
            Visibility.participant_id == participant_id,
            Visibility.basis == Basis.RELEASE.value,
            Visibility.effect == "permit",
            Visibility.starts_at <= now,
            or_(Visibility.ends_at.is_(None), Visibility.ends_at > now),
        )
        .limit(1)
    )
    return found is not None
