"""GraphQL of handoffs and of the rota."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.handoffs import commands, repository, rules
from svc_participants.handoffs.tables import HandoffRow, OnCallShiftRow
from svc_participants.people.schema import INPUT, After, First
from svc_participants.referrals.schema.referral import Referral, load_referral

_STRUCTURE = [category(Category.STRUCTURE)]
_CATALOGUE = [category(Category.CATALOGUE)]
_REFERRAL = [category(Category.REFERRAL)]
_CALLS = "Query.handoffCalls"

described_enum(rules.HandoffState, "Where a warm handoff stands.", rules.STATE_MEANINGS)
described_enum(
    rules.FailureReason,
    "Why nobody met the person.",
    rules.REASON_MEANINGS,
    name="HandoffFailureReason",
)


@strawberry.type(
    directives=[category(Category.REFERRAL), about("participantId")],
    description="A case manager comes to where the person is.",
)
class Handoff:
    """A handoff."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    state: rules.HandoffState | None = strawberry.field(description="Where it stands.")
    possible_steps: list[rules.HandoffState] | None = strawberry.field(
        description="States that may follow."
    )
    place: str | None = strawberry.field(description="Where to come to.")
    duty_phone: str | None = strawberry.field(description="Number of who was called.")
    requested_at: datetime | None = strawberry.field(description="When it was asked for.")
    en_route_at: datetime | None = strawberry.field(description="When somebody set out.")
    met_at: datetime | None = strawberry.field(description="When they met.")
    failed_at: datetime | None = strawberry.field(description="When it came to nothing.")
    failure_reason: rules.FailureReason | None = strawberry.field(
        description="Why; not for the referrer.", directives=[category(Category.ELIGIBILITY)]
    )
    target_minutes: int | None = strawberry.field(description="Minutes of the protocol.")
    minutes: int | None = strawberry.field(description="Minutes until they met.")
    is_within_target: bool | None = strawberry.field(description="Whether that was in time.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )
    row: strawberry.Private[HandoffRow]

    @strawberry.field(description="The referral that it belongs to.")
    async def referral(self, info: Info) -> Referral | None:
        """Return the referral."""
        return await load_referral(info, self.row.referral_id)


def handoff_of(row: HandoffRow) -> Handoff:
    """Return the GraphQL object of a handoff."""
    state = rules.HandoffState(row.state)
    minutes = None
    if row.met_at is not None:
        minutes = rules.minutes_until(row.met_at, row.requested_at)
    return Handoff(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        state=state,
        possible_steps=sorted(rules.STEPS[state]),
        place=row.place,
        duty_phone=row.duty_phone,
        requested_at=row.requested_at,
        en_route_at=row.en_route_at,
        met_at=row.met_at,
        failed_at=row.failed_at,
        failure_reason=rules.FailureReason(row.failure_reason) if row.failure_reason else None,
        target_minutes=row.target_minutes,
        minutes=minutes,
        is_within_target=None if minutes is None else minutes <= row.target_minutes,
        version=row.version,
        row=row,
    )


@strawberry.type(directives=_CATALOGUE, description="Whom to call at a site.")
class OnCallShift:
    """A shift; who it is, the own agency knows."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    agency_id: strawberry.ID = strawberry.field(description="Agency that comes.")
    duty_phone: str = strawberry.field(description="Number to call.")
    starts_at: datetime = strawberry.field(description="From when.")
    ends_at: datetime = strawberry.field(description="Until when.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


@strawberry.type(
    directives=[category(Category.AGENCY_ROLES)],
    description="A shift of your agency that is not over, with who has it.",
)
class RotaShift:
    """A shift of the own agency."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    account_id: strawberry.ID = strawberry.field(
        description="Whose account; caseManagers has the names."
    )
    duty_phone: str = strawberry.field(description="Number to call.")
    starts_at: datetime = strawberry.field(description="From when.")
    ends_at: datetime = strawberry.field(description="Until when.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


def rota_shift_of(row: OnCallShiftRow) -> RotaShift:
    """Return the GraphQL object of a shift of the own agency."""
    return RotaShift(
        id=strawberry.ID(str(row.id)),
        account_id=strawberry.ID(row.account_id),
        duty_phone=row.duty_phone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        version=row.version,
    )


def shift_of(row: OnCallShiftRow) -> OnCallShift:
    """Return the GraphQL object of a shift."""
    return OnCallShift(
        id=strawberry.ID(str(row.id)),
        agency_id=strawberry.ID(str(row.agency_id)),
        duty_phone=row.duty_phone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        version=row.version,
    )


async def _handoffs(root: strawberry.Parent[Referral], info: Info) -> list[Handoff] | None:
    rows = await context_of(info).loader(repository.HandoffsOfReferral).load(root.seen.row.id)
    return [handoff_of(row) for row in rows or []]


@strawberry.type
class HandoffFields:
    """What handoffs add to ``Referral``."""

    handoffs: list[Handoff] | None = strawberry.field(
        resolver=_handoffs,
        description="Warm handoffs, newest first: for who asked and who comes.",
        directives=_REFERRAL,
    )


async def _on_call(info: Info) -> list[OnCallShift]:
    context = context_of(info)
    site_id = parse_id(context.caller.site_id)
    if site_id is None:
        return []
    async with context.reading() as session:
        return [shift_of(row) for row in await repository.on_call_now(session, site_id)]


@strawberry.type(directives=_STRUCTURE, description="Reading about handoffs.")
class HandoffQuery:
    """Root fields of handoffs."""

    @strawberry.field(description="Whom to call at your site now.", directives=_CATALOGUE)
    async def on_call(self, info: Info) -> list[OnCallShift] | None:
        """Return who is on call."""
        return await _on_call(info)

    @strawberry.field(
        description="Your agency's shifts at your site that are not over, the next first, at most "
        "100 (CM, SUP).",
        directives=[category(Category.AGENCY_ROLES)],
    )
    async def rota(self, info: Info) -> list[RotaShift] | None:
        """Return the shifts, none for anybody else."""
        context = context_of(info)
        async with context.reading() as session:
            return [rota_shift_of(row) for row in await repository.rota(session, context.caller)]

    @strawberry.field(
        description="Calls that wait for you (CM on call), or for your agency (SUP), newest first.",
        directives=_REFERRAL,
    )
    async def handoff_calls(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Handoff] | None:
        """Return a page of open calls."""
        context, order = context_of(info), repository.NEWEST_FIRST
        request = page_request(context, info, name=_CALLS, order=order, first=first, after=after)
        async with context.reading() as session:
            found = await repository.calls_page(session, context.caller, request)
        return connection(
            found,
            seal=context.seal,
            caller=context.caller,
            name=_CALLS,
            after=after,
            key=order.key,
            node=handoff_of,
        )


@strawberry.input(description="Call somebody to where the person is.")
class RequestHandoffInput:
    """Input of ``requestHandoff``."""

    referral_id: strawberry.ID = strawberry.field(description="Your arrest diversion.")
    idempotency_key: str = strawberry.field(description="Unique per intended call.")
    requested_at: datetime = strawberry.field(description="When you called.")
    place: str | None = strawberry.field(default=None, description="Where to come to.")
    provider_agency_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only this provider; otherwise whoever is on call."
    )


