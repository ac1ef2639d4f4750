"""The agenda in GraphQL: each attendee's own view of it, computed at the moment of asking."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import argument
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra.mutation_result import UserError
from infra.pagination import Connection, connection, page_size
from infra.request_context import RequestContext, context_of
from svc_cases.cases.schema import STRUCTURE, After, First, perform, read_id
from svc_cases.conferences import repository, rules, tables
from svc_cases.conferences.commands import agenda as commands
from svc_cases.conferences.schema.attendees import Agency
from svc_cases.conferences.schema.meetings import MEETING_DESCRIPTION
from svc_cases.conferences.schema.words import ABOUT_PARTICIPANT, CONFERENCE, SHARED
from svc_cases.coordination.schema.matches import Participant
from svc_cases.docket.schema.public import INPUT, KEY_DESCRIPTION

VERSION_DESCRIPTION = "Version as you read it."
ITEM_DESCRIPTION = "Id of the item."


class SteppingOut:
    """Reads who must step out for all items of one answer together."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.of_items: DataLoader[UUID, list[str]] = DataLoader(self._of_items)

    async def _of_items(self, ids: list[UUID]) -> list[list[str]]:
        async with self._context.reading() as session:
            found = await repository.must_step_out(session, ids)
        return [found.get(each, []) for each in ids]


@strawberry.federation.type(
    directives=[*CONFERENCE, ABOUT_PARTICIPANT],
    description="What was said about somebody in a conference.",
)
class ConferenceNote:
    """A note."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Id of the note.")
    participant_id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    body: str | None = strawberry.field(description="What was said.")
    agency_id: strawberry.ID | None = strawberry.field(description="Agency of who wrote it.")
    written_at: datetime | None = strawberry.field(description="When it was written.")


@strawberry.federation.type(
    directives=[*SHARED, ABOUT_PARTICIPANT],
    description="What an agency has taken upon itself to help somebody.",
)
class ConferenceAction:
    """An action."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Id of the action.")
    participant_id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    what: str | None = strawberry.field(description="What is to be done.")
    responsible_agency: Agency | None = strawberry.field(description="Who does it.")
    due_on: date | None = strawberry.field(description="By when.")
    status: rules.ActionStatus | None = strawberry.field(description="Where it stands.")
    version: int | None = strawberry.field(description="Counts changes; a change names it.")


@strawberry.federation.type(
    directives=[*SHARED, ABOUT_PARTICIPANT],
    description="Somebody on the agenda of a meeting, as far as the caller may see it now.",
)
class OwgAgendaItem:
    """An item."""

    row: strawberry.Private[tables.AgendaItem]

    @strawberry.federation.field(directives=STRUCTURE, description=ITEM_DESCRIPTION)
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(str(self.row.id))

    @strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    def participant_id(self) -> strawberry.ID:
        """Return the participant."""
        return strawberry.ID(str(self.row.participant_id))

    @strawberry.federation.field(description="The participant.")
    def participant(self) -> Participant | None:
        """Return the participant's reference."""
        return Participant(id=strawberry.ID(str(self.row.participant_id)))

    @strawberry.federation.field(description="Why they are on the agenda.")
    def topic(self) -> rules.Topic | None:
        """Return the topic."""
        return rules.Topic(self.row.topic)

    @strawberry.federation.field(
        description="What the group is asked, in words written for all of it."
    )
    def question(self) -> str | None:
        """Return the question."""
        return self.row.question

    @strawberry.federation.field(description="Where the item stands.")
    def status(self) -> rules.ItemStatus | None:
        """Return the status."""
        return rules.ItemStatus(self.row.status)

    @strawberry.federation.field(directives=CONFERENCE, description="What was said, oldest first.")
    async def notes(self, info: Info) -> list[ConferenceNote | None] | None:
        """Return the notes."""
        rows = await context_of(info).loader(repository.NotesOfItem).load(self.row.id)
        return [
            ConferenceNote(
                id=strawberry.ID(str(row.id)),
                participant_id=strawberry.ID(str(row.participant_id)),
                body=row.body,
                agency_id=strawberry.ID(row.agency_id),
                written_at=row.written_at,
            )
            for row in rows or ()
        ]

    @strawberry.federation.field(description="What was agreed, oldest first.")
    async def actions(self, info: Info) -> list[ConferenceAction | None] | None:
        """Return the actions."""
        rows = await context_of(info).loader(repository.ActionsOfItem).load(self.row.id)
        return [
            ConferenceAction(
                id=strawberry.ID(str(row.id)),
                participant_id=strawberry.ID(str(row.participant_id)),
                what=row.what,
                responsible_agency=Agency(id=strawberry.ID(row.responsible_agency_id)),
                due_on=row.due_on,
                status=rules.ActionStatus(row.status),
                version=row.version,
            )
            for row in rows or ()
        ]

    @strawberry.federation.field(
        directives=CONFERENCE,
        description=(
            "Agencies at the table that must step out while this is talked about, as of now;"
            " never what they would have heard."
        ),
    )
    async def must_step_out(self, info: Info) -> list[Agency] | None:
        """Return the agencies."""
        found = await context_of(info).loader(SteppingOut).of_items.load(self.row.id)
        return [Agency(id=strawberry.ID(each)) for each in found]

    @strawberry.federation.field(description="Counts changes of the item; a change names it.")
    def version(self) -> int | None:
        """Return the version."""
        return self.row.version


