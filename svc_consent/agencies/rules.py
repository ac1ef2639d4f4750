"""Who may be given which role: the ceiling by type of agency, and what a grant must say. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from infra.errors import RuleError
from infra.vocabulary import AgencyType, Category, Role
from svc_consent.agencies.site_settings import settings_with

_SERVING: dict[AgencyType, frozenset[Role]] = {
    AgencyType.CM: frozenset({Role.CM, Role.SUP}),
    AgencyType.PMA: frozenset({Role.PM}),
    AgencyType.LE: frozenset({Role.LEO, Role.LEL, Role.PCG}),
    AgencyType.PROS: frozenset({Role.PRO, Role.PCG}),
    AgencyType.DEF: frozenset({Role.DEF, Role.PCG}),
    AgencyType.PROB: frozenset({Role.PRB}),
    AgencyType.COURT: frozenset({Role.CRT}),
    AgencyType.SUD: frozenset({Role.SVC}),
    AgencyType.MH: frozenset({Role.SVC}),
    AgencyType.HOUS: frozenset({Role.SVC}),
    AgencyType.EMS: frozenset({Role.MED}),
    AgencyType.COMM: frozenset({Role.COM, Role.CLT}),
    AgencyType.EVAL: frozenset({Role.EVL}),
    AgencyType.LSB: frozenset({Role.LSB}),
    AgencyType.TRAIN: frozenset(),
    AgencyType.PLATFORM: frozenset(),
}

TRAINS_ITS_PEOPLE: frozenset[AgencyType] = frozenset(
    {
        AgencyType.CM, AgencyType.PMA, AgencyType.LE, AgencyType.PROS, AgencyType.DEF,
        AgencyType.PROB, AgencyType.SUD, AgencyType.MH, AgencyType.HOUS, AgencyType.COMM,
        AgencyType.TRAIN,
    }
)  # fmt: skip
"""Who has a training manager: the trainers, and whoever sits in the Operational Work Group or is
named by the course (law enforcement, corrections, prosecutors, defenders, community services).

A clearance for case conferences counts at the grant's own agency alone, so that an office without a
training manager would lose them for good where a site asks for training. A training manager sees
nothing about any participant, whatever the kind of agency.
"""

CEILING: dict[AgencyType, frozenset[Role]] = {
    kind: roles | {Role.TRM} if kind in TRAINS_ITS_PEOPLE else roles
    for kind, roles in _SERVING.items()
}
"""Roles that an agency administrator may give, by the type of the agency.

Administrators, privacy officers and platform staff are not among them anywhere (separation of
duties: who gives roles away cannot make another who does).
"""

BY_PLATFORM_ALONE = frozenset({Role.AGA, Role.PRV, Role.PLA})
"""Roles that nobody inside an agency takes away or reviews: the platform's administrators do."""

SERVICE_FIELDS: dict[AgencyType, str] = {
    AgencyType.SUD: "SUD",
    AgencyType.MH: "MH",
    AgencyType.HOUS: "HOUSING",
}
"""Field of service of a provider's staff: each sees its own field only."""


class MembershipStatus(StrEnum):
    """Where an agency's membership of a site stands; nothing is shared but with MOU_SIGNED.

    EXPIRED is what MOU_SIGNED becomes by time alone, when no agreement is left; it is never stored.
    """

    PROSPECTIVE = "PROSPECTIVE"
    MOU_SIGNED = "MOU_SIGNED"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


_NEXT: dict[MembershipStatus, frozenset[MembershipStatus]] = {
    MembershipStatus.PROSPECTIVE: frozenset({MembershipStatus.WITHDRAWN}),
    MembershipStatus.EXPIRED: frozenset({MembershipStatus.WITHDRAWN}),
    MembershipStatus.MOU_SIGNED: frozenset(
        {MembershipStatus.SUSPENDED, MembershipStatus.WITHDRAWN}
    ),
    MembershipStatus.SUSPENDED: frozenset(
        {MembershipStatus.MOU_SIGNED, MembershipStatus.WITHDRAWN}
    ),
    MembershipStatus.WITHDRAWN: frozenset(),
}

_LIAISON_ROLES = frozenset({Role.PRO, Role.LEL})
MAX_REASON_LENGTH = 500


