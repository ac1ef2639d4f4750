"""One-time codes, and what a binding gives. Pure.

Nobody is ever bound by name and date of birth: those are known to many. A code is handed over in
person, works once and for a short time, and is kept as a hash only.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from infra.authority.facts import VisibilityFact, subject_holder
from infra.errors import RuleError
from infra.vocabulary import Basis, Category, Role

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without what is mistaken for something else when read aloud."""
CODE_LENGTH = 12
MAX_FAILURES = 5
"""Wrong codes of one login before it has to wait for the window to end."""


class BindingKind(StrEnum):
    """For whom a login speaks."""

    SELF = "SELF"
    REPRESENTATIVE = "REPRESENTATIVE"


ROLE_OF_KIND = {BindingKind.SELF: Role.PAR, BindingKind.REPRESENTATIVE: Role.REP}
_BASIS = {BindingKind.SELF: Basis.SELF, BindingKind.REPRESENTATIVE: Basis.REPRESENTATIVE}


def new_code() -> str:
    """Return a fresh code: about 58 bits, in groups of four."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def hash_of(code: str) -> str:
    """Return what is kept of a code, however it was typed."""
    plain = "".join(letter for letter in code.upper() if letter in ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()


def checked_authority(kind: BindingKind, authority: str | None) -> str | None:
    """Return by which right somebody represents the participant.

    Raises:
        RuleError: a representative without one.
    """
    text = (authority or "").strip()[:500]
    if kind is BindingKind.REPRESENTATIVE and not text:
        raise RuleError(
            "AUTHORITY_NEEDED", "Say by which right they represent.", ("input", "authority")
        )
    return text or None


def facts_of(
    binding_id: UUID,
    participant_id: UUID,
    account_id: UUID,
    kind: BindingKind,
    starts_at: datetime,
    withheld: Iterable[Category],
) -> list[VisibilityFact]:
    """Return the rows that a binding is: the ground, and what a parent does not see.

    Args:
        binding_id: names the ground; the denials have ids made from it.
        participant_id: for whom the login speaks.
        account_id: the login.
        kind: SELF or REPRESENTATIVE.
        starts_at: from when.
        withheld: categories that stay closed to this login (42 CFR 2.14).
    """
    ground = VisibilityFact(
        id=binding_id,
        participant_id=participant_id,
        holder=subject_holder(str(account_id)),
        basis=_BASIS[kind],
        starts_at=starts_at,
    )
    denials = [
        VisibilityFact(
            id=denial_id(binding_id, category),
            participant_id=participant_id,
            holder=ground.holder,
            basis=_BASIS[kind],
            starts_at=starts_at,
            is_denial=True,
            category=category,
        )
        for category in withheld
    ]
    return [ground, *denials]


def denial_id(binding_id: UUID, category: Category) -> UUID:
    """Return the id of what closes a category to a binding."""
    return uuid5(binding_id, category.value)
