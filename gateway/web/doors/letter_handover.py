"""Hands a court letter over: the one order in which that happens, for programs and for the console.

First the letter is held against the approved summary that stands now: what was withdrawn or worded
anew since is not told. The release to the court goes through the gate as the court's own and stands
in the ledger before anything else; then the delivery is recorded, with the paper's hash; then there
is a paper to give.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.pipeline import StatedRecipient
from gateway.web.doors.letter_document import letter_of
from infra.errors import GoldenThreadError
from infra.vocabulary import Purpose, Role

OPERATIONS: Final = ("CourtLetterToDeliver", "CourtLetterDocument", "DeliverCourtLetter")
"""What is asked, in this order; the documents lie among the doors' operations."""


class Ask(Protocol):
    """Runs one of the operations as whoever hands over, whole or not at all; returns its data."""

    async def __call__(
        self, name: str, variables: Mapping[str, Any], recipient: StatedRecipient | None
    ) -> Mapping[str, Any]:
        """Return the data."""


class LetterRefusedError(GoldenThreadError):
    """A letter is not handed over.

    Attributes:
        code: NOT_FOUND, LETTER_NOT_APPROVED, SUMMARY_CHANGED or RECIPIENT_NOT_NAMED.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whose letter, who took it at the court, how, and the key under which it happens once."""

    letter_id: str
    participant_id: str
    recipient_name: str
    method: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The paper with its hash; ``user_errors`` where the delivery could not be recorded."""

    paper: bytes
    sha256: str
    user_errors: list[dict[str, Any]]


async def hand_over(ask: Ask, delivery: Delivery) -> HandedOver:
    """Hand an approved letter to the court that it names.

    Raises:
        LetterRefusedError: no such letter of this participant, not approved, its words are not the
            approved summary's any more, or no release names the court for it.
    """
    wanted = {"id": delivery.letter_id}
    found = await ask(
        "CourtLetterToDeliver", wanted | {"participantId": delivery.participant_id}, None
    )
    letter, whose = found.get("courtLetter"), found.get("participant")
    if not letter or not whose or not is_letter_of(letter, whose):
        raise LetterRefusedError("NOT_FOUND")
    if letter["status"] != "APPROVED":
        raise LetterRefusedError("LETTER_NOT_APPROVED")
    if not says_what_stands(letter, whose):
        raise LetterRefusedError("SUMMARY_CHANGED")
    if not letter["isCourtNamed"]:
        raise LetterRefusedError("RECIPIENT_NOT_NAMED")
    court = StatedRecipient(letter["courtAgencyId"], Role.CRT, Purpose.LEAD_LEGAL_COORD)
    document = (await ask("CourtLetterDocument", wanted, court)).get("courtLetter")
    if not document:
        raise LetterRefusedError("RECIPIENT_NOT_NAMED")
    paper = letter_of(document)
    digest = hashlib.sha256(paper).hexdigest()
    given = {
        "letterId": delivery.letter_id,
        "recipientName": delivery.recipient_name,
        "method": delivery.method,
        "documentSha256": digest,
        "expectedVersion": letter["version"],
        "idempotencyKey": delivery.idempotency_key,
    }
    done = await ask("DeliverCourtLetter", {"input": given}, None)
    return HandedOver(paper, digest, done["deliverCourtLetter"]["userErrors"])


def is_letter_of(letter: Mapping[str, Any], participant: Mapping[str, Any]) -> bool:
    """Return whether a letter is one of a participant's, whose summary it can be held against."""
    return any(each["id"] == letter["id"] for each in participant.get("courtLetters") or ())


def says_what_stands(letter: Mapping[str, Any], participant: Mapping[str, Any]) -> bool:
    """Return whether a letter's words are those of the approved summary that stands now.

    A summary that was withdrawn leaves none, or "nothing to add"; one that was replaced, other
    words. Words that nobody may read are none.
    """
    stands = participant.get("courtLetterMaterial")
    if not stands or not stands.get("statement"):
        return False
    return all(letter[name] == stands[name] for name in ("statement", "whatWouldHelp"))
