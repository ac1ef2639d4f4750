"""Role requests, documents of agreements, seats and history: AGENCY_ROLES throughout."""

import base64
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page_request
from infra.pagination import Connection, Page, connection
from infra.request_context import context_of
from infra.schema_enums import described_enum
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import may_see_agency_roles
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, After, Agencies, Agency, First
from svc_consent.agencies.schema.grants import Account, Accounts
from svc_consent.agencies.tables import Account as AccountRow
from svc_consent.governance import tables
from svc_consent.governance.repository import requests as repository
from svc_consent.governance.rules import RequestStatus, SeatBody
from svc_consent.history import repository as history
from svc_consent.history.rules import EventKind
from svc_consent.history.tables import DirectoryEvent as EventRow

described_enum(
    RequestStatus,
    "Where a request for a role stands.",
    {
        RequestStatus.REQUESTED: "It waits for a second person.",
        RequestStatus.APPROVED: "The role was given.",
        RequestStatus.DECLINED: "The role was not given.",
    },
    name="RoleRequestStatus",
)
described_enum(
    SeatBody,
    "The tables of a site.",
    {
        SeatBody.PCG: "Policy Coordinating Group.",
        SeatBody.OWG: "Operational Work Group.",
        SeatBody.CLT: "Community Leadership Team.",
    },
)
described_enum(
    EventKind,
    "What was done in the directory.",
    {
        EventKind.ROLE_REQUESTED: "A sensitive role was asked for.",
        EventKind.ROLE_DECLINED: "A sensitive role was declined.",
        EventKind.ROLE_GRANTED: "A role was given.",
        EventKind.ROLE_REVOKED: "A role was taken away.",
        EventKind.ACCOUNT_BLOCKED: "An account was shut out.",
        EventKind.ACCOUNT_UNBLOCKED: "An account was let in again.",
        EventKind.MEMBERSHIP_INVITED: "An agency was invited.",
        EventKind.MEMBERSHIP_CHANGED: "A membership was suspended, resumed or withdrawn.",
        EventKind.MOU_SIGNED: "A memorandum was signed.",
        EventKind.MOU_DOCUMENT_ADDED: "A file was added to a memorandum.",
        EventKind.SEAT_TAKEN: "Somebody took a seat.",
        EventKind.SEAT_ENDED: "Somebody's seat ended.",
        EventKind.REVIEW_OPENED: "An access review began.",
        EventKind.REVIEW_KEPT: "A review kept a role.",
        EventKind.REVIEW_CLOSED: "An access review was closed.",
        EventKind.SETTING_CHANGED: "A setting of the site was changed.",
        EventKind.CLAIM_MAPPED: "What an issuer's claim means was changed.",
        EventKind.PROVISIONER_REGISTERED: "An identity provider's client was registered.",
        EventKind.GROUP_MAPPED: "What a group of the identity provider proposes was changed.",
        EventKind.WEBHOOK_REGISTERED: "An endpoint of the agency's own program was registered.",
        EventKind.WEBHOOK_SECRET_CHANGED: "An endpoint was given a new secret.",
        EventKind.WEBHOOK_REMOVED: "An endpoint was removed.",
        EventKind.ACCOUNT_ADDED: "A person's login was added; it gave no role.",
        EventKind.ACCOUNT_PROVISIONED: "The identity provider added a person.",
        EventKind.ACCOUNT_DEACTIVATED: "The identity provider shut an account out.",
        EventKind.ACCOUNT_ACTIVATED: "The identity provider let an account in again.",
    },
    name="DirectoryEventKind",
)

OfAgency = Annotated[strawberry.ID, strawberry.argument(description="Which agency.")]
OfDocument = Annotated[strawberry.ID | None, strawberry.argument(description="Only this file.")]
OfBody = Annotated[SeatBody | None, strawberry.argument(description="Only seats of this table.")]


async def account_of(info: Info, account_id: UUID | None) -> Account | None:
    """Return an account as far as the caller may know it."""
    if account_id is None:
        return None
    row = await context_of(info).loader(Accounts).load(account_id)
    return None if row is None else Account.from_row(row)


