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
_WITH_SOURCE = frozenset({Basis.RELEASE, Basis.BREAK_GLASS, Basis.COURT_ORDER})
_WITHOUT_AGENCY = frozenset({Role.PAR.value, Role.REP.value})
_ANYBODY = "any"
_BITS = {basis.value: 1 << place for place, basis in enumerate(Basis)}
_RELEASE = Basis.RELEASE.value


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
    is_limited: bool = False
    """Whether it opens records of some dates alone (D49); which, the services' statements know."""


class Window(NamedTuple):
    """One period of an agency's live membership of a site."""

    agency_id: str
    starts_at: datetime
    ends_at: datetime | None
    site_id: str = ""


class _Part(NamedTuple):
    """One alternative of an access expression: the bases that must all be held, a bit for each."""

    bases: int
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

    Of a large answer this is a thousand times the same under the lock of the order, so which bases
    are held is a number, and what they open is kept by that number.

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
        self._holders = frozenset(asker.holders)
        self._boundary = earliest(
            (at for window in own for at in (window.starts_at, window.ends_at)), now
        )
        is_open = asker.role in _WITHOUT_AGENCY or any(
            window.starts_at <= now and (window.ends_at is None or window.ends_at > now)
            for window in own
        )
        self._access: list[tuple[str, tuple[_Part, ...], _Opened]] = []
        if asker.purpose is not None and is_open:
            self._access = [
                (category, compiled(text), {})
                for category, text in asker.access.items()
                if text and category in _PERSON_CODES
            ]

    def decide(self, grounds: Iterable[Ground]) -> Decision:
        """Decide about one participant.

        Args:
            grounds: rows about this participant; those of other holders and purposes, and those
                that have ended, are passed over.
        """
        held = _Held(self._boundary)
        self._read(grounds, held)
        decision = Decision(valid_until=held.valid_until)
        if None in held.closed:
            return decision
        general = held.bases.get(None, 0)
        for category, parts, opened in self._access:
            if category in held.closed:
                continue
            bases = general | held.bases.get(category, 0)
            if None in held.denied or category in held.denied:
                # What a person's form denies does not stop who saves their life.
                found = _opened([part for part in parts if part.is_emergency], bases)
            elif bases in opened:
                found = opened[bases]
            else:
                found = opened[bases] = _opened(parts, bases)
            if found is None:
                continue
            kind, has_source = found
            decision.categories.append(category)
            decision.kinds[category] = kind
            if has_source:
                decision.sources[category] = held.named(category)
        return decision

    def is_limited(self, grounds: Iterable[Ground]) -> bool:
        """Return whether the asker holds grounds that open records of some dates alone.

        No decision about a category says which, so rows that were read before such a ground came
        cannot be judged by deciding again.
        """
        return any(
            row.is_limited and row.holder in self._holders and row.purpose in (None, self._purpose)
            for row in grounds
        )

    def _read(self, grounds: Iterable[Ground], held: "_Held") -> None:
        """Take what is in force, and the next moment at which that could change."""
        now, valid_until = self._now, held.valid_until
        holders, own_purpose = self._holders, self._purpose
        all_bases, sources = held.bases, held.sources
        for row in grounds:
            _, holder, basis, is_denial, category, purpose, starts_at, ends_at, source, _ = row
            if purpose is not None and purpose != own_purpose:
                continue
            if holder not in holders and not (is_denial and holder == _ANYBODY):
                continue
            if ends_at is not None and ends_at <= now:
                continue
            ahead = ends_at if starts_at <= now else starts_at
            if ahead is not None and (valid_until is None or ahead < valid_until):
                valid_until = ahead
            if starts_at > now:
                continue
            if is_denial:
                held.deny(category, basis)
                continue
            all_bases[category] = all_bases.get(category, 0) | _BITS.get(basis, 0)
            if source is not None:
                sources.setdefault(category, []).append(source)
        held.valid_until = valid_until


@dataclass(slots=True)
class _Held:
    """What an asker holds about one participant, by category; None for all of them."""

    valid_until: datetime | None
    bases: dict[str | None, int] = field(default_factory=dict)
    sources: dict[str | None, list[str]] = field(default_factory=dict)
    denied: set[str | None] = field(default_factory=set)
    closed: set[str | None] = field(default_factory=set)

    def deny(self, category: str | None, basis: str) -> None:
        self.denied.add(category)
        if basis != _RELEASE:
            self.closed.add(category)

    def named(self, category: str) -> list[str]:
        anywhere, here = self.sources.get(None), self.sources.get(category)
        if anywhere is None and here is not None and len(here) == 1:
            return here
        return sorted({*(anywhere or ()), *(here or ())})


_Opened = dict[int, tuple[str, bool] | None]
"""By the bases held: how a category is open, and whether sources are named; None for closed."""


def _opened(parts: Iterable[_Part], bases: int) -> tuple[str, bool] | None:
    """Say how a category is open to whom holds these bases: USE or DISCLOSURE, with sources?"""
    kind: str | None = None
    has_source = False
    for part in parts:
        if part.bases & bases == part.bases:
            kind = USE if part.is_use or kind == USE else DISCLOSURE
            has_source = has_source or part.has_source
    return None if kind is None else (kind, kind == DISCLOSURE and has_source)


@lru_cache(maxsize=512)
def compiled(text: str) -> tuple[_Part, ...]:
    """Return the alternatives of an access expression, ready to be compared with rows.

    Raises:
        ValueError: not an access expression.
    """
    return tuple(
        _Part(
            bases=_mask(basis.value for basis in part if basis is not Basis.ANY),
            is_use=bool(part) and part <= _OWN_GROUNDS,
            has_source=not _WITH_SOURCE.isdisjoint(part),
            is_emergency=Basis.BREAK_GLASS in part,
        )
        for part in expression.parse(text)
    )


def _mask(bases: Iterable[str]) -> int:
    mask = 0
    for basis in bases:
        mask |= _BITS[basis]
    return mask
