"""All statements about contacts: CASE_NOTES; where somebody was met is CONTACT."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category, Role
from svc_participants.care.encounters.rules import MET
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.care.keeping import loader_of, pages_of
from svc_participants.care.notes.rules import ContactMode
from svc_participants.people.repository import holding

NEWEST_FIRST = Order(
    (EncounterRow.occurred_on, EncounterRow.recorded_at, EncounterRow.id), is_descending=True
)

_MET = tuple(each.value for each in MET)


def is_meeting() -> ColumnElement[bool]:
    """Return the condition "the person was met or spoken to"; word of somebody else is none."""
    return and_(EncounterRow.outcome.in_(_MET), EncounterRow.mode != ContactMode.COLLATERAL.value)


def _permitted(caller: Caller, category: Category) -> ColumnElement[bool]:
    return holding(
        caller,
        category,
        EncounterRow.participant_id,
        EncounterRow.agency_id,
        EncounterRow.occurred_on,
    )


def encounter_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this contact"."""
    permitted = _permitted(caller, Category.CASE_NOTES)
    if caller.role in (Role.PAR, Role.REP):
        # What somebody else has told is excepted from the access to one's own record (rule D04).
        return and_(permitted, EncounterRow.mode != ContactMode.COLLATERAL.value)
    return permitted


EncounterLoader = loader_of(EncounterRow, encounter_visible)
EncountersOfParticipant = pages_of(EncounterRow, encounter_visible, NEWEST_FIRST)


class PlaceLoader(BatchLoader[str]):
    """Where contacts took place, by contact."""

    def statement(self, caller: Caller) -> AnySelect:
        """Places of contacts whose whereabouts the caller may know."""
        return select(EncounterRow.id, EncounterRow.place).where(
            EncounterRow.id == IDS,
            encounter_visible(caller),
            _permitted(caller, Category.CONTACT),
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, str]:
        """By contact."""
        return {each: place for each, place in rows if place is not None}