@strawberry.input(description="What happened on the way to the person.")
class RecordHandoffInput:
    """Input of ``recordHandoff``."""

    handoff_id: strawberry.ID = strawberry.field(description="Which handoff.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended step.")
    state: rules.HandoffState = strawberry.field(description="Where it stands now.")
    happened_at: datetime = strawberry.field(description="When it came to that.")
    failure_reason: rules.FailureReason | None = strawberry.field(
        default=None, description="Why nobody met the person."
    )


@strawberry.input(description="Put a case manager of your agency on the rota.")
class PutOnCallInput:
    """Input of ``putOnCall``."""

    account_id: strawberry.ID = strawberry.field(description="Whose account.")
    idempotency_key: str = strawberry.field(description="Unique per intended shift.")
    duty_phone: str = strawberry.field(description="Number to call.")
    starts_at: datetime = strawberry.field(description="From when.")
    ends_at: datetime = strawberry.field(description="Until when, at most seven days.")


@strawberry.input(description="End a shift of your agency now.")
class TakeOffCallInput:
    """Input of ``takeOffCall``."""

    shift_id: strawberry.ID = strawberry.field(description="Which shift.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a handoff.")
class HandoffPayload:
    """Payload with the handoff as it is now."""

    handoff: Handoff | None = strawberry.field(description="The handoff as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change to the rota.")
