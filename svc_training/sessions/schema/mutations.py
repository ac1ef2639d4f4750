"""Importing a course page, and keeping places and deadlines of sessions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_training.catalogue.repository import course_by_number
from svc_training.catalogue.rules import ImportOutcome
from svc_training.catalogue.schema import Course
from svc_training.catalogue.tables import Course as CourseRow
from svc_training.sessions import commands, repository, tables
from svc_training.sessions.places import SessionPlaces
from svc_training.sessions.schema.reading import Session

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.input(description="A course page to import.")
class ImportCoursePageInput:
    """Input of importCoursePage."""

    text: str = strawberry.field(description="The page's text, as copied.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Only say what would come of it; nothing is stored."
    )


@strawberry.type(directives=_CATALOGUE, description="What an import did to one session.")
class ImportedSession:
    """One session of an import."""

    line: int = strawberry.field(description="Line of the page where the session starts.")
    outcome: ImportOutcome = strawberry.field(description="What was done.")
    session: Session | None = strawberry.field(description="The session as it is now.")


@strawberry.type(
    directives=_CATALOGUE, description="Something on the page that was not understood."
)
class CoursePageRowError:
    """One row error."""

    line: int = strawberry.field(description="Line of the page, from 1.")
    code: str = strawberry.field(description="Stable, upper-case code.")
    message: str = strawberry.field(description="What is wrong and what would be right.")
    text: str = strawberry.field(description="The line as it stands, cut to 120 characters.")


@strawberry.type(directives=_STRUCTURE, description="Result of importCoursePage.")
class ImportCoursePagePayload:
    """Payload of importCoursePage."""

    course: Course | None = strawberry.field(default=None, description="The course as it is now.")
    outcome: ImportOutcome | None = strawberry.field(
        default=None, directives=_CATALOGUE, description="What was done to the course."
    )
    sessions: list[ImportedSession] = strawberry.field(
        default_factory=list, description="Sessions of the page that could be read."
    )
    row_errors: list[CoursePageRowError] = strawberry.field(
        default_factory=list, description="Lines that could not be read; the others are stored."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.input(description="Places and deadlines of a session.")
class ChangeSessionPlacesInput:
    """Input of changeSessionPlaces."""

    number: str = strawberry.field(description="Which session, for example 8020-1.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    capacity: int | None = strawberry.field(
        default=None, description="Places; no limit when absent."
    )
    waitlist_capacity: int | None = strawberry.field(
        default=None, description="Places on the waiting list; no limit when absent."
    )
    registration_opens_at: datetime | None = strawberry.field(
        default=None, description="From when people can be registered."
    )
    registration_closes_at: datetime | None = strawberry.field(
        default=None, description="Until when people can be registered."
    )
    cancel_by_at: datetime | None = strawberry.field(
        default=None, description="Until when a place is given up without a late cancellation."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of changeSessionPlaces.")
class ChangeSessionPlacesPayload:
    """Payload of changeSessionPlaces."""

    session: Session | None = strawberry.field(
        default=None, description="The session as it is now."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class SessionsMutation:
    """Mutations of the catalogue."""

    @strawberry.mutation(description="Set places and deadlines of a session.")
    async def change_session_places(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeSessionPlacesInput, strawberry.argument(description="Which session, what.")
        ],
    ) -> ChangeSessionPlacesPayload:
        """Set places and deadlines."""
        context = context_of(info)
        wanted = SessionPlaces(
            input.capacity,
            input.waitlist_capacity,
            input.registration_opens_at,
            input.registration_closes_at,
            input.cancel_by_at,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_places(
                session, context.caller, input.number, input.expected_version, wanted
            )

        name = "changeSessionPlaces"
        outcome = await run_command(context, name, input, key=input.idempotency_key, effect=effect)
        found = None
        if "session" in outcome.result:
            async with context.reading() as session:
                row = await repository.session_by_number(session, input.number)
            found = Session.from_row(row) if row else None
        return ChangeSessionPlacesPayload(session=found, user_errors=outcome.user_errors)

    @strawberry.mutation(
        description="Import a course page: good rows are stored, others reported; repeatable."
    )
    async def import_course_page(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ImportCoursePageInput, strawberry.argument(description="The page.")
        ],
    ) -> ImportCoursePagePayload:
        """Import a course page, or say what would come of it."""
        context = context_of(info)
        tried = _Tried()

        async def effect(session: WriteSession) -> dict[str, Any]:
            if input.dry_run:
                return await commands.try_for_manager(
                    session, context.caller, input.text, tried.keep
                )
            return await commands.import_for_manager(session, context.caller, input.text)

        outcome = await run_command(
            context, "importCoursePage", input, key=input.idempotency_key, effect=effect
        )
        if outcome.user_errors:
            return ImportCoursePagePayload(user_errors=outcome.user_errors)
        report = commands.report_of(outcome.result, input.text)
        if input.dry_run:
            return _payload_of(report, tried.course, tried.sessions)
        return await _payload(info, report)


class _Tried:
    """What an import would have made; empty where the same try was answered before."""

    def __init__(self) -> None:
        self.course: Course | None = None
        self.sessions: dict[str, Session] = {}

    def keep(self, course: CourseRow | None, rows: Mapping[str, tables.Session]) -> None:
        """Keep them as the API shows them, before they are taken back."""
        self.course = Course.from_row(course) if course else None
        self.sessions = {number: Session.from_row(row) for number, row in rows.items()}


async def _payload(info: Info, report: commands.ImportReport) -> ImportCoursePagePayload:
    async with context_of(info).reading() as session:
        rows = await repository.sessions_by_number(session, [s.number for s in report.sessions])
        course = None
        if report.course_number is not None:
            course = await course_by_number(session, report.course_number)
    return _payload_of(
        report,
        Course.from_row(course) if course else None,
        {number: Session.from_row(row) for number, row in rows.items()},
    )


def _payload_of(
    report: commands.ImportReport, course: Course | None, sessions: Mapping[str, Session]
) -> ImportCoursePagePayload:
    return ImportCoursePagePayload(
        course=course,
        outcome=report.course_outcome,
        sessions=[
            ImportedSession(
                line=each.line,
                outcome=each.outcome,
                session=sessions.get(each.number),
            )
            for each in report.sessions
        ],
        row_errors=[
            CoursePageRowError(
                line=error.line, code=error.code, message=error.message, text=error.text
            )
            for error in report.errors
        ],
    )
