"""All statements about assessments: PSYCHOSOCIAL, and each answer by its section's category too."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.assessments.instruments import CATEGORIES
from svc_participants.care.assessments.rules import Answer, AssessmentState
from svc_participants.care.assessments.tables import (
    AssessmentAnswerRow,
    AssessmentRow,
    AssessmentScoreRow,
    UsedInstrumentRow,
)
from svc_participants.care.keeping import loader_of, pages_of
from svc_participants.people.repository import holding
from svc_participants.people.rules import AnswerState

_VERSION = tuple_(AssessmentRow.instrument, AssessmentRow.instrument_version)
NEWEST_FIRST = Order((AssessmentRow.taken_on, AssessmentRow.id), is_descending=True)


def _permitted(caller: Caller, category: Category) -> ColumnElement[bool]:
    return holding(
        caller,
        category,
        AssessmentRow.participant_id,
        AssessmentRow.agency_id,
        AssessmentRow.taken_on,
    )


def assessment_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this assessment"."""
    return _permitted(caller, Category.PSYCHOSOCIAL)


def part_visible(caller: Caller, part: Any) -> ColumnElement[bool]:
    """Return the condition "this caller may see this answer or score of an assessment".

    Args:
        caller: who asks.
        part: table of answers or of scores.
    """
    told = [
        and_(part.category == each.value, _permitted(caller, each))
        for each in CATEGORIES
        if each is not Category.PSYCHOSOCIAL
    ]
    return exists().where(
        AssessmentRow.id == part.assessment_id,
        assessment_visible(caller),
        or_(part.category == Category.PSYCHOSOCIAL.value, *told),
    )


AssessmentLoader = loader_of(AssessmentRow, assessment_visible)
AssessmentsOfParticipant = pages_of(AssessmentRow, assessment_visible, NEWEST_FIRST)


class _PartsLoader(BatchLoader[list[Any]]):
    """Answers or scores of all wordings, by assessment, newest wording first."""

    part: Any

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        part = self.part
        order = [part.wording.desc()]
        order += [part.place] if part is AssessmentAnswerRow else [part.key]
        return (
            select(part)
            .where(part.assessment_id == IDS, part_visible(caller, part))
            .order_by(*order)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[Any]]:
        """By assessment."""
        grouped: dict[UUID, list[Any]] = {}
        for (row,) in rows:
            grouped.setdefault(row.assessment_id, []).append(row)
        return grouped


class AnswersLoader(_PartsLoader):
    """Answers by assessment."""

    part = AssessmentAnswerRow


class ScoresLoader(_PartsLoader):
    """Scores by assessment."""

    part = AssessmentScoreRow


async def answers_of(session: WriteSession, row: AssessmentRow) -> list[Answer]:
    """Return the newest answers of a locked assessment; all, for who may write about the person."""
    found = await session.scalars(
        select(AssessmentAnswerRow).where(
            AssessmentAnswerRow.assessment_id == row.id, AssessmentAnswerRow.wording == row.wording
        )
    )
    return [
        Answer(each.item, AnswerState(each.state), tuple(each.choices), each.number, each.text)
        for each in found
    ]


async def has_signed(
    session: WriteSession,
    participant_id: UUID,
    agency_id: UUID,
    instruments: Collection[tuple[str, int]],
    by_day: date,
) -> bool:
    """Return whether an agency has a signed assessment of a participant, taken by a day.

    By one of these versions.

    Not narrowed: used only after the caller's right to write about the participant was checked, of
    the caller's own agency; what another one keeps counts nowhere.
    """
    found = await session.scalar(
        select(AssessmentRow.id)
        .where(
            AssessmentRow.participant_id == participant_id,
            AssessmentRow.agency_id == agency_id,
            _VERSION.in_(sorted(instruments)),
            AssessmentRow.state == AssessmentState.SIGNED.value,
            AssessmentRow.taken_on <= by_day,
        )
        .limit(1)
    )
    return found is not None


async def used_but(
    session: ReadSession, known: Collection[tuple[str, int]]
) -> list[tuple[str, int]]:
    """Return versions that somebody was assessed under, other than those that are known.

    Not narrowed, and nobody is shown it: versions alone, for the start of the program.
    """
    found = await session.execute(
        select(AssessmentRow.instrument, AssessmentRow.instrument_version)
        .where(_VERSION.not_in(sorted(known)))
        .distinct()
        .order_by(AssessmentRow.instrument, AssessmentRow.instrument_version)
    )
    return [(key, version) for key, version in found]


async def digests(session: AnySession) -> dict[tuple[str, int], str]:
    """Return what versions said when somebody was first assessed by them, as far as it is kept."""
    found = await session.scalars(select(UsedInstrumentRow))
    return {(each.instrument, each.instrument_version): each.digest for each in found}


async def keep_digests(session: WriteSession, said: Mapping[tuple[str, int], str]) -> None:
    """Keep what versions say that are used from now on; what is kept of one stays as it is."""
    values = [
        {"instrument": key, "instrument_version": version, "digest": digest}
        for (key, version), digest in sorted(said.items())
    ]
    if values:
        await session.execute(insert(UsedInstrumentRow).values(values).on_conflict_do_nothing())
