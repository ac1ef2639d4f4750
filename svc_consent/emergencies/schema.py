"""Emergency access in GraphQL: opening it, and seeing who did."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE, After, Agencies, Agency, First
from svc_consent.emergencies import commands, tables
from svc_consent.emergencies.repository import ACCESS_ORDER, AccessesOfParticipants
from svc_consent.emergencies.rules import EmergencyFacts

_AUDIT = [category(Category.AUDIT)]


@strawberry.federation.type(
    directives=[*_AUDIT, about("participantId")],
    description="That medical staff looked without consent (42 CFR 2.51).",
)
class EmergencyAccess:
    """One access with the five facts."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose record."
    )
    recipient_name: str | None = strawberry.field(description="Who looked.")
    recipient_facility: str | None = strawberry.field(description="For which facility.")
    discloser: str | None = strawberry.field(description="Who disclosed.")
    starts_at: datetime | None = strawberry.field(description="From when.")
    ends_at: datetime | None = strawberry.field(description="Until when it was open.")
    nature_of_emergency: str | None = strawberry.field(description="What had happened.")
    unobtainable_because: str | None = strawberry.field(
        description="Why consent could not be obtained."
    )
    agency_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The agency of who looked.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        if self.agency_id is None:
            return None
        row = await context_of(info).loader(Agencies).load(self.agency_id)
        return None if row is None else Agency.from_row(row)

    @classmethod
    def from_row(cls, row: tables.EmergencyAccess) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            recipient_name=row.recipient_name,
            recipient_facility=row.recipient_facility,
            discloser=row.discloser,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            nature_of_emergency=row.nature,
            unobtainable_because=row.unobtainable_because,
            agency_id=row.agency_id,
        )


@strawberry.input(description="The facts of a medical emergency (42 CFR 2.51(c)); all required.")
class BreakGlassInput:
    """Input of breakGlass."""

    participant_id: strawberry.ID = strawberry.field(description="Whose record.")
    recipient_name: str = strawberry.field(description="Your name.")
    recipient_facility: str = strawberry.field(description="Your facility or service.")
    discloser: str = strawberry.field(description="Who discloses, for example this platform.")
    nature_of_emergency: str = strawberry.field(description="What has happened.")
    attests_consent_cannot_be_obtained: bool = strawberry.field(
        description="That the person's consent cannot be obtained. Who can answer decides."
    )
    unobtainable_because: str = strawberry.field(description="Why it cannot be obtained.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )


@strawberry.type(directives=STRUCTURE, description="Result of breakGlass.")
class BreakGlassPayload:
    """Payload of breakGlass: the same whether the id names somebody or not."""

    access_id: strawberry.ID | None = strawberry.field(description="Id of what was recorded.")
    ends_at: datetime | None = strawberry.field(description="When access ends by itself.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type
class ParticipantEmergencies:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(
        description="Who looked without consent in an emergency, newest first.", directives=_AUDIT
    )
    async def emergency_accesses(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[EmergencyAccess] | None:
        """Return one page of emergency accesses."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        if participant_id is None:
            return None
        name = f"Participant.emergencyAccesses({participant_id})"
        wanted = page_request(
            context, info, name=name, order=ACCESS_ORDER, first=first, after=after
        )
        page = await context.loader(AccessesOfParticipants).load(participant_id, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=name, after=after,
            key=ACCESS_ORDER.key, node=EmergencyAccess.from_row,
        )  # fmt: skip


@strawberry.type(directives=STRUCTURE)
class EmergenciesMutation:
    """Mutations of emergency access."""

    @strawberry.mutation(
        description="Open a record in a medical emergency; ends by itself and is reviewed."
    )
    async def break_glass(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            BreakGlassInput, strawberry.argument(description="The facts.")
        ],
    ) -> BreakGlassPayload:
        """Open emergency access."""
        context = context_of(info)
        facts = EmergencyFacts(
            recipient_name=input.recipient_name,
            recipient_facility=input.recipient_facility,
            discloser=input.discloser,
            nature=input.nature_of_emergency,
            unobtainable_because=input.unobtainable_because,
            is_attested=input.attests_consent_cannot_be_obtained,
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.break_glass(
                session, context.caller, str(input.participant_id), facts
            )

        outcome = await run_command(
            context, "breakGlass", input, key=input.idempotency_key, effect=effect
        )
        ends_at = outcome.result.get("endsAt")
        return BreakGlassPayload(
            access_id=outcome.result.get("accessId"),
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            user_errors=outcome.user_errors,
        )
