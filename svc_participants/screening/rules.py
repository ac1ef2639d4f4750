"""Corrections that screening makes, and what a site settles for itself. Pure."""

from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.referrals.rules import ReferralStatus

MAX_ADJUSTMENT = 1000
MAX_REASON = 500
HIGHEST_WARNING, HIGHEST_LIMIT = 20, 25
"""LEAD toolkit, caseload standards; a site may settle lower figures, never higher ones."""


def check_coordinator(role: Role) -> None:
    """Check who keeps the order of the queue and the site's settings.

    Raises:
        RuleError: another role.
    """
    if role is not Role.PM:
        raise RuleError("NOT_ALLOWED", "The project manager does that.")


def check_reason(reason: str) -> None:
    """Check that a correction says why.

    Raises:
        RuleError: it does not, or at length.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise RuleError(
            "REASON_MISSING", f"Say why, in 1 to {MAX_REASON} characters.", ("input", "reason")
        )


def check_adjustment(status: ReferralStatus, points: int) -> None:
    """Check that the place of a referral may be moved: only while it waits.

    Raises:
        RuleError: it does not wait, or the points are out of bounds.
    """
    if status not in (ReferralStatus.SCREENING, ReferralStatus.WAITLISTED):
        raise RuleError("STEP_NOT_ALLOWED", "Only what is screened or waits has a place.")
    if not -MAX_ADJUSTMENT <= points <= MAX_ADJUSTMENT:
        raise RuleError("OUT_OF_RANGE", f"At most {MAX_ADJUSTMENT} points.", ("input", "points"))


def check_undo(status: ReferralStatus) -> None:
    """Check that a mark as duplicate can be taken back. It is a correction, no step.

    Raises:
        RuleError: the referral is not marked.
    """
    if status is not ReferralStatus.DUPLICATE:
        raise RuleError("STEP_NOT_ALLOWED", "This referral is not marked as a duplicate.")


def check_caseload(warning: int, limit: int) -> None:
    """Check the figures of a site's caseloads.

    Raises:
        RuleError: higher than the standard, or the warning not below the limit.
    """
    if not 1 <= warning <= HIGHEST_WARNING:
        raise RuleError(
            "OUT_OF_RANGE", f"A warning comes at {HIGHEST_WARNING} at the latest.",
            ("input", "caseloadWarning"),
        )  # fmt: skip
    if not warning <= limit <= HIGHEST_LIMIT:
        raise RuleError(
            "OUT_OF_RANGE", f"A caseload holds at most {HIGHEST_LIMIT} people.",
            ("input", "caseloadLimit"),
        )  # fmt: skip


def check_public_name(name: str | None) -> None:
    """Check under which name a site takes the community form.

    Raises:
        RuleError: it is empty or too long.
    """
    if name is not None and not 1 <= len(name.strip()) <= 100:
        raise RuleError(
            "TEXT_LENGTH", "Write 1 to 100 characters, or nothing.", ("input", "publicName")
        )
