"""Histories of disclosures and of changes of consent, and whether they have an order (CN-01).

For each participant consent goes through states, open or closed by turns; each change has the
moments at which it was asked for and acknowledged. A disclosure saw some participants open and
some closed. It is in order if there is one instant between its first and its last byte at which
every state that it saw may have held, and if nobody who began after it had ended sees an earlier
state. Times are monotonic and of one machine. Pure; made for hundreds of thousands of entries:
`History` judges them as they come and forgets what nobody can rely on any more.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Span = tuple[float, float]
FOREVER = float("inf")


@dataclass(frozen=True)
class Change:
    """One change of a participant's consent: to open or closed, asked for and acknowledged."""

    participant: str
    is_open: bool
    asked_at: float
    acknowledged_at: float


@dataclass(frozen=True)
class Disclosure:
    """What one answer showed: participant -> whether there was anything of them in it."""

    began_at: float
    ended_at: float
    saw: Mapping[str, bool]
    reader: str = ""


@dataclass(frozen=True)
class Violation:
    """One disclosure that has no place in any order."""

    disclosure: Disclosure
    reason: str


@dataclass
class _Register:
    """The states of one participant, in order; closed at first."""

    values: list[bool] = field(default_factory=lambda: [False])
    asked: list[float] = field(default_factory=lambda: [-FOREVER])
    acknowledged: list[float] = field(default_factory=lambda: [-FOREVER])
    # Of disclosures that have ended: when, and the least state that those before had reached.
    ended: list[float] = field(default_factory=list)
    reached: list[int] = field(default_factory=list)

    def add(self, change: Change) -> None:
        self.values.append(change.is_open)
        self.asked.append(change.asked_at)
        self.acknowledged.append(change.acknowledged_at)

    def spans(self, value: bool, began: float, ended: float, least: int) -> list[tuple[int, Span]]:
        """Return the states with this value that may have held at some time in a disclosure."""
        # What was acknowledged before it began is the oldest that it may have seen.
        first = max(bisect_left(self.acknowledged, began) - 1, least, 0)
        found = []
        for index in range(first, len(self.values)):
            if self.asked[index] > ended:
                break
            until = self.acknowledged[index + 1] if index + 1 < len(self.values) else FOREVER
            if self.values[index] is value and until >= began:
                found.append((index, (max(self.asked[index], began), min(until, ended))))
        return found

    def forget(self, began: float) -> None:
        """Forget what matters to nobody who began at this moment or later."""
        cut = max(bisect_left(self.acknowledged, began) - 1, 0)
        del self.values[:cut], self.asked[:cut], self.acknowledged[:cut]
        past = max(bisect_left(self.ended, began) - 1, 0)
        del self.ended[:past], self.reached[:past]
        self.reached = [max(each - cut, 0) for each in self.reached]

    def reached_before(self, began: float) -> int:
        index = bisect_left(self.ended, began)
        return self.reached[index - 1] if index else 0

    def note(self, ended: float, index: int) -> None:
        """Note a disclosure; they come in order of their ends."""
        self.ended.append(ended)
        self.reached.append(max(index, self.reached[-1] if self.reached else 0))


class History:
    """Changes and disclosures as they come; judged once all that bears on them is known.

    Args:
        is_fresh: whether showing nothing must be explained too. The promise is about what is
            shown: an answer may lag behind a grant, never behind a revocation.
    """

    def __init__(self, *, is_fresh: bool = True) -> None:
        self._is_fresh = is_fresh
        self._registers: dict[str, _Register] = {}
        self._waiting: list[Disclosure] = []

    @property
    def held(self) -> int:
        """How many entries are kept."""
        states = sum(len(each.values) + len(each.ended) for each in self._registers.values())
        return states + len(self._waiting)

    def change(self, change: Change) -> None:
        """Take a change; those of one participant come in order."""
        self._registers.setdefault(change.participant, _Register()).add(change)

    def disclose(self, disclosure: Disclosure) -> None:
        """Take a disclosure, in any order."""
        self._waiting.append(disclosure)

    def settle(self, changes_known_to: float = FOREVER, oldest: float = FOREVER) -> list[Violation]:
        """Return those that no order explains, of the disclosures that can be judged by now.

        Args:
            changes_known_to: every change that was asked for before this has been taken.
            oldest: nobody who is yet to come began before this.
        """
        due = [each for each in self._waiting if each.ended_at < min(changes_known_to, oldest)]
        self._waiting = [
            each for each in self._waiting if each.ended_at >= min(changes_known_to, oldest)
        ]
        violations = []
        for each in sorted(due, key=lambda one: one.ended_at):
            saw = {name: value for name, value in each.saw.items() if value or self._is_fresh}
            reason = _explain(self._registers, each, saw)
            if reason is not None:
                violations.append(Violation(each, reason))
        began = min([oldest, *(each.began_at for each in self._waiting)])
        if began < FOREVER:
            for register in self._registers.values():
                register.forget(began)
        return violations


def check(
    changes: Iterable[Change], disclosures: Iterable[Disclosure], *, is_fresh: bool = True
) -> list[Violation]:
    """Return the disclosures that no order explains; none means linearizable as far as seen."""
    history = History(is_fresh=is_fresh)
    for change in sorted(changes, key=lambda each: each.asked_at):
        history.change(change)
    for each in disclosures:
        history.disclose(each)
    return history.settle()


def _explain(
    registers: dict[str, _Register], each: Disclosure, seen: Mapping[str, bool]
) -> str | None:
    found: dict[str, list[tuple[int, Span]]] = {}
    for participant, saw in seen.items():
        register = registers.setdefault(participant, _Register())
        least = register.reached_before(each.began_at)
        spans = register.spans(saw, each.began_at, each.ended_at, least)
        if not spans:
            return f"{participant} was {'open' if saw else 'closed'} at no time of it"
        found[participant] = spans
    if found and not _share_an_instant([[span for _, span in spans] for spans in found.values()]):
        return "what it saw of several participants never held together"
    for participant, spans in found.items():
        registers[participant].note(each.ended_at, min(index for index, _ in spans))
    return None


def _share_an_instant(choices: Sequence[Sequence[Span]]) -> bool:
    """Return whether some instant lies in one span of each: only beginnings need be tried."""
    starts = {start for spans in choices for start, _ in spans}
    return any(
        all(any(start <= at <= end for start, end in spans) for spans in choices) for at in starts
    )
