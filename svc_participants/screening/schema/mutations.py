"""Changes by screening: protocols, places in the order, corrections, clocks, settings."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import Effect, Outcome, run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import UserError
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.clocks import commands as clocks
from svc_participants.people.schema import INPUT
from svc_participants.people.site_days import today_at
from svc_participants.protocols import commands as protocols
from svc_participants.referrals.schema.mutations import ReferralPayload, referral_payload
from svc_participants.screening import commands
from svc_participants.screening.schema import inputs
from svc_participants.screening.schema.protocols import SiteProtocol, load_protocol
from svc_participants.screening.schema.queries import SiteSettings, load_settings

_STRUCTURE = [category(Category.STRUCTURE)]


@strawberry.type(directives=_STRUCTURE, description="Result of a change to a protocol.")
class ProtocolPayload:
    """Payload with the version as it is now."""

    protocol: SiteProtocol | None = strawberry.field(description="The version as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


@strawberry.type(directives=_STRUCTURE, description="Result of a change of settings.")
class SiteSettingsPayload:
    """Payload with the settings as they are now."""

    settings: SiteSettings | None = strawberry.field(description="The settings as now.")
    user_errors: list[UserError] = strawberry.field(description="What you can put right.")


async def _run(info: Info, name: str, request: Any, effect: Effect) -> Outcome:
    return await run_command(
        context_of(info), name, request, key=request.idempotency_key, effect=effect
    )


async def _protocol_payload(info: Info, outcome: Outcome) -> ProtocolPayload:
    key = outcome.id("protocol")
    return ProtocolPayload(
        protocol=None if key is None else await load_protocol(info, str(key)),
        user_errors=outcome.user_errors,
    )


async def _adopt(
    session: WriteSession, caller: Caller, given: inputs.AdoptProtocolInput
) -> dict[str, Any]:
    adoption = protocols.Adoption(given.expected_version, given.effective_on, given.agreed_by)
    today = await today_at(session, caller)
    key = parse_id(given.protocol_id)
    return await protocols.adopt(session, caller, key, adoption, today)


@strawberry.type(directives=_STRUCTURE, description="Changes by screening.")
class ScreeningMutation:
    """Mutations of screening."""

    @strawberry.mutation(description="Write a draft of the site's protocol (PM).")
    async def author_protocol(
        self,
        info: Info,
        input: Annotated[inputs.AuthorProtocolInput, INPUT],  # noqa: A002
    ) -> ProtocolPayload:
        """Store a draft."""
        caller = context_of(info).caller
        outcome = await _run(
            info,
            "authorProtocol",
            input,
            lambda session: protocols.author(session, caller, input.as_draft(), inputs.WORDS),
        )
        return await _protocol_payload(info, outcome)

    @strawberry.mutation(description="Let an agreed draft count from a day on (PM).")
    async def adopt_protocol(
        self,
        info: Info,
        input: Annotated[inputs.AdoptProtocolInput, INPUT],  # noqa: A002
    ) -> ProtocolPayload:
        """Adopt a draft."""
        caller = context_of(info).caller
        outcome = await _run(
            info, "adoptProtocol", input, lambda session: _adopt(session, caller, input)
        )
        return await _protocol_payload(info, outcome)

    @strawberry.mutation(description="Move a referral in the order, with a reason (PM).")
    async def adjust_priority(
        self,
        info: Info,
        input: Annotated[inputs.AdjustPriorityInput, INPUT],  # noqa: A002
    ) -> ReferralPayload:
        """Move a referral's place."""
        caller = context_of(info).caller
        outcome = await _run(
            info,
            "adjustPriority",
            input,
            lambda session: commands.adjust_priority(
                session,
                caller,
                input.referral_id,
                input.expected_version,
                input.points,
                input.reason,
            ),
        )
        return await referral_payload(info, outcome)

    @strawberry.mutation(description="Take a mark as duplicate back (PM).")
    async def undo_duplicate(
        self,
        info: Info,
        input: Annotated[inputs.UndoDuplicateInput, INPUT],  # noqa: A002
    ) -> ReferralPayload:
        """Correct a mark."""
        caller = context_of(info).caller
        outcome = await _run(
            info,
            "undoDuplicate",
            input,
            lambda session: commands.undo_duplicate(
                session, caller, input.referral_id, input.expected_version, input.reason
            ),
        )
        return await referral_payload(info, outcome)

    @strawberry.mutation(
        description="Let a clock stand still for custody or hospital, or go on (CM, SUP, PM)."
    )
    async def pause_clock(
        self,
        info: Info,
        input: Annotated[inputs.PauseClockInput, INPUT],  # noqa: A002
    ) -> ReferralPayload:
        """Pause or resume a clock."""
        caller = context_of(info).caller
        request = clocks.PauseRequest(input.expected_version, input.happened_at, input.reason)
        key = parse_id(input.clock_id)
        outcome = await _run(
            info,
            "pauseClock",
            input,
            lambda session: clocks.pause(session, caller, key, request),
        )
        return await referral_payload(info, outcome)

    @strawberry.mutation(description="Settle caseloads, zone and community form of a site (PM).")
    async def change_site_settings(
        self,
        info: Info,
        input: Annotated[inputs.ChangeSiteSettingsInput, INPUT],  # noqa: A002
    ) -> SiteSettingsPayload:
        """Change the settings."""
        caller = context_of(info).caller
        is_name_said = input.public_name is not strawberry.UNSET
        settings = commands.SiteSettings(
            input.expected_version,
            input.caseload_warning,
            input.caseload_limit,
            input.time_zone,
            input.public_name if is_name_said else None,
            is_name_said,
        )
        outcome = await _run(
            info,
            "changeSiteSettings",
            input,
            lambda session: commands.change_site(session, caller, settings),
        )
        found = None if outcome.id("site") is None else await load_settings(info)
        return SiteSettingsPayload(settings=found, user_errors=outcome.user_errors)
