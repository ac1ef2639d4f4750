"""All statements about appointments: GOALS_PLAN, what the kind tells of; the place is CONTACT."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.appointments.tables import AppointmentRow
from svc_participants.care.history.repository import moves_of
from svc_participants.care.keeping import loader_of, pages_of, unless_telling
from svc_participants.care.kinds import TELLING_HELP
from svc_participants.people.repository import holding

NEWEST_FIRST = Order((AppointmentRow.starts_at, AppointmentRow.id), is_descending=True)


def _permitted(caller: Caller, category: Category) -> ColumnElement[bool]:
    return holding(
        caller,
        category,
        AppointmentRow.participant_id,
        AppointmentRow.agency_id,
        AppointmentRow.on_day,
    )


def appointment_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this appointment"."""
    return and_(
        _permitted(caller, Category.GOALS_PLAN),
        unless_telling(
            AppointmentRow.kind, TELLING_HELP, lambda category: _permitted(caller, category)
        ),
    )


AppointmentLoader = loader_of(AppointmentRow, appointment_visible)
AppointmentsOfParticipant = pages_of(AppointmentRow, appointment_visible, NEWEST_FIRST)
MovesOfAppointment = moves_of(AppointmentRow, appointment_visible)


class PlaceLoader(BatchLoader[str]):
    """Where appointments take place, by appointment."""

    def statement(self, caller: Caller) -> AnySelect:
        """Places of appointments whose whereabouts the caller may know."""
        return select(AppointmentRow.id, AppointmentRow.place).where(
            AppointmentRow.id == IDS,
            appointment_visible(caller),
            _permitted(caller, Category.CONTACT),
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, str]:
        """By appointment."""
        return {each: place for each, place in rows if place is not None}
