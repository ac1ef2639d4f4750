"""Endpoints of agencies' own programs in GraphQL: AGENCY_ROLES, for who administers them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.command_edge import Effect, Outcome, run_command
from infra.database import WriteSession
from infra.mutation_result import UserError
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import RequestContext, context_of
from infra.schema_enums import described_enum
from infra.vocabulary import Purpose, Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.schema.directory import ROLES, STRUCTURE, After, Agencies, Agency, First
from svc_consent.releases.schema import words
from svc_consent.webhooks import administering, repository, rules, tables
from svc_consent.webhooks.key import sealed_key
from svc_consent.webhooks.rules import Topic

_DESCRIBED = words  # imported for the words by which clients know the purposes
_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_ERRORS = "What to put right in the input."
_NAME = "Query.webhookEndpoints"

described_enum(
    Topic,
    "What an agency's own program can be told of.",
    {
        Topic.RELEASE_GIVEN: "Somebody's release names the agency, or names it anew.",
        Topic.WORK_ARRIVED: "Somebody is in the agency's hands now.",
        Topic.HANDOFF_REQUESTED: "The agency is called to where a person is.",
        Topic.ASSIGNMENT_MADE: "Somebody was put on the caseload of one of the agency's people.",
    },
    name="WebhookTopic",
)


@strawberry.type(directives=ROLES, description="The newest attempt that left for an endpoint.")
class WebhookAttempt:
    """One attempt."""

    event_id: strawberry.ID | None = strawberry.field(
        description="Id of the event, as the receiver has it; it stands for nothing."
    )
    topic: Topic | None = strawberry.field(description="What it tells of.")
    at: datetime | None = strawberry.field(description="When.")
    status: int | None = strawberry.field(
        description="HTTP status of the receiver's answer; absent when there was none."
    )
    delivered: bool | None = strawberry.field(description="Whether the receiver has taken it.")


@strawberry.type(
    directives=ROLES, description="Where an agency's own program is told that there is news."
)
class WebhookEndpoint:
    """One endpoint."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    url: str | None = strawberry.field(description="Where to.")
    topics: list[Topic] | None = strawberry.field(description="What it is told of.")
    role: Role | None = strawberry.field(description="Through whose eyes it looks.")
    purpose: Purpose | None = strawberry.field(description="Why the agency wants to know.")
    grant_id: strawberry.ID | None = strawberry.field(
        description="Grant of the administrator who answers for it; with it the endpoint ends."
    )
    created_at: datetime | None = strawberry.field(description="Since when.")
    old_secret_until: datetime | None = strawberry.field(
        description="Until when the secret before the newest signs as well."
    )
    removed_at: datetime | None = strawberry.field(description="When it was removed.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    last_attempt: WebhookAttempt | None = strawberry.field(
        description="The newest attempt; what may not be told shows nowhere."
    )
    agency_id: strawberry.Private[UUID]

    @strawberry.field(description="Whose it is.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        row = await context_of(info).loader(Agencies).load(self.agency_id)
        return None if row is None else Agency.from_row(row)

    @classmethod
    def from_row(cls, row: tables.WebhookEndpoint) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            url=row.url,
            topics=[Topic(each) for each in row.topics],
            role=Role(row.role),
            purpose=Purpose(row.purpose),
            grant_id=strawberry.ID(str(row.grant_id)),
            created_at=row.created_at,
            old_secret_until=row.old_secret_until,
            removed_at=row.removed_at,
            version=row.version,
            last_attempt=_attempt(row),
            agency_id=row.agency_id,
        )


def _attempt(row: tables.WebhookEndpoint) -> WebhookAttempt | None:
    if row.last_event_id is None or row.last_topic is None:
        return None
    return WebhookAttempt(
        event_id=strawberry.ID(str(row.last_event_id)),
        topic=Topic(row.last_topic),
        at=row.last_at,
        status=row.last_status,
        delivered=row.last_status is not None and 200 <= row.last_status < 300,
    )


@strawberry.input(description="An endpoint to be told of what happens from now on.")
class RegisterWebhookEndpointInput:
    """Input of registerWebhookEndpoint."""

    url: str = strawberry.field(description="https://name[:port]/path, on the public internet.")
    topics: list[Topic] = strawberry.field(description="What to tell.")
    role: Role = strawberry.field(description="Through whose eyes to look: CM, SUP, PM or SVC.")
    purpose: Purpose = strawberry.field(description="Why: one of the role's purposes.")
    idempotency_key: str = strawberry.field(description=_KEY)
    grant_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Grant of the agency's administrator who answers for it; yours when absent.",
    )


@strawberry.input(description="Which endpoint to change.")
class ChangeWebhookEndpointInput:
    """Input of rotateWebhookSecret and removeWebhookEndpoint."""

    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="What to try again.")
class ReplayWebhookEventsInput:
    """Input of replayWebhookEvents."""

    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    idempotency_key: str = strawberry.field(description=_KEY)
    since: datetime | None = strawberry.field(
        default=None, description="Only of what happened from this moment on."
    )


