"""All statements about living situations, narrowed by HOUSING.

A stay in a treatment or psychiatric facility says as much as a treatment record does: such a row
needs SUD or MENTAL_HEALTH as well (42 CFR 2.13(c), RCW 70.02.230), else it is as if absent.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from infra.batch_loader import IDS, AnySelect, BatchLoader
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

    def statement(self, caller: Caller) -> AnySelect:
        """The newest that the caller may see."""
        return (
            select(HousingStatusRow)
            .ext(distinct_on(HousingStatusRow.participant_id))
            .where(HousingStatusRow.participant_id == IDS, housing_visible(caller))
            .order_by(HousingStatusRow.participant_id, *NEWEST_FIRST.clauses())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, HousingStatusRow]:
        """By participant."""
        return {row.participant_id: row for (row,) in rows}


class HousingLoader(BatchLoader[HousingStatusRow]):
    """Living situations by id."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(HousingStatusRow).where(HousingStatusRow.id == IDS, housing_visible(caller))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, HousingStatusRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class HousingOfParticipant(OwnerPages[HousingStatusRow]):
    """Living situations of participants, newest first."""

    row = HousingStatusRow
    owner = HousingStatusRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return housing_visible(caller)
