"""Statements on counsel of record, and what all lists by participant have in common.

A row the caller may not see is, in every statement here, a row that is not there.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_

from infra.authority.predicate import visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.pagination import Page
from infra.vocabulary import Category
from svc_cases.counsel.tables import Counsel

_Row = TypeVar("_Row")
PageKey = tuple[datetime, UUID]
"""Sort key of lists of a participant: when it was recorded, and the id where that is equal."""


async def holds_participant(
    session: AnySession,
    caller: Caller,
    participant_id: UUID,
    grounds: str,
    category: Category = Category.LEGAL_COORD,
) -> bool:
    """Return whether the caller sees a participant's category, and does so on this ground."""
    access = MappingProxyType({**caller.access, category: grounds})
    column: ColumnElement[Any] = literal(participant_id)
    both = and_(
        visible(caller, category, column),
        visible(replace(caller, access=access), category, column),
    )
    return bool(await session.scalar(select(both)))


async def totals_by_participant(
    session: AnySession, statement: Select[*tuple[Any, ...]], participant_id: Any
) -> dict[UUID, int]:
    """Count the rows of a narrowed statement for each participant."""
    counting = (
        statement.with_only_columns(participant_id, func.count())
        .order_by(None)
        .group_by(participant_id)
    )
    return {row[0]: row[1] for row in await session.execute(counting)}


def pages_by_participant(
    participant_ids: Sequence[UUID],
    rows: dict[UUID, list[_Row]],
    totals: dict[UUID, int],
    first: int,
) -> dict[UUID, Page[_Row]]:
    """Cut rows, read one beyond the page, into one page for each participant."""
    return {
        each: Page(
            rows.get(each, [])[:first],
            has_next=len(rows.get(each, [])) > first,
            total=totals.get(each, 0),
        )
        for each in participant_ids
    }


def _counsel(caller: Caller) -> Select[Counsel]:
    return select(Counsel).where(
        visible(caller, Category.LEGAL_COORD, Counsel.participant_id, is_single=True)
    )


async def counsel_by_ids(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Counsel]:
    """Return some counsel of record, ended ones too."""
    statement = _counsel(caller).where(Counsel.id.in_(ids))
    return {row.id: row for row in await session.scalars(statement)}


async def counsel_pages(
    session: AnySession,
    caller: Caller,
    participant_ids: Sequence[UUID],
    first: int,
    after: PageKey | None,
) -> dict[UUID, Page[Counsel]]:
    """Return one page of present counsel of record for each participant."""
    narrowed = _counsel(caller).where(
        Counsel.participant_id.in_(participant_ids), Counsel.ended_at.is_(None)
    )
    totals = await totals_by_participant(session, narrowed, Counsel.participant_id)
    key = (Counsel.recorded_at, Counsel.id)
    if after is not None:
        narrowed = narrowed.where(tuple_(*key) > after)
    place = func.row_number().over(partition_by=Counsel.participant_id, order_by=key)
    placed = narrowed.with_only_columns(Counsel.id, place.label("place")).subquery()
    statement = (
        select(Counsel)
        .join(placed, placed.c.id == Counsel.id)
        .where(placed.c.place <= first + 1)
        .order_by(Counsel.participant_id, *key)
    )
    rows: dict[UUID, list[Counsel]] = {}
    for row in await session.scalars(statement):
        rows.setdefault(row.participant_id, []).append(row)
    return pages_by_participant(participant_ids, rows, totals, first)


async def lock_counsel(session: WriteSession, caller: Caller, counsel_id: UUID) -> Counsel | None:
    """Return a present counsel of record that the caller may see, locked for a change.

    A defender sees the own entry in any case: whoever withdraws needs nobody's release for it.
    """
    statement = select(Counsel).where(
        Counsel.id == counsel_id,
        Counsel.ended_at.is_(None),
        or_(
            Counsel.defender == caller.subject,
            visible(caller, Category.LEGAL_COORD, Counsel.participant_id),
        ),
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def present_counsel(
    session: WriteSession, participant_id: UUID, defender: str
) -> Counsel | None:
    """Return a defender's present entry for a participant whom the caller holds already."""
    statement = select(Counsel).where(
        Counsel.participant_id == participant_id,
        Counsel.defender == defender,
        Counsel.ended_at.is_(None),
    )
    return (await session.scalars(statement)).one_or_none()
