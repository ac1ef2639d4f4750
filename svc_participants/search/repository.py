"""The statement behind the search: first who may be seen, then who is alike.

Nobody is looked for among those whom the caller may not see: neither rank, nor count, nor the
time that it takes depends on them. That is why no index over everybody's names is used, and why
the cost follows from the size of the caller's own list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Float,
    Integer,
    Select,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.sql.elements import ColumnElement

from infra.authority.predicate import visible as visible
from infra.database import ReadSession
from infra.identity_token import Caller
from infra.owner_pages import FOR_THIS_CALLER, PageRequest
from infra.pagination import Page, PaginationError
from infra.vocabulary import Category
from svc_participants.people.repository import contact_visible
from svc_participants.people.tables import AliasRow, ContactRow, ParticipantRow
from svc_participants.search.rules import LIKENESS, LIKENESS_OF_SOUND, Wanted, has_sound


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody found, with how far from what was asked for (thousandths, 0 is exact)."""

    row: ParticipantRow
    distance: int

    @property
    def key(self) -> list[Any]:
        """Return the place in the order: nearest first."""
        return [self.distance, str(self.row.id)]


def parse_key(key: Sequence[Any]) -> tuple[int, UUID]:
    """Read a place in the order back from a cursor.

    Raises:
        PaginationError: the cursor holds something else.
    """
    try:
        distance, row_id = key
        return int(distance), UUID(row_id)
    except (TypeError, ValueError):
        raise PaginationError("'after' is not a cursor of this list; start over") from None


def _names() -> ColumnElement[str]:
    row = ParticipantRow
    return func.lower(func.concat_ws(" ", row.given_name, row.preferred_name, row.family_name))


def _likeness(word: str) -> ColumnElement[Any]:
    alias = (
        select(func.max(_alike(word, func.lower(AliasRow.name))))
        .where(AliasRow.participant_id == ParticipantRow.id)
        .scalar_subquery()
    )
    return func.greatest(_alike(word, _names()), func.coalesce(alias, 0.0))


def _alike(word: str, names: ColumnElement[str]) -> ColumnElement[Any]:
    """Return how alike a word and some names are, by letters or else by sound."""
    letters = func.word_similarity(word, names)
    if not has_sound(word):
        return letters
    words = func.regexp_split_to_table(names, "[^[:alpha:]]+").table_valued("word")
    each = words.render_derived(name="each")
    sounds = exists().where(
        func.daitch_mokotoff(each.c.word).op("&&", is_comparison=True)(func.daitch_mokotoff(word))
    )
    # Sound is asked for only where letters do not settle it already.
    by_sound = literal(LIKENESS_OF_SOUND / 1000, Float)
    return case((and_(letters < by_sound, sounds), by_sound), else_=letters)


def _distance(wanted: Wanted) -> ColumnElement[int]:
    if not wanted.words:
        return literal(0, Integer)
    total: ColumnElement[Any] = sum(
        (_likeness(word) for word in wanted.words[1:]), start=_likeness(wanted.words[0])
    )
    return 1000 - cast(func.round(total * 1000 / len(wanted.words)), Integer)


def _candidates(caller: Caller, wanted: Wanted) -> Select[UUID, int]:
    rows = select(ParticipantRow.id, _distance(wanted).label("distance")).where(
        visible(caller, Category.IDENTITY, ParticipantRow.id, is_list=True)
    )
    if wanted.digits:
        # A number is looked at only where the person lets this recipient have it.
        digits = func.regexp_replace(ContactRow.phone, "[^0-9]", "", "g")
        rows = rows.join(ContactRow, ContactRow.participant_id == ParticipantRow.id).where(
            contact_visible(caller, ParticipantRow.id),
            func.right(digits, len(wanted.digits)) == wanted.digits,
        )
    return rows


async def found_page(
    session: ReadSession, caller: Caller, wanted: Wanted, request: PageRequest
) -> Page[Found]:
    """Return a page of the people found, nearest first; the count is over exactly these."""
    # Measured once a person: written into each clause, likeness would be measured in each.
    near = _candidates(caller, wanted).cte("near").prefix_with("MATERIALIZED")
    matches = select(near.c.id, near.c.distance).where(near.c.distance <= 1000 - LIKENESS)
    every = matches.subquery()
    statement = select(ParticipantRow, every.c.distance).join(
        every, every.c.id == ParticipantRow.id
    )
    if request.after is not None:
        distance, row_id = request.after
        there = tuple_(literal(distance, Integer), literal(row_id, Uuid))
        statement = statement.where(tuple_(every.c.distance, every.c.id) > there)
    statement = statement.order_by(every.c.distance, every.c.id).limit(request.first + 1)
    await session.execute(FOR_THIS_CALLER)
    found = [Found(*row) for row in (await session.execute(statement)).all()]
    has_next = len(found) > request.first
    total = None
    if request.is_counted:
        total = await session.scalar(select(func.count()).select_from(matches.subquery()))
    return Page(found[: request.first], has_next, total)
