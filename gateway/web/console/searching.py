"""Search that forgives: accents, case, word order, endings and a slip of the finger.

Each word of the question must be found: as a part of some word of the text, or close to one. The
score orders what was found; a word at its beginning counts most.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Final, TypeVar

_CLOSE: Final = 0.74
_PHRASE: Final = 0.25
_WORD = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
RowType = TypeVar("RowType")


def words(text: str) -> list[str]:
    """Return the words of a text, lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(mark for mark in plain if not unicodedata.combining(mark)))


def score(question: str, text: str) -> float:
    """Return how well a text answers; 0 when a word of the question has nothing like it there."""
    asked, given = words(question), words(text)
    total = 0.0
    for word in asked:
        best = max((_likeness(word, other) for other in given), default=0.0)
        if best == 0.0:
            return 0.0
        total += best
    if not asked:
        return 1.0
    # Words that stand together as they were asked are more than the same words apart.
    is_phrase = len(asked) > 1 and " ".join(asked) in " ".join(given)
    return total / len(asked) + (_PHRASE if is_phrase else 0.0)


def _likeness(asked: str, given: str) -> float:
    if given == asked:
        return 1.0
    if given.startswith(asked):
        return 0.95
    if len(asked) >= 3 and asked in given:
        return 0.85
    if len(asked) < 4 or any(sign.isdigit() for sign in asked):
        return 0.0  # short words and numbers are like too many others
    # Against the beginning as well: the end of a longer word may be missing.
    whole = SequenceMatcher(None, asked, given).ratio()
    start = SequenceMatcher(None, asked, given[: len(asked)]).ratio()
    best = max(whole, start)
    return best * 0.8 if best >= _CLOSE else 0.0


def search(question: str, rows: Sequence[RowType], text: Callable[[RowType], str]) -> list[RowType]:
    """Return the rows that answer, best first; all of them for an empty question."""
    if not words(question):
        return list(rows)
    found = [(score(question, text(row)), row) for row in rows]
    ranked = sorted((each for each in found if each[0] > 0), key=lambda each: -each[0])
    return [row for _, row in ranked]
