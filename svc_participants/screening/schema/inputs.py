"""Inputs of screening: a rule set as data, and corrections."""

from datetime import date, datetime

import strawberry

from svc_participants.clocks.rules import PauseReason
from svc_participants.protocols import commands, rules
from svc_participants.referrals import rules as forms

WORDS = {
    "door": [each.value for each in forms.Door],
    "urgency": [each.value for each in forms.Urgency],
    "intercept_point": [each.value for each in forms.InterceptPoint],
    "counterfactual": [each.value for each in forms.Counterfactual],
    "need": [each.value for each in forms.Need],
}
"""What a priority may be about."""


@strawberry.input(description="A charge that may be diverted: by statute, NIBRS code, or both.")
class DivertibleChargeInput:
    """A charge."""

    rcw: str | None = strawberry.field(default=None, description="Statute, like RCW 69.50.4013.")
    nibrs: str | None = strawberry.field(default=None, description="NIBRS code, like 35A.")
    maximum_grams: float | None = strawberry.field(default=None, description="Up to this amount.")


@strawberry.input(description="A criterion that leaves somebody out.")
class ExclusionCriterionInput:
    """An exclusion."""

    code: str = strawberry.field(description="Short code in capitals.")
    text: str = strawberry.field(description="The criterion in words.")
    doors: list[forms.Door] = strawberry.field(
        default_factory=list, description="Doors at which it is asked; none: at all."
    )


@strawberry.input(description="Points for referrals that meet all that is stated.")
class PriorityRuleInput:
    """A priority."""

    points: int = strawberry.field(description="Points, or fewer where negative.")
    reason: str = strawberry.field(description="The reason that is shown.")
    door: forms.Door | None = strawberry.field(default=None, description="Only this door.")
    urgency: forms.Urgency | None = strawberry.field(default=None, description="Only this urgency.")
    intercept_point: forms.InterceptPoint | None = strawberry.field(
        default=None, description="Only at this intercept point."
    )
    counterfactual: forms.Counterfactual | None = strawberry.field(
        default=None, description="Only this counterfactual."
    )
    need: forms.Need | None = strawberry.field(default=None, description="Only with this need.")


@strawberry.input(description="The clocks and counts of a protocol.")
class ProtocolLimitsInput:
    """The limits."""

    handoff_minutes: int = strawberry.field(
        default=30, description="A case manager reaches the scene within these, 5 to 240."
    )
    intake_days: int = strawberry.field(
        default=30, description="The intake is complete within these, 1 to 180."
    )
    waitlist_days: int = strawberry.field(
        default=90, description="A place on the waiting list lapses after these, 1 to 730."
    )
    inactive_days: int = strawberry.field(
        default=60, description="Somebody not met for these is looked for, 7 to 365."
    )
    contact_attempts: int = strawberry.field(
        default=3, description="Attempts before unable to locate, 1 to 20."
    )


@strawberry.input(description="A new draft of the site's protocol.")
class AuthorProtocolInput:
    """Input of ``authorProtocol``."""

    idempotency_key: str = strawberry.field(description="Unique per intended draft.")
    title: str = strawberry.field(description="What it is called.")
    effective_on: date = strawberry.field(description="From when it is meant to count.")
    minimum_age_years: int | None = strawberry.field(default=None, description="Youngest age.")
    charges: list[DivertibleChargeInput] = strawberry.field(
        default_factory=list, description="Divertible charges."
    )
    exclusions: list[ExclusionCriterionInput] = strawberry.field(
        default_factory=list, description="Who is left out."
    )
    priorities: list[PriorityRuleInput] = strawberry.field(
        default_factory=list, description="The order of the waiting list."
    )
    limits: ProtocolLimitsInput = strawberry.field(
        default_factory=ProtocolLimitsInput, description="Clocks and counts."
    )
    districts: list[str] = strawberry.field(
        default_factory=list,
        description="Districts that figures are split by: a place that names one counts there.",
    )

    def as_draft(self) -> commands.Draft:
        """Return the command's draft."""
        limits = self.limits
        return commands.Draft(
            self.title,
            self.effective_on,
            rules.Protocol(
                minimum_age_years=self.minimum_age_years,
                charges=tuple(
                    rules.Charge(each.rcw, each.nibrs, each.maximum_grams) for each in self.charges
                ),
                exclusions=tuple(
                    rules.Exclusion(each.code, each.text, tuple(door.value for door in each.doors))
                    for each in self.exclusions
                ),
                priorities=tuple(_priority(each) for each in self.priorities),
                limits=rules.Limits(
                    limits.handoff_minutes,
                    limits.intake_days,
                    limits.waitlist_days,
                    limits.inactive_days,
                    limits.contact_attempts,
                ),
                districts=tuple(each.strip() for each in self.districts),
            ),
        )


def _priority(given: PriorityRuleInput) -> rules.Priority:
    return rules.Priority(
        points=given.points,
        reason=given.reason,
        door=given.door.value if given.door else None,
        urgency=given.urgency.value if given.urgency else None,
        intercept_point=given.intercept_point.value if given.intercept_point else None,
        counterfactual=given.counterfactual.value if given.counterfactual else None,
        need=given.need.value if given.need else None,
    )


@strawberry.input(description="Let a draft count from a day on.")
class AdoptProtocolInput:
    """Input of ``adoptProtocol``."""

    protocol_id: strawberry.ID = strawberry.field(description="Which draft.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended adoption.")
    effective_on: date = strawberry.field(description="First day; today or later.")
    agreed_by: str = strawberry.field(description="Which meeting or body has agreed.")


@strawberry.input(description="Move a referral's place in the order, with a reason that stays.")
class AdjustPriorityInput:
    """Input of ``adjustPriority``."""

    referral_id: strawberry.ID = strawberry.field(description="Which referral.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended move.")
    points: int = strawberry.field(description="Points beside those of the protocol.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="Take a mark as duplicate back.")
class UndoDuplicateInput:
    """Input of ``undoDuplicate``."""

    referral_id: strawberry.ID = strawberry.field(description="The referral that was marked.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended correction.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="A clock stands still, or goes on again.")
class PauseClockInput:
    """Input of ``pauseClock``."""

    clock_id: strawberry.ID = strawberry.field(description="Which clock.")
    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    happened_at: datetime = strawberry.field(description="From when.")
    reason: PauseReason | None = strawberry.field(
        default=None, description="Why it stands still; leave it out and it goes on again."
    )


@strawberry.input(description="What a site settles for itself.")
class ChangeSiteSettingsInput:
    """Input of ``changeSiteSettings``."""

    expected_version: int = strawberry.field(description="Version you saw.")
    idempotency_key: str = strawberry.field(description="Unique per intended change.")
    caseload_warning: int = strawberry.field(description="Size at which is warned, at most 20.")
    caseload_limit: int = strawberry.field(description="Largest caseload, at most 25.")
    time_zone: str = strawberry.field(description="IANA name of the zone that clocks run in.")
    public_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Name on the community form; left out it stays, null closes the form.",
    )
