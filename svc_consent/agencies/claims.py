"""What an issuer's claims mean here, and where they and the directory differ. Pure.

Claims are a hint that never widens: they can only take grants away from a request. A token that
claims roles of which the directory confirms none is not believed at all; a claimed role that the
person holds elsewhere does not open that elsewhere.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

MAX_TOLD = 5
"""Most differences that one request leaves on record."""
MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """A role that a token says its subject has, in the issuer's words."""

    role: str
    agency: str | None
    site: str | None

    @property
    def told(self) -> str:
        """Return how an alert names it."""
        return self.role if self.agency is None else f"{self.role}@{self.agency}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a claim of an issuer means here; no ``agency_id`` leaves the claimed one."""

    claimed_role: str
    claimed_agency: str | None
    role: str
    agency_id: str | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Which grants a request may act under, and which claims nothing confirms."""

    grants: list[dict[str, Any]]
    unconfirmed: list[Claim]


def translate(claim: Claim, meanings: Collection[Meaning]) -> Claim | None:
    """Return a claim in our words, None where the issuer's agreement does not know it.

    Without any meaning on file the issuer is taken to speak our words.
    """
    if not meanings:
        return claim
    exact = [
        each
        for each in meanings
        if each.claimed_role == claim.role and each.claimed_agency in (claim.agency, None)
    ]
    if not exact:
        return None
    best = max(exact, key=lambda each: each.claimed_agency is not None)
    return Claim(best.role, best.agency_id or claim.agency, claim.site)


def confirm(
    claims: Sequence[Claim], meanings: Collection[Meaning], grants: Sequence[dict[str, Any]]
) -> Confirmed:
    """Hold a token's claims against the live grants of its subject."""
    if not claims:
        return Confirmed(list(grants), [])
    unconfirmed: list[Claim] = []
    contradicted: set[str] = set()
    is_any_confirmed = False
    for claim in claims:
        meant = translate(claim, meanings)
        if meant is not None and any(_matches(meant, grant) for grant in grants):
            is_any_confirmed = True
            continue
        unconfirmed.append(claim)
        if meant is not None:
            contradicted |= {grant["id"] for grant in grants if grant["role"] == meant.role}
    said = [translate(claim, meanings) for claim in claims]
    kept = [
        grant
        for grant in grants
        if grant["id"] not in contradicted
        or any(meant is not None and _matches(meant, grant) for meant in said)
    ]
    return Confirmed(kept if is_any_confirmed else [], unconfirmed[:MAX_TOLD])


def _matches(claim: Claim, grant: dict[str, Any]) -> bool:
    return (
        claim.role == grant["role"]
        and claim.agency in (None, grant["agencyId"])
        and claim.site in (None, grant["siteId"])
    )


def read_claims(given: object) -> list[Claim]:
    """Read claims as the gateway sends them; it has checked their form.

    Raises:
        ValueError: they are not of the agreed form.
    """
    if not isinstance(given, list):
        raise ValueError("claims must be a list")  # noqa: TRY004 - read as a malformed request
    found = []
    for each in given:
        role, agency, site = each if isinstance(each, list) and len(each) == 3 else (None,) * 3
        if not isinstance(role, str) or not all(
            text is None or isinstance(text, str) for text in (agency, site)
        ):
            raise ValueError("a claim is a role, an agency and a site")
        found.append(Claim(role[:MAX_LENGTH], agency, site))
    return found
