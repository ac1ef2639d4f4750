"""Every SQL statement about training completed elsewhere, narrowed to the own agency."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.dialects.postgresql import insert

from infra.authority import expression
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category
from svc_training.results.tables import OutsideTraining, OutsideTrainingPerson

ORDER = Order((OutsideTraining.submitted_at, OutsideTraining.id), is_descending=True)


def of_readable_agency(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a report is the own agency's, for who reads its training."""
    alternatives = expression.parse(caller.access.get(Category.TRAINING, ""))
    if any(part <= {Basis.OWN_AGENCY, Basis.ANY} for part in alternatives):
        return OutsideTraining.agency_id == caller.agency_id
    return false()


async def page_of_outside(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[OutsideTraining]:
    """Return the own agency's reports, newest first."""
    rows = select(OutsideTraining).where(of_readable_agency(caller))
    return await page(session, rows, ORDER, request)


async def outside_by_id(
    session: AnySession, caller: Caller, row_id: UUID
) -> OutsideTraining | None:
    """Return a report of the own agency."""
    return await session.scalar(
        select(OutsideTraining).where(OutsideTraining.id == row_id, of_readable_agency(caller))
    )


async def lock_outside(session: WriteSession, row_id: UUID) -> None:
    """Make decisions about a report wait for each other."""
    await session.execute(
        select(OutsideTraining.id).where(OutsideTraining.id == row_id).with_for_update()
    )


async def add_people(session: WriteSession, report_id: UUID, personnel_ids: Sequence[UUID]) -> None:
    """Store who took part."""
    rows = [{"outside_training_id": report_id, "personnel_id": each} for each in personnel_ids]
    await session.execute(insert(OutsideTrainingPerson), rows)


async def people_of(session: AnySession, report_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return who took part, by report; the caller was found to see the reports."""
    rows = await session.execute(
        select(OutsideTrainingPerson.outside_training_id, OutsideTrainingPerson.personnel_id)
        .where(OutsideTrainingPerson.outside_training_id.in_(report_ids))
        .order_by(OutsideTrainingPerson.personnel_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for report_id, personnel_id in rows:
        found.setdefault(report_id, []).append(personnel_id)
    return found
