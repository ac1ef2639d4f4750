"""All statements about case notes, narrowed by CASE_NOTES."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from infra.authority.predicate import visible
from infra.batch_loader import BatchLoader
from infra.database import ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow
from svc_participants.people.repository import holding, may_write

NEWEST_FIRST = Order((CaseNoteRow.written_at, CaseNoteRow.id), is_descending=True)
IN_ORDER = Order((NoteAmendmentRow.written_at, NoteAmendmentRow.id))


def note_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this note"."""
    return holding(
        caller,
        Category.CASE_NOTES,
        CaseNoteRow.participant_id,
        CaseNoteRow.agency_id,
        CaseNoteRow.occurred_on,
    )


class NoteLoader(BatchLoader[CaseNoteRow]):
    """Notes by id."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, CaseNoteRow]:
        """Read those that the caller may see."""
        found = await session.scalars(
            select(CaseNoteRow).where(CaseNoteRow.id.in_(ids), note_visible(caller))
        )
        return {row.id: row for row in found}


class NotesOfParticipant(OwnerPages[CaseNoteRow]):
    """Notes of participants, newest first."""

    row = CaseNoteRow
    owner = CaseNoteRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return note_visible(caller)


def _amendment_visible(caller: Caller) -> ColumnElement[bool]:
    return exists().where(CaseNoteRow.id == NoteAmendmentRow.note_id, note_visible(caller))


class LatestAmendmentLoader(BatchLoader[NoteAmendmentRow]):
    """The newest wording of notes, by note; None where the first wording stands."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, NoteAmendmentRow]:
        """Read those of notes that the caller may see."""
        found = await session.scalars(
            select(NoteAmendmentRow)
            .ext(distinct_on(NoteAmendmentRow.note_id))
            .where(
                NoteAmendmentRow.note_id.in_(ids),
                visible(caller, Category.CASE_NOTES, NoteAmendmentRow.participant_id),
                _amendment_visible(caller),
            )
            .order_by(NoteAmendmentRow.note_id, NoteAmendmentRow.number.desc())
        )
        return {row.note_id: row for row in found}


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


async def amendment_count(session: WriteSession, note_id: UUID) -> int:
    """Return how often a note was amended; the note was locked by ``for_amendment``."""
    return (
        await session.scalar(select(func.count()).where(NoteAmendmentRow.note_id == note_id)) or 0
    )
