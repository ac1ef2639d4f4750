"""Commands about notes. Assigned case manager, supervisor of the own agency.

A note is written, amended, marked with what else it tells of, and signed off; nothing is undone.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.notes import repository, rules
from svc_participants.care.notes.tables import (
    CaseNoteRow,
    NoteAmendmentRow,
    NoteSignOffRow,
    NoteTopicRow,
)
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewNote:
    """What a note is made of."""

    participant_id: str
    mode: rules.ContactMode
    occurred_on: date
    text: str
    topics: tuple[rules.NoteTopic, ...] = ()


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
    topics = sorted(set(note.topics))
    for topic in topics:
        needed = rules.TELLING_TOPICS[topic]
        await require_writable(session, caller, needed, note.participant_id)
    now = clock.now()
    rules.check_text(note.text, "text")
    rules.check_day(note.occurred_on, await today_at(session, caller), "occurredOn")
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
    await session.flush()
    session.add_all(_topic_row(row, topic, caller) for topic in topics)
    return {"note": str(row.id)}


def _topic_row(note: CaseNoteRow, topic: rules.NoteTopic, caller: Caller) -> NoteTopicRow:
    return NoteTopicRow(
        id=uuid4(),
        note_id=note.id,
        participant_id=note.participant_id,
        topic=topic.value,
        marked_at=clock.now(),
        marked_by=caller.subject,
    )


async def amend_note(
    session: WriteSession, caller: Caller, note_id: UUID | None, amendment: Amendment
) -> dict[str, Any]:
    """Word a note anew; earlier wordings stay.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or a text that is not acceptable.
    """
    row = await _note(session, caller, note_id)
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


async def mark_note(
    session: WriteSession, caller: Caller, note_id: UUID | None, topic: rules.NoteTopic
) -> dict[str, Any]:
    """Mark what else a note tells of; from then on it needs that category too.

    Raises:
        RuleError: NOT_FOUND, or the note has the topic already.
    """
    row = await _note(session, caller, note_id)
    rules.check_new_topic(topic, await repository.topics_of(session, row.id))
    session.add(_topic_row(row, topic, caller))
    return {"note": str(row.id)}


async def sign_off_note(
    session: WriteSession, caller: Caller, note_id: UUID | None, expected_version: int
) -> dict[str, Any]:
    """Sign the present wording of a note off; a later wording needs a signature of its own.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, or not the caller's to sign.
    """
    row = await _note(session, caller, note_id)
    writers = await repository.wordings(session, row)
    check_version(expected_version, len(writers))
    is_signed = await repository.is_signed(session, row.id, len(writers))
    rules.check_sign_off(caller.role, caller.subject, writers, is_signed=is_signed)
    session.add(
        NoteSignOffRow(
            id=uuid4(),
            note_id=row.id,
            participant_id=row.participant_id,
            wording=len(writers),
            signed_at=clock.now(),
            signed_by=caller.subject,
        )
    )
    return {"note": str(row.id)}


async def _note(session: WriteSession, caller: Caller, note_id: UUID | None) -> CaseNoteRow:
    row = None if note_id is None else await repository.for_amendment(session, caller, note_id)
    if row is None:
        raise not_found("noteId")
    return row
