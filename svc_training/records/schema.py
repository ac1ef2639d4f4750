"""GraphQL of training records: what people have had."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from infra.database import ReadSession
from infra.entity_references import known, parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import PageRequest
from infra.pagination import Connection, Page
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_training.catalogue.schema import Course
from svc_training.connections import paged
from svc_training.personnel.schema import After, First, Personnel
from svc_training.records import repository, tables
from svc_training.records.rules import Attendance, Outcome, RecordSource
from svc_training.sessions.schema import Session

_TRAINING = [category(Category.TRAINING)]
_STRUCTURE = [category(Category.STRUCTURE)]

described_enum(
    Attendance,
    "Whether a person was there.",
    {
        Attendance.PRESENT: "All the time.",
        Attendance.PARTIAL: "A part of the time.",
        Attendance.ABSENT: "Not at all.",
    },
)
described_enum(
    Outcome,
    "What came of a training.",
    {
        Outcome.COMPLETED: "Completed.",
        Outcome.INCOMPLETE: "Not completed.",
        Outcome.FAILED: "Not passed.",
    },
    name="TrainingOutcome",
)
described_enum(
    RecordSource,
    "Who says so.",
    {
        RecordSource.OURS: "The agency's training manager.",
        RecordSource.ACADIS: "The academy's system, which is the record of attendance and credit.",
        RecordSource.OUTSIDE: "A report of training elsewhere, approved.",
    },
    name="TrainingRecordSource",
)

OfPerson = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this person of the own roster.")
]
AtSession = Annotated[
    str | None, strawberry.argument(description="Only of this session, for example 8020-1.")
]


@strawberry.federation.type(
    keys=["id"], directives=_TRAINING, description="What a person has from one training."
)
class TrainingRecord:
    """One record."""

    id: strawberry.ID = strawberry.field(directives=_STRUCTURE, description="Global id.")
    personnel: Personnel = strawberry.field(description="Whose it is.")
    course: Course | None = strawberry.field(
        description="The course, where it is of the catalogue."
    )
    session: Session | None = strawberry.field(description="The session; none for elsewhere.")
    title: str = strawberry.field(description="What the training was.")
    attendance: Attendance = strawberry.field(description="Whether the person was there.")
    outcome: Outcome = strawberry.field(description="What came of it.")
    hours_credited: float = strawberry.field(description="Hours credited, also partly.")
    score: float | None = strawberry.field(description="0 to 100, where there was a test.")
    completed_on: date = strawberry.field(description="Day on which it ended.")
    certificate_number: str | None = strawberry.field(
        description="Number of the certificate; none unless completed."
    )
    expires_on: date | None = strawberry.field(
        description="Last day of the certificate; none when it holds for good."
    )
    instruction_provider: str | None = strawberry.field(description="Who taught it, elsewhere.")
    source: RecordSource = strawberry.field(description="Who says so.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    version: int = strawberry.field(description="Counts changes.")

    @classmethod
    def from_row(cls, row: tables.TrainingRecord) -> Self:
        """Return the GraphQL object of a row, with its person, session and course."""
        return cls(
            id=strawberry.ID(str(row.id)),
            personnel=Personnel.from_row(row.personnel),
            course=Course.from_row(row.course) if row.course else None,
            session=Session.from_row(row.session) if row.session else None,
            title=row.title,
            attendance=Attendance(row.attendance),
            outcome=Outcome(row.outcome),
            hours_credited=float(row.hours_credited),
            score=None if row.score is None else float(row.score),
            completed_on=row.completed_on,
            certificate_number=row.certificate_number,
            expires_on=row.expires_on,
            instruction_provider=row.instruction_provider,
            source=RecordSource(row.source),
            recorded_at=row.recorded_at,
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the records that a batch of representations names, as far as visible."""
        context, ids = context_of(info), reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.records_by_id(session, context.caller, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class RecordsQuery:
    """Root fields about training records."""

    @strawberry.field(
        description="Training records of the own agency's people, newest first.",
        directives=_TRAINING,
    )
    async def training_records(
        self,
        info: Info,
        personnel_id: OfPerson = None,
        session_number: AtSession = None,
        first: First = 25,
        after: After = None,
    ) -> Connection[TrainingRecord] | None:
        """Return one page of records."""
        row_id = parse_id(personnel_id)

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.TrainingRecord]:
            if personnel_id is not None and row_id is None:
                return Page((), has_next=False, total=0)
            return await repository.page_of_records(
                session, caller, wanted, personnel_id=row_id, session_number=session_number
            )

        return await paged(
            info,
            name=f"Query.trainingRecords({row_id or ''},{session_number or ''})",
            order=repository.ORDER,
            first=first,
            after=after,
            read=read,
            node=TrainingRecord.from_row,
        )

    @strawberry.field(
        description="A training record that the caller may see.", directives=_TRAINING
    )
    async def training_record(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which record.")
        ],
    ) -> TrainingRecord | None:
        """Return a record, or None."""
        found = await TrainingRecord.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(
        description="The caller's own training records, newest first.", directives=_TRAINING
    )
    async def my_training_records(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[TrainingRecord] | None:
        """Return one page of the caller's own records."""
        return await paged(
            info,
            name="Query.myTrainingRecords",
            order=repository.ORDER,
            first=first,
            after=after,
            read=repository.page_of_own,
            node=TrainingRecord.from_row,
        )
