"""The referral's three doors, its states, and who may take which step. Pure.

Source: LEAD toolkit (doors, warm handoff) and the platform's state machine of a referral. A
referral is no approval; nobody "fails" one, it lapses or is declined by the person and can be
taken up again.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from infra.errors import RuleError
from infra.vocabulary import Role

RECEIPT = "Received, thank you."
"""All that a referrer is told, whatever becomes of the referral (GR-1, decision rule D13)."""

THE_PUBLIC = "the-public"
"""Author of a form that came in without login; it is nobody's account, so it opens nothing."""

MAX_SHORT_TEXT = 500
MAX_ACCOUNT = 20_000


class Door(StrEnum):
    """How somebody came to LEAD."""

    ARREST_DIVERSION = "ARREST_DIVERSION"
    SOCIAL_CONTACT = "SOCIAL_CONTACT"
    COMMUNITY = "COMMUNITY"


class Urgency(StrEnum):
    """How soon somebody should reach the person."""

    ROUTINE = "ROUTINE"
    SOON = "SOON"
    NOW = "NOW"


class InterceptPoint(StrEnum):
    """Sequential Intercept Model, 0 to 5."""

    COMMUNITY_SERVICES = "COMMUNITY_SERVICES"
    LAW_ENFORCEMENT = "LAW_ENFORCEMENT"
    INITIAL_DETENTION = "INITIAL_DETENTION"
    JAILS_COURTS = "JAILS_COURTS"
    REENTRY = "REENTRY"
    COMMUNITY_CORRECTIONS = "COMMUNITY_CORRECTIONS"


class Counterfactual(StrEnum):
    """What would have happened without LEAD; guards against net-widening."""

    WOULD_BOOK = "WOULD_BOOK"
    WOULD_CITE = "WOULD_CITE"
    WOULD_NOT_ACT = "WOULD_NOT_ACT"
    UNKNOWN = "UNKNOWN"


class Need(StrEnum):
    """A need that the referrer noticed; a tick box, not a finding."""

    HOUSING = "HOUSING"
    SUBSTANCE_USE = "SUBSTANCE_USE"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    HEALTH = "HEALTH"
    INCOME = "INCOME"
    SAFETY = "SAFETY"


class ReferralStatus(StrEnum):
    """Where a referral stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    SCREENING = "SCREENING"
    APPROVED = "APPROVED"
    WAITLISTED = "WAITLISTED"
    DECLINED_INELIGIBLE = "DECLINED_INELIGIBLE"
    DUPLICATE = "DUPLICATE"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    OUTREACH = "OUTREACH"
    CONTACTED = "CONTACTED"
    UNABLE_TO_LOCATE = "UNABLE_TO_LOCATE"
    ACCEPTED_BY_PERSON = "ACCEPTED_BY_PERSON"
    DECLINED_BY_PERSON = "DECLINED_BY_PERSON"
    INTAKE_STARTED = "INTAKE_STARTED"
    INTAKE_LAPSED = "INTAKE_LAPSED"
    ENROLLED = "ENROLLED"


class Decision(StrEnum):
    """What the screening can decide."""

    APPROVE = "APPROVE"
    WAITLIST = "WAITLIST"
    DECLINE = "DECLINE"
    MARK_DUPLICATE = "MARK_DUPLICATE"
    WITHDRAW = "WITHDRAW"
    EXPIRE = "EXPIRE"


class DeclineReason(StrEnum):
    """Why a referral is not taken up; the protocol's criteria, never a judgement of the person."""

    OUTSIDE_ELIGIBILITY = "OUTSIDE_ELIGIBILITY"
    CHARGE_NOT_DIVERTIBLE = "CHARGE_NOT_DIVERTIBLE"
    OUTSIDE_AREA = "OUTSIDE_AREA"
    SERVED_ELSEWHERE = "SERVED_ELSEWHERE"
    OTHER_CRITERION = "OTHER_CRITERION"


