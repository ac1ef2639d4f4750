"""The calendar of court dates in GraphQL."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra import clock
from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.pagination import Connection, connection, page_size
from infra.request_context import RequestContext, context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_cases.cases.rules import HearingKind
from svc_cases.cases.schema import STRUCTURE, After, CaseParts, Court, First, read_id
from svc_cases.coordination.schema.matches import LeadLink, Participant
from svc_cases.coordination.schema.words import COORDINATION
from svc_cases.court_dates import commands, repository, rules
from svc_cases.court_dates.repository import CourtDay
from svc_cases.court_dates.tables import CourtReminder
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION

described_enum(
    rules.ReminderMethod,
    "How a participant was reminded of a court date.",
    {
        rules.ReminderMethod.IN_PERSON: "Face to face.",
        rules.ReminderMethod.PHONE: "By phone.",
        rules.ReminderMethod.TEXT: "By a text message.",
        rules.ReminderMethod.LETTER: "By a letter.",
        rules.ReminderMethod.THROUGH_SOMEBODY: "Through somebody whom the person trusts.",
    },
)

_DayKey = tuple[UUID, UUID]


class Reminders:
    """Reads the latest reminders of all court dates of one answer together."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.latest: DataLoader[_DayKey, CourtReminder | None] = DataLoader(self._latest)

    async def _latest(self, keys: list[_DayKey]) -> list[CourtReminder | None]:
        async with self._context.reading() as session:
            found = await repository.reminders_of(session, self._context.caller, keys)
        return [found.get(key) for key in keys]


@strawberry.federation.type(
    directives=[category(Category.LEGAL_COORD), about("participantId")],
    description="A court date of a participant, for those who help to be there.",
)
class CourtDate:
    """A court date in a match that the caller may see."""

    day: strawberry.Private[CourtDay]

    @strawberry.federation.field(
        directives=STRUCTURE, description="Id of the court date within its case."
    )
    def hearing_id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.day.hearing.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.day.match.link.participant_id))

    @strawberry.federation.field(description="The participant.")
    def participant(self) -> Participant | None:
        """Return the participant's reference."""
        return Participant(id=strawberry.ID(str(self.day.match.link.participant_id)))

    @strawberry.federation.field(description="The match of the case.")
    def link(self) -> LeadLink | None:
        """Return the match."""
        return LeadLink(match=self.day.match)

    @strawberry.federation.field(description="When it starts (UTC).")
    def at(self) -> datetime | None:
        """Return the moment."""
        return self.day.hearing.starts_at

    @strawberry.federation.field(description="What it is for.")
    def kind(self) -> HearingKind | None:
        """Return the kind."""
        return HearingKind(self.day.hearing.kind)

    @strawberry.federation.field(description="Where, as the court names its rooms.")
    def courtroom(self) -> str | None:
        """Return the room."""
        return self.day.hearing.courtroom

    @strawberry.federation.field(description="Whether it has been cancelled.")
    def is_cancelled(self) -> bool | None:
        """Return whether it is cancelled."""
        return self.day.hearing.is_cancelled

    @strawberry.federation.field(description="Number of the case.")
    def case_number(self) -> str | None:
        """Return the number."""
        return self.day.match.case.number

    @strawberry.federation.field(description="The court.")
    async def court(self, info: Info) -> Court | None:
        """Return the court."""
        row = await context_of(info).loader(CaseParts).courts.load(self.day.match.case.court_id)
        return None if row is None else Court.of(row)

    @strawberry.federation.field(description="When the participant was last reminded of it.")
    async def reminded_at(self, info: Info) -> datetime | None:
        """Return the moment of the latest reminder."""
        row = await self._reminder(info)
        return None if row is None else row.reminded_at

    @strawberry.federation.field(description="How the participant was last reminded of it.")
    async def reminded_by(self, info: Info) -> rules.ReminderMethod | None:
        """Return the method of the latest reminder."""
        row = await self._reminder(info)
        return None if row is None else rules.ReminderMethod(row.method)

    async def _reminder(self, info: Info) -> CourtReminder | None:
        key = (self.day.hearing.id, self.day.match.link.id)
        return await context_of(info).loader(Reminders).latest.load(key)


@strawberry.input(description="That a participant was reminded of a court date.")
class RecordCourtReminderInput:
    """Input of ``recordCourtReminder``."""

    link_id: strawberry.ID = strawberry.field(description="Id of the match.")
    hearing_id: strawberry.ID = strawberry.field(description="Id of the court date.")
    method: rules.ReminderMethod = strawberry.field(description="How.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of recording a reminder.")
class CourtReminderPayload:
    """The court date as it stands now, or what was wrong."""

    court_date: CourtDate | None = strawberry.field(
        directives=COORDINATION, description="The court date; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


@strawberry.type(description="The calendar of court dates.")
class CalendarQuery:
    """Roots of the calendar."""

    @strawberry.field(
        directives=COORDINATION,
        description=(
            "Court dates of the participants whom the caller works with, earliest first;"
            " cancelled ones are marked."
        ),
    )
    async def court_calendar(
        self,
        info: Info,
        starts_at: Annotated[
            datetime | None,
            argument(
                name="from", directives=COORDINATION, description="Beginning; now without one."
            ),
        ] = None,
        days: Annotated[
            int, argument(directives=COORDINATION, description="Length in days: 1 to 366.")
        ] = rules.DEFAULT_DAYS,
        first: First = 25,
        after: After = None,
    ) -> Connection[CourtDate] | None:
        """Return a page of the calendar."""
        context, size = context_of(info), page_size(first)
        name = f"Query.courtCalendar:{starts_at.isoformat() if starts_at else ''}:{days}"
        bounds = rules.period(starts_at, days, clock.now())
        key = None
        if after is not None:
            at, hearing_id, link_id = context.seal.open(context.caller, name, after)
            key = datetime.fromisoformat(at), UUID(hearing_id), UUID(link_id)
        async with context.reading() as session:
            page = await repository.calendar_page(session, context.caller, bounds, size, key)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=lambda day: (
                day.hearing.starts_at.isoformat(),
                str(day.hearing.id),
                str(day.match.link.id),
            ),
            node=lambda day: CourtDate(day=day),
        )


@strawberry.type(description="Reminders of court dates.")
class CalendarMutation:
    """Roots of changes."""

    @strawberry.mutation(
        description="Record that a participant was reminded of a court date (CM assigned, SUP)."
    )
    async def record_court_reminder(
        self, info: Info, given: Annotated[RecordCourtReminderInput, INPUT]
    ) -> CourtReminderPayload:
        """Record a reminder."""
        context = context_of(info)
        link_id, hearing_id = read_id(given.link_id), read_id(given.hearing_id)

        async def effect(session: WriteSession) -> dict[str, Any]:
            await commands.record_reminder(
                session,
                context.caller,
                link_id=link_id,
                hearing_id=hearing_id,
                method=given.method,
            )
            return {}

        outcome = await run_command(
            context, "recordCourtReminder", given, key=given.idempotency_key, effect=effect
        )
        shown = None
        if not outcome.user_errors:
            async with context.reading() as session:
                day = await repository.court_day(session, context.caller, link_id, hearing_id)
            shown = None if day is None else CourtDate(day=day)
        return CourtReminderPayload(court_date=shown, user_errors=outcome.user_errors)
