"""A letter is held against the approved summary that stands when it is handed over."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.pipeline import StatedRecipient
from gateway.web.doors import letter_handover
from gateway.web.doors.letter_handover import Delivery, LetterRefusedError, hand_over

WORDS = {"statement": "Has a room.", "whatWouldHelp": "A later date."}
LETTER = {
    "id": "l1", "status": "APPROVED", "version": 2, "courtAgencyId": "court",
    "isCourtNamed": True, **WORDS,
}  # fmt: skip
PAPER = {
    "id": "l1", "participation": "Takes part.", "caseNumber": "26-1", "defendantName": "Doe, J",
    "courtName": "Court", "approvedAt": "2026-11-20T10:00:00Z", **WORDS,
}  # fmt: skip


class Answers:
    """What the services say; remembers what was asked, in order."""

    def __init__(self, participant: Any, letter: Any = None) -> None:
        self.participant, self.letter = participant, letter or LETTER
        self.asked: list[str] = []

    async def __call__(
        self, name: str, variables: Mapping[str, Any], recipient: StatedRecipient | None
    ) -> Mapping[str, Any]:
        """Answer one operation."""
        self.asked.append(name)
        if name == "CourtLetterToDeliver":
            assert variables == {"id": "l1", "participantId": "p1"}
            return {"courtLetter": self.letter, "participant": self.participant}
        if name == "CourtLetterDocument":
            assert recipient is not None
            return {"courtLetter": PAPER}
        return {"deliverCourtLetter": {"userErrors": []}}


def somebody(material: Any, *letters: str) -> dict[str, Any]:
    return {"courtLetters": [{"id": each} for each in letters], "courtLetterMaterial": material}


async def refusal(answers: Answers) -> str:
    """Return why a letter is not handed over, empty where it is; a refused one asks no more."""
    try:
        await hand_over(answers, Delivery("l1", "p1", "Clerk", "CLERK", "k"))
    except LetterRefusedError as refused:
        assert answers.asked == ["CourtLetterToDeliver"]
        return refused.code
    return ""


async def test_words_that_stand_are_handed_over() -> None:
    answers = Answers(somebody(WORDS, "l0", "l1"))
    assert await refusal(answers) == ""
    assert answers.asked == list(letter_handover.OPERATIONS)


GONE = [
    None, {}, {"statement": None, "whatWouldHelp": None},
    {**WORDS, "statement": "There is nothing to add."}, {**WORDS, "whatWouldHelp": None},
]  # fmt: skip


@pytest.mark.parametrize("material", GONE)
async def test_words_that_stand_no_more_are_kept_back(material: Any) -> None:
    assert await refusal(Answers(somebody(material, "l1"))) == "SUMMARY_CHANGED"


async def test_nothing_is_not_held_against_nothing() -> None:
    """Neither words that are hidden from the caller: what cannot be compared is kept back."""
    hidden = {**LETTER, "statement": None, "whatWouldHelp": None}
    assert await refusal(Answers(somebody({"statement": None}, "l1"), hidden)) == "SUMMARY_CHANGED"


@pytest.mark.parametrize("participant", [None, somebody(WORDS), somebody(WORDS, "l2")])
async def test_a_letter_is_held_against_its_own_persons_summary(participant: Any) -> None:
    assert await refusal(Answers(participant)) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("name", "participant", "code"),
    [
        ("says_what_stands", somebody(None, "l1"), "SUMMARY_CHANGED"),
        ("is_letter_of", somebody(WORDS, "l2"), "NOT_FOUND"),
    ],
)
async def test_planted_gap_hands_it_over(
    monkeypatch: pytest.MonkeyPatch, name: str, participant: Any, code: str
) -> None:
    assert await refusal(Answers(participant)) == code
    monkeypatch.setattr(letter_handover, name, lambda *_: True)
    assert await refusal(Answers(participant)) == ""
