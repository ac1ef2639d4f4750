"""GraphQL of prerequisites that is read: what a course asks for, how far people are, documents."""

import base64
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.entity_references import known, parse_id, reference_ids
from infra.request_context import RequestContext, context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.catalogue.repository import course_by_number, courses_by_id
from svc_training.catalogue.schema import CourseNumber
from svc_training.prerequisites import repository, tables
from svc_training.prerequisites.rules import FulfillmentStatus, PrerequisiteKind

TRAINING = [category(Category.TRAINING)]
STRUCTURE = [category(Category.STRUCTURE)]
CATALOGUE = [category(Category.CATALOGUE)]

described_enum(
    PrerequisiteKind,
    "By what a prerequisite is met.",
    {
        PrerequisiteKind.COURSE: "By having completed another course.",
        PrerequisiteKind.DOCUMENT: "By a document, which the training manager checks.",
    },
)
described_enum(
    FulfillmentStatus,
    "How far a person is with a prerequisite.",
    {
        FulfillmentStatus.UNMET: "Nothing has been shown.",
        FulfillmentStatus.DOCUMENT_SUBMITTED: "A document waits to be checked.",
        FulfillmentStatus.MET: "Met or exceeded.",
        FulfillmentStatus.WAIVER_REQUESTED: "Somebody asks to do without it.",
        FulfillmentStatus.WAIVED: "The person may do without it.",
        FulfillmentStatus.REJECTED: "The waiver was rejected.",
    },
)


@strawberry.type(directives=CATALOGUE, description="What a course asks for beforehand.")
class Prerequisite:
    """One prerequisite."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    kind: PrerequisiteKind = strawberry.field(description="By what it is met.")
    title: str = strawberry.field(description="What it is.")
    required_course_number: str | None = strawberry.field(
        description="The course that must have been completed, where it is one."
    )
    version: int = strawberry.field(description="Counts changes; taking it back names it.")

    @classmethod
    def from_row(cls, row: tables.Prerequisite, course_number: str | None) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            kind=PrerequisiteKind(row.kind),
            title=row.title,
            required_course_number=course_number,
            version=row.version,
        )


@strawberry.federation.type(
    keys=["id"], directives=TRAINING, description="A file about a member of staff's training."
)
class TrainingDocument:
    """One document."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    file_name: str = strawberry.field(description="Name of the file.")
    media_type: str = strawberry.field(description="Kind of file, for example application/pdf.")
    sha256: str = strawberry.field(description="SHA-256 of the content, hexadecimal.")
    uploaded_by: strawberry.ID = strawberry.field(description="Account of who sent it.")
    uploaded_at: datetime = strawberry.field(description="When it was sent.")

    @strawberry.field(description="The content in base64.")
    async def content_base64(self, info: Info) -> str | None:
        """Return the content, read only where it is asked for."""
        context, row_id = context_of(info), parse_id(str(self.id))
        ids = [] if row_id is None else [row_id]
        async with context.reading() as session:
            rows = await repository.documents(session, context.caller, ids, with_content=True)
        return base64.b64encode(rows[ids[0]].content).decode() if rows else None

    @classmethod
    def from_row(cls, row: tables.TrainingDocument) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            file_name=row.file_name,
            media_type=row.media_type,
            sha256=row.digest,
            uploaded_by=strawberry.ID(row.uploaded_by),
            uploaded_at=row.uploaded_at,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the documents that a batch of representations names, as far as visible."""
        context, ids = context_of(info), reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.documents(
                session, context.caller, known(ids), with_content=False
            )
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type(directives=TRAINING, description="One step of a fulfillment.")
class FulfillmentChange:
    """One entry of a fulfillment's history."""

    status: FulfillmentStatus = strawberry.field(description="Status from then on.")
    comment: str | None = strawberry.field(description="What was noted with it.")
    changed_by: strawberry.ID = strawberry.field(description="Account of who did it.")
    changed_at: datetime = strawberry.field(description="When.")


@strawberry.type(directives=TRAINING, description="How far a person is with a prerequisite.")
class Fulfillment:
    """One person and prerequisite."""

    prerequisite: Prerequisite = strawberry.field(description="What is asked for.")
    status: FulfillmentStatus = strawberry.field(description="How far it is.")
    document: TrainingDocument | None = strawberry.field(description="What shows it, if sent.")
    history: list[FulfillmentChange] = strawberry.field(description="Its steps, oldest first.")
    version: int = strawberry.field(description="Counts changes, from 0; an update names it.")


@strawberry.type
class PrerequisitesQuery:
    """Root fields about prerequisites."""

    @strawberry.field(description="What a course asks for beforehand.", directives=CATALOGUE)
    async def prerequisites(
        self, info: Info, course_number: CourseNumber
    ) -> list[Prerequisite] | None:
        """Return the prerequisites of a course, empty for an unknown one."""
        async with context_of(info).reading() as session:
            course = await course_by_number(session, course_number)
            if course is None:
                return []
            rows = (await repository.of_courses(session, [course.id])).get(course.id, [])
            needed = [row.required_course_id for row in rows if row.required_course_id]
            courses = await courses_by_id(session, needed)
        return [prerequisite_of(row, courses) for row in rows]

    @strawberry.field(description="A document that the caller may see.", directives=TRAINING)
    async def training_document(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which document.")
        ],
    ) -> TrainingDocument | None:
        """Return a document, or None."""
        found = await TrainingDocument.resolve_references(info, [{"id": str(id)}])
        return found[0]


def prerequisite_of(row: tables.Prerequisite, courses: dict[Any, Any]) -> Prerequisite:
    """Return the GraphQL object of a row, with the number of the course that it names."""
    required = courses.get(row.required_course_id)
    return Prerequisite.from_row(row, required.number if required else None)


async def fulfillments_of(
    context: RequestContext, wanted: list[tuple[UUID, tables.Prerequisite]]
) -> list[Fulfillment]:
    """Return how far people are, in order; the caller was found to see these people."""
    async with context.reading() as session:
        rows = await repository.fulfillments(
            session, [each[0] for each in wanted], [each[1].id for each in wanted]
        )
        steps = await repository.steps_of(session, [row.id for row in rows.values()])
        sent = known([row.document_id for row in rows.values()])
        files = await repository.documents(session, context.caller, sent, with_content=False)
        needed = known([asked.required_course_id for _, asked in wanted])
        courses = await courses_by_id(session, needed)
    found = []
    for personnel_id, asked in wanted:
        row = rows.get((personnel_id, asked.id))
        file = files.get(row.document_id) if row is not None and row.document_id else None
        found.append(
            Fulfillment(
                prerequisite=prerequisite_of(asked, courses),
                status=FulfillmentStatus(row.status) if row else FulfillmentStatus.UNMET,
                document=TrainingDocument.from_row(file) if file else None,
                history=[
                    FulfillmentChange(
                        status=FulfillmentStatus(step.status),
                        comment=step.comment,
                        changed_by=strawberry.ID(step.changed_by),
                        changed_at=step.changed_at,
                    )
                    for step in (steps.get(row.id, ()) if row else ())
                ],
                version=row.version if row else 0,
            )
        )
    return found
