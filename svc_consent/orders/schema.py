"""Court orders in GraphQL: admitting one, ending it, reading it."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE, Agencies, Agency
from svc_consent.orders import commands, repository, tables
from svc_consent.orders.rules import Terms
from svc_consent.releases.schema import words

_AUDIT = [category(Category.AUDIT)]
_DESCRIBED = words  # imported for the words by which clients know the categories
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_ERRORS = "What to put right in the input."


@strawberry.federation.type(
    directives=[*_AUDIT, about("participantId")],
    description="A court order that counsel has admitted (42 CFR 2.64, 2.65).",
)
class CourtOrder:
    """One order."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    number: str | None = strawberry.field(description="Its number.")
    counsel_name: str | None = strawberry.field(description="Who admitted it.")
    categories: list[Category] | None = strawberry.field(description="What it lists.")
    data_from: date | None = strawberry.field(description="First day of what it lists.")
    data_to: date | None = strawberry.field(description="Last day of what it lists.")
    expires_at: datetime | None = strawberry.field(description="When it ends.")
    admitted_at: datetime | None = strawberry.field(description="When it was admitted.")
    ended_at: datetime | None = strawberry.field(description="When it was ended before its time.")
    end_reason: str | None = strawberry.field(description="Why it was ended.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    recipient_id: strawberry.Private[UUID]

    @strawberry.field(description="To whom it says the records go.")
    async def recipient(self, info: Info) -> Agency | None:
        """Return the agency."""
        row = await context_of(info).loader(Agencies).load(self.recipient_id)
        return None if row is None else Agency.from_row(row)

    @classmethod
    def from_row(cls, row: tables.CourtOrder) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            number=row.number,
            counsel_name=row.counsel_name,
            categories=[Category(each) for each in row.categories],
            data_from=row.data_from,
            data_to=row.data_to,
            expires_at=row.expires_at,
            admitted_at=row.admitted_at,
            ended_at=row.ended_at,
            end_reason=row.end_reason,
            version=row.version,
            recipient_id=row.recipient_agency_id,
        )


@strawberry.input(description="Record that counsel has admitted an order; exactly what it lists.")
class AdmitCourtOrderInput:
    """Input of admitCourtOrder."""

    demand_id: strawberry.ID = strawberry.field(description="The demand that it came in as.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    order_number: str = strawberry.field(description="Number of the order.")
    counsel_name: str = strawberry.field(description="The counsel who admitted it.")
    recipient_agency_id: strawberry.ID = strawberry.field(description="Whom it names.")
    categories: list[Category] = strawberry.field(description="What it lists.")
    expires_at: datetime = strawberry.field(description="When it ends.")
    has_subpoena: bool = strawberry.field(
        description="That a subpoena was served as well; the order alone compels nothing."
    )
    idempotency_key: str = strawberry.field(description=_KEY)
    data_from: date | None = strawberry.field(
        default=None, description="First day of the records that it lists."
    )
    data_to: date | None = strawberry.field(
        default=None, description="Last day of the records that it lists."
    )


@strawberry.type(directives=STRUCTURE, description="Result of admitCourtOrder.")
class AdmitCourtOrderPayload:
    """Payload of admitCourtOrder."""

    order: CourtOrder | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.input(description="End an order before its time; nothing more leaves by it.")
class EndCourtOrderInput:
    """Input of endCourtOrder."""

    order_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of endCourtOrder.")
class EndCourtOrderPayload:
    """Payload of endCourtOrder."""

    order: CourtOrder | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class ParticipantOrders:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(
        description="Court orders that were admitted, the newest 100; for staff.",
        directives=_AUDIT,
    )
    async def court_orders(self, info: Info) -> list[CourtOrder] | None:
        """Return the orders about the participant."""
        context, row_id = context_of(info), parse_id(str(self.id))
        if row_id is None:
            return None
        rows = await context.loader(repository.OrdersOfParticipants).first(
            row_id, repository.MAX_ROWS
        )
        return [CourtOrder.from_row(row) for row in rows]


@strawberry.type(directives=STRUCTURE)
class OrdersMutation:
    """Mutations about court orders."""

    @strawberry.mutation(
        description="Record that counsel has admitted an order; nothing leaves by this alone."
    )
    async def admit_court_order(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            AdmitCourtOrderInput, strawberry.argument(description="What it says.")
        ],
    ) -> AdmitCourtOrderPayload:
        """Record that counsel has admitted an order; nothing leaves by this alone."""
        context = context_of(info)
        terms = Terms(
            number=input.order_number,
            counsel=input.counsel_name,
            categories=tuple(input.categories),
            data_from=input.data_from,
            data_to=input.data_to,
            expires_at=input.expires_at,
            has_subpoena=input.has_subpoena,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.admit_order(
                session,
                context.caller,
                (str(input.demand_id), input.expected_version),
                str(input.recipient_agency_id),
                terms,
            )

        outcome = await run_command(
            context, "admitCourtOrder", input, key=input.idempotency_key, effect=effect
        )
        return AdmitCourtOrderPayload(
            order=await _order(info, outcome.id("orderId")), user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="End an order before its time; nothing more leaves by it.")
    async def end_court_order(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EndCourtOrderInput, strawberry.argument(description="Which, and why.")
        ],
    ) -> EndCourtOrderPayload:
        """End an order before its time; nothing more leaves by it."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.end_order(
                session, context.caller, str(input.order_id), input.expected_version, input.reason
            )

        outcome = await run_command(
            context, "endCourtOrder", input, key=input.idempotency_key, effect=effect
        )
        return EndCourtOrderPayload(
            order=await _order(info, outcome.id("orderId")), user_errors=outcome.user_errors
        )


async def _order(info: Info, row_id: UUID | None) -> CourtOrder | None:
    if row_id is None:
        return None
    context = context_of(info)
    async with context.reading() as session:
        found = await repository.by_id(session, context.caller, row_id)
    return CourtOrder.from_row(found) if found else None
