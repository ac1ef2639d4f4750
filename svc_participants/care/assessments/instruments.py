"""Instruments of assessment: questions, answers and scores as data, read strictly. Pure but files.

An instrument is one TOML file with a key and a version; a version that somebody was assessed under
is never changed, a new file with the next version is put beside it. An operator has a folder of
further ones beside those that come with the service, each for the sites that it names. Anything
unknown, missing or contradictory stops the start and names the file and the place.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.entity_references import parse_id
from infra.errors import GoldenThreadError
from infra.vocabulary import Category

CATEGORIES = (
    Category.PSYCHOSOCIAL,
    Category.SUD,
    Category.MENTAL_HEALTH,
    Category.HEALTH_HIV,
)
"""What a section may tell of. Every other than the first needs that category as well."""


class InstrumentError(GoldenThreadError):
    """An instrument's file is not acceptable; the text names file and place."""

    code = "INSTRUMENT_INVALID"


class ItemKind(StrEnum):
    """What sort of answer a question takes."""

    CHOICE = "CHOICE"
    CHOICES = "CHOICES"
    NUMBER = "NUMBER"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class Option:
    """An answer to choose; its points count where a score counts the question."""

    code: str
    text: str
    points: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """A question."""

    key: str
    text: str
    kind: ItemKind
    category: Category
    is_required: bool
    options: tuple[Option, ...]
    least: int | None
    most: int | None

    def points(self, codes: Iterable[str], number: int | None) -> int:
        """Return the points of an answer that has been validated."""
        if self.kind is ItemKind.NUMBER:
            return number or 0
        chosen = set(codes)
        return sum(each.points or 0 for each in self.options if each.code in chosen)

    def span(self) -> tuple[int, int]:
        """Return the fewest and the most points that an answer can have."""
        points = [each.points or 0 for each in self.options]
        if self.kind is ItemKind.NUMBER:
            return self.least or 0, self.most or 0
        if self.kind is ItemKind.CHOICES:
            return sum(min(0, each) for each in points), sum(max(0, each) for each in points)
        return min(points), max(points)


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that belong together and tell of the same category."""

    key: str
    title: str
    category: Category
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """What a score of these points means, both ends included."""

    least: int
    most: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Score:
    """A sum over questions of one category, and what it means."""

    key: str
    title: str
    category: Category
    items: tuple[str, ...]
    bands: tuple[Band, ...]

    def meaning(self, points: int) -> str:
        """Return what a sum means."""
        return next(band.meaning for band in self.bands if band.least <= points <= band.most)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of an instrument.

    Attributes:
        is_intake: whether it is a psychosocial intake, which enrolling asks for.
        sites: where it is used; None: at every site.
        file: where it was read, for errors.
    """

    key: str
    version: int
    title: str
    source: str
    is_intake: bool
    sections: tuple[Section, ...]
    scores: tuple[Score, ...]
    sites: frozenset[UUID] | None
    file: str = field(default="", compare=False)

    def is_for(self, site_id: UUID | None) -> bool:
        """Return whether it is used at a site; who acts at none has those of every site."""
        return self.sites is None or site_id in self.sites

    def items(self) -> dict[str, Item]:
        """Return all questions by key."""
        return {item.key: item for section in self.sections for item in section.items}


Instruments = Mapping[tuple[str, int], Instrument]
"""By key and version."""


def packaged() -> Instruments:
    """Return the instruments that come with the service.

    Raises:
        InstrumentError: a file is not acceptable, or contradicts another one.
    """
    return _gathered({}, resources.files(__package__) / "forms")


def with_own(folder: Path) -> Instruments:
    """Return the instruments that come with the service, and those of a folder of the operator's.

    Args:
        folder: whatever in it is called ``*.toml`` is an instrument.

    Raises:
        InstrumentError: there is no such folder, a file is not acceptable, or contradicts another
            one: the same key and version with other content.
    """
    try:
        return _gathered(packaged(), folder)
    except OSError as error:
        raise InstrumentError(f"{folder}: {type(error).__name__}") from None


def _gathered(others: Instruments, folder: Traversable) -> Instruments:
    found = dict(others)
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InstrumentError(f"{file.name}: {type(error).__name__}") from None
        instrument = replace(read(text, file.name), file=str(file))
        known = found.setdefault((instrument.key, instrument.version), instrument)
        if known != instrument:
            name = f"{instrument.key} {instrument.version}"
            raise InstrumentError(f"{file.name}: version: {name} exists already, and says other")
    return found


def read(text: str, where: str) -> Instrument:
    """Read one instrument.

    Args:
        text: TOML.
        where: name of the file, for errors.

    Raises:
        InstrumentError: anything that is not as described above.
    """
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(f"{where}: {error}") from None
    part = _Part(plain, where)
    sections = tuple(part.many("section", _section))
    instrument = Instrument(
        key=part.text("key"),
        version=part.number("version"),
        title=part.text("title"),
        source=part.text("source"),
        is_intake=part.flag("intake"),
        sections=sections,
        scores=tuple(part.many("score", lambda each: _score(each, sections), least=0)),
        sites=_sites(part),
    )
    part.end()
    _check_unique([each.key for each in sections], where, "section")
    items = [item.key for section in sections for item in section.items]
    _check_unique(items, where, "item")
    _check_unique([each.key for each in instrument.scores], where, "score")
    if instrument.version < 1:
        raise InstrumentError(f"{where}: version is 1 or more")
    return instrument


