"""Who must have which training, from facts about a person; requirements are data.

``applies_to`` is a JSON object: ``appointment_types`` (a list; absent means all), ``certified``
(true or false; absent means both), ``has_account`` (true: only who can sign in). ``course_numbers``
are the courses of which one must have been completed.

RCW 43.101.205 is met by basic academy training itself: who finished it on or after 1 July 2022 has
had it, who finished it before is left to the agency's own policy. The law names no number of
hours, and none is invented here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from infra.errors import RuleError
from svc_training.personnel.rules import AppointmentType
from svc_training.records.rules import months_later

FOREVER = date(9999, 12, 31)
MAX_TITLE_LENGTH = 200
MAX_REASON_LENGTH = 500
MAX_DUE_DAYS = 3650
MAX_MONTHS = 120
SMALLEST_AGENCY = 10
"""Agencies with fewer people are left out of statewide counts: a count would be a person."""


class StandingStatus(StrEnum):
    """Where a person stands with a requirement on a day."""

    MET = "MET"
    DUE = "DUE"
    OVERDUE = "OVERDUE"
    EXEMPT = "EXEMPT"


class StandingBasis(StrEnum):
    """Why a person stands there."""

    COURSE = "COURSE"
    ACADEMY = "ACADEMY"
    ACADEMY_UNKNOWN = "ACADEMY_UNKNOWN"
    NOT_HAD = "NOT_HAD"
    LAPSED = "LAPSED"


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement, as far as deciding needs it; see ``svc_training.compliance.tables``."""

    applies_to: Mapping[str, Any]
    course_numbers: Sequence[str]
    academy_since: date | None
    in_force_on: date
    due_on: date | None
    due_days: int | None
    renew_months: int | None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What deciding needs to know about a person."""

    appointment_type: str
    is_certified: bool
    is_active: bool
    has_account: bool
    hired_on: date | None
    academy_on: date | None
    completions: Sequence[tuple[str, date, date | None]]
    exempt_until: date | None


@dataclass(frozen=True, slots=True)
class StandingDays:
    """Where a person stands, as days; ``status_on`` makes a status of it."""

    held_until: date | None
    exempt_until: date | None
    due_on: date | None
    basis: StandingBasis
    reason: str


def applies(rule: Rule, person: PersonFacts) -> bool:
    """Return whether a requirement is about this person at all."""
    if not person.is_active:
        return False
    kinds = rule.applies_to.get("appointment_types")
    if kinds is not None and person.appointment_type not in kinds:
        return False
    certified = rule.applies_to.get("certified")
    if certified is not None and person.is_certified is not certified:
        return False
    return person.has_account or not rule.applies_to.get("has_account")


def assess(rule: Rule, person: PersonFacts) -> StandingDays | None:
    """Return where a person stands, or None when the requirement is not about them."""
    if not applies(rule, person):
        return None
    if rule.academy_since is not None:
        return _assess_academy(rule.academy_since, person)
    held: date | None = None
    for number, completed_on, expires_on in person.completions:
        if number not in rule.course_numbers:
            continue
        until = expires_on or FOREVER
        if rule.renew_months is not None:
            until = min(until, months_later(completed_on, rule.renew_months))
        held = max(held or until, until)
    due_on, basis = _due(rule, person), StandingBasis.NOT_HAD
    reason = f"Has not completed {_courses(rule)}."
    if held == FOREVER:
        due_on, basis = None, StandingBasis.COURSE
        reason = f"Completed {_courses(rule)}."
    elif held is not None:
        due_on, basis = held, StandingBasis.LAPSED
        reason = f"Completed {_courses(rule)}; to be renewed by {held.isoformat()}."
    return StandingDays(held, person.exempt_until, due_on, basis, reason)


def _assess_academy(since: date, person: PersonFacts) -> StandingDays | None:
    if person.academy_on is None:
        if person.hired_on is not None and person.hired_on < since:
            return None
        reason = "The day on which basic academy training was finished is not on record."
        basis = StandingBasis.ACADEMY_UNKNOWN
        return StandingDays(None, person.exempt_until, None, basis, reason)
    if person.academy_on < since:
        return None
    reason = f"Basic academy training, finished {person.academy_on.isoformat()}, covers it."
    return StandingDays(FOREVER, person.exempt_until, None, StandingBasis.ACADEMY, reason)


def _courses(rule: Rule) -> str:
    return f"course {' or '.join(rule.course_numbers)}"


def _due(rule: Rule, person: PersonFacts) -> date | None:
    begins = max(rule.in_force_on, person.hired_on or rule.in_force_on)
    days = [] if rule.due_on is None else [max(rule.due_on, begins)]
    if rule.due_days is not None:
        days.append(begins + timedelta(days=rule.due_days))
    return max(days, default=None)


def status_on(standing: StandingDays, today: date) -> StandingStatus:
    """Return a status on a day. The same order is in the repository's SQL (tested together)."""
    if standing.exempt_until is not None and standing.exempt_until >= today:
        return StandingStatus.EXEMPT
    if standing.held_until is not None and standing.held_until >= today:
        return StandingStatus.MET
    if standing.due_on is not None and standing.due_on < today:
        return StandingStatus.OVERDUE
    return StandingStatus.DUE


@dataclass(frozen=True, slots=True)
class Policy:
    """An agency's own requirement, as its training manager writes it."""

    title: str
    course_numbers: tuple[str, ...]
    appointment_types: tuple[AppointmentType, ...]
    in_force_on: date
    due_on: date | None
    due_days: int | None
    renew_months: int | None


def checked_policy(policy: Policy) -> Policy:
    """Return a policy that can be decided by.

    Raises:
        RuleError: no title, no course, or a number out of range.
    """
    title = " ".join(policy.title.split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        message = f"A requirement has a title of 1 to {MAX_TITLE_LENGTH} characters."
        raise RuleError("BAD_TITLE", message, ("input", "title"))
    if not policy.course_numbers:
        message = "Name the courses of which one must be completed."
        raise RuleError("COURSE_NEEDED", message, ("input", "courseNumbers"))
    if policy.due_days is not None and not 0 <= policy.due_days <= MAX_DUE_DAYS:
        raise RuleError("BAD_DUE_DAYS", f"0 to {MAX_DUE_DAYS} days.", ("input", "dueDays"))
    if policy.renew_months is not None and not 1 <= policy.renew_months <= MAX_MONTHS:
        raise RuleError("BAD_RENEWAL", f"1 to {MAX_MONTHS} months.", ("input", "renewMonths"))
    return Policy(
        title,
        tuple(dict.fromkeys(policy.course_numbers)),
        policy.appointment_types,
        policy.in_force_on,
        policy.due_on,
        policy.due_days,
        policy.renew_months,
    )


def checked_reason(reason: str) -> str:
    """Return the reason of an exemption.

    Raises:
        RuleError: empty or too long.
    """
    squeezed = " ".join(reason.split())
    if not 1 <= len(squeezed) <= MAX_REASON_LENGTH:
        message = f"Say why, in 1 to {MAX_REASON_LENGTH} characters."
        raise RuleError("REASON_NEEDED", message, ("input", "reason"))
    return squeezed
