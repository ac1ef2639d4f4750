"""GraphQL of documents."""

import base64
from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome
from infra.mutation_result import UserError
from infra.pagination import Connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.documents import commands, repository, rules
from svc_participants.care.presenting import (
    KEY,
    SEEN_VERSION,
    STRUCTURE,
    VERSION,
    KeptFields,
    carried_out,
    filled,
    now_seen,
    paged,
    shown,
)
from svc_participants.people.schema import INPUT

described_enum(rules.DocumentKind, "What sort of document it is.", rules.KIND_MEANINGS)
described_enum(rules.DocumentState, "Whether all bytes are there.", rules.STATE_MEANINGS)
described_enum(rules.MediaType, "What the bytes are.", rules.MEDIA_MEANINGS)


@strawberry.type(
    directives=[category(Category.CASE_NOTES), about("participantId")],
    description="A document by its hash; most kinds need a category of their own besides.",
)
class Document(KeptFields):
    """A document that the caller may see."""

    kind: rules.DocumentKind | None = strawberry.field(description="What sort of document.")
    title: str | None = strawberry.field(description="What it is called.")
    media_type: rules.MediaType | None = strawberry.field(description="What the bytes are.")
    size_bytes: int | None = strawberry.field(description="How many bytes.")
    sha256: str | None = strawberry.field(description="SHA-256 of the bytes, hex.")
    dated_on: date | None = strawberry.field(description="Date of the document.")
    state: rules.DocumentState | None = strawberry.field(description="Whether it is whole.")
    version: int = strawberry.field(description=VERSION, directives=STRUCTURE)

    @strawberry.field(description="In how many parts the bytes come.")
    def parts(self) -> int | None:
        """Return the number of parts."""
        return rules.parts_of(self.row.size_bytes)

    @strawberry.field(description="A part of the bytes in base64, once the document is whole.")
    async def content_base64(
        self,
        info: Info,
        number: Annotated[
            int,
            strawberry.argument(
                description="Which part, from 1.", directives=[category(Category.CASE_NOTES)]
            ),
        ] = 1,
    ) -> str | None:
        """Return a part."""
        parts = context_of(info).loader(repository.PartLoader)
        found = await parts.of(self.row.id, number)
        return None if found is None else base64.b64encode(found).decode()


def document_of(row: Any) -> Document:
    """Return the GraphQL object of a document."""
    return shown(Document, row)


@strawberry.type
class DocumentFields:
    """What documents add to ``Participant``; put there by ``subgraph``."""

    documents: Connection[Document] | None = paged(
        Document,
        name="Participant.documents",
        pages=repository.DocumentsOfParticipant,
        node=document_of,
        of=Category.CASE_NOTES,
        description="Documents by when they were announced.",
        only=("kind", rules.DocumentKind, "Only documents of this sort."),
    )


@strawberry.input(description="A document whose bytes follow in parts of 32 KiB.")
class AnnounceDocumentInput:
    """Input of ``announceDocument``."""

    participant_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    idempotency_key: str = strawberry.field(description=KEY)
    kind: rules.DocumentKind = strawberry.field(description="What sort of document.")
    title: str = strawberry.field(description="What it is called.")
    media_type: rules.MediaType = strawberry.field(description="What the bytes are.")
    size_bytes: int = strawberry.field(description="How many bytes, at most 4 MiB.")
    sha256: str = strawberry.field(description="SHA-256 of the bytes, lower-case hex.")
    dated_on: date = strawberry.field(description="Date of the document.")


@strawberry.input(description="A part of a document.")
class AddDocumentPartInput:
    """Input of ``addDocumentPart``."""

    document_id: strawberry.ID = strawberry.field(description="Of which document.")
    idempotency_key: str = strawberry.field(description=KEY)
    number: int = strawberry.field(description="Which part, from 1.")
    content_base64: str = strawberry.field(description="Its bytes in base64.")


@strawberry.input(description="A document that is not to be used.")
class WithdrawDocumentInput:
    """Input of ``withdrawDocument``."""

    document_id: strawberry.ID = strawberry.field(description="Which document.")
    expected_version: int = strawberry.field(description=SEEN_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="Result of a change to a document.")
class DocumentPayload:
    """Payload with the document as it is now."""

    document: Document | None = strawberry.field(description="The document as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _payload(info: Info, outcome: Outcome) -> DocumentPayload:
    row = await now_seen(info, outcome, "document", repository.DocumentLoader)
    return DocumentPayload(
        document=None if row is None else document_of(row), user_errors=outcome.user_errors
    )


@strawberry.type(directives=STRUCTURE, description="Changes to documents.")
class DocumentMutation:
    """Mutations about documents."""

    @strawberry.mutation(description="Announce a document (CM assigned, SUP).")
    async def announce_document(
        self,
        info: Info,
        input: Annotated[AnnounceDocumentInput, INPUT],  # noqa: A002
    ) -> DocumentPayload:
        """Announce a document."""
        given = filled(commands.NewDocument, input)
        outcome = await carried_out(
            info,
            "announceDocument",
            input,
            lambda session, caller: commands.announce(session, caller, given),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Send a part of a document (CM assigned, SUP).")
    async def add_document_part(
        self,
        info: Info,
        input: Annotated[AddDocumentPartInput, INPUT],  # noqa: A002
    ) -> DocumentPayload:
        """Add a part."""
        outcome = await carried_out(
            info,
            "addDocumentPart",
            input,
            lambda session, caller: commands.add_part(
                session, caller, input.document_id, input.number, input.content_base64
            ),
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Withdraw a document; it stays listed (CM assigned, SUP).")
    async def withdraw_document(
        self,
        info: Info,
        input: Annotated[WithdrawDocumentInput, INPUT],  # noqa: A002
    ) -> DocumentPayload:
        """Withdraw a document."""
        outcome = await carried_out(
            info,
            "withdrawDocument",
            input,
            lambda session, caller: commands.withdraw(
                session, caller, input.document_id, input.expected_version
            ),
        )
        return await _payload(info, outcome)
