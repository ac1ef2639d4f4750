"""Statements on letters; each is narrowed by the caller.

Whether a court may be told is asked with the same predicate, as the court: it holds nothing but
what a release names it for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, literal, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_cases.cases.tables import Court, LegalCase
from svc_cases.letters.rules import LETTER_CATEGORIES, READS_LETTERS
from svc_cases.letters.tables import CourtLetter


def letter_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may read this letter"."""
    if caller.role not in READS_LETTERS:
        return false()
    row = CourtLetter
    return and_(
        visible(caller, Category.GOALS_PLAN, row.participant_id, row.written_on),
        visible(caller, Category.LEGAL_COORD, row.participant_id, row.written_on),
    )


class LettersOfParticipant(BatchLoader[list[CourtLetter]]):
    """Letters about participants, newest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may read."""
        row = CourtLetter
        return (
            select(row)
            .where(row.participant_id == IDS, letter_visible(caller))
            .order_by(row.written_at.desc(), row.id.desc())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[CourtLetter]]:
        """By participant."""
        found: dict[UUID, list[CourtLetter]] = {}
        for (row,) in rows:
            found.setdefault(row.participant_id, []).append(row)
        return found


class CasesOfLetters(BatchLoader[tuple[LegalCase, Court]]):
    """The cases and courts of letters that the caller has reached, by case."""

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - the letter was narrowed
        """Cases with their courts."""
        return (
            select(LegalCase, Court)
            .join(Court, Court.id == LegalCase.court_id)
            .where(LegalCase.id == IDS)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, tuple[LegalCase, Court]]:
        """By case."""
        return {case.id: (case, court) for case, court in rows}


async def letter_by_id(session: AnySession, caller: Caller, letter_id: UUID) -> CourtLetter | None:
    """Return a letter that the caller may read."""
    statement = select(CourtLetter).where(CourtLetter.id == letter_id, letter_visible(caller))
    return (await session.scalars(statement)).one_or_none()


async def lock_letter(session: WriteSession, caller: Caller, letter_id: UUID) -> CourtLetter | None:
    """Return a letter that the caller may read, locked for a change."""
    statement = select(CourtLetter).where(CourtLetter.id == letter_id, letter_visible(caller))
    return (await session.scalars(statement.with_for_update())).one_or_none()


def as_court(caller: Caller, court_id: UUID) -> Caller:
    """Return the court as one who would read: with a release, for legal coordination, or not."""
    access = MappingProxyType(dict.fromkeys(LETTER_CATEGORIES, Basis.RELEASE.value))
    return replace(
        caller,
        subject="",
        agency_id=str(court_id),
        role=Role.CRT,
        purpose=Purpose.LEAD_LEGAL_COORD,
        access=access,
        forms=MappingProxyType({}),
    )


async def courts_named(
    session: AnySession, caller: Caller, letters: Sequence[CourtLetter]
) -> set[UUID]:
    """Return the letters whose court a release names for all that a letter tells, now."""
    found: set[UUID] = set()
    for court_id in {each.court_id for each in letters}:
        court = as_court(caller, court_id)
        row = CourtLetter
        statement = select(row.id).where(
            row.id.in_([each.id for each in letters if each.court_id == court_id]),
            *(
                visible(court, category, row.participant_id, row.written_on)
                for category in LETTER_CATEGORIES
            ),
        )
        found.update(await session.scalars(statement))
    return found


async def may_tell_court(
    session: AnySession, caller: Caller, participant_id: UUID, court_id: UUID
) -> bool:
    """Return whether a release names a court for all that a letter tells, now."""
    court, column = as_court(caller, court_id), literal(participant_id)
    conditions = [visible(court, category, column) for category in LETTER_CATEGORIES]
    return bool(await session.scalar(select(and_(*conditions))))
