"""Statements on safeguards, narrowed by what the caller may see of the participant."""

from typing import ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select

from infra.authority.predicate import visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category, Role
from svc_consent.releases.repository import may_see, serving_agency
from svc_consent.safeguards.tables import AmendmentRequest, Handout, Incident, LegalDemand

__all__ = ["may_see", "serving_agency"]

Row = TypeVar("Row", Incident, LegalDemand, AmendmentRequest, Handout)
MAX_ROWS = 100
"""Of a list about a participant; the newest of them."""


def _visible(caller: Caller, kind: type[Row]) -> ColumnElement[bool]:
    return visible(caller, Category.AUDIT, kind.participant_id)


def is_staff(caller: Caller) -> bool:
    """Return whether the caller is neither a participant nor somebody who stands in for one."""
    return caller.role not in (Role.PAR, Role.REP)


class IncidentsOfParticipants(OwnerPages[Incident]):
    """Reports of misuse about participants, newest first."""

    row = Incident
    owner = Incident.participant_id
    order: ClassVar[Order] = Order((Incident.reported_at, Incident.id), is_descending=True)

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a report must meet for this caller."""
        return _visible(caller, Incident)


class DemandsOfParticipants(OwnerPages[LegalDemand]):
    """Demands about participants, newest first."""

    row = LegalDemand
    owner = LegalDemand.participant_id
    order: ClassVar[Order] = Order((LegalDemand.recorded_at, LegalDemand.id), is_descending=True)

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a demand must meet for this caller."""
        # A demand may come with an order not to tell, and is counsel's to explain.
        return _visible(caller, LegalDemand) if is_staff(caller) else false()


class AmendmentsOfParticipants(OwnerPages[AmendmentRequest]):
    """Requests to amend the records of participants, newest first."""

    row = AmendmentRequest
    owner = AmendmentRequest.participant_id
    order: ClassVar[Order] = Order(
        (AmendmentRequest.requested_at, AmendmentRequest.id), is_descending=True
    )

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a request must meet for this caller."""
        return _visible(caller, AmendmentRequest)


class HandoutsOfParticipants(OwnerPages[Handout]):
    """What participants were given, newest first."""

    row = Handout
    owner = Handout.participant_id
    order: ClassVar[Order] = Order((Handout.recorded_at, Handout.id), is_descending=True)

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a handout must meet for this caller."""
        return _visible(caller, Handout)


async def by_id(session: AnySession, caller: Caller, kind: type[Row], row_id: UUID) -> Row | None:
    """Return one row, as far as the caller may see it."""
    row: Row | None = await session.scalar(
        select(kind).where(kind.id == row_id, _visible(caller, kind))
    )
    return row


async def for_update(
    session: WriteSession, caller: Caller, kind: type[Row], row_id: UUID
) -> Row | None:
    """Return one row that the caller may see, locked."""
    row: Row | None = await session.scalar(
        select(kind).where(kind.id == row_id, _visible(caller, kind)).with_for_update()
    )
    return row


async def open_holds(session: AnySession, participant_id: UUID) -> int:
    """Return how many demands hold the deletion of what is known of a participant."""
    count = await session.scalar(
        select(func.count())
        .select_from(LegalDemand)
        .where(LegalDemand.participant_id == participant_id, LegalDemand.hold_ended_at.is_(None))
    )
    return count or 0
