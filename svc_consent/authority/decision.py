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


_Bases = tuple[tuple[str | None, int], ...]
"""Which bases are held, a bit for each, by category; None for all of them."""
_Found = tuple[dict[str, str], list[str]]
"""What bases open: USE or DISCLOSURE by category, and which of these name sources."""


class Decider:
    """Decides for one asker at one instant; what is alike for all participants is done once.

    Of a large answer this is a thousand times the same under the lock of the order, so which bases
    are held is a number, and what all of them open together is kept.

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
        self._found: dict[_Bases, _Found] = {}
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
        held = _Held(self._boundary)
        self._read(grounds, held)
        if None in held.closed:
            return Decision(valid_until=held.valid_until)
        if held.denied:
            found = self._open(held)
        else:
            bases = tuple(held.bases.items())
            found = self._found.get(bases) or self._found.setdefault(bases, self._open(held))
        kinds, with_sources = found
        sources = held.named(with_sources)
        return Decision(list(kinds), held.valid_until, sources, kinds.copy())

    def _open(self, held: "_Held") -> _Found:
        """Say what the bases held open, less what is denied."""
        general = held.bases.get(None, 0)
        kinds, with_sources = dict[str, str](), list[str]()
        for category, parts in self._access:
            if category in held.closed:
                continue
            left: Iterable[_Part] = parts
            if None in held.denied or category in held.denied:
                # What a person's form denies does not stop who saves their life.
                left = [part for part in parts if part.is_emergency]
            found = _opened(left, general | held.bases.get(category, 0))
            if found is None:
                continue
            kinds[category], has_source = found
            if has_source:
                with_sources.append(category)
        return kinds, with_sources

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
        holders, own_purpose, bits = self._holders, self._purpose, _BITS
        all_bases, sources = held.bases, held.sources
        for row in grounds:
            _, holder, basis, is_denial, category, purpose, starts_at, ends_at, source, _ = row
            if purpose is not None and purpose != own_purpose:
                continue
            if holder not in holders and not (is_denial and holder == _ANYBODY):
                continue
            if ends_at is not None and ends_at <= now:
                continue
            if starts_at > now:
                if valid_until is None or starts_at < valid_until:
                    valid_until = starts_at
                continue
            if ends_at is not None and (valid_until is None or ends_at < valid_until):
                valid_until = ends_at
            if is_denial:
                held.deny(category, basis)
                continue
            bit = bits.get(basis, 0)
            if category in all_bases:
                all_bases[category] |= bit
            else:
                all_bases[category] = bit
            if source is None:
                continue
            if category in sources:
                sources[category].append(source)
            else:
                sources[category] = [source]
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

    def named(self, categories: Iterable[str]) -> dict[str, list[str]]:
        """Return what each of these categories rests on."""
        sources, anywhere = self.sources, self.sources.get(None)
        found = {}
        for category in categories:
            here = sources.get(category)
            if anywhere is None and here is not None and len(here) == 1:
                found[category] = here
            else:
                found[category] = sorted({*(anywhere or ()), *(here or ())})
        return found


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
