"""The engine's view of policy: subjects grant capability bits.

The engine does not know what a subject or a bit is.  It asks before it fetches entities and
before it keeps a value; what is not granted is absent, silently.
"""

from collections.abc import Collection
from typing import Any, Protocol


class Guard(Protocol):
    """Says which capability bits a subject grants."""

    async def load(self, subjects: Collection[str]) -> None:
        """Make decisions about these subjects ready."""
        ...

    def mask(self, subject: str) -> int:
        """The bits that a subject grants; 0 for one that is not known."""
        ...


class PermitAll:
    """Grants every bit for every subject; for conformance runs and tests of the engine alone."""

    async def load(self, subjects: Collection[str]) -> None:
        """Nothing to load."""

    def mask(self, subject: str) -> int:
        """All bits."""
        del subject
        return -1


class Masks(dict[str, int]):
    """Masks of one request by subject, each asked for once its decision has been loaded.

    Call it with any other subject value.
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard
        self._covered: dict[int, set[str]] = {}

    def __missing__(self, subject: str) -> int:
        mask = self[subject] = self._guard.mask(subject)
        return mask

    def cover(self, subjects: Collection[str], bits: int) -> bool:
        """Whether every one of these subjects grants all of these bits."""
        covered = self._covered.setdefault(bits, set())
        if covered.issuperset(subjects):
            return True
        if not all(self[one] & bits == bits for one in subjects):
            return False
        covered.update(subjects)
        return True

    def __call__(self, subject: Any) -> int:
        """The mask of a subject value; of a list, the bits that all in it grant; else 0."""
        if subject.__class__ is str:
            return self[subject]
        if subject.__class__ is list and subject:
            mask = -1
            for one in subject:
                mask &= self(one)
            return mask
        return 0