_S = ReferralStatus
STEPS: dict[ReferralStatus, frozenset[ReferralStatus]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED}),
    _S.SUBMITTED: frozenset({_S.SCREENING}),
    _S.SCREENING: frozenset(
        {_S.APPROVED, _S.WAITLISTED, _S.DECLINED_INELIGIBLE, _S.DUPLICATE, _S.WITHDRAWN}
    ),
    _S.APPROVED: frozenset({_S.OUTREACH}),
    _S.WAITLISTED: frozenset({_S.APPROVED, _S.EXPIRED, _S.WITHDRAWN}),
    _S.OUTREACH: frozenset({_S.CONTACTED, _S.UNABLE_TO_LOCATE}),
    _S.CONTACTED: frozenset({_S.ACCEPTED_BY_PERSON, _S.DECLINED_BY_PERSON}),
    _S.ACCEPTED_BY_PERSON: frozenset({_S.INTAKE_STARTED}),
    _S.INTAKE_STARTED: frozenset({_S.ENROLLED, _S.INTAKE_LAPSED}),
    _S.UNABLE_TO_LOCATE: frozenset({_S.OUTREACH}),
    _S.DECLINED_BY_PERSON: frozenset({_S.OUTREACH}),
    _S.INTAKE_LAPSED: frozenset({_S.OUTREACH}),
    _S.DECLINED_INELIGIBLE: frozenset(),
    _S.DUPLICATE: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.ENROLLED: frozenset(),
}
"""Which status may follow which."""

DECIDED_AS: dict[Decision, ReferralStatus] = {
    Decision.APPROVE: _S.APPROVED,
    Decision.WAITLIST: _S.WAITLISTED,
    Decision.DECLINE: _S.DECLINED_INELIGIBLE,
    Decision.MARK_DUPLICATE: _S.DUPLICATE,
    Decision.WITHDRAW: _S.WITHDRAWN,
    Decision.EXPIRE: _S.EXPIRED,
}
OUTREACH_STEPS: frozenset[ReferralStatus] = frozenset(
    {
        _S.OUTREACH,
        _S.CONTACTED,
        _S.UNABLE_TO_LOCATE,
        _S.ACCEPTED_BY_PERSON,
        _S.DECLINED_BY_PERSON,
        _S.INTAKE_LAPSED,
    }
)
"""Steps that the case manager records; intake and enrollment have commands of their own."""

AWAITING_DECISION: frozenset[ReferralStatus] = frozenset(
    {_S.SUBMITTED, _S.SCREENING, _S.WAITLISTED}
)
SCREENING_ENDED: frozenset[ReferralStatus] = frozenset(
    {_S.ENROLLED, _S.DECLINED_INELIGIBLE, _S.DUPLICATE, _S.WITHDRAWN, _S.EXPIRED}
)
"""From here on the project management agency has the referral, but not the person's identity."""

MAY_SUBMIT: dict[Door, frozenset[Role]] = {
    Door.ARREST_DIVERSION: frozenset({Role.LEO, Role.LEL}),
    Door.SOCIAL_CONTACT: frozenset({Role.LEO, Role.LEL}),
    Door.COMMUNITY: frozenset({Role.COM, Role.CM, Role.SUP, Role.DEF}),
}
"""Who may bring somebody through which door."""

MAY_DECIDE: frozenset[Role] = frozenset({Role.PM, Role.LEL})
_HAPPENED_AT = ("input", "happenedAt")
_LEL_DECISIONS: frozenset[Decision] = frozenset({Decision.APPROVE, Decision.DECLINE})


def check_submitter(door: Door, role: Role) -> None:
    """Check who brings somebody in.

    Raises:
        RuleError: this role does not refer through this door.
    """
    if role not in MAY_SUBMIT[door]:
        raise RuleError("NOT_ALLOWED", "Your role does not refer through this door.")


def check_decider(role: Role, decision: Decision) -> None:
    """Check who decides: the project manager everything, the liaison its own agency's referrals.

    Raises:
        RuleError: this role does not take this decision.
    """
    if role not in MAY_DECIDE or (role is Role.LEL and decision not in _LEL_DECISIONS):
        raise RuleError("NOT_ALLOWED", "Your role does not take this decision.")


def check_step(current: ReferralStatus, wanted: ReferralStatus) -> None:
    """Check a step of the referral.

    Raises:
        RuleError: not a step from here; the message names those that are.
    """
    allowed = STEPS[current]
    if wanted not in allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise RuleError("STEP_NOT_ALLOWED", f"From {current} these steps are possible: {names}.")


def check_survivor(status: ReferralStatus) -> None:
    """Check that a referral goes on of which another one is a duplicate.

    Raises:
        RuleError: it is marked as a duplicate itself; of two that are marked, none would go on.
    """
    if status is ReferralStatus.DUPLICATE:
        raise RuleError(
            "STEP_NOT_ALLOWED",
            "That one is marked as a duplicate itself; name the referral that goes on.",
            ("input", "duplicateOfId"),
        )


