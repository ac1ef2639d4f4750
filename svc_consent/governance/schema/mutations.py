"""Mutations: asking for and deciding about roles, agreements, seats."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Effect, Outcome, run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.vocabulary import Role
from svc_consent.agencies.commands import GrantTerms
from svc_consent.agencies.schema.directory import STRUCTURE, Agency
from svc_consent.governance import commands
from svc_consent.governance.repository import requests as repository
from svc_consent.governance.rules import SeatBody, read_document
from svc_consent.governance.schema.reading import RoleRequest, Seat, agency_of

KEY = "The same key with the same input has its effect once (1 to 200 characters)."


@strawberry.input(description="A role that a second person is to approve.")
class RequestRoleInput:
    """Input of requestRole."""

    agency_id: strawberry.ID = strawberry.field(description="For which agency.")
    account_id: strawberry.ID = strawberry.field(description="Who would get it.")
    role: Role = strawberry.field(description="Which role.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)
    liaison: bool = strawberry.field(default=False, description="Whether as the office's liaison.")
    valid_from: datetime | None = strawberry.field(
        default=None, description="From when; at once when absent."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="Until when; open when absent."
    )


@strawberry.input(description="A decision about a request for a role.")
class DecideRoleRequestInput:
    """Input of decideRoleRequest."""

    request_id: strawberry.ID = strawberry.field(description="Which request.")
    approve: bool = strawberry.field(description="Whether the role is given.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="How a request stands after a change.")
class RoleRequestPayload:
    """Payload of requestRole and decideRoleRequest."""

    role_request: RoleRequest | None = strawberry.field(description="The request as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="An agency to invite to your site.")
class InviteAgencyInput:
    """Input of inviteAgency."""

    agency_id: strawberry.ID = strawberry.field(description="Which agency.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A memorandum that an agency has signed with your site.")
class SignMouInput:
    """Input of signMou."""

    agency_id: strawberry.ID = strawberry.field(description="Which agency.")
    starts_at: datetime = strawberry.field(description="From when it counts.")
    ends_at: datetime = strawberry.field(description="Until when it counts.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A file that belongs to a memorandum.")
class AddMouDocumentInput:
    """Input of addMouDocument."""

    agreement_id: strawberry.ID = strawberry.field(description="Which agreement.")
    file_name: str = strawberry.field(description="Name of the file.")
    media_type: str = strawberry.field(description="PDF, JPEG, PNG or plain text.")
    content_base64: str = strawberry.field(
        description="Its content, at most 1,500,000 bytes; the gateway's own limit on a request "
        "may be lower for who comes over HTTP."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="How an agency stands after a change.")
class AgencyPayload:
    """Payload of inviteAgency, signMou and addMouDocument."""

    agency: Agency | None = strawberry.field(description="The agency as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="Who takes a seat at a table of your site.")
class SeatMemberInput:
    """Input of seatMember."""

    body: SeatBody = strawberry.field(description="Which table.")
    name: str = strawberry.field(description="Who.")
    starts_on: date = strawberry.field(description="First day.")
    idempotency_key: str = strawberry.field(description=KEY)
    title: str | None = strawberry.field(default=None, description="As what.")
    agency_id: strawberry.ID | None = strawberry.field(
        default=None, description="For which agency, where it is for one."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="The person's account, where there is one."
    )


@strawberry.input(description="A seat that ends.")
class EndSeatInput:
    """Input of endSeat."""

    seat_id: strawberry.ID = strawberry.field(description="Which seat.")
    ends_on: date = strawberry.field(description="Last day.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="How a seat stands after a change.")
class SeatPayload:
    """Payload of seatMember and endSeat."""

    seat: Seat | None = strawberry.field(description="The seat as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class GovernanceMutation:
    """Mutations of governance."""

    @strawberry.mutation(description="Ask for a sensitive role; a second person decides.")
    async def request_role(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RequestRoleInput, strawberry.argument(description="Which role, for whom, why.")
        ],
    ) -> RoleRequestPayload:
        """Ask for a role."""
        terms = GrantTerms(
            account_id=str(input.account_id),
            role=input.role,
            is_liaison=input.liaison,
            starts_at=input.valid_from,
            ends_at=input.valid_to,
            reason=input.reason,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            caller = context_of(info).caller
            return await commands.request_role(session, caller, str(input.agency_id), terms)

        return await _request(info, "requestRole", input, effect)

    @strawberry.mutation(description="Approve or decline a sensitive role, as second person.")
    async def decide_role_request(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            DecideRoleRequestInput, strawberry.argument(description="The decision.")
        ],
    ) -> RoleRequestPayload:
        """Decide about a request."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.decide_request(
                session,
                context_of(info).caller,
                str(input.request_id),
                input.reason,
                is_approved=input.approve,
            )

        return await _request(info, "decideRoleRequest", input, effect)

    @strawberry.mutation(description="Make an agency a prospective member of your site.")
    async def invite_agency(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            InviteAgencyInput, strawberry.argument(description="Which agency, why.")
        ],
    ) -> AgencyPayload:
        """Invite an agency."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.invite_agency(
                session, context_of(info).caller, str(input.agency_id), input.reason
            )

        return await _agency(info, "inviteAgency", input, effect)

    @strawberry.mutation(description="Record a signed memorandum; the agency becomes a member.")
    async def sign_mou(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SignMouInput, strawberry.argument(description="Which agency, from when to when.")
        ],
    ) -> AgencyPayload:
        """Record a memorandum."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.sign_mou(
                session,
                context_of(info).caller,
                str(input.agency_id),
                input.starts_at,
                input.ends_at,
                input.reason,
            )

        return await _agency(info, "signMou", input, effect)

    @strawberry.mutation(description="Add a file to a memorandum.")
    async def add_mou_document(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AddMouDocumentInput, strawberry.argument(description="The file.")
        ],
    ) -> AgencyPayload:
        """Add a file."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            document = read_document(input.file_name, input.media_type, input.content_base64)
            return await commands.add_document(
                session, context_of(info).caller, str(input.agreement_id), document
            )

        return await _agency(info, "addMouDocument", input, effect)

    @strawberry.mutation(description="Give somebody a seat at a table of your site.")
    async def seat_member(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SeatMemberInput, strawberry.argument(description="Who, where.")
        ],
    ) -> SeatPayload:
        """Give a seat."""
        terms = commands.SeatTerms(
            input.body,
            input.name,
            input.title,
            input.agency_id,
            input.account_id,
            input.starts_on,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.seat_member(session, context_of(info).caller, terms)

        return await _seat(info, "seatMember", input, effect)

    @strawberry.mutation(description="End somebody's seat.")
    async def end_seat(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndSeatInput, strawberry.argument(description="Which seat, until when.")
        ],
    ) -> SeatPayload:
        """End a seat."""

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_seat(
                session,
                context_of(info).caller,
                str(input.seat_id),
                input.ends_on,
                input.expected_version,
            )

        return await _seat(info, "endSeat", input, effect)


async def run(info: Info, name: str, given: Any, effect: Effect) -> Outcome:
    """Run a command of this slice once for its key."""
    return await run_command(
        context_of(info), name, given, key=given.idempotency_key, effect=effect
    )


async def _request(info: Info, name: str, given: Any, effect: Effect) -> RoleRequestPayload:
    outcome, context, row = await run(info, name, given, effect), context_of(info), None
    row_id = outcome.id("request")
    if row_id is not None:
        async with context.reading() as session:
            row = await repository.request_by_id(session, context.caller, row_id)
    found = None if row is None else RoleRequest.from_row(row)
    return RoleRequestPayload(role_request=found, user_errors=outcome.user_errors)


async def _agency(info: Info, name: str, given: Any, effect: Effect) -> AgencyPayload:
    outcome = await run(info, name, given, effect)
    agency = await agency_of(info, outcome.id("agencyId"))
    return AgencyPayload(agency=agency, user_errors=outcome.user_errors)


async def _seat(info: Info, name: str, given: Any, effect: Effect) -> SeatPayload:
    outcome, context, row = await run(info, name, given, effect), context_of(info), None
    row_id = outcome.id("seat")
    if row_id is not None:
        async with context.reading() as session:
            row = await repository.seat(session, context.caller, row_id)
    found = None if row is None else Seat.from_row(row)
    return SeatPayload(seat=found, user_errors=outcome.user_errors)
