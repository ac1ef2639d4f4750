"""One batch of the synthetic world: a site with everybody in it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.bulk_copy import StableIds
from infra.dev.synth.dockets import build_dockets
from infra.dev.synth.draws import Draws
from infra.dev.synth.facts import Facts
from infra.dev.synth.people import build_people
from infra.dev.synth.places import Places, build_places

SITE_SIZE = 1000
"""Participants of a site, about as many as King County's programme has; the last has the rest."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Which site of which world: all that its content follows from."""

    seed: int
    number: int
    size: int
    on: date

    @property
    def name(self) -> str:
        """Return the name that all draws and ids of the site are made from."""
        return f"synth/{self.seed}/{self.number}/{self.size}/{self.on.isoformat()}"

    @property
    def key(self) -> str:
        """Return the site's short name."""
        return f"s{self.seed}x{self.number:04d}x{self.size}"


@dataclass(frozen=True, slots=True)
class Batch:
    """What the services load: plain values, and facts as binary COPY."""

    outline: Outline
    places: Places
    people: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    facts: bytes

    def of_all(self) -> dict[str, Any]:
        """Return what every service is told."""
        return {
            "on": self.outline.on.isoformat(),
            "size": self.outline.size,
            "site": self.places.site,
            "agencies": self.places.agencies,
            "staff": self.places.staff,
            "visibility_bytes": len(self.facts),
        }

    def of_consent(self) -> dict[str, Any]:
        """Return what the consent service is told: agreements and releases."""
        signed = [_part(each, _SIGNED) for each in self.people if "releases" in each]
        return {**self.of_all(), "mous": self.places.mous, "people": signed}

    def of_participants(self) -> dict[str, Any]:
        """Return what the participants service is told: people, without what they signed."""
        people = [
            {name: value for name, value in each.items() if name != "releases"}
            for each in self.people
        ]
        return {**self.of_all(), "people": people}

    def of_cases(self) -> dict[str, Any]:
        """Return what the cases service is told: the docket, and whose counsel is who."""
        represented = [_part(each, _COUNSEL) for each in self.people if each.get("counsel_id")]
        return {**self.of_all(), "people": represented, "cases": self.cases}


_SIGNED = ("id", "provider", "releases")
_COUNSEL = ("id", "counsel_id", "counsel", "enrolled_on", "manager")


def _part(person: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: person[name] for name in names}


def outlines(participants: int, seed: int, on: date) -> Iterator[Outline]:
    """Yield the sites of a world, full ones first."""
    full, rest = divmod(participants, SITE_SIZE)
    for number in range(full):
        yield Outline(seed, number, SITE_SIZE, on)
    if rest:
        yield Outline(seed, full, rest, on)


def site_places(outline: Outline) -> Places:
    """Return a site without its participants."""
    return _places(outline, Draws(outline.name))


def build_batch(outline: Outline) -> Batch:
    """Return a site with everybody in it."""
    draws = Draws(outline.name)
    places = _places(outline, draws)
    facts = Facts(places.site["id"])
    prefix = _prefix(outline)
    people = build_people(draws, places, outline.name, prefix, outline.size, outline.on, facts)
    cases = build_dockets(draws, places, people, outline.name, prefix, outline.on)
    return Batch(outline, places, people, cases, facts.content())


def _places(outline: Outline, draws: Draws) -> Places:
    ids = StableIds(f"{outline.name}/places", _prefix(outline), 200 + outline.size // 4)
    return build_places(draws, ids, outline.key, outline.size, outline.on)


def _prefix(outline: Outline) -> str:
    return hashlib.sha256(outline.name.encode()).hexdigest()[:8]
