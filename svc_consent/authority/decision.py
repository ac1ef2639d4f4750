"""Decides what a caller may see of a participant, from the rows in force. Pure.

The same rule as ``infra.authority.predicate`` in another form; a property test holds the two
together. Denials win, an unknown category or purpose denies, time is given by the caller.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from infra.authority import expression
from infra.authority.predicate import agency_holder, subject_holder
from infra.vocabulary import PERSON_CATEGORIES, Basis, Role

USE = "USE"
DISCLOSURE = "DISCLOSURE"

_PERSON_CODES = frozenset(category.value for category in PERSON_CATEGORIES)
_OWN_GROUNDS = frozenset({Basis.OWN_AGENCY, Basis.ASSIGNMENT, Basis.SELF})
_WITHOUT_AGENCY = frozenset({Role.PAR.value, Role.REP.value})


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, under which grant's agency and role, why, and on which grounds each category.

    ``access`` maps category codes to access expressions (``infra.authority.expression``).
    """

    subject: str
    agency_id: str
    role: str
    purpose: str | None
    access: Mapping[str, str]

    @property
    def holders(self) -> tuple[str, str]:
        """Return the two ways in which this caller holds anything."""
        return agency_holder(self.agency_id), subject_holder(self.subject)


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
    """One period of an agency's live membership."""

    agency_id: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(slots=True)
class Decision:
    """What may be seen of one participant.

    Attributes:
        categories: permitted category codes, in declaration order of the access expressions.
        valid_until: next instant at which time alone could change this; None for never.
        sources: release versions that a category rests on.
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


def is_live(asker: Asker, windows: Iterable[Window], now: datetime) -> bool:
    """Return whether the caller's agency is a live member; people for themselves have none."""
    if asker.role in _WITHOUT_AGENCY:
        return True
    return any(
        window.agency_id == asker.agency_id
        and window.starts_at <= now
        and (window.ends_at is None or window.ends_at > now)
        for window in windows
    )


def decide(
    asker: Asker, grounds: Sequence[Ground], windows: Sequence[Window], now: datetime
) -> Decision:
    """Decide about one participant.

    Args:
        asker: who asks.
        grounds: rows about this participant whose holder is the asker's agency, the asker or
            ``any``; rows of other holders and purposes are passed over.
        windows: periods of the asker's agency.
        now: the database's clock.
    """
    mine = asker.holders
    relevant = [
        row
        for row in grounds
        if (row.holder in mine or (row.is_denial and row.holder == "any"))
        and (row.purpose is None or row.purpose == asker.purpose)
        and (row.ends_at is None or row.ends_at > now)
    ]
    decision = Decision(
        valid_until=earliest(
            [
                *(row.starts_at for row in relevant),
                *(row.ends_at for row in relevant),
                *(at for w in windows if w.agency_id == asker.agency_id for at in w[1:]),
            ],
            now,
        )
    )
    if asker.purpose is not None and is_live(asker, windows, now):
        _permit(decision, asker, [row for row in relevant if row.starts_at <= now])
    return decision


def _permit(decision: Decision, asker: Asker, in_force: Sequence[Ground]) -> None:
    held: dict[str | None, set[Basis]] = {None: set()}
    sources: dict[str | None, list[str]] = {}
    denied: set[str | None] = set()
    for row in in_force:
        if row.is_denial:
            denied.add(row.category)
            continue
        basis = Basis(row.basis)
        held.setdefault(row.category, set()).add(basis)
        if basis is Basis.RELEASE and row.source_id is not None:
            sources.setdefault(row.category, []).append(row.source_id)
    if None in denied:
        return
    for category, text in asker.access.items():
        if category not in _PERSON_CODES or category in denied:
            continue
        bases = held[None] | held.get(category, set()) | {Basis.ANY}
        satisfied = [part for part in expression.parse(text) if part <= bases]
        if not satisfied:
            continue
        decision.categories.append(category)
        if any(part and part <= _OWN_GROUNDS for part in satisfied):
            decision.kinds[category] = USE
            continue
        decision.kinds[category] = DISCLOSURE
        if any(Basis.RELEASE in part for part in satisfied):
            named = {*sources.get(None, ()), *sources.get(category, ())}
            decision.sources[category] = sorted(named)
