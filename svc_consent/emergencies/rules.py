"""What emergency access asks for. Pure.

42 CFR 2.51: to medical personnel, as far as needed, in a bona fide emergency in which the
person's prior consent cannot be obtained; five facts are recorded at once. A person who can
answer and says no is no such emergency.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra.authority.facts import VisibilityFact, subject_holder
from infra.errors import RuleError
from infra.vocabulary import Basis, Purpose, Role

MAX_FACT_LENGTH = 500
ROLES = frozenset({Role.MED})
PURPOSE = Purpose.BTG


@dataclass(frozen=True, slots=True)
class EmergencyFacts:
    """What is recorded beside the time: four of the five facts, and the attestation."""

    recipient_name: str
    recipient_facility: str
    discloser: str
    nature: str
    unobtainable_because: str
    is_attested: bool


def checked_facts(facts: EmergencyFacts) -> EmergencyFacts:
    """Return the facts without surrounding space.

    Raises:
        RuleError: a fact is missing, or it is not attested that consent cannot be obtained.
    """
    if not facts.is_attested:
        raise RuleError(
            "NOT_ATTESTED",
            "Without your attestation that consent cannot be obtained there is no access."
            " A person who can answer decides.",
            ("input", "attestsConsentCannotBeObtained"),
        )
    return EmergencyFacts(
        recipient_name=_fact(facts.recipient_name, "recipientName"),
        recipient_facility=_fact(facts.recipient_facility, "recipientFacility"),
        discloser=_fact(facts.discloser, "discloser"),
        nature=_fact(facts.nature, "natureOfEmergency"),
        unobtainable_because=_fact(facts.unobtainable_because, "unobtainableBecause"),
        is_attested=True,
    )


def _fact(value: str, field: str) -> str:
    text = value.strip()
    if not 1 <= len(text) <= MAX_FACT_LENGTH:
        raise RuleError(
            "FACT_MISSING",
            f"42 CFR 2.51(c) wants this recorded, in 1 to {MAX_FACT_LENGTH} characters.",
            ("input", field),
        )
    return text


def ground(
    access_id: UUID, participant_id: UUID, subject: str, starts_at: datetime, ends_at: datetime
) -> VisibilityFact:
    """Return the ground that emergency access is: one person, one purpose, and it ends by itself.

    Which categories it opens is the agreement's to say: those of the role with this ground.
    """
    return VisibilityFact(
        id=access_id,
        participant_id=participant_id,
        holder=subject_holder(subject),
        basis=Basis.BREAK_GLASS,
        starts_at=starts_at,
        ends_at=ends_at,
        purpose=PURPOSE,
        source_id=access_id,
    )
