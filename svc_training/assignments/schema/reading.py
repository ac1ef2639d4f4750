"""GraphQL types of assignments. Everything about them is TRAINING."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from infra import clock
from infra.database import ReadSession
from infra.entity_references import known, parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import PageRequest
from infra.pagination import MAX_PAGE_SIZE, Connection, Page, PaginationError
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.assignments import tables
from svc_training.assignments.repository import lists
from svc_training.assignments.rules import (
    AssignmentOutcome,
    AssignmentStatus,
    RegistrationOutcome,
)
from svc_training.connections import paged
from svc_training.personnel.schema import After, First, Personnel
from svc_training.prerequisites import repository as prerequisites
from svc_training.prerequisites.schema import Fulfillment, fulfillments_of
from svc_training.sessions.rules import local_day
from svc_training.sessions.schema import Session, SessionNumber

TRAINING = [category(Category.TRAINING)]
STRUCTURE = [category(Category.STRUCTURE)]

described_enum(
    AssignmentStatus,
    "How far an assignment is.",
    {
        AssignmentStatus.ASSIGNED: "The training manager has assigned it.",
        AssignmentStatus.NOTIFIED: "The person has been told.",
        AssignmentStatus.REGISTERED: "The person is registered with the academy.",
        AssignmentStatus.WAITLISTED: "The academy has put the person on the waiting list.",
        AssignmentStatus.ALTERNATE: "The person gets a place if somebody drops out.",
        AssignmentStatus.ACCEPTED: "The person has a place.",
        AssignmentStatus.DENIED: "The academy has refused; ended.",
        AssignmentStatus.ATTENDED: "The person was there.",
        AssignmentStatus.NO_SHOW: "The person was not there; ended.",
        AssignmentStatus.CANCELLED: "The place was given up in time; ended.",
        AssignmentStatus.LATE_CANCELLED: "The place was given up too late; ended.",
        AssignmentStatus.COMPLETED: "The person has completed the class.",
        AssignmentStatus.INCOMPLETE: "Something is missing; ended.",
        AssignmentStatus.FAILED: "The person did not pass; ended.",
        AssignmentStatus.CREDITED: "The academy has credited it.",
        AssignmentStatus.RECERT_DUE: "The training is due again.",
        AssignmentStatus.EXPIRED: "The credit no longer counts; ended.",
    },
)
described_enum(
    AssignmentOutcome,
    "What an assignment did for one person.",
    {
        AssignmentOutcome.ASSIGNED: "The person is assigned now.",
        AssignmentOutcome.ALREADY_ASSIGNED: "The person was assigned already; nothing changed.",
        AssignmentOutcome.ALREADY_TRAINED: "The person has this course's training already.",
        AssignmentOutcome.NEEDS_PERSON_RECORD: "Nobody on your roster has this id; add them first.",
    },
)
described_enum(
    RegistrationOutcome,
    "What a registration did for one person.",
    {
        RegistrationOutcome.REGISTERED: "The person is registered.",
        RegistrationOutcome.WAITLISTED: "No place is free that nobody waits for; the person is on "
        "the waiting list.",
        RegistrationOutcome.PREREQUISITES_UNMET: "A prerequisite is neither met nor waived.",
        RegistrationOutcome.NO_PLACE_LEFT: "The places and the waiting list are full.",
        RegistrationOutcome.ALREADY_REGISTERED: "The person was registered before, or is further.",
    },
)


@strawberry.type(directives=TRAINING, description="One step that an assignment took.")
class AssignmentStatusChange:
    """One entry of an assignment's history."""

    status: AssignmentStatus = strawberry.field(description="Status from then on.")
    changed_at: datetime = strawberry.field(description="When.")
    changed_by: strawberry.ID = strawberry.field(description="Account of who did it.")
    comment: str | None = strawberry.field(description="What was noted with it.")
    exception_reason: str | None = strawberry.field(
        description="Why the person was taken before others who waited; none in their turn."
    )
    version: int = strawberry.field(description="The assignment's version from then on.")


