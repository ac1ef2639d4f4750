"""Commands about notes: write and amend. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.notes import repository, rules
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found


@dataclass(frozen=True, slots=True)
class NewNote:
    """What a note is made of."""

    participant_id: str
    mode: rules.ContactMode
    occurred_on: date
    text: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an amendment is made of."""

    expected_version: int
    text: str
    reason: str


async def add_note(session: WriteSession, caller: Caller, note: NewNote) -> dict[str, Any]:
    """Write a note.

    Raises:
        RuleError: NOT_FOUND, or a text or day that is not acceptable.
    """
    participant_id = await require_writable(
        session, caller, Category.CASE_NOTES, note.participant_id
    )
    now = clock.now()
    rules.check_text(note.text, "text")
    rules.check_day(note.occurred_on, now.date(), "occurredOn")
    row = CaseNoteRow(
        id=uuid4(),
        participant_id=participant_id,
        agency_id=own_agency(caller),
        author_account_id=caller.subject,
        mode=note.mode.value,
        occurred_on=note.occurred_on,
        text=note.text,
        written_at=now,
    )
    session.add(row)
    return {"note": str(row.id)}


async def amend_note(
    session: WriteSession, caller: Caller, note_id: UUID | None, amendment: Amendment
) -> dict[str, Any]:
    """Word a note anew; earlier wordings stay.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or a text that is not acceptable.
    """
    row = None if note_id is None else await repository.for_amendment(session, caller, note_id)
    if row is None:
        raise not_found("noteId")
    number = await repository.amendment_count(session, row.id) + 1
    check_version(amendment.expected_version, number)
    rules.check_text(amendment.text, "text")
    rules.check_text(amendment.reason, "reason")
    session.add(
        NoteAmendmentRow(
            id=uuid4(),
            note_id=row.id,
            participant_id=row.participant_id,
            number=number,
            text=amendment.text,
            reason=amendment.reason,
            author_account_id=caller.subject,
            written_at=clock.now(),
        )
    )
    return {"note": str(row.id)}