class OnCallPayload:
    """Payload with who is on call now."""

    on_call: list[OnCallShift] | None = strawberry.field(
        description="Who is on call at your site now.", directives=_CATALOGUE
    )
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _payload(info: Info, outcome: Outcome) -> HandoffPayload:
    context, key = context_of(info), outcome.id("handoff")
    row = None
    if key is not None:
        async with context.reading() as session:
            row = await repository.by_id(session, context.caller, key)
    return HandoffPayload(
        handoff=None if row is None else handoff_of(row), user_errors=outcome.user_errors
    )


async def _rota(info: Info, outcome: Outcome) -> OnCallPayload:
    found = None if outcome.user_errors else await _on_call(info)
    return OnCallPayload(on_call=found, user_errors=outcome.user_errors)


async def _run(info: Info, name: str, given: Any, effect: Any) -> Outcome:
    return await run_command(
        context_of(info), name, given, key=given.idempotency_key, effect=effect
    )


@strawberry.type(directives=_STRUCTURE, description="Changes to handoffs.")
class HandoffMutation:
    """Mutations about handoffs."""

    @strawberry.mutation(description="Call whoever is on call to the scene (LEO, LEL).")
    async def request_handoff(
        self,
        info: Info,
        input: Annotated[RequestHandoffInput, INPUT],  # noqa: A002
    ) -> HandoffPayload:
        """Call somebody."""
        caller = context_of(info).caller
        call = commands.Call(
            input.referral_id, input.requested_at, input.place, input.provider_agency_id
        )
        outcome = await _run(
            info, "requestHandoff", input, lambda s: commands.request(s, caller, call)
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Record the way to the person (CM on call, SUP).")
    async def record_handoff(
        self,
        info: Info,
        input: Annotated[RecordHandoffInput, INPUT],  # noqa: A002
    ) -> HandoffPayload:
        """Record a step."""
        caller, key = context_of(info).caller, parse_id(input.handoff_id)
        step = commands.Step(
            input.expected_version, input.state, input.happened_at, input.failure_reason
        )
        outcome = await _run(
            info, "recordHandoff", input, lambda s: commands.record(s, caller, key, step)
        )
        return await _payload(info, outcome)

    @strawberry.mutation(description="Put somebody of your agency on call (SUP).")
    async def put_on_call(
        self,
        info: Info,
        input: Annotated[PutOnCallInput, INPUT],  # noqa: A002
    ) -> OnCallPayload:
        """Add a shift."""
        caller = context_of(info).caller
        shift = commands.Shift(input.account_id, input.duty_phone, input.starts_at, input.ends_at)
        outcome = await _run(
            info, "putOnCall", input, lambda s: commands.put_on_call(s, caller, shift)
        )
        return await _rota(info, outcome)

    @strawberry.mutation(description="End a shift of your agency now (SUP).")
    async def take_off_call(
        self,
        info: Info,
        input: Annotated[TakeOffCallInput, INPUT],  # noqa: A002
    ) -> OnCallPayload:
        """End a shift."""
        caller, key = context_of(info).caller, parse_id(input.shift_id)
        outcome = await _run(
            info,
            "takeOffCall",
            input,
            lambda s: commands.take_off_call(s, caller, key, input.expected_version),
        )
        return await _rota(info, outcome)
