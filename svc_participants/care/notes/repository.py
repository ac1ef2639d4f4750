"""All statements about case notes, narrowed by CASE_NOTES and by what each note tells of."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category, Role
from svc_participants.care.notes.rules import TELLING_TOPICS, ContactMode
from svc_participants.care.notes.tables import (
    CaseNoteRow,
    NoteAmendmentRow,
    NoteSignOffRow,
    NoteTopicRow,
)
from svc_participants.people.repository import holding, may_write

NEWEST_FIRST = Order((CaseNoteRow.written_at, CaseNoteRow.id), is_descending=True)
IN_ORDER = Order((NoteAmendmentRow.written_at, NoteAmendmentRow.id))


def _permitted(caller: Caller, category: Category) -> ColumnElement[bool]:
    return holding(
        caller,
        category,
        CaseNoteRow.participant_id,
        CaseNoteRow.agency_id,
        CaseNoteRow.occurred_on,
    )


def _tells_no_more(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "no topic of the note needs a category that is not permitted"."""
    hidden = [
        and_(NoteTopicRow.topic == topic.value, not_(_permitted(caller, category)))
        for topic, category in TELLING_TOPICS.items()
    ]
    return not_(exists().where(NoteTopicRow.note_id == CaseNoteRow.id, or_(*hidden)))


def note_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this note"."""
    permitted = and_(_permitted(caller, Category.CASE_NOTES), _tells_no_more(caller))
    if caller.role in (Role.PAR, Role.REP):
        # What somebody else has told is excepted from the access to one's own record (rule D04).
        return and_(permitted, CaseNoteRow.mode != ContactMode.COLLATERAL.value)
    return permitted


class NoteLoader(BatchLoader[CaseNoteRow]):
    """Notes by id."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(CaseNoteRow).where(CaseNoteRow.id == IDS, note_visible(caller))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, CaseNoteRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class NotesOfParticipant(OwnerPages[CaseNoteRow]):
    """Notes of participants, newest first."""

    row = CaseNoteRow
    owner = CaseNoteRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return note_visible(caller)


def _of_visible_note(caller: Caller, note_id: Any) -> ColumnElement[bool]:
    return exists().where(CaseNoteRow.id == note_id, note_visible(caller))


def _amendment_visible(caller: Caller) -> ColumnElement[bool]:
    return _of_visible_note(caller, NoteAmendmentRow.note_id)


class TopicLoader(BatchLoader[list[str]]):
    """What notes tell of, by note."""

    def statement(self, caller: Caller) -> AnySelect:
        """Topics of notes that the caller may see."""
        return (
            select(NoteTopicRow)
            .where(NoteTopicRow.note_id == IDS, _of_visible_note(caller, NoteTopicRow.note_id))
            .order_by(NoteTopicRow.topic)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[str]]:
        """By note."""
        grouped: dict[UUID, list[str]] = {}
        for (row,) in rows:
            grouped.setdefault(row.note_id, []).append(row.topic)
        return grouped


class SignOffLoader(BatchLoader[NoteSignOffRow]):
    """The newest signature under notes, by note."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those of notes that the caller may see."""
        return (
            select(NoteSignOffRow)
            .ext(distinct_on(NoteSignOffRow.note_id))
            .where(NoteSignOffRow.note_id == IDS, _of_visible_note(caller, NoteSignOffRow.note_id))
            .order_by(NoteSignOffRow.note_id, NoteSignOffRow.wording.desc())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, NoteSignOffRow]:
        """By note."""
        return {row.note_id: row for (row,) in rows}


class LatestAmendmentLoader(BatchLoader[NoteAmendmentRow]):
    """The newest wording of notes, by note; None where the first wording stands."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those of notes that the caller may see."""
        return (
            select(NoteAmendmentRow)
            .ext(distinct_on(NoteAmendmentRow.note_id))
            .where(NoteAmendmentRow.note_id == IDS, _amendment_visible(caller))
            .order_by(NoteAmendmentRow.note_id, NoteAmendmentRow.number.desc())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, NoteAmendmentRow]:
        """By note."""
        return {row.note_id: row for (row,) in rows}


class AmendmentsOfNote(OwnerPages[NoteAmendmentRow]):
    """Later wordings of notes, oldest first."""

    row = NoteAmendmentRow
    owner = NoteAmendmentRow.note_id
    order = IN_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those of notes that the caller may see."""
        return _amendment_visible(caller)


async def for_amendment(session: WriteSession, caller: Caller, note_id: UUID) -> CaseNoteRow | None:
    """Return a note, locked, that the caller may amend: visible, and theirs to write about."""
    row: CaseNoteRow | None = await session.scalar(
        select(CaseNoteRow)
        .where(
            CaseNoteRow.id == note_id,
            note_visible(caller),
            may_write(caller, Category.CASE_NOTES, CaseNoteRow.participant_id),
        )
        .with_for_update(of=CaseNoteRow)
    )
    return row


async def wordings(session: WriteSession, note: CaseNoteRow) -> list[str]:
    """Return who worded a locked note, oldest wording first; there are as many as wordings."""
    later = await session.scalars(
        select(NoteAmendmentRow.author_account_id)
        .where(NoteAmendmentRow.note_id == note.id)
        .order_by(NoteAmendmentRow.number)
    )
    return [note.author_account_id, *later]


async def is_signed(session: WriteSession, note_id: UUID, wording: int) -> bool:
    """Return whether a wording of a locked note is signed off."""
    found = await session.scalar(
        select(NoteSignOffRow.id).where(
            NoteSignOffRow.note_id == note_id, NoteSignOffRow.wording == wording
        )
    )
    return found is not None


async def topics_of(session: WriteSession, note_id: UUID) -> set[str]:
    """Return the topics of a locked note."""
    found = await session.scalars(select(NoteTopicRow.topic).where(NoteTopicRow.note_id == note_id))
    return set(found)


async def amendment_count(session: WriteSession, note_id: UUID) -> int:
    """Return how often a note was amended; the note was locked by ``for_amendment``."""
    return (
        await session.scalar(select(func.count()).where(NoteAmendmentRow.note_id == note_id)) or 0
    )
