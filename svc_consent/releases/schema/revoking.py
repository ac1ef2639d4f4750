"""Mutations: a release is taken back, whole, in part or with all others; less is to be told."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Outcome, run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import CommandError, UserError
from infra.request_context import RequestContext, context_of
from infra.vocabulary import Category, Purpose
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.releases import repository, revoking
from svc_consent.releases.narrowing import Removal
from svc_consent.releases.revoking import RestrictionRequest, Saying
from svc_consent.releases.rules import ReleaseKind, RevocationMethod
from svc_consent.releases.schema.signing import KEY, release_of
from svc_consent.releases.schema.versions import Release, Restriction

_REASON = "Why, in 1 to 500 characters."
_VERSION = "Its version as the client read it."
_ERRORS = "What to put right in the input."
_SAID_AT = "When it was said, where it is recorded later."


@strawberry.input(description="Which release to take back, and why.")
class RevokeReleaseInput:
    """Input of revokeRelease."""

    release_id: strawberry.ID = strawberry.field(description="Which version.")
    expected_version: int = strawberry.field(description=_VERSION)
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str = strawberry.field(description=KEY)
    method: RevocationMethod = strawberry.field(
        default=RevocationMethod.WRITTEN, description="How it was said."
    )
    said_at: datetime | None = strawberry.field(default=None, description=_SAID_AT)


@strawberry.input(description="What is to go from a release: what matches each of the lists.")
class RevokeReleaseInPartInput:
    """Input of revokeReleaseInPart."""

    release_id: strawberry.ID = strawberry.field(description="Which version.")
    expected_version: int = strawberry.field(description=_VERSION)
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str = strawberry.field(description=KEY)
    recipient_agency_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="From these recipients; empty means from all."
    )
    categories: list[Category] = strawberry.field(
        default_factory=list, description="These categories; empty means all."
    )
    purposes: list[Purpose] = strawberry.field(
        default_factory=list, description="For these purposes; empty means all."
    )
    method: RevocationMethod = strawberry.field(
        default=RevocationMethod.WRITTEN, description="How it was said."
    )
    said_at: datetime | None = strawberry.field(default=None, description=_SAID_AT)


@strawberry.input(description="Whose releases to take back, all of them.")
class RevokeAllReleasesInput:
    """Input of revokeAllReleases."""

    participant_id: strawberry.ID = strawberry.field(description="Whose.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str = strawberry.field(description=KEY)
    kind: ReleaseKind | None = strawberry.field(
        default=None, description="Only forms of this kind; absent means all kinds."
    )
    method: RevocationMethod = strawberry.field(
        default=RevocationMethod.WRITTEN, description="How it was said."
    )
    said_at: datetime | None = strawberry.field(
        default=None,
        description="When it was said. What was signed before and arrives later never counts.",
    )


@strawberry.input(description="Which release's event has come about.")
class RecordReleaseEventInput:
    """Input of recordReleaseEvent."""

    release_id: strawberry.ID = strawberry.field(description="Which version.")
    expected_version: int = strawberry.field(description=_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Which version was recorded by mistake, and why.")
class EnterReleaseInErrorInput:
    """Input of enterReleaseInError."""

    release_id: strawberry.ID = strawberry.field(description="Which version.")
    expected_version: int = strawberry.field(description=_VERSION)
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="Whom to tell less from now on (42 CFR 2.26, 45 CFR 164.522).")
class RestrictDisclosureInput:
    """Input of restrictDisclosure."""

    participant_id: strawberry.ID = strawberry.field(description="Whose information.")
    agency_id: strawberry.ID = strawberry.field(description="The agency to be told less.")
    reason: str = strawberry.field(description=_REASON)
    idempotency_key: str = strawberry.field(description=KEY)
    category: Category | None = strawberry.field(
        default=None, description="Which information; absent means everything."
    )
    purpose: Purpose | None = strawberry.field(
        default=None, description="For which purpose; absent means for all."
    )


@strawberry.input(description="Which restriction to lift.")
class LiftRestrictionInput:
    """Input of liftRestriction."""

    restriction_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description=_VERSION)
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(directives=STRUCTURE, description="Result of a mutation that ends a release.")
class RevokeReleasePayload:
    """Payload of the mutations about one release."""

    release: Release | None = strawberry.field(description="The version as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE, description="Result of revokeAllReleases.")
class RevokeAllReleasesPayload:
    """Payload of revokeAllReleases."""

    releases: list[Release] | None = strawberry.field(description="What was taken back.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE, description="Result of a mutation about a restriction.")
class RestrictionPayload:
    """Payload of restrictDisclosure and liftRestriction."""

    restriction: Restriction | None = strawberry.field(description="The restriction as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(directives=STRUCTURE)
class RevokingMutation:
    """Mutations that take back or restrict."""

    @strawberry.mutation(description="Take a release back; nothing rests on it from now on.")
    async def revoke_release(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RevokeReleaseInput, strawberry.argument(description="Which, and why.")
        ],
    ) -> RevokeReleasePayload:
        """Take a release back."""
        context = context_of(info)
        saying = Saying(input.reason, input.method, input.said_at)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.revoke_release(
                session, context.caller, str(input.release_id), input.expected_version, saying
            )

        outcome = await run_command(
            context, "revokeRelease", input, key=input.idempotency_key, effect=effect
        )
        return await _revoked(context, outcome)

    @strawberry.mutation(
        description="Take a part of a release back; what remains is a new version."
    )
    async def revoke_release_in_part(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RevokeReleaseInPartInput, strawberry.argument(description="Which, what and why.")
        ],
    ) -> RevokeReleasePayload:
        """Narrow a release."""
        context = context_of(info)
        saying = Saying(input.reason, input.method, input.said_at)

        async def effect(session: WriteSession) -> dict[str, Any]:
            change = (_removal(input), saying)
            return await revoking.revoke_in_part(
                session, context.caller, str(input.release_id), input.expected_version, change
            )

        outcome = await run_command(
            context, "revokeReleaseInPart", input, key=input.idempotency_key, effect=effect
        )
        return await _revoked(context, outcome)

    @strawberry.mutation(description="Take back everything that was signed up to an instant.")
    async def revoke_all_releases(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RevokeAllReleasesInput, strawberry.argument(description="Whose, and why.")
        ],
    ) -> RevokeAllReleasesPayload:
        """Take everything back."""
        context = context_of(info)
        saying = Saying(input.reason, input.method, input.said_at)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.revoke_everything(
                session, context.caller, str(input.participant_id), input.kind, saying
            )

        outcome = await run_command(
            context, "revokeAllReleases", input, key=input.idempotency_key, effect=effect
        )
        ids = [parse_id(each) for each in (outcome.result or {}).get("releaseIds", ())]
        found = [await release_of(context, each) for each in ids]
        return RevokeAllReleasesPayload(
            releases=[each for each in found if each is not None], user_errors=outcome.user_errors
        )

    @strawberry.mutation(description="Record that the event which ends a release has come about.")
    async def record_release_event(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RecordReleaseEventInput, strawberry.argument(description="Which release.")
        ],
    ) -> RevokeReleasePayload:
        """Let a release expire by its event."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.record_expiry_event(
                session, context.caller, str(input.release_id), input.expected_version
            )

        outcome = await run_command(
            context, "recordReleaseEvent", input, key=input.idempotency_key, effect=effect
        )
        return await _revoked(context, outcome)

    @strawberry.mutation(description="Mark a version as recorded by mistake; nothing rests on it.")
    async def enter_release_in_error(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            EnterReleaseInErrorInput, strawberry.argument(description="Which, and why.")
        ],
    ) -> RevokeReleasePayload:
        """Mark a version as a mistake."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.enter_in_error(
                session, context.caller, str(input.release_id), input.expected_version, input.reason
            )

        outcome = await run_command(
            context, "enterReleaseInError", input, key=input.idempotency_key, effect=effect
        )
        return await _revoked(context, outcome)

    @strawberry.mutation(description="Ask that an agency be told less; in force at once.")
    async def restrict_disclosure(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RestrictDisclosureInput, strawberry.argument(description="Whom, what and why.")
        ],
    ) -> RestrictionPayload:
        """Restrict."""
        context = context_of(info)
        wanted = RestrictionRequest(
            str(input.agency_id), input.category, input.purpose, input.reason
        )

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.restrict(
                session, context.caller, str(input.participant_id), wanted
            )

        outcome = await run_command(
            context, "restrictDisclosure", input, key=input.idempotency_key, effect=effect
        )
        return await _restricted(context, outcome)

    @strawberry.mutation(description="End a restriction; releases decide again.")
    async def lift_restriction(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            LiftRestrictionInput, strawberry.argument(description="Which.")
        ],
    ) -> RestrictionPayload:
        """Lift a restriction."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await revoking.lift_restriction(
                session, context.caller, str(input.restriction_id), input.expected_version
            )

        outcome = await run_command(
            context, "liftRestriction", input, key=input.idempotency_key, effect=effect
        )
        return await _restricted(context, outcome)


def _removal(given: RevokeReleaseInPartInput) -> Removal:
    recipients = [parse_id(str(each)) for each in given.recipient_agency_ids]
    if None in recipients:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", "recipientAgencyIds"))
    return Removal(
        frozenset(each for each in recipients if each is not None),
        frozenset(given.categories),
        frozenset(given.purposes),
    )


async def _revoked(context: RequestContext, outcome: Outcome) -> RevokeReleasePayload:
    release = await release_of(context, outcome.id("releaseId"))
    return RevokeReleasePayload(release=release, user_errors=outcome.user_errors)


async def _restricted(context: RequestContext, outcome: Outcome) -> RestrictionPayload:
    row_id, restriction = outcome.id("restrictionId"), None
    if row_id is not None:
        async with context.reading() as session:
            rows = await repository.restrictions_by_id(session, context.caller, [row_id])
        restriction = Restriction.from_row(rows[row_id]) if row_id in rows else None
    return RestrictionPayload(restriction=restriction, user_errors=outcome.user_errors)
