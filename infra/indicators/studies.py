"""Rows without names for evaluators: the agreement in force, pseudonyms, shifted dates, masks.

An agreement on file (42 CFR 2.52, 45 CFR 164.512(i): a waiver, with no re-identification) is an
authority fact: a period of the evaluator's agency under ``study:<site>``. Its id is random, is
shown to nobody and is the secret of the agreement: pseudonyms and shifts are keyed with it, so
that they are alike in every service and different under every agreement.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from infra.database import AnySession
from infra.identity_token import Caller
from infra.small_cells import THRESHOLD

MOST_SHIFT_DAYS = 182
"""Dates of a person are all shifted by the same number of days, up to half a year either way."""

MASKED = "NOT_SHOWN"

_IN_FORCE = text(
    "SELECT id, ends_at FROM authority_agency_window WHERE agency_id = :agency"
    " AND site_id = :site AND starts_at <= statement_timestamp()"
    " AND (ends_at IS NULL OR ends_at > statement_timestamp())"
    " ORDER BY starts_at, id LIMIT 1"
)


def study_site(site_id: str) -> str:
    """Return how an agreement about a site's people is written in ``AgencyWindow.site_id``."""
    return f"study:{site_id}"


@dataclass(frozen=True, slots=True)
class Study:
    """An agreement in force; ``secret`` never leaves the service."""

    secret: bytes
    ends_at: datetime | None

    def _digest(self, purpose: str, participant_id: UUID) -> bytes:
        message = purpose.encode() + b"\x00" + participant_id.bytes
        return hmac.digest(self.secret, message, hashlib.sha256)

    def pseudonym(self, participant_id: UUID) -> str:
        """Return the person's name under this agreement."""
        return self._digest("pseudonym", participant_id).hex()[:24]

    def shifted(self, participant_id: UUID, day: date | None) -> date | None:
        """Return a date of a person, shifted as all of theirs are."""
        if day is None:
            return None
        number = int.from_bytes(self._digest("shift", participant_id)[:8], "big")
        return day + timedelta(days=number % (2 * MOST_SHIFT_DAYS + 1) - MOST_SHIFT_DAYS)


async def study_of(session: AnySession, caller: Caller) -> Study | None:
    """Return the agreement under which a caller's agency has rows of its site, if any is in force.

    Read in the same snapshot as the rows; its end moves the key that lists rely on.
    """
    given = {"agency": caller.agency_id, "site": study_site(caller.site_id)}
    found = (await session.execute(_IN_FORCE, given)).first()
    return None if found is None else Study(found.id.bytes, found.ends_at)


def masks(people: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return what is shown of traits by which somebody could be known.

    Who shares all traits with fewer than eleven loses the last one, then the one before, and so
    on, until eleven look alike.

    Args:
        people: traits of everybody, in the same order, the most telling last.
    """
    shown = list(people)
    for kept in range(len(people[0]) - 1 if people else -1, -1, -1):
        sizes: Counter[Hashable] = Counter(shown)
        shown = [
            traits
            if sizes[traits] >= THRESHOLD
            else (*traits[:kept], *[MASKED] * (len(traits) - kept))
            for traits in shown
        ]
    return shown
