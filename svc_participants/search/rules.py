"""What may be searched for, and how alike is alike enough. Pure.

Similarity is that of PostgreSQL's `pg_trgm` (share of common trigrams, 0 to 1), word by word, so
that order and half a name do not matter. A word that only sounds like one of a name counts as well,
after those that are written alike: by the codes of R. Mokotoff and G. Daitch (Daitch-Mokotoff
Soundex, 1985), made for names of many languages, as PostgreSQL's `fuzzystrmatch` computes them.
"""

import re
from dataclasses import dataclass

from infra.errors import GoldenThreadError

LEAST_TEXT = 2
MOST_TEXT = 100
MOST_WORDS = 4
LEAST_DIGITS = 4
LIKENESS = 500
"""Thousandths of similarity, on average over the words, from which somebody is found."""

LIKENESS_OF_SOUND = 600
"""Thousandths that a word counts for which sounds like a name and is written otherwise."""
LEAST_SOUND = 3
_LETTERS = re.compile(rf"[^\W\d_]{{{LEAST_SOUND},}}")


class SearchError(GoldenThreadError):
    """What is searched for is not acceptable. The text depends on the input alone."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: words in lower case, digits of a telephone number, or both."""

    words: tuple[str, ...]
    digits: str


def wanted(text: str | None, phone: str | None) -> Wanted:
    """Read what was asked for.

    Raises:
        SearchError: nothing to search for, or too little or too much of it.
    """
    words = tuple((text or "").lower().split()[:MOST_WORDS])
    digits = "".join(each for each in phone or "" if each in "0123456789")
    if text is None and phone is None:
        raise SearchError("give 'text' or 'phone'")
    if text is not None and not LEAST_TEXT <= len(text.strip()) <= MOST_TEXT:
        raise SearchError(f"'text' must have {LEAST_TEXT} to {MOST_TEXT} characters")
    if phone is not None and not LEAST_DIGITS <= len(digits) <= MOST_TEXT:
        raise SearchError(f"'phone' must have at least {LEAST_DIGITS} digits")
    return Wanted(words, digits)


def has_sound(word: str) -> bool:
    """Return whether a word is looked for by its sound as well: letters, and enough of them."""
    return _LETTERS.fullmatch(word) is not None