class StatusHistories:
    """Loads the histories of all assignments of a page in one statement."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.loader: DataLoader[str, list[AssignmentStatusChange]] = DataLoader(load_fn=self._load)

    async def _load(self, keys: list[str]) -> list[list[AssignmentStatusChange]]:
        ids = [parse_id(key) for key in keys]
        async with self._context.reading() as session:
            steps = await lists.steps_of(session, known(ids))
        return [[_change(step) for step in steps.get(each, ())] if each else [] for each in ids]


def _change(step: tables.AssignmentStep) -> AssignmentStatusChange:
    return AssignmentStatusChange(
        status=AssignmentStatus(step.status),
        changed_at=step.changed_at,
        changed_by=strawberry.ID(step.changed_by),
        comment=step.comment,
        exception_reason=step.exception_reason,
        version=step.version,
    )


@strawberry.federation.type(
    name="TrainingAssignment",
    keys=["id"],
    directives=TRAINING,
    description="A person assigned to a session.",
)
class Assignment:
    """One assignment."""

    id: strawberry.ID = strawberry.field(
        directives=STRUCTURE, description="Global id of the assignment."
    )
    personnel: Personnel = strawberry.field(description="Who is assigned.")
    session: Session = strawberry.field(description="To which session.")
    category: str = strawberry.field(description="The agency's training category.")
    due_on: date | None = strawberry.field(description="Until when it is to be had.")
    reminder_days: int | None = strawberry.field(
        description="Days before the due date from which on the person is to be reminded: "
        "remindersDue lists it and the person's own pages say so. No mail is sent."
    )
    reminded_at: datetime | None = strawberry.field(
        description="When a training manager last noted that the person was reminded."
    )
    status: AssignmentStatus = strawberry.field(description="How far it is.")
    assigned_by: strawberry.ID = strawberry.field(description="Account of who assigned it.")
    assigned_at: datetime = strawberry.field(description="When it was assigned.")
    batch_id: strawberry.ID | None = strawberry.field(
        description="The batch that made it, if one did."
    )
    version: int = strawberry.field(description="Counts changes; an update names it.")

    @strawberry.field(description="How far the person is with what the course asks for.")
    async def prerequisites(self, info: Info) -> list[Fulfillment]:
        """Return the prerequisites of the course, with how far the person is."""
        key = (UUID(str(self.personnel.id)), UUID(str(self.session.course.id)))
        return await context_of(info).loader(AssignmentFulfillments).loader.load(key)

    @strawberry.field(description="Every status that it has had, oldest first.")
    async def status_history(self, info: Info) -> list[AssignmentStatusChange]:
        """Return the history."""
        return await context_of(info).loader(StatusHistories).loader.load(str(self.id))

    @classmethod
    def from_row(cls, row: tables.Assignment) -> Self:
        """Return the GraphQL object of a row, with its person, session and course."""
        return cls(
            id=strawberry.ID(str(row.id)),
            personnel=Personnel.from_row(row.personnel),
            session=Session.from_row(row.session),
            category=row.category,
            due_on=row.due_on,
            reminder_days=row.reminder_days,
            reminded_at=row.reminded_at,
            batch_id=None if row.batch_id is None else strawberry.ID(str(row.batch_id)),
            status=AssignmentStatus(row.status),
            assigned_by=strawberry.ID(row.assigned_by),
            assigned_at=row.assigned_at,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the assignments that a batch of representations names, as far as visible."""
        context = context_of(info)
        ids = reference_ids(representations)
        async with context.reading() as session:
            rows = await lists.assignments_by_id(session, context.caller, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


class AssignmentFulfillments:
    """Loads how far all people of a page are with their prerequisites, in a few statements."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.loader: DataLoader[tuple[UUID, UUID], list[Fulfillment]] = DataLoader(
            load_fn=self._load
        )

    async def _load(self, keys: list[tuple[UUID, UUID]]) -> list[list[Fulfillment]]:
        async with self._context.reading() as session:
            asked = await prerequisites.of_courses(session, known([key[1] for key in keys]))
        pairs = [(who, each) for who, course in keys for each in asked.get(course, ())]
        found = iter(await fulfillments_of(self._context, pairs) if pairs else [])
        return [[next(found) for _ in asked.get(course, ())] for _, course in keys]


DueBefore = Annotated[
    date | None, strawberry.argument(description="Only what is due before this day.")
]
OfStatus = Annotated[
    AssignmentStatus | None, strawberry.argument(description="Only assignments in this status.")
]
OfPerson = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this person of the own roster.")
]
OfPeople = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only these people of the own roster, at most 100."),
]


@strawberry.type
class AssignmentsQuery:
    """Root fields about assignments."""

    @strawberry.field(description="An assignment that the caller may see.", directives=TRAINING)
    async def training_assignment(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which assignment.")
        ],
    ) -> Assignment | None:
        """Return an assignment, or None."""
        found = await Assignment.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(
        description="Who of the own agency is assigned to a session, by name.",
        directives=TRAINING,
    )
    async def roster(
        self,
        info: Info,
        session_number: SessionNumber,
        personnel_ids: OfPeople = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[Assignment] | None:
        """Return one page of a session's roster."""
        if personnel_ids is not None and len(personnel_ids) > MAX_PAGE_SIZE:
            raise PaginationError(f"'personnelIds' names at most {MAX_PAGE_SIZE} people")
        people = None
        if personnel_ids is not None:
            people = sorted(known([parse_id(str(each)) for each in personnel_ids]))
        of_people = "" if people is None else f",{people}"

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.Assignment]:
            return await lists.page_of_roster(session, caller, session_number, wanted, people)

        return await paged(
            info,
            name=f"Query.roster({session_number}{of_people})",
            order=lists.ROSTER_ORDER,
            first=first,
            after=after,
            read=read,
            node=Assignment.from_row,
            key=lists.roster_key,
        )

    @strawberry.field(
        description="What the caller is assigned to, newest first.", directives=TRAINING
    )
    async def my_assignments(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Assignment] | None:
        """Return one page of the caller's own assignments."""
        return await paged(
            info,
            name="Query.myAssignments",
            order=lists.OWN_ORDER,
            first=first,
            after=after,
            read=lists.page_of_own,
            node=Assignment.from_row,
        )

    @strawberry.field(
        description="Assignments of the own agency's people, newest first.", directives=TRAINING
    )
    async def agency_assignments(
        self,
        info: Info,
        status: OfStatus = None,
        personnel_id: OfPerson = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[Assignment] | None:
        """Return one page of the agency's assignments."""
        row_id = parse_id(personnel_id)
        if personnel_id is not None and row_id is None:
            return None

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.Assignment]:
            return await lists.page_of_agency(
                session, caller, wanted, status=status, personnel_id=row_id
            )

        return await paged(
            info,
            name=f"Query.agencyAssignments({status or ''},{row_id or ''})",
            order=lists.OWN_ORDER,
            first=first,
            after=after,
            read=read,
            node=Assignment.from_row,
        )

    @strawberry.field(
        description="What the own agency's people have yet to do, by due date: overdue first.",
        directives=TRAINING,
    )
    async def due_assignments(
        self, info: Info, before: DueBefore = None, first: First = 25, after: After = None
    ) -> Connection[Assignment] | None:
        """Return one page of what is due."""
        return await _due(info, "dueAssignments", lists.DueFilter(before=before), first, after)

    @strawberry.field(
        description="Whom to remind: the day has come and nobody has noted a reminder yet, by due "
        "date. The training manager tells them; nothing is sent.",
        directives=TRAINING,
    )
    async def reminders_due(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Assignment] | None:
        """Return one page of people to remind."""
        today = local_day(clock.now())
        return await _due(info, "remindersDue", lists.DueFilter(remind_on=today), first, after)


async def _due(
    info: Info, name: str, wanted: lists.DueFilter, first: int, after: str | None
) -> Connection[Assignment]:
    async def read(
        session: ReadSession, caller: Caller, request: PageRequest
    ) -> Page[tables.Assignment]:
        return await lists.page_of_due(session, caller, request, wanted)

    return await paged(
        info,
        name=f"Query.{name}({wanted.before or ''})",
        order=lists.DUE_ORDER,
        first=first,
        after=after,
        read=read,
        node=Assignment.from_row,
    )
