"""Every SQL statement about courses. The catalogue is public: nothing is narrowed."""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select, text

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.catalogue.rules import CourseDetails, ImportOutcome, RowError
from svc_training.catalogue.tables import Course, CoursePageText

ORDER = Order((Course.number,))


async def page_of_courses(session: ReadSession, request: PageRequest) -> Page[Course]:
    """Return courses by number."""
    return await page(session, select(Course), ORDER, request)


async def course_by_number(session: AnySession, number: str) -> Course | None:
    """Return the course of a number."""
    return await session.scalar(select(Course).where(Course.number == number))


async def courses_by_id(session: AnySession, ids: Sequence[UUID]) -> dict[UUID, Course]:
    """Return the courses with these ids that exist."""
    found = await session.scalars(select(Course).where(Course.id.in_(ids)))
    return {course.id: course for course in found}


async def lock_course_number(session: WriteSession, number: str) -> None:
    """Make imports of one course wait for each other until the transaction ends."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"course\n{number}"},
    )


def _columns(details: CourseDetails) -> dict[str, object]:
    contact = details.contact
    return {
        "title": details.title,
        "description": details.description,
        "contact_name": contact.name if contact else None,
        "contact_role": contact.role if contact else None,
        "contact_phone": contact.phone if contact else None,
        "raw_contact_phone": contact.raw_phone if contact else None,
        "audience": list(details.audience),
        "raw_audience": details.raw_audience,
        "authority": list(details.authority),
        "raw_authority": details.raw_authority,
        "registration_text": details.registration_text,
    }


async def put_course(
    session: WriteSession, number: str, details: CourseDetails
) -> tuple[Course, ImportOutcome]:
    """Store a course as described; a change counts its version up."""
    columns = _columns(details)
    now = clock.now()
    course = await course_by_number(session, number)
    if course is None:
        course = Course(
            id=uuid4(), number=number, version=1, created_at=now, updated_at=now, **columns
        )
        session.add(course)
        await session.flush()
        return course, ImportOutcome.CREATED
    if all(getattr(course, name) == value for name, value in columns.items()):
        return course, ImportOutcome.UNCHANGED
    for name, value in columns.items():
        setattr(course, name, value)
    course.version += 1
    course.updated_at = now
    await session.flush()
    return course, ImportOutcome.UPDATED


async def keep_page(
    session: WriteSession,
    course_id: UUID | None,
    page_text: str,
    errors: Sequence[RowError],
    imported_by: str,
) -> bool:
    """Keep a page's text as it stands; returns False when it is the course's newest already."""
    digest = hashlib.sha256(page_text.encode()).hexdigest()
    newest = await session.scalar(
        select(CoursePageText.digest)
        .where(CoursePageText.course_id.is_not_distinct_from(course_id))
        .order_by(CoursePageText.imported_at.desc())
        .limit(1)
    )
    if newest == digest:
        return False
    session.add(
        CoursePageText(
            id=uuid4(),
            course_id=course_id,
            digest=digest,
            text=page_text,
            row_errors=[
                {"line": error.line, "code": error.code, "text": error.text} for error in errors
            ],
            imported_by=imported_by,
            imported_at=clock.now(),
        )
    )
    await session.flush()
    return True
