"""Taking a release back in part: the set algebra of provisions. Pure.

A provision stands for its cells: every (recipient, category, purpose) of it. What is taken away
is taken from permits only, and nothing is ever added: the new version permits a part of the old.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from infra.vocabulary import Category, Purpose
from svc_consent.releases.rules import Terms

Cell = tuple[UUID, Category, Purpose]


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to go: cells that match each of the lists; an empty list matches everything."""

    recipients: frozenset[UUID] = frozenset()
    categories: frozenset[Category] = frozenset()
    purposes: frozenset[Purpose] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is named, which would mean everything."""
        return not (self.recipients or self.categories or self.purposes)


def cells(terms: Iterable[Terms]) -> set[Cell]:
    """Return all cells of some provisions."""
    return {
        (each.recipient_agency_id, category, purpose)
        for each in terms
        for category in each.categories
        for purpose in each.purposes
    }


def without(
    terms: Iterable[Terms], removal: Removal, new_id: Callable[[], UUID] = uuid4
) -> tuple[Terms, ...]:
    """Return the provisions that remain, each with an id of its own.

    Args:
        terms: provisions of the version in force; its denials stay as they are.
        removal: what is to go.
        new_id: makes ids; the rows of two versions must not share one.
    """
    remaining: list[Terms] = []
    for each in terms:
        if each.is_denial or (
            removal.recipients and each.recipient_agency_id not in removal.recipients
        ):
            remaining.append(replace(each, id=new_id()))
            continue
        remaining += [replace(part, id=new_id()) for part in _parts(each, removal)]
    return tuple(remaining)


def _parts(terms: Terms, removal: Removal) -> list[Terms]:
    """Split a provision into the categories that stay whole and those that lose purposes."""
    hit = {c for c in terms.categories if not removal.categories or c in removal.categories}
    whole = tuple(c for c in terms.categories if c not in hit)
    cut = tuple(c for c in terms.categories if c in hit)
    purposes = tuple(p for p in terms.purposes if removal.purposes and p not in removal.purposes)
    parts = []
    if whole:
        parts.append(replace(terms, categories=whole))
    if cut and purposes:
        parts.append(replace(terms, categories=cut, purposes=purposes))
    return parts