class GrantStatus(StrEnum):
    """Where a grant stands at an instant."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


def status_at(
    starts_at: datetime, ends_at: datetime | None, revoked_at: datetime | None, now: datetime
) -> GrantStatus:
    """Return where a grant stands."""
    if revoked_at is not None:
        return GrantStatus.REVOKED
    if ends_at is not None and ends_at <= now:
        return GrantStatus.EXPIRED
    return GrantStatus.ACTIVE if starts_at <= now else GrantStatus.SCHEDULED


def membership_status(
    stored: MembershipStatus, agreement_ends: Collection[datetime | None], now: datetime
) -> MembershipStatus:
    """Return where a membership stands at an instant."""
    is_live = any(ends_at is None or ends_at > now for ends_at in agreement_ends)
    if stored is MembershipStatus.MOU_SIGNED and not is_live:
        return MembershipStatus.EXPIRED
    return stored


def check_step(before: MembershipStatus, after: MembershipStatus) -> None:
    """Check a step of a membership; one that was withdrawn needs a new memorandum.

    Raises:
        RuleError: there is no such step.
    """
    if after not in _NEXT[before]:
        raise RuleError(
            "NO_SUCH_STEP",
            f"A membership does not go from {before.value} to {after.value}.",
            ("input", "status"),
        )


def checked_reason(reason: str) -> str:
    """Return a reason without surrounding space.

    Raises:
        RuleError: empty or too long.
    """
    text = reason.strip()
    if not 1 <= len(text) <= MAX_REASON_LENGTH:
        raise RuleError(
            "REASON_NEEDED",
            f"Say why, in 1 to {MAX_REASON_LENGTH} characters.",
            ("input", "reason"),
        )
    return text


def check_role(agency_type: AgencyType, role: Role, *, is_liaison: bool) -> None:
    """Check that an agency of this type may have people in a role.

    Raises:
        RuleError: above the ceiling, or a liaison where there is none.
    """
    if role not in CEILING[agency_type]:
        raise RuleError(
            "ROLE_NOT_ALLOWED",
            "An administrator of this agency does not give this role.",
            ("input", "role"),
        )
    if is_liaison and role not in _LIAISON_ROLES:
        raise RuleError("LIAISON_NOT_ALLOWED", "This role has no liaisons.", ("input", "liaison"))


def removable_roles(acting: Role, agency_type: AgencyType) -> frozenset[Role]:
    """Return the roles at an agency that somebody takes away in a role, and reviews.

    An agency's administrator those that he may give: who may not make a privacy officer or
    another administrator may not unmake one either. The platform's those that are left.
    """
    if acting is Role.AGA:
        return CEILING[agency_type]
    return BY_PLATFORM_ALONE if acting is Role.PLA else frozenset()


def check_revocable(acting: Role, agency_type: AgencyType, role: Role) -> None:
    """Check that somebody may take a role at this type of agency away.

    Raises:
        RuleError: somebody else does.
    """
    if role not in removable_roles(acting, agency_type):
        raise RuleError(
            "ROLE_NOT_ALLOWED",
            "Roles that an agency gives are its administrator's to take away, all others the "
            "platform's.",
            ("input", "grantId"),
        )


def check_not_own(acting: Role, subject: str, holder: str) -> None:
    """Check that the platform's administrator takes no role away that is his own.

    Raises:
        RuleError: it is his own.
    """
    if acting is Role.PLA and subject == holder:
        message = "Another administrator of the platform takes your own role away."
        raise RuleError("OWN_GRANT", message, ("input", "grantId"))


def check_somebody_stays(live: Collection[object], going: Collection[object]) -> None:
    """Check that the platform keeps an administrator at a site.

    Args:
        live: grants of its administrators that count now.
        going: grants of theirs that are to be taken away.

    Raises:
        RuleError: nobody would be left, and nobody could ask for a new one.
    """
    if live and not set(live) - set(going):  # who counts no longer is nobody's loss
        message = "This is the platform's last administrator: there must be another one first."
        raise RuleError("LAST_ADMINISTRATOR", message, ("input",))


CONFERENCE_CLEARANCE = "OWG"
"""What training opens where a site asks for it; svc_training works out who has it."""


def withheld(cleared: Collection[str], settings: Mapping[str, Any], agency_id: str) -> list[str]:
    """Return the categories that a grant does not open for want of training.

    Args:
        cleared: kinds of clearance that the person holds at the grant's agency now.
        settings: the site's own settings, as far as they matter here.
        agency_id: of the grant; participants and representatives have none, and need no training.
    """
    is_required = settings_with(
        {name: value for name, value in settings.items() if value is not None}
    ).flag("conference_training_required")
    if not agency_id or not is_required or CONFERENCE_CLEARANCE in cleared:
        return []
    return [Category.OWG.value]


FIGURES_FOR_PROJECT_MANAGERS = frozenset(
    {Category.REFERRAL.value, Category.ELIGIBILITY.value, Category.ENROLLMENT.value}
)
"""Figures that the agreement allows a site to give; each is withheld until it does."""


def withheld_figures(role: str, settings: Mapping[str, Any]) -> list[str]:
    """Return the categories of which a grant has no figures, since its site has not agreed to it.

    Args:
        role: of the grant.
        settings: the site's own settings, as far as they matter here.
    """
    if role != Role.PM.value:
        return []
    agreed = settings_with(
        {name: value for name, value in settings.items() if value is not None}
    ).words("project_manager_figures")
    return sorted(FIGURES_FOR_PROJECT_MANAGERS.difference(agreed))


SENSITIVE_ROLES = frozenset({Role.PM, Role.SUP, Role.EVL, Role.MED, Role.AGA, Role.PRV})
"""Roles that need a second person: who sees a whole agency or site, breaks glass, gives roles
away, or reads why decisions were made."""

_PARTNER_AGENTS = frozenset(
    {
        Role.CM, Role.SUP, Role.LEO, Role.LEL, Role.PRO, Role.DEF, Role.PRB, Role.CRT, Role.SVC,
        Role.COM, Role.MED,
    }
)  # fmt: skip
_GRANTERS = frozenset({Role.AGA, Role.PLA})


def needs_second_person(role: Role, *, is_liaison: bool) -> bool:
    """Return whether a second person must approve a role; a liaison is one for the whole office."""
    return role in SENSITIVE_ROLES or (role is Role.PRO and is_liaison)


def roles_within(agency_type: AgencyType, *, needs_second: bool) -> list[Role]:
    """Return the roles under a type's ceiling that need a second person, or those that do not."""
    return sorted(
        role
        for role in CEILING[agency_type]
        if needs_second_person(role, is_liaison=False) is needs_second
    )


