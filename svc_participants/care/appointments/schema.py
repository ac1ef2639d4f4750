"""GraphQL of appointments."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.appointments import commands, repository, rules
from svc_participants.care.kinds import HelpKind
from svc_participants.care.presenting import (
    KEY,
    SEEN_VERSION,
    STRUCTURE,
    VERSION,
    KeptFields,
    MoveFields,
    carried_out,
    filled,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.schema import INPUT

_GOALS = [category(Category.GOALS_PLAN)]
described_enum(rules.AppointmentState, "How an appointment went.", rules.STATE_MEANINGS)
described_enum(rules.ReminderWay, "How somebody wants to be reminded.", rules.WAY_MEANINGS)


@strawberry.type(directives=_GOALS, description="What became of an appointment.")
class AppointmentMove(MoveFields):
    """A move."""

    from_state: rules.AppointmentState | None = strawberry.field(description="Where it stood.")
    to_state: rules.AppointmentState | None = strawberry.field(description="Where it stands since.")


@strawberry.type(
    directives=[category(Category.GOALS_PLAN), about("participantId")],
    description="An appointment; one that tells of treatment needs that category besides.",
)
class Appointment(KeptFields):
    """An appointment that the caller may see."""

    kind: HelpKind | None = strawberry.field(description="What for.")
    starts_at: datetime | None = strawberry.field(description="When it begins.")
    with_whom: str | None = strawberry.field(description="With whom.")
    remind_by: rules.ReminderWay | None = strawberry.field(description="How to remind.")
    remind_at: datetime | None = strawberry.field(description="When to remind.")
    reminded_at: datetime | None = strawberry.field(description="When somebody reminded.")
    state: rules.AppointmentState | None = strawberry.field(description="How it went.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)

    @strawberry.field(description="Where.", directives=[category(Category.CONTACT)])
    async def place(self, info: Info) -> str | None:
        """Return the place, where whereabouts are permitted."""
        return await context_of(info).loader(repository.PlaceLoader).load(self.row.id)

    history: Connection[AppointmentMove] | None = paged(
        AppointmentMove,
        name="Appointment.history",
        pages=repository.MovesOfAppointment,
        node=lambda row: shown(AppointmentMove, row),
        of=Category.GOALS_PLAN,
        description="What became of it.",
    )


def appointment_of(row: Any) -> Appointment:
    """Return the GraphQL object of an appointment."""
    return shown(Appointment, row)


@strawberry.type
class AppointmentFields:
    """What appointments add to ``Participant``; put there by ``subgraph``."""

    appointments: Connection[Appointment] | None = paged(
        Appointment,
        name="Participant.appointments",
        pages=repository.AppointmentsOfParticipant,
        node=appointment_of,
        of=Category.GOALS_PLAN,
        description="Appointments by when they begin.",
        only=("state", rules.AppointmentState, "Only those that went like this."),
    )


@strawberry.input(description="An appointment; give times in the zone of the place.")
class MakeAppointmentInput:
    """Input of ``makeAppointment``."""

    participant_id: strawberry.ID = strawberry.field(description="For whom.")
    idempotency_key: str = strawberry.field(description=KEY)
    kind: HelpKind = strawberry.field(description="What for.")
    starts_at: datetime = strawberry.field(description="When it begins.")
    with_whom: str | None = strawberry.field(default=None, description="With whom.")
    place: str | None = strawberry.field(default=None, description="Where.")
    remind_by: rules.ReminderWay = strawberry.field(
        default=rules.ReminderWay.NONE, description="How to remind."
    )
    remind_at: datetime | None = strawberry.field(default=None, description="When to remind.")


@strawberry.input(description="Another time or place; what is left out stays.")
class MoveAppointmentInput:
    """Input of ``moveAppointment``."""

    appointment_id: strawberry.ID = strawberry.field(description="Which appointment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    starts_at: datetime = strawberry.field(description="When it begins now.")
    place: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where; null takes it away."
    )
    remind_by: rules.ReminderWay | None = strawberry.field(
        default=None, description="How to remind; null leaves it."
    )
    remind_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When to remind, again whoever was reminded; null takes it away.",
    )

    def said(self) -> dict[str, Any]:
        """Return what was said, by attributes of ``Moved``."""
        said: dict[str, Any] = {"starts_at": self.starts_at}
        if self.place is not strawberry.UNSET:
            said["place"] = self.place
        if self.remind_by is not None:
            said["remind_by"] = self.remind_by
        if self.remind_at is not strawberry.UNSET:
            said["remind_at"] = self.remind_at
        return said


@strawberry.input(description="Somebody was reminded.")
class RecordReminderInput:
    """Input of ``recordReminder``."""

    appointment_id: strawberry.ID = strawberry.field(description="Of which appointment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="How an appointment went.")
class CloseAppointmentInput:
    """Input of ``closeAppointment``."""

    appointment_id: strawberry.ID = strawberry.field(description="Which appointment.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)
    state: rules.AppointmentState = strawberry.field(description="How it went.")
    happened_on: date = strawberry.field(description="On which day.")
    remark: str | None = strawberry.field(default=None, description="What there is to say.")


@strawberry.type(directives=STRUCTURE, description="Result of a change to an appointment.")
class AppointmentPayload:
    """Payload with the appointment as it is now."""

    appointment: Appointment | None = strawberry.field(description="The appointment as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _payload(info: Info, outcome: Outcome) -> AppointmentPayload:
    row = await now_seen(info, outcome, "appointment", repository.AppointmentLoader)
    return AppointmentPayload(
        appointment=None if row is None else appointment_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to appointments.")
class AppointmentMutation:
    """Mutations about appointments."""

    @strawberry.mutation(description="Make an appointment (CM assigned, SUP).")
    async def make_appointment(
        self,
        info: Info,
        input: Annotated[MakeAppointmentInput, INPUT],  # noqa: A002
    ) -> AppointmentPayload:
        """Make an appointment."""
        given = filled(commands.NewAppointment, input)
        outcome = await carried_out(
            info,
            "makeAppointment",
            input,
            lambda session, caller: commands.make_appointment(session, caller, given),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Move an appointment that is ahead (CM assigned, SUP).")
    async def move_appointment(
        self,
        info: Info,
        input: Annotated[MoveAppointmentInput, INPUT],  # noqa: A002
    ) -> AppointmentPayload:
        """Move an appointment."""
        said = input.said()
        outcome = await carried_out(
            info,
            "moveAppointment",
            input,
            lambda session, caller: commands.move_appointment(
                session, caller, input.appointment_id, input.expected_version, said
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Record that somebody was reminded (CM assigned, SUP).")
    async def record_reminder(
        self,
        info: Info,
        input: Annotated[RecordReminderInput, INPUT],  # noqa: A002
    ) -> AppointmentPayload:
        """Record a reminder."""
        outcome = await carried_out(
            info,
            "recordReminder",
            input,
            lambda session, caller: commands.record_reminder(
                session, caller, input.appointment_id, input.expected_version
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Record how an appointment went (CM assigned, SUP).")
    async def close_appointment(
        self,
        info: Info,
        input: Annotated[CloseAppointmentInput, INPUT],  # noqa: A002
    ) -> AppointmentPayload:
        """Close an appointment."""
        step = filled(commands.Step, input)
        outcome = await carried_out(
            info,
            "closeAppointment",
            input,
            lambda session, caller: commands.close_appointment(
                session, caller, input.appointment_id, step
            ),
        )
        return await _payload(info, outcome)
