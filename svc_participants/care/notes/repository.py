"""All statements about case notes, narrowed by CASE_NOTES."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category, Role
from svc_participants.care.notes.rules import ContactMode
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow
from svc_participants.people.repository import holding, may_write

NEWEST_FIRST = Order((CaseNoteRow.written_at, CaseNoteRow.id), is_descending=True)
IN_ORDER = Order((NoteAmendmentRow.written_at, NoteAmendmentRow.id))


def note_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this note"."""
    permitted = holding(
        caller,
        Category.CASE_NOTES,
        CaseNoteRow.participant_id,
        CaseNoteRow.agency_id,
        CaseNoteRow.occurred_on,
    )
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


def _amendment_visible(caller: Caller) -> ColumnElement[bool]:
    return exists().where(CaseNoteRow.id == NoteAmendmentRow.note_id, note_visible(caller))


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


async def amendment_count(session: WriteSession, note_id: UUID) -> int:
    """Return how often a note was amended; the note was locked by ``for_amendment``."""
    return (
        await session.scalar(select(func.count()).where(NoteAmendmentRow.note_id == note_id)) or 0
    )