def conflicting_role(role: Role, held: Collection[Role]) -> Role | None:
    """Return a role held at the same site that excludes this one, if there is any.

    Who grants roles does not read explain; one person is not project manager and a partner's
    agent in one site.
    """
    excluded: frozenset[Role] = frozenset()
    if role is Role.PM:
        excluded = _PARTNER_AGENTS
    elif role in _PARTNER_AGENTS:
        excluded = frozenset({Role.PM})
    if role is Role.PRV:
        excluded = _GRANTERS
    elif role in _GRANTERS:
        excluded = frozenset({Role.PRV})
    return next((each for each in held if each in excluded), None)


def check_separation(role: Role, known: Collection[Role], all_held: Collection[Role]) -> None:
    """Check that a role goes together with what the person holds at the site.

    What the caller may not see decides as well; the error then does not say what it is.

    Args:
        role: to be granted.
        known: roles held that the caller may see.
        all_held: all roles held at the site.

    Raises:
        RuleError: it does not.
    """
    other = conflicting_role(role, known)
    if other is not None:
        message = f"One person does not hold {role.value} and {other.value} in one site."
        raise RuleError("SEPARATION_OF_DUTIES", message, ("input", "role"))
    if conflicting_role(role, all_held) is not None:
        message = "This person cannot be given this role; the platform's administrator can help."
        raise RuleError("GRANT_NOT_POSSIBLE", message, ("input", "role"))


def checked_period(
    starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> tuple[datetime, datetime | None]:
    """Return when a grant begins and ends; it never begins in the past.

    Raises:
        RuleError: it would end before it begins, or a time has no zone.
    """
    if any(moment is not None and moment.tzinfo is None for moment in (starts_at, ends_at)):
        raise RuleError("PERIOD_INVALID", "Times need a zone.", ("input", "validFrom"))
    begins = max(now, starts_at or now)
    if ends_at is not None and ends_at <= begins:
        raise RuleError("PERIOD_INVALID", "A grant must end after it begins.", ("input", "validTo"))
    return begins, ends_at


def overlaps(
    period: tuple[datetime, datetime | None], others: Collection[tuple[datetime, datetime | None]]
) -> bool:
    """Return whether a period has an instant in common with one of the others."""
    starts_at, ends_at = period
    return any(
        (other[1] is None or other[1] > starts_at) and (ends_at is None or other[0] < ends_at)
        for other in others
    )
