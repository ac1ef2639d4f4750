"""Every SQL statement about prerequisites; what is about a person is narrowed by the caller."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import load_only

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from svc_training.personnel.repository import readable
from svc_training.personnel.tables import Personnel
from svc_training.prerequisites.rules import Document, FulfillmentStatus, PrerequisiteKind
from svc_training.prerequisites.tables import (
    Fulfillment,
    FulfillmentStep,
    Prerequisite,
    TrainingDocument,
)


async def of_courses(
    session: AnySession, course_ids: Sequence[UUID]
) -> dict[UUID, list[Prerequisite]]:
    """Return the prerequisites of courses, oldest first."""
    rows = await session.scalars(
        select(Prerequisite)
        .where(Prerequisite.course_id.in_(course_ids), Prerequisite.is_active)
        .order_by(Prerequisite.created_at, Prerequisite.id)
    )
    found: dict[UUID, list[Prerequisite]] = {}
    for row in rows:
        found.setdefault(row.course_id, []).append(row)
    return found


async def prerequisite(session: AnySession, prerequisite_id: UUID) -> Prerequisite | None:
    """Return a prerequisite."""
    return await session.get(Prerequisite, prerequisite_id)


async def add_prerequisite(
    session: WriteSession,
    course_id: UUID,
    kind: PrerequisiteKind,
    title: str,
    required_course_id: UUID | None,
    created_by: str,
) -> Prerequisite:
    """Store a new prerequisite of a course."""
    row = Prerequisite(
        id=uuid4(),
        course_id=course_id,
        kind=kind.value,
        title=title,
        required_course_id=required_course_id,
        is_active=True,
        created_by=created_by,
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()
    return row


async def end_prerequisite(
    session: WriteSession, prerequisite_id: UUID, expected_version: int, ended_by: str
) -> bool:
    """Take a prerequisite back from the version at hand; returns False when that has passed."""
    ended = await session.scalar(
        update(Prerequisite)
        .where(Prerequisite.id == prerequisite_id, Prerequisite.version == expected_version)
        .values(
            is_active=False,
            version=Prerequisite.version + 1,
            ended_by=ended_by,
            ended_at=clock.now(),
        )
        .returning(Prerequisite.id)
        .execution_options(synchronize_session=False)
    )
    return ended is not None


async def fulfillments(
    session: AnySession, personnel_ids: Sequence[UUID], prerequisite_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], Fulfillment]:
    """Return how far people are, by person and prerequisite; the caller was found to see them."""
    rows = await session.scalars(
        select(Fulfillment).where(
            Fulfillment.personnel_id.in_(personnel_ids),
            Fulfillment.prerequisite_id.in_(prerequisite_ids),
        )
    )
    return {(row.personnel_id, row.prerequisite_id): row for row in rows}


async def steps_of(
    session: ReadSession, fulfillment_ids: Sequence[UUID]
) -> dict[UUID, list[FulfillmentStep]]:
    """Return the steps of fulfillments that the caller was found to see, oldest first."""
    rows = await session.scalars(
        select(FulfillmentStep)
        .where(FulfillmentStep.fulfillment_id.in_(fulfillment_ids))
        .order_by(FulfillmentStep.fulfillment_id, FulfillmentStep.version)
    )
    found: dict[UUID, list[FulfillmentStep]] = {}
    for row in rows:
        found.setdefault(row.fulfillment_id, []).append(row)
    return found


async def add_document(
    session: WriteSession, personnel_id: UUID, document: Document, uploaded_by: str
) -> UUID:
    """Store a file about a person; returns its id."""
    row = TrainingDocument(
        id=uuid4(),
        personnel_id=personnel_id,
        file_name=document.file_name,
        media_type=document.media_type,
        digest=document.digest,
        content=document.content,
        uploaded_by=uploaded_by,
        uploaded_at=clock.now(),
    )
    session.add(row)
    await session.flush()
    return row.id


async def documents(
    session: ReadSession, caller: Caller, ids: Sequence[UUID], *, with_content: bool
) -> dict[UUID, TrainingDocument]:
    """Return these files, as far as the caller may see whom they are about."""
    statement = (
        select(TrainingDocument)
        .join(Personnel, Personnel.id == TrainingDocument.personnel_id)
        .where(TrainingDocument.id.in_(ids), readable(caller))
    )
    if not with_content:
        statement = statement.options(
            load_only(
                TrainingDocument.file_name,
                TrainingDocument.media_type,
                TrainingDocument.digest,
                TrainingDocument.uploaded_by,
                TrainingDocument.uploaded_at,
            )
        )
    return {row.id: row for row in await session.scalars(statement)}


async def move(
    session: WriteSession,
    found: Fulfillment,
    status: FulfillmentStatus,
    comment: str | None,
    changed_by: str,
    document_id: UUID | None,
) -> bool:
    """Take a step from the version at hand; returns False when that version has passed."""
    now = clock.now()
    changed = await session.scalar(
        update(Fulfillment)
        .where(Fulfillment.id == found.id, Fulfillment.version == found.version)
        .values(
            status=status.value,
            version=found.version + 1,
            changed_by=changed_by,
            changed_at=now,
            document_id=document_id or found.document_id,
        )
        .returning(Fulfillment.version)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return False
    session.add(
        FulfillmentStep(
            fulfillment_id=found.id,
            version=changed,
            status=status.value,
            comment=comment,
            changed_by=changed_by,
            changed_at=now,
        )
    )
    await session.flush()
    return True


async def begin(
    session: WriteSession, personnel_id: UUID, prerequisite_id: UUID, changed_by: str
) -> Fulfillment:
    """Return the row of a person and prerequisite, made as UNMET when there is none yet."""
    await session.execute(
        insert(Fulfillment)
        .values(
            id=uuid4(),
            personnel_id=personnel_id,
            prerequisite_id=prerequisite_id,
            status=FulfillmentStatus.UNMET.value,
            changed_by=changed_by,
            changed_at=clock.now(),
            version=0,
        )
        .on_conflict_do_nothing(index_elements=["personnel_id", "prerequisite_id"])
    )
    found = await session.scalar(
        select(Fulfillment).where(
            Fulfillment.personnel_id == personnel_id,
            Fulfillment.prerequisite_id == prerequisite_id,
        )
    )
    assert found is not None  # noqa: S101 - just made
    return found
