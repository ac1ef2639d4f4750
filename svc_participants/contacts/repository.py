"""Statements about attempts to reach somebody, narrowed by CASE_NOTES: justice never reads them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from infra.database import AnySession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.contacts.rules import AttemptOutcome
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.people.repository import holding

NEWEST_FIRST = Order((ContactAttemptRow.attempted_at, ContactAttemptRow.id), is_descending=True)
IS_REACHED = ContactAttemptRow.outcome == AttemptOutcome.REACHED.value


def attempt_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this attempt"; another agency's need a release."""
    return holding(
        caller,
        Category.CASE_NOTES,
        ContactAttemptRow.participant_id,
        ContactAttemptRow.agency_id,
    )


class AttemptsOfParticipant(OwnerPages[ContactAttemptRow]):
    """Attempts to reach participants, newest first."""

    row = ContactAttemptRow
    owner = ContactAttemptRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return attempt_visible(caller)


async def attempts_since(
    session: AnySession, participant_id: UUID, agency_id: UUID, since: datetime | None
) -> int:
    """Return how often an agency has tried in vain; the right to the person was checked."""
    conditions = [
        ContactAttemptRow.participant_id == participant_id,
        ContactAttemptRow.agency_id == agency_id,
        ContactAttemptRow.outcome != AttemptOutcome.REACHED.value,
    ]
    if since is not None:
        conditions.append(ContactAttemptRow.attempted_at >= since)
    return await session.scalar(select(func.count()).where(*conditions)) or 0
