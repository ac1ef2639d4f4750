"""GraphQL types of the course catalogue. Every field is CATALOGUE: any valid token sees it."""

from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import known, reference_ids
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.catalogue import commands, repository, tables
from svc_training.catalogue.rules import CourseTerms, ImportOutcome
from svc_training.personnel.schema import After, First

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]
_CONNECTION = "Query.courses"

CourseNumber = Annotated[
    str, strawberry.argument(description="The academy's course number, for example 8020.")
]

described_enum(
    ImportOutcome,
    "What an import did to a course or session.",
    {
        ImportOutcome.CREATED: "It is new.",
        ImportOutcome.UPDATED: "It differed; it has a new version.",
        ImportOutcome.UNCHANGED: "It was the same already.",
    },
)


@strawberry.type(directives=_CATALOGUE, description="Whom to ask about a course.")
class CourseContact:
    """The contact that the course page prints."""

    name: str = strawberry.field(description="Name as printed.")
    role: str = strawberry.field(description="What the person does, as printed.")
    phone: str | None = strawberry.field(description="Telephone number as (206) 555-0100.")
    raw_phone: str | None = strawberry.field(description="Telephone number as the page has it.")


@strawberry.federation.type(
    keys=["id"], directives=_CATALOGUE, description="A course of the academy's catalogue."
)
class Course:
    """One course."""

    id: strawberry.ID = strawberry.field(
        directives=_STRUCTURE, description="Global id of the course."
    )
    number: str = strawberry.field(description="The academy's course number, for example 8020.")
    title: str = strawberry.field(description="Title.")
    description: str = strawberry.field(
        description="What it is about; paragraphs are separated by an empty line."
    )
    contact: CourseContact | None = strawberry.field(description="Whom to ask.")
    audience: list[str] = strawberry.field(description="Who may attend, group by group.")
    raw_audience: str | None = strawberry.field(description="Who may attend, as the page has it.")
    authority: list[str] = strawberry.field(
        description="Laws that the course is guided by, for example ESB 5476 or RCW 43.101.205."
    )
    raw_authority: str | None = strawberry.field(description="These laws as the page has them.")
    registration_text: str | None = strawberry.field(description="How to register.")
    training_category: str | None = strawberry.field(
        description="The academy's category, where one is set."
    )
    default_hours: float | None = strawberry.field(description="Hours, where they are set.")
    validity_months: int | None = strawberry.field(
        description="How long a certificate holds; for good when absent."
    )
    is_active: bool = strawberry.field(description="Whether it is still offered.")
    version: int = strawberry.field(description="Counts changes of the course.")

    @classmethod
    def from_row(cls, row: tables.Course) -> Self:
        """Return the GraphQL object of a row."""
        contact = None
        if row.contact_name is not None and row.contact_role is not None:
            contact = CourseContact(
                name=row.contact_name,
                role=row.contact_role,
                phone=row.contact_phone,
                raw_phone=row.raw_contact_phone,
            )
        return cls(
            id=strawberry.ID(str(row.id)),
            number=row.number,
            title=row.title,
            description=row.description,
            contact=contact,
            audience=[str(group) for group in row.audience],
            raw_audience=row.raw_audience,
            authority=[str(law) for law in row.authority],
            raw_authority=row.raw_authority,
            registration_text=row.registration_text,
            training_category=row.training_category,
            default_hours=None if row.default_hours is None else float(row.default_hours),
            validity_months=row.validity_months,
            is_active=row.is_active,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the courses that a batch of representations names."""
        ids = reference_ids(representations)
        async with context_of(info).reading() as session:
            rows = await repository.courses_by_id(session, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class CatalogueQuery:
    """Root fields about courses."""

    @strawberry.field(description="Courses by number.")
    async def courses(
        self,
        info: Info,
        first: First = 25,
        after: After = None,
    ) -> Connection[Course] | None:
        """Return one page of courses."""
        context = context_of(info)
        wanted = page_request(
            context, info, name=_CONNECTION, order=repository.ORDER, first=first, after=after
        )
        async with context.reading() as session:
            page = await repository.page_of_courses(session, wanted)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=_CONNECTION,
            after=after,
            key=repository.ORDER.key,
            node=Course.from_row,
        )

    @strawberry.field(description="The course with an id.")
    async def course_by_id(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which course.")
        ],
    ) -> Course | None:
        """Return a course, or None."""
        found = await Course.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(description="The course with a number.")
    async def course(self, info: Info, number: CourseNumber) -> Course | None:
        """Return a course, or None."""
        async with context_of(info).reading() as session:
            row = await repository.course_by_number(session, number)
        return Course.from_row(row) if row else None


@strawberry.input(description="How a course counts.")
class ChangeCourseInput:
    """Input of changeCourse."""

    number: str = strawberry.field(description="Which course.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    is_active: bool = strawberry.field(description="Whether it is still offered.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )
    training_category: str | None = strawberry.field(default=None, description="Its category.")
    validity_months: int | None = strawberry.field(
        default=None, description="How long a certificate holds; for good when absent."
    )


@strawberry.type(directives=_STRUCTURE, description="Result of changeCourse.")
class ChangeCoursePayload:
    """Payload of changeCourse."""

    course: Course | None = strawberry.field(default=None, description="The course as it is now.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What to put right in the input."
    )


@strawberry.type
class CatalogueMutation:
    """Mutations of courses."""

    @strawberry.mutation(description="Say how a course counts; pages and exchanges leave it be.")
    async def change_course(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeCourseInput, strawberry.argument(description="Which course, how it counts.")
        ],
    ) -> ChangeCoursePayload:
        """Change how a course counts."""
        context = context_of(info)
        terms = CourseTerms(input.training_category, input.validity_months, input.is_active)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.change_course(
                session, context.caller, input.number, input.expected_version, terms
            )

        outcome = await run_command(
            context, "changeCourse", input, key=input.idempotency_key, effect=effect
        )
        course = None
        if "course" in outcome.result:
            async with context.reading() as session:
                row = await repository.course_by_number(session, input.number)
            course = Course.from_row(row) if row else None
        return ChangeCoursePayload(course=course, user_errors=outcome.user_errors)
