"""All statements about living situations, narrowed by HOUSING.

A stay in a treatment or psychiatric facility says as much as a treatment record does: such a row
needs SUD or MENTAL_HEALTH as well (42 CFR 2.13(c), RCW 70.02.230), else it is as if absent.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_participants.care.housing.rules import TELLING_SITUATIONS
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.people.repository import holding

NEWEST_FIRST = Order(
    (HousingStatusRow.as_of, HousingStatusRow.recorded_at, HousingStatusRow.id),
    is_descending=True,
)


def _permitted(caller: Caller, category: Category) -> ColumnElement[bool]:
    return holding(
        caller,
        category,
        HousingStatusRow.participant_id,
        HousingStatusRow.agency_id,
        HousingStatusRow.as_of,
    )


def housing_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this living situation"."""
    telling = [each.value for each in TELLING_SITUATIONS]
    return and_(
        _permitted(caller, Category.HOUSING),
        or_(
            HousingStatusRow.situation.not_in(telling),
            *(
                and_(HousingStatusRow.situation == situation.value, _permitted(caller, category))
                for situation, category in TELLING_SITUATIONS.items()
            ),
        ),
    )


class CurrentHousingLoader(BatchLoader[HousingStatusRow]):
    """The newest living situation of participants."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, HousingStatusRow]:
        """Read the newest that the caller may see."""
        found = await session.scalars(
            select(HousingStatusRow)
            .ext(distinct_on(HousingStatusRow.participant_id))
            .where(HousingStatusRow.participant_id.in_(ids), housing_visible(caller))
            .order_by(HousingStatusRow.participant_id, *NEWEST_FIRST.clauses())
        )
        return {row.participant_id: row for row in found}


class HousingLoader(BatchLoader[HousingStatusRow]):
    """Living situations by id."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, HousingStatusRow]:
        """Read those that the caller may see."""
        found = await session.scalars(
            select(HousingStatusRow).where(HousingStatusRow.id.in_(ids), housing_visible(caller))
        )
        return {row.id: row for row in found}


class HousingOfParticipant(OwnerPages[HousingStatusRow]):
    """Living situations of participants, newest first."""

    row = HousingStatusRow
    owner = HousingStatusRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return housing_visible(caller)
