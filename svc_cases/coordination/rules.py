"""How a case relates to a participant, and which step may follow which. Pure.

Sources: LEAD glossary ("diverted", "pre-existing" and "post-enrollment" cases: a case filed after
enrollment may be about an incident long before it), LEAD Golden Rule (nobody is worse off for
taking part), CJIS Security Policy (why no status may come from a criminal-justice system).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from infra.vocabulary import Role

LinkId = NewType("LinkId", UUID)


class CaseRelation(StrEnum):
    """How a case stands to the participant's enrollment."""

    DIVERTED = "DIVERTED"
    PRE_EXISTING = "PRE_EXISTING"
    POST_ENROLLMENT = "POST_ENROLLMENT"
    HISTORICAL = "HISTORICAL"


class IncidentTiming(StrEnum):
    """For a case filed after enrollment: whether its incident was before or after."""

    INCIDENT_BEFORE_ENROLLMENT = "INCIDENT_BEFORE_ENROLLMENT"
    INCIDENT_AFTER_ENROLLMENT = "INCIDENT_AFTER_ENROLLMENT"


class CoordinationStatus(StrEnum):
    """Where the prosecutor's decision stands. There is no failed or terminated state."""

    REFERRED_TO_PROSECUTOR = "REFERRED_TO_PROSECUTOR"
    UNDER_REVIEW = "UNDER_REVIEW"
    HELD_FOR_LEAD = "HELD_FOR_LEAD"
    DECLINED = "DECLINED"
    FILED = "FILED"
    STATUTE_EXPIRED = "STATUTE_EXPIRED"


class WarrantStatus(StrEnum):
    """Status of a warrant as the public record or a partner's statement has it."""

    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    QUASH_REQUESTED = "QUASH_REQUESTED"
    QUASHED = "QUASHED"
    SERVED = "SERVED"
    RECALLED = "RECALLED"
    EXPIRED = "EXPIRED"


class WarrantSource(StrEnum):
    """Where somebody says a warrant's status comes from. CJIS is named in order to be refused."""

    PUBLIC_COURT = "PUBLIC_COURT"
    PARTNER_STATEMENT = "PARTNER_STATEMENT"
    CJIS = "CJIS"


class QueueKind(StrEnum):
    """A part of the liaison prosecutor's queue."""

    TO_DECIDE = "TO_DECIDE"
    HELD = "HELD"
    OPEN_CASES = "OPEN_CASES"
    REQUESTED = "REQUESTED"


@dataclass(frozen=True, slots=True)
class CaseDates:
    """The dates of a case that its relation is computed from."""

    incident_on: date | None
    filed_on: date | None
    closed_on: date | None


def relation(
    dates: CaseDates, enrolled_on: date | None, *, is_diverted_arrest: bool
) -> CaseRelation | None:
    """Return how a case relates to an enrollment; None where that cannot be said (yet).

    The very arrest that was diverted stays DIVERTED whatever becomes of it. Everything else needs
    the day of enrollment. Filed on the day of enrollment counts as before it: in doubt, no rule
    of ours makes somebody look like a new offender. A case that is not filed is related only
    if its incident alone says so, that is if it came after enrollment.
    """
    if is_diverted_arrest:
        return CaseRelation.DIVERTED
    if enrolled_on is None:
        return None
    if dates.closed_on is not None and dates.closed_on < enrolled_on:
        return CaseRelation.HISTORICAL
    if dates.filed_on is not None:
        if dates.filed_on <= enrolled_on:
            return CaseRelation.PRE_EXISTING
        return CaseRelation.POST_ENROLLMENT
    if dates.incident_on is not None and dates.incident_on > enrolled_on:
        return CaseRelation.POST_ENROLLMENT
    return None


def incident_timing(
    dates: CaseDates, enrolled_on: date | None, *, is_diverted_arrest: bool
) -> IncidentTiming | None:
    """Return when the incident of a POST_ENROLLMENT case was; None for every other relation.

    An incident on the day of enrollment counts as before it, for the reason given in `relation`.
    """
    found = relation(dates, enrolled_on, is_diverted_arrest=is_diverted_arrest)
    if found is not CaseRelation.POST_ENROLLMENT or dates.incident_on is None:
        return None
    if enrolled_on is None:
        return None
    if dates.incident_on > enrolled_on:
        return IncidentTiming.INCIDENT_AFTER_ENROLLMENT
    return IncidentTiming.INCIDENT_BEFORE_ENROLLMENT