class _Part:
    """A table of the file; every value is taken once, and what is left over is an error."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise InstrumentError(f"{where}: not a table")
        self._left = dict(values)
        self.where = where

    def text(self, name: str) -> str:
        found = self._left.pop(name, None)
        if not isinstance(found, str) or not found.strip():
            raise InstrumentError(f"{self.where}: {name} is a text")
        return found

    def number(self, name: str) -> int:
        found = self.whole(name)
        if found is None:
            raise InstrumentError(f"{self.where}: {name} is a whole number")
        return found

    def whole(self, name: str) -> int | None:
        found = self._left.pop(name, None)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
            raise InstrumentError(f"{self.where}: {name} is a whole number")
        return found

    def flag(self, name: str) -> bool:
        found = self._left.pop(name, False)
        if not isinstance(found, bool):
            raise InstrumentError(f"{self.where}: {name} is true or false")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._left.pop(name, None)
        if not isinstance(found, list) or not found or not all(isinstance(e, str) for e in found):
            raise InstrumentError(f"{self.where}: {name} is a list of texts")
        return tuple(found)

    def has(self, name: str) -> bool:
        return name in self._left

    def many(self, name: str, make: Callable[["_Part"], Any], least: int = 1) -> list[Any]:
        found = self._left.pop(name, [])
        if not isinstance(found, list) or len(found) < least:
            raise InstrumentError(f"{self.where}: {least} or more of {name}")
        return [
            make(_Part(each, f"{self.where}: {name} {number}"))
            for number, each in enumerate(found, start=1)
        ]

    def end(self) -> None:
        if self._left:
            raise InstrumentError(f"{self.where}: unknown {', '.join(sorted(self._left))}")


def _sites(part: _Part) -> frozenset[UUID] | None:
    if not part.has("sites"):
        return None
    named = part.texts("sites")
    _check_unique([each.lower() for each in named], part.where, "site")
    sites = frozenset(each for each in map(parse_id, named) if each is not None)
    if len(sites) < len(named):
        raise InstrumentError(f"{part.where}: sites are ids of sites")
    return sites


def _section(part: _Part) -> Section:
    key, title = part.text("key"), part.text("title")
    named = part.text("category")
    if named not in CATEGORIES:
        raise InstrumentError(f"{part.where}: {named} is no category of an assessment")
    category = Category(named)
    items = tuple(part.many("item", lambda each: _item(each, category)))
    part.end()
    return Section(key, title, category, items)


def _item(part: _Part, category: Category) -> Item:
    try:
        kind = ItemKind(part.text("kind"))
    except ValueError:
        raise InstrumentError(f"{part.where}: kind is one of {', '.join(ItemKind)}") from None
    has_options = kind in (ItemKind.CHOICE, ItemKind.CHOICES)
    item = Item(
        key=part.text("key"),
        text=part.text("text"),
        kind=kind,
        category=category,
        is_required=part.flag("required"),
        options=tuple(part.many("option", _option, least=2)) if has_options else (),
        least=part.number("least") if kind is ItemKind.NUMBER else None,
        most=part.number("most") if kind is ItemKind.NUMBER else None,
    )
    part.end()
    _check_unique([each.code for each in item.options], part.where, "option")
    if item.least is not None and item.most is not None and item.least > item.most:
        raise InstrumentError(f"{part.where}: least is more than most")
    return item


def _option(part: _Part) -> Option:
    option = Option(part.text("code"), part.text("text"), part.whole("points"))
    part.end()
    return option


def _score(part: _Part, sections: Iterable[Section]) -> Score:
    known = {item.key: item for section in sections for item in section.items}
    key, title, keys = part.text("key"), part.text("title"), part.texts("items")
    bands = tuple(part.many("band", _band))
    part.end()
    _check_unique(list(keys), part.where, "item")
    items = [known.get(each) for each in keys]
    counted = [each for each in items if each is not None]
    if len(counted) < len(items):
        raise InstrumentError(f"{part.where}: items name a question that there is not")
    if len({each.category for each in counted}) > 1:
        raise InstrumentError(f"{part.where}: a score is over questions of one category")
    for item in counted:
        if item.kind is ItemKind.TEXT or any(each.points is None for each in item.options):
            raise InstrumentError(f"{part.where}: {item.key} has an answer without points")
    least = sum(item.span()[0] for item in counted)
    most = sum(item.span()[1] for item in counted)
    expected = least
    for band in bands:
        if band.least != expected or band.most < band.least:
            raise InstrumentError(f"{part.where}: bands leave a gap or overlap at {band.least}")
        expected = band.most + 1
    if expected != most + 1:
        raise InstrumentError(f"{part.where}: bands end at {expected - 1}, points at {most}")
    return Score(key, title, counted[0].category, keys, bands)


def _band(part: _Part) -> Band:
    band = Band(part.number("least"), part.number("most"), part.text("meaning"))
    part.end()
    return band


def _check_unique(keys: list[str], where: str, what: str) -> None:
    twice = sorted({each for each in keys if keys.count(each) > 1})
    if twice:
        raise InstrumentError(f"{where}: {what} {', '.join(twice)} occurs twice")
