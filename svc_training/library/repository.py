"""Every SQL statement about the library. It is public: nothing is narrowed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import or_, select

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.library.rules import LibraryCategory, ResourceContent
from svc_training.library.tables import LibraryResource, LibraryResourceVersion

ORDER = Order((LibraryResource.updated_on, LibraryResource.id), is_descending=True)


async def page_of_resources(
    session: ReadSession,
    request: PageRequest,
    *,
    category: LibraryCategory | None,
    tag: str | None,
    search: str | None,
    printable: bool | None,
) -> Page[LibraryResource]:
    """Return resources, last updated first."""
    rows = select(LibraryResource).where(~LibraryResource.is_withdrawn)
    if category is not None:
        rows = rows.where(LibraryResource.category == category.value)
    if tag is not None:
        rows = rows.where(LibraryResource.tags.contains([tag]))
    if printable is not None:
        rows = rows.where(LibraryResource.is_printable.is_(printable))
    for word in (search or "").split()[:5]:
        rows = rows.where(
            or_(
                LibraryResource.title.icontains(word, autoescape=True),
                LibraryResource.summary.icontains(word, autoescape=True),
            )
        )
    return await page(session, rows, ORDER, request)


async def resource(session: AnySession, slug: str) -> LibraryResource | None:
    """Return a resource by its short name, also a withdrawn one."""
    return await session.scalar(select(LibraryResource).where(LibraryResource.slug == slug))


async def versions_of(session: ReadSession, row_id: UUID) -> Sequence[LibraryResourceVersion]:
    """Return the versions of a resource, newest first."""
    rows = await session.scalars(
        select(LibraryResourceVersion)
        .where(LibraryResourceVersion.resource_id == row_id)
        .order_by(LibraryResourceVersion.version.desc())
    )
    return list(rows)


def _columns(content: ResourceContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "summary": content.summary,
        "category": content.category.value,
        "tags": list(content.tags),
        "is_printable": content.is_printable,
        "link": content.link,
        "body": content.body,
        "updated_on": content.updated_on,
    }


async def put(
    session: WriteSession, content: ResourceContent, before: LibraryResource | None, by: str
) -> LibraryResource:
    """Store a resource as a new version."""
    columns, now = _columns(content), clock.now()
    if before is None:
        row = LibraryResource(
            id=uuid4(),
            slug=content.slug,
            is_withdrawn=False,
            changed_by=by,
            changed_at=now,
            version=1,
            **columns,
        )
        session.add(row)
    else:
        row = before
        for name, value in columns.items():
            setattr(row, name, value)
        row.is_withdrawn, row.changed_by, row.changed_at = False, by, now
        row.version += 1
    await session.flush()
    kept = {**columns, "updated_on": content.updated_on.isoformat()}
    session.add(
        LibraryResourceVersion(
            resource_id=row.id, version=row.version, content=kept, changed_at=now
        )
    )
    await session.flush()
    return row