_DECIDED = frozenset(
    {
        CoordinationStatus.HELD_FOR_LEAD,
        CoordinationStatus.DECLINED,
        CoordinationStatus.FILED,
    }
)
UNDECIDED = frozenset({CoordinationStatus.REFERRED_TO_PROSECUTOR, CoordinationStatus.UNDER_REVIEW})
"""The prosecutor has the matter and has not decided."""
FILING_STEPS: dict[CoordinationStatus, frozenset[CoordinationStatus]] = {
    # Who takes it up may decide in the same breath.
    CoordinationStatus.REFERRED_TO_PROSECUTOR: _DECIDED | {CoordinationStatus.UNDER_REVIEW},
    CoordinationStatus.UNDER_REVIEW: _DECIDED,
    CoordinationStatus.HELD_FOR_LEAD: frozenset(
        {
            CoordinationStatus.DECLINED,
            CoordinationStatus.FILED,
            CoordinationStatus.STATUTE_EXPIRED,
        }
    ),
    CoordinationStatus.DECLINED: frozenset(),
    CoordinationStatus.FILED: frozenset(),
    CoordinationStatus.STATUTE_EXPIRED: frozenset(),
}
"""Which filing decision may follow which state."""

_OUT_OF_FORCE = frozenset({WarrantStatus.SERVED, WarrantStatus.RECALLED, WarrantStatus.EXPIRED})
WARRANT_STEPS: dict[WarrantStatus, frozenset[WarrantStatus]] = {
    WarrantStatus.ISSUED: _OUT_OF_FORCE | {WarrantStatus.ACTIVE, WarrantStatus.QUASH_REQUESTED},
    WarrantStatus.ACTIVE: _OUT_OF_FORCE | {WarrantStatus.QUASH_REQUESTED},
    # A court may also refuse to quash: the warrant is then active again.
    WarrantStatus.QUASH_REQUESTED: _OUT_OF_FORCE | {WarrantStatus.QUASHED, WarrantStatus.ACTIVE},
    WarrantStatus.QUASHED: frozenset(),
    WarrantStatus.SERVED: frozenset(),
    WarrantStatus.RECALLED: frozenset(),
    WarrantStatus.EXPIRED: frozenset(),
}
"""Which status of a warrant may follow which; the first one recorded may be any."""


def current_status(stored: CoordinationStatus, *, is_filed: bool) -> CoordinationStatus:
    """Return where the decision stands now: a filing by whatever way ends a review or a hold."""
    if is_filed and CoordinationStatus.FILED in FILING_STEPS[stored]:
        return CoordinationStatus.FILED
    return stored


def filing_steps(stored: CoordinationStatus, *, is_filed: bool) -> frozenset[CoordinationStatus]:
    """Return which decisions the liaison may record now.

    Where a row of the docket has filed a matched case, whatever was decided before, the decision
    behind it can be added once, with its independent source. Nothing else follows a filing.
    """
    if is_filed and stored is not CoordinationStatus.FILED:
        return frozenset({CoordinationStatus.FILED})
    return FILING_STEPS[stored]


def status_at_match(*, is_filed: bool) -> CoordinationStatus:
    """Return the status that a fresh match begins with."""
    if is_filed:
        return CoordinationStatus.FILED
    return CoordinationStatus.REFERRED_TO_PROSECUTOR


ROLES_WITH_UNFILED_CASES: frozenset[Role] = frozenset(
    {Role.CM, Role.SUP, Role.PM, Role.PRO, Role.DEF, Role.PAR, Role.REP}
)
"""Who sees through a match also the case that is not filed yet; others see public cases only."""


def spellings_of(case_number: str) -> tuple[str, str]:
    """Return how a docket may write a number that somebody types: as typed, and in capitals."""
    typed = case_number.strip()
    return typed, typed.upper()


def may_decide_filing(role: Role, *, is_liaison: bool) -> bool:
    """Return whether this role decides on filing: the office's named liaison alone."""
    return role is Role.PRO and is_liaison


def may_see_matches(role: Role, *, is_liaison: bool) -> bool:
    """Return whether this role may ever see that a case is a participant's.

    A prosecutor who is not the liaison never does, whatever a release says.
    """
    return role is not Role.PRO or is_liaison
