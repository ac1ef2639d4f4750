"""What a site may set about sharing, and its change."""

import json
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import UserError
from infra.request_context import RequestContext, context_of
from svc_consent.agencies.configuring import SettingChange, change_setting
from svc_consent.agencies.repository.settings import settings_of_site, settings_version
from svc_consent.agencies.schema.directory import CATALOGUE, STRUCTURE
from svc_consent.agencies.site_settings import notes, safe_values


@strawberry.type(directives=CATALOGUE, description="One thing that a site may set about sharing.")
class SharingSetting:
    """One setting as it holds at the caller's site."""

    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="The value that holds, as JSON.")
    safe_value: str = strawberry.field(description="The value without counsel's word, as JSON.")
    note: str = strawberry.field(description="What it does, for counsel.")
    version: int = strawberry.field(
        description="Counts changes of all settings of the site; a change names it."
    )


@strawberry.type(directives=STRUCTURE)
class SettingsQuery:
    """Root field of a site's settings."""

    @strawberry.field(
        description="What your site may set about sharing, by name.", directives=CATALOGUE
    )
    async def sharing_settings(self, info: Info) -> list[SharingSetting] | None:
        """Return the settings of the caller's site."""
        return await _settings(context_of(info))


@strawberry.input(description="What a setting of your site is to be, and why.")
class ChangeSharingSettingInput:
    """Input of changeSharingSetting."""

    name: str = strawberry.field(description="Which setting.")
    value: str | None = strawberry.field(
        description="Its value as JSON, of the same kind as the safe one; null for the safe one."
    )
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    expected_version: int = strawberry.field(description="The version that you have read.")
    idempotency_key: str = strawberry.field(
        description="The same key with the same input has its effect once (1 to 200 characters)."
    )


@strawberry.type(directives=STRUCTURE, description="Result of changeSharingSetting.")
class ChangeSharingSettingPayload:
    """Payload of changeSharingSetting."""

    sharing_settings: list[SharingSetting] | None = strawberry.field(
        description="All settings as they hold now.", directives=CATALOGUE
    )
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class SettingsMutation:
    """Mutation of a site's settings."""

    @strawberry.mutation(description="Change what your site has set about sharing, at once.")
    async def change_sharing_setting(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            ChangeSharingSettingInput, strawberry.argument(description="Which setting, what, why.")
        ],
    ) -> ChangeSharingSettingPayload:
        """Change a setting."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            change = SettingChange(input.name, input.value, input.reason, input.expected_version)
            return await change_setting(session, context.caller, change)

        outcome = await run_command(
            context, "changeSharingSetting", input, key=input.idempotency_key, effect=effect
        )
        return ChangeSharingSettingPayload(
            sharing_settings=await _settings(context), user_errors=outcome.user_errors
        )


async def _settings(context: RequestContext) -> list[SharingSetting]:
    site_id = parse_id(context.caller.site_id)
    if site_id is None:
        return []
    async with context.reading() as session:
        own = await settings_of_site(session, site_id)
        version = await settings_version(session, site_id)
    safe, told = safe_values(), notes()
    return [
        SharingSetting(
            name=name,
            value=json.dumps(own.values[name]),
            safe_value=json.dumps(safe[name]),
            note=told[name],
            version=version,
        )
        for name in sorted(safe)
    ]
