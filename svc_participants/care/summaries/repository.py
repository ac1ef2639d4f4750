"""All statements about progress summaries, narrowed by GOALS_PLAN."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.care.notes.tables import CaseNoteRow, NoteAmendmentRow
from svc_participants.care.summaries.rules import SummaryState
from svc_participants.care.summaries.tables import ProgressSummaryRow
from svc_participants.people.repository import holding, may_write
from svc_participants.people.tables import ParticipantRow

NEWEST_FIRST = Order((ProgressSummaryRow.written_at, ProgressSummaryRow.id), is_descending=True)


def summary_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this wording, draft or not"."""
    return holding(
        caller,
        Category.GOALS_PLAN,
        ProgressSummaryRow.participant_id,
        ProgressSummaryRow.agency_id,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a partner may read about a participant: an approved wording, or nothing to add."""

    row: ProgressSummaryRow | None


class StandingLoader(BatchLoader[Standing]):
    """The summary that stands, by participant; None where the category is not permitted.

    Permission is read from the participant, not from the wording: whoever may see summaries gets
    one for everybody, and cannot tell "none written" from "none approved" or "not in the period".
    """

    def statement(self, caller: Caller) -> AnySelect:
        """What stands for those whose summaries the caller may see."""
        approved = and_(
            ProgressSummaryRow.participant_id == ParticipantRow.id,
            ProgressSummaryRow.state == SummaryState.APPROVED.value,
            ProgressSummaryRow.is_nothing_to_add.is_(False),
            visible(
                caller,
                Category.GOALS_PLAN,
                ProgressSummaryRow.participant_id,
                ProgressSummaryRow.approved_on,
            ),
        )
        return (
            select(ParticipantRow.id, ProgressSummaryRow)
            .outerjoin(ProgressSummaryRow, approved)
            .where(
                ParticipantRow.id == IDS,
                visible(caller, Category.GOALS_PLAN, ParticipantRow.id, is_single=True),
            )
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, Standing]:
        """By participant."""
        return {whose: Standing(row) for whose, row in rows}


class WordingLoader(BatchLoader[ProgressSummaryRow]):
    """Wordings by id, for the case manager who works on them."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(ProgressSummaryRow).where(
            ProgressSummaryRow.id == IDS, summary_visible(caller)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, ProgressSummaryRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class WordingsOfParticipant(OwnerPages[ProgressSummaryRow]):
    """Wordings of participants' summaries, newest first."""

    row = ProgressSummaryRow
    owner = ProgressSummaryRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return summary_visible(caller)


async def for_step(
    session: WriteSession, caller: Caller, summary_id: UUID
) -> ProgressSummaryRow | None:
    """Return a wording, locked, that the caller may approve or withdraw."""
    row: ProgressSummaryRow | None = await session.scalar(
        select(ProgressSummaryRow)
        .where(
            ProgressSummaryRow.id == summary_id,
            summary_visible(caller),
            may_write(caller, Category.GOALS_PLAN, ProgressSummaryRow.participant_id),
        )
        .with_for_update(of=ProgressSummaryRow)
    )
    return row


async def approved_of(session: WriteSession, participant_id: UUID) -> list[ProgressSummaryRow]:
    """Return a participant's approved wordings, locked; the right was checked before."""
    found = await session.scalars(
        select(ProgressSummaryRow)
        .where(
            ProgressSummaryRow.participant_id == participant_id,
            ProgressSummaryRow.state == SummaryState.APPROVED.value,
        )
        .with_for_update()
    )
    return list(found)


async def note_texts(session: WriteSession, participant_id: UUID) -> list[str]:
    """Return every wording of every note about somebody; nothing of them leaves the command.

    The right to write about the participant was checked before.
    """
    first = select(CaseNoteRow.text).where(CaseNoteRow.participant_id == participant_id)
    later = select(NoteAmendmentRow.text).where(NoteAmendmentRow.participant_id == participant_id)
    return list(await session.scalars(first.union_all(later)))