@strawberry.input(description="Somebody who is proposed for an agenda.")
class ProposeAgendaItemInput:
    """Input of ``proposeAgendaItem``."""

    meeting_id: strawberry.ID = strawberry.field(description=MEETING_DESCRIPTION)
    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    topic: rules.Topic = strawberry.field(description="Why.")
    question: str = strawberry.field(
        description="What the group is asked, in words for all of it: at most 1,000 characters."
    )
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="The next status of an item.")
class MoveAgendaItemInput:
    """Input of ``moveAgendaItem``."""

    item_id: strawberry.ID = strawberry.field(description=ITEM_DESCRIPTION)
    status: rules.ItemStatus = strawberry.field(description="The next status.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="What was said about an item.")
class AddConferenceNoteInput:
    """Input of ``addConferenceNote``."""

    item_id: strawberry.ID = strawberry.field(description=ITEM_DESCRIPTION)
    body: str = strawberry.field(description="What was said: at most 1,000 characters.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.input(description="What an agency takes upon itself.")
class AddConferenceActionInput:
    """Input of ``addConferenceAction``."""

    item_id: strawberry.ID = strawberry.field(description=ITEM_DESCRIPTION)
    what: str = strawberry.field(description="What is to be done: at most 1,000 characters.")
    responsible_agency_id: strawberry.ID = strawberry.field(description="Who does it.")
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    due_on: date | None = strawberry.field(default=None, description="By when.")


@strawberry.input(description="That an action is done or dropped.")
class CloseConferenceActionInput:
    """Input of ``closeConferenceAction``."""

    action_id: strawberry.ID = strawberry.field(description="Id of the action.")
    status: rules.ActionStatus = strawberry.field(description="DONE or DROPPED.")
    expected_version: int = strawberry.field(description=VERSION_DESCRIPTION)
    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)


@strawberry.type(directives=STRUCTURE, description="Result of a change of an agenda.")
class OwgAgendaItemPayload:
    """The item as it stands now, or what was wrong."""

    item: OwgAgendaItem | None = strawberry.field(
        directives=SHARED, description="The item; null when nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right.")


@strawberry.type(description="Agendas of the work group.")
class AgendaQuery:
    """Roots of agendas."""

    @strawberry.field(
        directives=SHARED,
        description=(
            "The agenda of a meeting as this caller may see it now: after the pledge, and what a"
            " release opens to the own agency."
        ),
    )
    async def owg_agenda(
        self,
        info: Info,
        meeting: Annotated[strawberry.ID, argument(name="id", description=MEETING_DESCRIPTION)],
        first: First = 25,
        after: After = None,
    ) -> Connection[OwgAgendaItem] | None:
        """Return a page of an agenda."""
        context, size = context_of(info), page_size(first)
        name, key = f"Query.owgAgenda:{meeting}", None
        if after is not None:
            (position,) = context.seal.open(context.caller, name, after)
            key = int(position)
        async with context.reading() as session:
            page = await repository.agenda_page(
                session, context.caller, read_id(meeting), size, key
            )
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=lambda row: (row.position,),
            node=lambda row: OwgAgendaItem(row=row),
        )


