"""Every SQL statement about the rosters, narrowed to what the caller's role may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from infra import clock
from infra.authority import expression
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category
from svc_training.personnel.tables import Personnel

_MAX_WORDS = 5
ORDER = Order((Personnel.family_name, Personnel.given_name, Personnel.id))


def readable(caller: Caller) -> ColumnElement[bool]:
    """Return the condition on ``Personnel`` that a caller's training records meet.

    Own agency, the own record, or all, as the access expression says; any other ground cannot be
    shown here and therefore denies.
    """
    grounds: dict[Basis, ColumnElement[bool]] = {
        Basis.OWN_AGENCY: of_own_agency(caller),
        Basis.SELF: Personnel.account_id == caller.subject,
        Basis.ANY: true(),
    }
    alternatives = expression.parse(caller.access.get(Category.TRAINING, ""))
    return or_(
        false(),
        *(and_(true(), *(grounds.get(basis, false()) for basis in part)) for part in alternatives),
    )


def of_own_agency(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a person is on the caller's agency's roster."""
    return Personnel.agency_id == caller.agency_id


async def page_of_personnel(
    session: ReadSession, caller: Caller, request: PageRequest, search: str | None = None
) -> Page[Personnel]:
    """Return the roster of the caller's agency by name, as far as the caller may see it.

    Every word of ``search`` must be part of a name, of the address or of the external id.
    """
    rows = select(Personnel).where(of_own_agency(caller), readable(caller))
    for word in (search or "").split()[:_MAX_WORDS]:
        rows = rows.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (
                        Personnel.family_name,
                        Personnel.given_name,
                        Personnel.email,
                        Personnel.external_id,
                    )
                )
            )
        )
    return await page(session, rows, ORDER, request)


async def personnel_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Personnel]:
    """Return the people with these ids whom the caller may see."""
    found = await session.scalars(select(Personnel).where(Personnel.id.in_(ids), readable(caller)))
    return {row.id: row for row in found}


async def roster_of(session: AnySession, agency_id: str, ids: Sequence[UUID]) -> list[UUID]:
    """Return who of these people is on an agency's roster; for work that goes on unasked."""
    found = await session.scalars(
        select(Personnel.id).where(Personnel.id.in_(ids), Personnel.agency_id == agency_id)
    )
    return list(found)


async def roster_by_agency(session: AnySession) -> dict[str, list[UUID]]:
    """Return all rosters by external id; for the demo, whose rosters are small."""
    found = await session.execute(
        select(Personnel.agency_id, Personnel.id).order_by(
            Personnel.agency_id, Personnel.external_id
        )
    )
    rosters: dict[str, list[UUID]] = {}
    for agency_id, personnel_id in found:
        rosters.setdefault(agency_id, []).append(personnel_id)
    return rosters


async def is_taken(
    session: WriteSession, agency_id: str, *, external_id: str | None, account_id: str | None
) -> str | None:
    """Return which of two ids somebody on this roster has already: its column, or None."""
    for column, value in (
        (Personnel.external_id, external_id),
        (Personnel.account_id, account_id),
    ):
        if value is not None:
            taken = select(Personnel.id).where(Personnel.agency_id == agency_id, column == value)
            if await session.scalar(taken) is not None:
                return column.key
    return None


async def add(session: WriteSession, columns: dict[str, object]) -> bool:
    """Store a new person; returns False when the roster has got one of the ids meanwhile."""
    statement = insert(Personnel).values(**columns).on_conflict_do_nothing()
    return await session.scalar(statement.returning(Personnel.id)) is not None


async def change(
    session: WriteSession, row_id: UUID, expected_version: int, columns: dict[str, object]
) -> bool:
    """Change an entry; returns False when the version has passed."""
    changed = await session.scalar(
        update(Personnel)
        .where(Personnel.id == row_id, Personnel.version == expected_version)
        .values(**columns, is_assessed=False, version=expected_version + 1, updated_at=clock.now())
        .returning(Personnel.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


async def put_demo_people(session: WriteSession, people: Sequence[dict[str, Any]]) -> None:
    """Store people of the demo world who are not stored yet."""
    now = clock.now()
    rows = [
        {
            "is_active": True,
            "is_training_manager": False,
            "is_assessed": False,
            **person,
            "id": UUID(person["id"]),
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for person in people
    ]
    if rows:
        await session.execute(insert(Personnel).values(rows).on_conflict_do_nothing())
