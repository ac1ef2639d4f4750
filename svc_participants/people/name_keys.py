"""How names are compared: by sound, by shared letters, and under which keys they are found. Pure.

Own implementations, so that they say why: the phonetic code is Soundex (R. C. Russell, US patent
1,261,167) with the first sound in place of the first letter; the similarity counts shared
trigrams as PostgreSQL's pg_trgm does (words padded by two blanks before and one after).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LETTERS: Final = re.compile(r"[a-z]+")
_DIGITS: Final = {
    **dict.fromkeys("bfpv", "1"),
    **dict.fromkeys("cgjkqsxz", "2"),
    **dict.fromkeys("dt", "3"),
    "l": "4",
    **dict.fromkeys("mn", "5"),
    "r": "6",
}
_FIRST_SOUNDS: Final = (
    ("ph", "f"), ("kn", "n"), ("gn", "n"), ("wr", "r"), ("ch", "x"), ("sh", "x"), ("c", "k"),
    ("q", "k"), ("x", "s"), ("z", "s"), ("j", "y"), ("h", ""),
)  # fmt: skip
_CODE_LENGTH: Final = 4
_PREFIX_LENGTH: Final = 4


def words(text: str | None) -> list[str]:
    """Return the words of a name in plain small letters: accents, points and signs are dropped."""
    if not text:
        return []
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _LETTERS.findall("".join(each for each in plain if not unicodedata.combining(each)))


def sound(word: str) -> str:
    """Return the phonetic code of one plain word; empty for one without a consonant or vowel."""
    for letters, first in _FIRST_SOUNDS:
        if word.startswith(letters):
            word = first + word[len(letters) :]
            break
    if not word:
        return ""
    code, last = word[0].upper(), _DIGITS.get(word[0], "")
    for letter in word[1:]:
        digit = _DIGITS.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "hw":  # these do not part two equal sounds
            last = digit
    return code[:_CODE_LENGTH].ljust(_CODE_LENGTH, "0")


def trigrams(text: str | None) -> frozenset[str]:
    """Return the trigrams of a name."""
    found: set[str] = set()
    for word in words(text):
        padded = f"  {word} "
        found.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return frozenset(found)


def similarity(one: str | None, other: str | None) -> float:
    """Return how many of the trigrams of two names are shared, 0 to 1."""
    left, right = trigrams(one), trigrams(other)
    if not left or not right:
        return 0.0
    return len(left & right) / len(left | right)


def sounds_alike(one: str | None, other: str | None) -> bool:
    """Return whether a word of one name sounds like a word of the other."""
    left = {sound(word) for word in words(one)} - {""}
    return not left.isdisjoint({sound(word) for word in words(other)})


def keys_of(names: Iterable[str | None]) -> frozenset[str]:
    """Return the keys under which names are found: the sounds and beginnings of their words."""
    found: set[str] = set()
    for name in names:
        for word in words(name):
            found.add(f"~{sound(word)}")
            found.add(f"={word[:_PREFIX_LENGTH]}")
    return frozenset(found) - {"~"}
