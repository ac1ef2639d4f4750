"""Decides what a caller may see of a participant, from the rows in force. Pure.

The same rule as ``infra.authority.predicate`` in another form; a property test holds the two
together. Denials win, an unknown category or purpose denies, time is given by the caller.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from infra.authority import expression
from infra.authority.facts import agency_holder, subject_holder
from infra.vocabulary import PERSON_CATEGORIES, Basis, Role

USE = "USE"
DISCLOSURE = "DISCLOSURE"

_PERSON_CODES = frozenset(category.value for category in PERSON_CATEGORIES)
_OWN_GROUNDS = frozenset({Basis.OWN_AGENCY, Basis.ASSIGNMENT, Basis.SELF})
_WITH_SOURCE = frozenset({Basis.RELEASE, Basis.BREAK_GLASS})
_WITHOUT_AGENCY = frozenset({Role.PAR.value, Role.REP.value})
_ANYBODY = "any"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, under which grant's agency and role, why, and on which grounds each category.

    ``access`` maps category codes to access expressions (``infra.authority.expression``);
    ``site_id`` is the site of the grant acted under.
    """

    subject: str
    agency_id: str
    role: str
    purpose: str | None
    access: Mapping[str, str]
    site_id: str = ""

    @property
    def holders(self) -> tuple[str, str, str]:
        """Return the ways in which this caller holds anything: agency, agency here, person."""
        return (
            agency_holder(self.agency_id),
            agency_holder(self.agency_id, self.site_id),
            subject_holder(self.subject),
        )


class Ground(NamedTuple):
    """One row of ``authority_visibility`` that has not ended, as far as a decision reads it."""

    participant_id: str
    holder: str
    basis: str
    is_denial: bool
    category: str | None
    purpose: str | None
    starts_at: datetime
    ends_at: datetime | None
    source_id: str | None


class Window(NamedTuple):
    """One period of an agency's live membership of a site."""

    agency_id: str
    starts_at: datetime
    ends_at: datetime | None
    site_id: str = ""


class _Part(NamedTuple):
    """One alternative of an access expression: the bases that must all be held."""

    bases: frozenset[str]
    is_use: bool
    has_source: bool
    is_emergency: bool


@dataclass(slots=True)
class Decision:
    """What may be seen of one participant.

    Attributes:
        categories: permitted category codes, in declaration order of the access expressions.
        valid_until: next instant at which time alone could change this; None for never.
        sources: release versions, or emergency accesses, that a category rests on.
        kinds: category -> USE inside the own agency, else DISCLOSURE.
    """

    categories: list[str] = field(default_factory=list)
    valid_until: datetime | None = None
    sources: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Return DISCLOSURE when any category is one; an empty decision counts as USE."""
        return DISCLOSURE if DISCLOSURE in self.kinds.values() else USE


def earliest(moments: Iterable[datetime | None], after: datetime) -> datetime | None:
    """Return the first of these moments that lies ahead, None when there is none."""
    return min((at for at in moments if at is not None and at > after), default=None)


class Decider:
    """Decides for one asker at one instant; what is alike for all participants is done once.

    Args:
        asker: who asks.
        windows: periods of the asker's agency, others are passed over.
        now: the database's clock.
    """

    def __init__(self, asker: Asker, windows: Iterable[Window], now: datetime) -> None:
        own = [
            window
            for window in windows
            if (window.agency_id, window.site_id) == (asker.agency_id, asker.site_id)
        ]
        self._now = now
        self._purpose = asker.purpose
        self._holders = asker.holders
        self._boundary = earliest(
            (at for window in own for at in (window.starts_at, window.ends_at)), now
        )
        is_open = asker.role in _WITHOUT_AGENCY or any(
            window.starts_at <= now and (window.ends_at is None or window.ends_at > now)
            for window in own
        )
        self._access: list[tuple[str, tuple[_Part, ...]]] = []
        if asker.purpose is not None and is_open:
            self._access = [
                (category, compiled(text))
                for category, text in asker.access.items()
                if text and category in _PERSON_CODES
            ]

    def decide(self, grounds: Iterable[Ground]) -> Decision:
        """Decide about one participant.

        Args:
            grounds: rows about this participant; those of other holders and purposes, and those
                that have ended, are passed over.
        """
        now, valid_until = self._now, self._boundary
        held: dict[str | None, set[str]] = {}
        sources: dict[str | None, list[str]] = {}
        denied: set[str | None] = set()
        closed: set[str | None] = set()
        for row in grounds:
            ends_at = row.ends_at
            if (ends_at is not None and ends_at <= now) or not self._concerns(row):
                continue
            ahead = ends_at if row.starts_at <= now else row.starts_at
            if ahead is not None and (valid_until is None or ahead < valid_until):
                valid_until = ahead
            if row.starts_at > now:
                continue
            if row.is_denial:
                denied.add(row.category)
                if row.basis != Basis.RELEASE.value:
                    closed.add(row.category)
                continue
            held.setdefault(row.category, set()).add(row.basis)
            if row.source_id is not None:
                sources.setdefault(row.category, []).append(row.source_id)
        decision = Decision(valid_until=valid_until)
        if None not in closed:
            for category, parts in self._access:
                if category in closed:
                    continue
                is_denied = None in denied or category in denied
                # What a person's form denies does not stop who saves their life.
                open_ = [part for part in parts if part.is_emergency] if is_denied else parts
                _permit(decision, category, open_, held, sources)
        return decision

    def _concerns(self, row: Ground) -> bool:
        if row.purpose is not None and row.purpose != self._purpose:
            return False
        return row.holder in self._holders or (row.is_denial and row.holder == _ANYBODY)


def _permit(
    decision: Decision,
    category: str,
    parts: Iterable[_Part],
    held: Mapping[str | None, set[str]],
    sources: Mapping[str | None, list[str]],
) -> None:
    general = held.get(None, _NOTHING)
    bases = general | held.get(category, _NOTHING)
    kind: str | None = None
    has_source = False
    for part in parts:
        if part.bases <= bases:
            kind = USE if part.is_use or kind == USE else DISCLOSURE
            has_source = has_source or part.has_source
    if kind is None:
        return
    decision.categories.append(category)
    decision.kinds[category] = kind
    if kind == DISCLOSURE and has_source:
        named = {*sources.get(None, ()), *sources.get(category, ())}
        decision.sources[category] = sorted(named)


@lru_cache(maxsize=512)
def compiled(text: str) -> tuple[_Part, ...]:
    """Return the alternatives of an access expression, ready to be compared with rows.

    Raises:
        ValueError: not an access expression.
    """
    return tuple(
        _Part(
            bases=frozenset(basis.value for basis in part if basis is not Basis.ANY),
            is_use=bool(part) and part <= _OWN_GROUNDS,
            has_source=not _WITH_SOURCE.isdisjoint(part),
            is_emergency=Basis.BREAK_GLASS in part,
        )
        for part in expression.parse(text)
    )