@strawberry.type(directives=STRUCTURE, description="Result of a change of an endpoint.")
class WebhookEndpointPayload:
    """Payload of removeWebhookEndpoint and replayWebhookEvents."""

    endpoint: WebhookEndpoint | None = strawberry.field(description="It as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE, description="Result of a change that makes a secret.")
class WebhookSecretPayload:
    """Payload of registerWebhookEndpoint and rotateWebhookSecret."""

    endpoint: WebhookEndpoint | None = strawberry.field(description="It as it is now.")
    secret: str | None = strawberry.field(
        directives=ROLES,
        description=(
            "What events are signed with. Shown here and nowhere else, for ten minutes to whoever "
            "repeats the request with its key."
        ),
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


RegisterInput = Annotated[
    RegisterWebhookEndpointInput, strawberry.argument(description="What it is to be.")
]
ChangeInput = Annotated[ChangeWebhookEndpointInput, strawberry.argument(description="Which.")]
ReplayInput = Annotated[ReplayWebhookEventsInput, strawberry.argument(description="Which.")]


async def _run(info: Info, name: str, given: Any, effect: Effect) -> Outcome:
    return await run_command(
        context_of(info), name, given, key=given.idempotency_key, effect=effect
    )


async def _endpoint(context: RequestContext, row_id: UUID | None) -> WebhookEndpoint | None:
    if row_id is None:
        return None
    async with context.reading() as session:
        row = await repository.administered(session, context.caller, row_id)
    return None if row is None else WebhookEndpoint.from_row(row)


async def _with_secret(info: Info, outcome: Outcome) -> WebhookSecretPayload:
    """Return what is shown once: a later generation, or a later time, shows no secret."""
    context, row_id = context_of(info), outcome.id("endpoint")
    row, secret = None, None
    if row_id is not None:
        async with context.reading() as session:
            row = await repository.administered(session, context.caller, row_id)
            now = await database_now(session)
    if row is not None and row.removed_at is None:
        made_at = row.created_at
        if row.old_secret_until is not None:
            made_at = row.old_secret_until - rules.OLD_SECRET_LIVES
        is_this = outcome.result["generation"] == str(row.generation)
        if is_this and now < made_at + rules.SECRET_SHOWN:
            secret = rules.secret_of(sealed_key(context.seal), row.id, row.generation)
    return WebhookSecretPayload(
        endpoint=None if row is None else WebhookEndpoint.from_row(row),
        secret=secret,
        user_errors=outcome.user_errors,
    )


@strawberry.type(directives=STRUCTURE)
class WebhooksQuery:
    """Root fields about endpoints."""

    @strawberry.field(
        description="Endpoints that you administer: your agency's, or all of the platform.",
        directives=STRUCTURE,
    )
    async def webhook_endpoints(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[WebhookEndpoint] | None:
        """Return one page of endpoints."""
        context, order = context_of(info), repository.ORDER
        wanted = page_request(context, info, name=_NAME, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_endpoints(session, context.caller, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=_NAME, after=after,
            key=order.key, node=WebhookEndpoint.from_row,
        )  # fmt: skip


@strawberry.type(directives=STRUCTURE)
class WebhooksMutation:
    """Mutations about endpoints."""

    @strawberry.mutation(description="Have your agency's own program told that there is news.")
    async def register_webhook_endpoint(
        self,
        info: Info,
        input: RegisterInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> WebhookSecretPayload:
        """Make an endpoint."""
        context = context_of(info)
        wanted = (input.url, input.topics, input.role, input.purpose)
        grant_id = None if input.grant_id is None else str(input.grant_id)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await administering.register(
                session,
                context.caller,
                wanted,
                grant_id,
                allows_loopback=not context.is_production,
            )

        outcome = await _run(info, "registerWebhookEndpoint", input, effect)
        return await _with_secret(info, outcome)

    @strawberry.mutation(description="Make a new secret; the old one signs as well for a week.")
    async def rotate_webhook_secret(
        self,
        info: Info,
        input: ChangeInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> WebhookSecretPayload:
        """Make a new secret."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await administering.rotate(
                session, context.caller, str(input.endpoint_id), input.expected_version
            )

        return await _with_secret(info, await _run(info, "rotateWebhookSecret", input, effect))

    @strawberry.mutation(description="Remove an endpoint: from now on nothing is sent to it.")
    async def remove_webhook_endpoint(
        self,
        info: Info,
        input: ChangeInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> WebhookEndpointPayload:
        """Remove an endpoint."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await administering.remove(
                session, context.caller, str(input.endpoint_id), input.expected_version
            )

        return await _changed(info, await _run(info, "removeWebhookEndpoint", input, effect))

    @strawberry.mutation(
        description="Try again what could not be delivered: each event is decided anew."
    )
    async def replay_webhook_events(
        self,
        info: Info,
        input: ReplayInput,  # noqa: A002 - the name of the GraphQL argument
    ) -> WebhookEndpointPayload:
        """Try again what could not be delivered."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await administering.replay(
                session,
                context.caller,
                str(input.endpoint_id),
                input.expected_version,
                input.since,
            )

        return await _changed(info, await _run(info, "replayWebhookEvents", input, effect))


async def _changed(info: Info, outcome: Outcome) -> WebhookEndpointPayload:
    return WebhookEndpointPayload(
        endpoint=await _endpoint(context_of(info), outcome.id("endpoint")),
        user_errors=outcome.user_errors,
    )
