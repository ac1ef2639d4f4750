"""A site's own settings: changed by the platform's administrator, remembered, at once in force."""

import json
from dataclasses import dataclass
from typing import Any

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_consent.agencies.repository import settings as repository
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.agencies.site_settings import SiteSettingError, safe_values, settings_with
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import POLICY_KEY
from svc_consent.history import repository as history
from svc_consent.history.rules import EventKind

MAX_VALUE_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What a setting is to be; ``value`` is JSON, None for the safe value again.

    Attributes:
        expected_version: of the site's settings, as whoever changes them has read it.
    """

    name: str
    value: str | None
    reason: str
    expected_version: int


async def change_setting(
    session: WriteSession, caller: Caller, change: SettingChange
) -> dict[str, Any]:
    """Give a setting of the caller's site a value of its own, or the safe one again.

    Every decision made before relies on the policy's key, which moves.

    Raises:
        CommandError: not this role, no such setting, a value of another kind, or the site's
            settings have changed meanwhile.
        RuleError: no reason.
    """
    site_id = parse_id(caller.site_id)
    if caller.role is not Role.PLA or site_id is None:
        raise CommandError("FORBIDDEN", "Only the platform's administrator may do this.")
    reason = checked_reason(change.reason)
    if change.name not in safe_values():
        raise not_found("input", "name")
    site = await repository.site_for_update(session, site_id)
    if site is None:
        raise not_found("input")
    if site.settings_version != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    own = {name: value for name, value in site.settings.items() if name != change.name}
    if change.value is not None:
        try:
            own[change.name] = json.loads(change.value[:MAX_VALUE_LENGTH])
            settings_with(own)
        except (ValueError, SiteSettingError):
            message = "The value is JSON of the same kind as the safe one."
            raise CommandError("BAD_VALUE", message, ("input", "value")) from None
    site.settings = own
    site.settings_version += 1
    now = await database_now(session)
    said = "the safe value" if change.value is None else change.value
    history.record(
        session,
        EventKind.SETTING_CHANGED,
        caller,
        now,
        agency_id=parse_id(caller.agency_id),
        reason=f"{change.name} = {said}: {reason}"[:2000],
    )
    await record_change(session, [POLICY_KEY], [])
    return {"name": change.name}