@strawberry.type(description="Changes of agendas.")
class AgendaMutation:
    """Roots of changes."""

    @strawberry.mutation(description="Propose somebody for an agenda (CM assigned, SUP, PM).")
    async def propose_agenda_item(
        self, info: Info, given: Annotated[ProposeAgendaItemInput, INPUT]
    ) -> OwgAgendaItemPayload:
        """Propose an item."""
        return await _run(
            info,
            "proposeAgendaItem",
            given,
            lambda session, caller: commands.propose(
                session,
                caller,
                meeting_id=read_id(given.meeting_id),
                participant_id=read_id(given.participant_id),
                topic=given.topic,
                question=given.question,
            ),
        )

    @strawberry.mutation(
        description="Bring an item to its next status (PM), or take it off (CM assigned, SUP)."
    )
    async def move_agenda_item(
        self, info: Info, given: Annotated[MoveAgendaItemInput, INPUT]
    ) -> OwgAgendaItemPayload:
        """Move an item."""
        return await _run(
            info,
            "moveAgendaItem",
            given,
            lambda session, caller: commands.move(
                session,
                caller,
                item_id=read_id(given.item_id),
                status=given.status,
                expected_version=given.expected_version,
            ),
        )

    @strawberry.mutation(description="Write down what was said (PM, CM, SUP, counsel, provider).")
    async def add_conference_note(
        self, info: Info, given: Annotated[AddConferenceNoteInput, INPUT]
    ) -> OwgAgendaItemPayload:
        """Write a note."""
        return await _run(
            info,
            "addConferenceNote",
            given,
            lambda session, caller: commands.add_note(
                session, caller, item_id=read_id(given.item_id), body=given.body
            ),
        )

    @strawberry.mutation(description="Record what an agency takes upon itself (PM).")
    async def add_conference_action(
        self, info: Info, given: Annotated[AddConferenceActionInput, INPUT]
    ) -> OwgAgendaItemPayload:
        """Record an action."""
        return await _run(
            info,
            "addConferenceAction",
            given,
            lambda session, caller: commands.add_action(
                session,
                caller,
                item_id=read_id(given.item_id),
                what=given.what,
                responsible_agency_id=str(given.responsible_agency_id),
                due_on=given.due_on,
            ),
        )

    @strawberry.mutation(
        description="Record that an action is done or dropped (PM, or the agency that took it)."
    )
    async def close_conference_action(
        self, info: Info, given: Annotated[CloseConferenceActionInput, INPUT]
    ) -> OwgAgendaItemPayload:
        """Close an action."""
        return await _run(
            info,
            "closeConferenceAction",
            given,
            lambda session, caller: commands.close_action(
                session,
                caller,
                action_id=read_id(given.action_id),
                status=given.status,
                expected_version=given.expected_version,
            ),
        )


async def _run(info: Info, name: str, given: Any, command: Any) -> OwgAgendaItemPayload:
    context = context_of(info)
    item_id, errors = await perform(
        context, name, given, lambda session: command(session, context.caller)
    )
    if errors:
        return OwgAgendaItemPayload(item=None, user_errors=errors)
    async with context.reading() as session:
        row = await repository.item_by_id(session, context.caller, item_id)
    return OwgAgendaItemPayload(
        item=None if row is None else OwgAgendaItem(row=row), user_errors=[]
    )
