"""All statements about documents: CASE_NOTES, and the category of each document's kind."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from strawberry.dataloader import DataLoader

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.request_context import RequestContext
from infra.vocabulary import Category
from svc_participants.care.documents.rules import TELLING_KINDS, DocumentState
from svc_participants.care.documents.tables import DocumentPartRow, DocumentRow
from svc_participants.care.keeping import loader_of, pages_of, unless_telling
from svc_participants.people.repository import holding

NEWEST_FIRST = Order((DocumentRow.recorded_at, DocumentRow.id), is_descending=True)


def document_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this document"."""

    def permitted(category: Category) -> ColumnElement[bool]:
        return holding(
            caller,
            category,
            DocumentRow.participant_id,
            DocumentRow.agency_id,
            DocumentRow.dated_on,
        )

    return and_(
        permitted(Category.CASE_NOTES),
        unless_telling(DocumentRow.kind, TELLING_KINDS, permitted),
    )


DocumentLoader = loader_of(DocumentRow, document_visible)
DocumentsOfParticipant = pages_of(DocumentRow, document_visible, NEWEST_FIRST)


class PartLoader:
    """Parts of whole documents that the caller may see, many in one statement."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._loader: DataLoader[tuple[UUID, int], bytes | None] = DataLoader(load_fn=self._load)

    async def of(self, document_id: UUID, number: int) -> bytes | None:
        """Return a part of a document, or None."""
        return await self._loader.load((document_id, number))

    async def _load(self, keys: list[tuple[UUID, int]]) -> list[bytes | None]:
        wanted = (
            select(DocumentPartRow.document_id, DocumentPartRow.number, DocumentPartRow.content)
            .join(DocumentRow, DocumentRow.id == DocumentPartRow.document_id)
            .where(
                tuple_(DocumentPartRow.document_id, DocumentPartRow.number).in_(keys),
                DocumentRow.state == DocumentState.STORED.value,
                document_visible(self._context.caller),
            )
        )
        async with self._context.reading() as session:
            found = {(row[0], row[1]): row[2] for row in await session.execute(wanted)}
        return [found.get(key) for key in keys]


async def is_known(
    session: WriteSession, participant_id: UUID, agency_id: UUID, sha256: str
) -> bool:
    """Return whether an agency keeps these bytes already; the person was locked before."""
    found: bool | None = await session.scalar(
        select(
            exists().where(
                DocumentRow.participant_id == participant_id,
                DocumentRow.agency_id == agency_id,
                DocumentRow.sha256 == sha256,
                DocumentRow.state != DocumentState.WITHDRAWN.value,
            )
        )
    )
    return bool(found)


async def parts_of(session: WriteSession, document_id: UUID) -> dict[int, bytes]:
    """Return the parts of a locked document that are there."""
    found = await session.scalars(
        select(DocumentPartRow)
        .where(DocumentPartRow.document_id == document_id)
        .order_by(DocumentPartRow.number)
    )
    return {each.number: each.content for each in found}
