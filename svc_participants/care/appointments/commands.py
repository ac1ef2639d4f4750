"""Commands about appointments. Assigned case manager, supervisor of the own agency."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.appointments import repository, rules
from svc_participants.care.appointments.tables import AppointmentRow
from svc_participants.care.history.commands import move
from svc_participants.care.keeping import check_lines, keeper, locked, values_of
from svc_participants.care.kinds import TELLING_HELP, HelpKind
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import check_version
from svc_participants.people.site_days import zone_of_site


@dataclass(frozen=True, slots=True)
class NewAppointment:
    """What an appointment is made of."""

    participant_id: str
    kind: HelpKind
    starts_at: datetime
    with_whom: str | None
    place: str | None
    remind_by: rules.ReminderWay
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """When and where an appointment is now."""

    starts_at: datetime
    place: str | None
    remind_by: rules.ReminderWay
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """How an appointment went."""

    expected_version: int
    state: rules.AppointmentState
    happened_on: date
    remark: str | None


async def make_appointment(
    session: WriteSession, caller: Caller, given: NewAppointment
) -> dict[str, Any]:
    """Make an appointment.

    Raises:
        RuleError: NOT_FOUND, or a text or time that is not acceptable.
    """
    about = given.participant_id
    found = await require_writable(session, caller, Category.GOALS_PLAN, about)
    if given.kind in TELLING_HELP:
        await require_writable(session, caller, TELLING_HELP[given.kind], about)
    check_lines({"withWhom": given.with_whom, "place": given.place})
    rules.check_reminder(given.remind_by, given.remind_at, given.starts_at)
    zone = await zone_of_site(session, parse_id(caller.site_id))
    row = AppointmentRow(
        **keeper(caller, found),
        **values_of(given),
        on_day=given.starts_at.astimezone(zone).date(),
        reminded_at=None,
        state=rules.AppointmentState.PLANNED.value,
    )
    session.add(row)
    return {"appointment": str(row.id)}


async def move_appointment(
    session: WriteSession,
    caller: Caller,
    appointment_id: str,
    expected_version: int,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """Move an appointment to another time or place; who was reminded is reminded again.

    Args:
        session: the transaction.
        caller: assigned case manager, or supervisor of the own agency.
        appointment_id: which one.
        expected_version: version that the client saw.
        said: new values of attributes of ``Moved``; what is not in it stays.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or a time not acceptable.
    """
    row = await _appointment(session, caller, appointment_id)
    check_version(expected_version, row.version)
    rules.check_planned(rules.AppointmentState(row.state))
    before = Moved(row.starts_at, row.place, rules.ReminderWay(row.remind_by), row.remind_at)
    moved = replace(before, **said)
    check_lines({"place": moved.place})
    rules.check_reminder(moved.remind_by, moved.remind_at, moved.starts_at)
    zone = await zone_of_site(session, parse_id(caller.site_id))
    row.starts_at, row.on_day = moved.starts_at, moved.starts_at.astimezone(zone).date()
    row.place = moved.place
    row.remind_by, row.remind_at = moved.remind_by.value, moved.remind_at
    row.reminded_at = None
    row.version += 1
    return {"appointment": str(row.id)}


async def record_reminder(
    session: WriteSession, caller: Caller, appointment_id: str, expected_version: int
) -> dict[str, Any]:
    """Record that somebody was reminded.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT or STEP_NOT_ALLOWED.
    """
    row = await _appointment(session, caller, appointment_id)
    check_version(expected_version, row.version)
    rules.check_planned(rules.AppointmentState(row.state))
    row.reminded_at = clock.now()
    row.version += 1
    return {"appointment": str(row.id)}


async def close_appointment(
    session: WriteSession, caller: Caller, appointment_id: str, step: Step
) -> dict[str, Any]:
    """Record how an appointment went.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or not acceptable.
    """
    row = await _appointment(session, caller, appointment_id)
    await move(
        session,
        caller,
        row,
        step.state,
        steps=rules.STEPS,
        expected_version=step.expected_version,
        happened_on=step.happened_on,
        remark=step.remark,
    )
    return {"appointment": str(row.id)}


async def _appointment(
    session: WriteSession, caller: Caller, appointment_id: str
) -> AppointmentRow:
    return await locked(
        session,
        caller,
        AppointmentRow,
        appointment_id,
        seen=repository.appointment_visible,
        category=Category.GOALS_PLAN,
        field="appointmentId",
    )
