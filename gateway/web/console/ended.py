"""Sessions that ended before their time: signed out here, or at the issuer.

A session is a sealed cookie, and copies of it cannot be called back; so what has ended is
remembered until no cookie of before can be good any more. The memory is bounded: when it is full,
the oldest entry makes room, and every session that began before that one ended is over, too. What
ended at other gateways is in `shared_ends`, under the same names.
"""

from collections import OrderedDict
from typing import Final

from infra import clock

MAX_ENDED: Final = 50_000
Name = tuple[str, ...]


def ended_names(subject: str | None, sid: str | None) -> tuple[Name, ...]:
    """Return the names of what the issuer says has ended.

    Args:
        subject: all sessions of this person; only the one of `sid` where both are there, and
            those to which the issuer gave no name.
        sid: the issuer's name of a session.
    """
    if subject is None:
        return (("sid", sid or ""),)
    if sid is None:
        return (("subject", subject),)
    return ("both", subject, sid), ("nameless", subject)


def session_names(session_id: str, subject: str, sid: str | None) -> tuple[Name, ...]:
    """Return the names under which a session may have ended."""
    named: tuple[Name, ...] = (
        (("nameless", subject),) if sid is None else (("sid", sid), ("both", subject, sid))
    )
    return ("id", session_id), ("subject", subject), *named


class EndedSessions:
    """What has ended in this process."""

    def __init__(self, keep_seconds: int, most: int = MAX_ENDED) -> None:
        """Make the memory.

        Args:
            keep_seconds: longest life of a session.
            most: entries kept.
        """
        self._keep_seconds = keep_seconds
        self._most = most
        self._ended_at: OrderedDict[Name, int] = OrderedDict()
        self._all_before = -1

    def __len__(self) -> int:
        """Return how many entries are kept."""
        return len(self._ended_at)

    def end(self, session_id: str) -> None:
        """End one session of ours."""
        self._add("id", session_id)

    def end_at_issuer(self, subject: str | None, sid: str | None) -> None:
        """End what the issuer says has ended; see `ended_names`."""
        for name in ended_names(subject, sid):
            self._add(*name)

    def covers(self, session_id: str, subject: str, sid: str | None, started_at: int) -> bool:
        """Say whether a session has ended; one that began later than that has not."""
        names = session_names(session_id, subject, sid)
        ended_at = max((self._ended_at.get(name, -1) for name in names), default=-1)
        return started_at <= max(ended_at, self._all_before)

    def _add(self, *name: str) -> None:
        now = clock.epoch_seconds()
        self._ended_at.pop(name, None)
        self._ended_at[name] = now
        while self._ended_at:
            oldest, at = next(iter(self._ended_at.items()))
            is_over = at < now - self._keep_seconds
            if not is_over and len(self._ended_at) <= self._most:
                return
            del self._ended_at[oldest]
            if not is_over:
                self._all_before = max(self._all_before, at)