async def agency_of(info: Info, agency_id: UUID | None) -> Agency | None:
    """Return an agency."""
    if agency_id is None:
        return None
    row = await context_of(info).loader(Agencies).load(agency_id)
    return None if row is None else Agency.from_row(row)


async def paged(
    info: Info, name: str, order: Order, first: int, after: str | None, read: Any, node: Any
) -> Connection[Any]:
    """Read one page with ``read(session, caller, request)`` and return it as a connection."""
    context = context_of(info)
    wanted = page_request(context, info, name=name, order=order, first=first, after=after)
    async with context.reading() as session:
        found = await read(session, context.caller, wanted)
    return connection(
        found,
        seal=context.seal,
        caller=context.caller,
        name=name,
        after=after,
        key=order.key,
        node=node,
    )


class RequestedAccounts(BatchLoader[AccountRow]):
    """Accounts by id that somebody asks a role for: who decides must know for whom."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, AccountRow]:
        """Read those of requests that the caller may see, in one statement."""
        return await repository.requested_accounts(session, caller, ids)


@strawberry.type(directives=ROLES, description="A wish for a role that a second person approves.")
class RoleRequest:
    """One request."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    role: Role | None = strawberry.field(description="The role.")
    liaison: bool | None = strawberry.field(description="Whether as the office's liaison.")
    valid_from: datetime | None = strawberry.field(description="From when.")
    valid_to: datetime | None = strawberry.field(description="Until when; open when absent.")
    reason: str | None = strawberry.field(description="Why it is asked for.")
    status: RequestStatus | None = strawberry.field(description="Where it stands.")
    requested_at: datetime | None = strawberry.field(description="When it was asked for.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    decision_reason: str | None = strawberry.field(description="Why it was decided so.")
    grant_id: strawberry.ID | None = strawberry.field(description="The grant that it became.")
    row: strawberry.Private[tables.RoleRequest]

    @strawberry.field(description="Who would get it.")
    async def account(self, info: Info) -> Account | None:
        """Return the account, also of somebody who has had no role yet."""
        row = await context_of(info).loader(RequestedAccounts).load(self.row.account_id)
        return None if row is None else Account.from_row(row)

    @strawberry.field(description="For which agency.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        return await agency_of(info, self.row.agency_id)

    @strawberry.field(description="Who asked, as far as you may know them.")
    async def requested_by(self, info: Info) -> Account | None:
        """Return who asked."""
        return await account_of(info, self.row.requested_by)

    @strawberry.field(description="Who decided, as far as you may know them.")
    async def decided_by(self, info: Info) -> Account | None:
        """Return who decided."""
        return await account_of(info, self.row.decided_by)

    @classmethod
    def from_row(cls, row: tables.RoleRequest) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            role=Role(row.role),
            liaison=row.is_liaison,
            valid_from=row.starts_at,
            valid_to=row.ends_at,
            reason=row.reason,
            status=RequestStatus(row.status),
            requested_at=row.requested_at,
            decided_at=row.decided_at,
            decision_reason=row.decision_reason,
            grant_id=strawberry.ID(str(row.grant_id)) if row.grant_id else None,
            row=row,
        )


@strawberry.type(directives=ROLES, description="A file of a memorandum of understanding.")
class MouDocument:
    """One file."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    agreement_id: strawberry.ID = strawberry.field(description="Of which agreement.")
    file_name: str | None = strawberry.field(description="Name of the file.")
    media_type: str | None = strawberry.field(description="Kind of file.")
    sha256: str | None = strawberry.field(description="SHA-256 of the content, hexadecimal.")
    added_at: datetime | None = strawberry.field(description="When it was added.")

    @strawberry.field(description="The content in base64.")
    async def content_base64(self, info: Info) -> str | None:
        """Return the content, read only where it is asked for."""
        context = context_of(info)
        async with context.reading() as session:
            content = await repository.document_content(session, context.caller, UUID(str(self.id)))
        return None if content is None else base64.b64encode(content).decode()


@strawberry.type(directives=ROLES, description="That somebody sits at one of a site's tables.")
class Seat:
    """One seat."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    body: SeatBody | None = strawberry.field(description="Which table.")
    name: str | None = strawberry.field(description="Who.")
    title: str | None = strawberry.field(description="As what.")
    starts_on: date | None = strawberry.field(description="First day.")
    ends_on: date | None = strawberry.field(description="Last day; open when absent.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    row: strawberry.Private[tables.Seat]

    @strawberry.field(description="For which agency, where it is for one.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        return await agency_of(info, self.row.agency_id)

    @classmethod
    def from_row(cls, row: tables.Seat) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            body=SeatBody(row.body),
            name=row.name,
            title=row.title,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            version=row.version,
            row=row,
        )


@strawberry.type(directives=ROLES, description="Something that was done about an agency.")
class DirectoryEvent:
    """One entry of an agency's history."""

    kind: EventKind | None = strawberry.field(description="What was done.")
    role: Role | None = strawberry.field(description="Which role it was about.")
    reason: str | None = strawberry.field(description="Why.")
    at: datetime | None = strawberry.field(description="When.")
    row: strawberry.Private[EventRow]

    @strawberry.field(description="Whom it was about, as far as you may know them.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await account_of(info, self.row.account_id)

    @strawberry.field(description="Who did it, as far as you may know them.")
    async def actor(self, info: Info) -> Account | None:
        """Return who did it."""
        return await account_of(info, self.row.actor_id)

    @classmethod
    def from_row(cls, row: EventRow) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            kind=EventKind(row.kind),
            role=Role(row.role) if row.role else None,
            reason=row.reason,
            at=row.at,
            row=row,
        )


@strawberry.type(directives=STRUCTURE)
class GovernanceQuery:
    """Root fields about requests, agreements, seats and history."""

    @strawberry.field(
        description="Requests for roles at the agencies that you administer.", directives=ROLES
    )
    async def role_requests(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[RoleRequest] | None:
        """Return one page of requests."""
        return await paged(
            info, "Query.roleRequests", repository.REQUEST_ORDER, first, after,
            repository.page_of_requests, RoleRequest.from_row,
        )  # fmt: skip

    @strawberry.field(description="Files of an agency's memoranda.", directives=ROLES)
    async def mou_documents(
        self, info: Info, agency_id: OfAgency, document_id: OfDocument = None
    ) -> list[MouDocument] | None:
        """Return the files, as far as visible."""
        context, row_id = context_of(info), parse_id(str(agency_id))
        only = parse_id(document_id)
        if row_id is None or (document_id is not None and only is None):
            return []
        async with context.reading() as session:
            rows = await repository.documents(session, context.caller, row_id, only)
        return [
            MouDocument(
                id=strawberry.ID(str(row.id)),
                agreement_id=strawberry.ID(str(row.mou_id)),
                file_name=row.file_name,
                media_type=row.media_type,
                sha256=row.digest,
                added_at=row.added_at,
            )
            for row in rows
        ]

    @strawberry.field(
        description="Seats at the tables of your site, as far as you may see them.",
        directives=ROLES,
    )
    async def seats(
        self, info: Info, body: OfBody = None, first: First = 25, after: After = None
    ) -> Connection[Seat] | None:
        """Return one page of seats."""

        async def read(
            session: ReadSession, caller: Caller, wanted: PageRequest
        ) -> Page[tables.Seat]:
            return await repository.page_of_seats(session, caller, wanted, body)

        name = f"Query.seats({body or ''})"
        return await paged(info, name, repository.SEAT_ORDER, first, after, read, Seat.from_row)

    @strawberry.field(description="What was done about an agency, newest first.", directives=ROLES)
    async def agency_history(
        self, info: Info, agency_id: OfAgency, first: First = 25, after: After = None
    ) -> Connection[DirectoryEvent] | None:
        """Return one page of an agency's history; null where you may not see it."""
        row_id = parse_id(str(agency_id))
        if row_id is None or not may_see_agency_roles(context_of(info).caller, row_id):
            return None

        async def read(
            session: ReadSession, _caller: Caller, wanted: PageRequest
        ) -> Page[EventRow]:
            return await history.page_of_events(session, wanted, row_id)

        name = f"Query.agencyHistory({row_id})"
        return await paged(info, name, history.ORDER, first, after, read, DirectoryEvent.from_row)