def check_text(text: str | None, field: str, most: int = MAX_SHORT_TEXT) -> None:
    """Check a text of the form, where there is one.

    Raises:
        RuleError: it is too long.
    """
    if text is not None and len(text) > most:
        raise RuleError("TEXT_LENGTH", f"Write at most {most} characters.", ("input", field))


def check_birth(born_on: date | None, year: int | None, today: date) -> None:
    """Check what the referrer says of the person's age.

    Raises:
        RuleError: nobody alive was born then.
    """
    years = [each for each in (born_on.year if born_on else None, year) if each is not None]
    is_future = born_on is not None and born_on > today
    if is_future or any(not today.year - 120 <= each <= today.year for each in years):
        raise RuleError(
            "BIRTH_OUT_OF_RANGE", "Give a birth within the last 120 years.", ("input", "person")
        )


def check_occurred(occurred_at: datetime | None, now: datetime) -> None:
    """Check when it happened.

    Raises:
        RuleError: it has not happened yet.
    """
    if occurred_at is not None and occurred_at > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is reported has happened already.", ("input", "occurredAt")
        )


def check_outreach_moment(
    happened_at: datetime | None, submitted_at: datetime, now: datetime
) -> None:
    """Check when a step of outreach is said to have happened; people name minutes.

    Raises:
        RuleError: it has not happened yet, or there was no referral then.
    """
    if happened_at is None:
        return
    if happened_at > now:
        raise RuleError("DATE_IN_FUTURE", "What is recorded has happened already.", _HAPPENED_AT)
    if happened_at < submitted_at.replace(second=0, microsecond=0):
        raise RuleError("DATE_TOO_EARLY", "Nobody had been referred by then.", _HAPPENED_AT)


def moment_of(named: datetime | None, last: datetime, now: datetime, field: str) -> datetime:
    """Return when a step was taken: as somebody names it, else now.

    People name minutes; in that of the last step it comes after it, so that steps have an order.

    Raises:
        RuleError: it has not happened yet, or lies before the last step.
    """
    if named is None:
        return now
    if named > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", field)
        )
    if named < last.replace(second=0, microsecond=0):
        raise RuleError(
            "DATE_TOO_EARLY", "It comes after what is recorded already.", ("input", field)
        )
    return max(named, last + timedelta(microseconds=1))


def check_attempts(made: int, needed: int) -> None:
    """Check that enough was tried before somebody counts as not to be found.

    Raises:
        RuleError: not yet.
    """
    if made < needed:
        raise RuleError(
            "ATTEMPTS_MISSING", f"The protocol asks for {needed} attempts to reach the person."
        )


def check_exception(
    *, is_outside: bool, decision: Decision, reason: str | None, is_before_others: bool = False
) -> None:
    """Check that a decision which departs from the protocol says why.

    Args:
        is_outside: the protocol speaks against taking it up.
        decision: what is decided.
        reason: why, as far as it was said.
        is_before_others: others wait whose turn is first, whether it waits as well or not.

    Raises:
        RuleError: it does not, or it is too long.
    """
    check_text(reason, "exceptionReason")
    if is_before_others and decision is Decision.APPROVE and not (reason or "").strip():
        raise RuleError(
            "ORDER_REASON_MISSING",
            "Others stand before it on the waiting list; say why it is taken up before them.",
            ("input", "exceptionReason"),
        )
    if is_outside and decision is Decision.APPROVE and not (reason or "").strip():
        raise RuleError(
            "EXCEPTION_REASON_MISSING",
            "The protocol speaks against it; say why it is taken up all the same.",
            ("input", "exceptionReason"),
        )


def check_expiry(*, is_overdue: bool) -> None:
    """Check that a place on the waiting list may lapse.

    Raises:
        RuleError: the time of the protocol has not run out.
    """
    if not is_overdue:
        raise RuleError("NOT_DUE", "It has not waited longer than the protocol allows.")


def fact_id(kind: str, source: UUID, holder: str) -> UUID:
    """Return the id of an authority fact: the same fact always has the same id."""
    return uuid5(NAMESPACE_URL, f"urn:goldenthread:fact:{kind}:{source}:{holder}")


def provider_not_at_site() -> RuleError:
    """Return the one refusal of a provider: of another site, without agreement, or unknown."""
    return RuleError(
        "PROVIDER_NOT_AT_SITE",
        "Name an agency that works at the referral's site under an agreement in force.",
        ("input", "providerAgencyId"),
    )
