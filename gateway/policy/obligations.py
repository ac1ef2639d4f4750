"""What travels with an answer: obligations and notices, read strictly from their data files.

Sources: HL7 v3 ActCode (obligation and refrain policies), 42 CFR 2.32, LEAD Golden Rule 1. What
applies depends on the operation, the column and the purpose alone, never on what was found.
"""

import hashlib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from gateway.policy.errors import PolicyError
from gateway.policy.labels import Label
from gateway.policy.lines import Lines, only_keys
from gateway.policy.matrix import Matrix
from infra.vocabulary import (
    PERSON_CATEGORIES,
    WITHOUT_NAMES,
    Basis,
    Category,
    Form,
    Purpose,
    Role,
)

OBLIGATIONS_FILE = "obligations.toml"
NOTICES_FILE = "notices.toml"

_KEYS = frozenset(
    {
        "id", "statement", "source", "codes", "notice", "document_notice", "seconds",
        "least_cell", "when",
    }
)  # fmt: skip
_MAX_KNOWN = 4096
_WHEN_KEYS = frozenset({"grounds", "roles", "purposes", "categories", "forms", "selects"})
_NOTICE_KEYS = frozenset({"id", "source", "language", "text"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One edition of a wording that must accompany disclosures."""

    id: str
    source: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class When:
    """What an operation must be like for an obligation to apply; None is "any".

    Attributes:
        grounds: bases of which the column's ground for the category may be one.
        selects: "anything" that is more than catalogue, or "figures" (aggregates and rows without
            names), whatever their category; else what the other conditions name.
    """

    grounds: frozenset[Basis] | None
    roles: frozenset[Role] | None
    purposes: frozenset[Purpose] | None
    categories: frozenset[Category] | None
    forms: frozenset[Form] | None
    selects: str | None

    def fits_caller(self, role: Role, purpose: Purpose) -> bool:
        """Return whether role and purpose fit."""
        return _is_in(role, self.roles) and _is_in(purpose, self.purposes)

    def fits_selection(self, labels: Collection[Label]) -> bool:
        """Return whether it applies to what is selected, on whatever grounds that is read."""
        if self.selects == "figures":
            return any(label.form in WITHOUT_NAMES for label in labels)
        return self.selects == "anything"

    def fits(self, label: Label, grounds: str) -> bool:
        """Return whether a label fits that the column may read on these grounds."""
        is_ground = self.grounds is None or any(each.value in grounds for each in self.grounds)
        return (
            bool(grounds)
            and is_ground
            and _is_in(label.category, self.categories)
            and _is_in(label.form, self.forms)
        )


@dataclass(frozen=True, slots=True)
class Obligation:
    """One obligation, and when it applies.

    Attributes:
        codes: (system, code) of each published code that says the same, own codes last.
        parameters: what it is measured by (``seconds``, ``leastCell``).
        notice: wording that must accompany the data.
        document_notice: the long wording, for documents that leave the platform.
    """

    id: str
    statement: str
    source: str
    codes: tuple[tuple[str, str], ...]
    when: When
    parameters: Mapping[str, int] = field(default_factory=dict)
    notice: Notice | None = None
    document_notice: Notice | None = None

    def presented(self, categories: Collection[Category]) -> dict[str, Any]:
        """Return it as ``extensions.obligations`` shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "codes": [{"system": system, "code": code} for system, code in self.codes],
            "statement": self.statement,
        }
        if categories:
            shown["categories"] = [each.value for each in Category if each in categories]
        if self.notice is not None:
            shown["notice"] = {"id": self.notice.id, "text": self.notice.text}
        if self.document_notice is not None:
            shown["documentNotice"] = {"id": self.document_notice.id}
        return {**shown, **self.parameters}


_Known = dict[tuple[frozenset[Label], str, Purpose], tuple[dict[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class Obligations:
    """All obligations, in the order of the file.

    Attributes:
        matrix: the agreement that says on which grounds a column reads a category.
        fingerprint: of both files; part of the policy's version.
    """

    matrix: Matrix
    rules: tuple[Obligation, ...]
    notices: Mapping[str, Notice]
    fingerprint: str
    _known: _Known = field(default_factory=dict, repr=False, compare=False)

    def of(
        self, labels: frozenset[Label], column: str, purpose: Purpose | None
    ) -> tuple[dict[str, Any], ...]:
        """Return what a recipient is obliged to.

        Args:
            labels: of the consent-governed fields, types and figures that the operation selects.
            column: that the caller acts under.
            purpose: effective purpose; without one nothing about a person is told.
        """
        if purpose is None:
            return ()
        key = (labels, column, purpose)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            known = self._known[key] = tuple(self._find(labels, column, purpose))
        return known

    def _find(
        self, labels: frozenset[Label], column: str, purpose: Purpose
    ) -> Iterator[dict[str, Any]]:
        role = Role(column.partition(":")[0])
        cells = self.matrix.columns[column]
        for rule in self.rules:
            if not rule.when.fits_caller(role, purpose):
                continue
            fitting = {
                label.category
                for label in labels
                if label.form not in WITHOUT_NAMES
                and label.category in cells
                and rule.when.fits(label, cells[label.category].grounds)
            }
            if rule.when.selects == "figures":
                fitting.clear()
            if fitting or rule.when.fits_selection(labels):
                yield rule.presented(fitting)


def _is_in(value: object, known: frozenset[Any] | None) -> bool:
    return known is None or value in known


def load_obligations(
    matrix: Matrix, text: str | None = None, notices_text: str | None = None
) -> Obligations:
    """Read obligations and notices.

    Raises:
        PolicyError: an unknown word, a notice that is not there, or an obligation that can never
            apply to any column of the matrix.
    """
    notices_source = notices_text or _packaged(NOTICES_FILE)
    notices = _load_notices(notices_source)
    source = text or _packaged(OBLIGATIONS_FILE)
    lines = Lines(source, OBLIGATIONS_FILE)
    document = _toml(source, OBLIGATIONS_FILE)
    systems = document.get("systems", {})
    rules: list[Obligation] = []
    for entry in document.get("obligation", ()):
        where = lines.where_set("id", entry.get("id", ""))
        rule = _read(entry, systems, notices, where)
        if any(each.id == rule.id for each in rules):
            raise PolicyError(f"{rule.id} is there twice", where)
        if not _can_apply(rule, matrix):
            raise PolicyError(f"{rule.id} can never apply", where)
        rules.append(rule)
    fingerprint = hashlib.sha256(f"{source}\n{notices_source}".encode()).hexdigest()
    return Obligations(matrix, tuple(rules), notices, fingerprint)


def _packaged(name: str) -> str:
    return (resources.files("gateway.policy") / name).read_text()


def _toml(source: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}", name) from None


def _load_notices(source: str) -> dict[str, Notice]:
    lines = Lines(source, NOTICES_FILE)
    notices: dict[str, Notice] = {}
    for entry in _toml(source, NOTICES_FILE).get("notice", ()):
        where = lines.where_set("id", entry.get("id", ""))
        if set(entry) != _NOTICE_KEYS or not all(entry.values()):
            raise PolicyError("a notice has id, source, language and text", where)
        notice = Notice(**{name: str(value) for name, value in entry.items()})
        if notice.id in notices or "@" not in notice.id:
            raise PolicyError("a notice has an id of its own with its edition after @", where)
        notices[notice.id] = notice
    return notices


def _read(
    entry: dict[str, Any], systems: Mapping[str, str], notices: Mapping[str, Notice], where: str
) -> Obligation:
    if unknown := only_keys(entry, _KEYS):
        raise PolicyError(f"unknown key {unknown[0]}", where)
    if not all(entry.get(name) for name in ("id", "statement", "source", "codes", "when")):
        raise PolicyError("an obligation has id, statement, source, codes and when", where)
    codes = []
    for code in entry["codes"]:
        system, _, name = str(code).partition("#")
        if system not in systems or not name:
            raise PolicyError(f"code {code} names no known system", where)
        codes.append((systems[system], name))
    for name in ("notice", "document_notice"):
        if entry.get(name) is not None and entry[name] not in notices:
            raise PolicyError(f"no notice {entry[name]} in {NOTICES_FILE}", where)
    parameters = {
        shown: int(entry[name])
        for name, shown in (("seconds", "seconds"), ("least_cell", "leastCell"))
        if name in entry
    }
    return Obligation(
        id=str(entry["id"]),
        statement=str(entry["statement"]),
        source=str(entry["source"]),
        codes=tuple(codes),
        when=_when(entry["when"], where),
        parameters=parameters,
        notice=notices.get(entry.get("notice", "")),
        document_notice=notices.get(entry.get("document_notice", "")),
    )


def _when(entry: dict[str, Any], where: str) -> When:
    if unknown := only_keys(entry, _WHEN_KEYS):
        raise PolicyError(f"unknown condition {unknown[0]}", where)
    if entry.get("selects", "anything") not in ("anything", "figures"):
        raise PolicyError("selects is anything or figures", where)

    def words(name: str, vocabulary: Any) -> frozenset[Any] | None:
        if name not in entry:
            return None
        try:
            return frozenset(vocabulary(each) for each in entry[name])
        except ValueError as error:
            raise PolicyError(str(error), where) from None

    return When(
        grounds=words("grounds", Basis),
        roles=words("roles", Role),
        purposes=words("purposes", Purpose),
        categories=words("categories", Category),
        forms=words("forms", Form),
        selects=entry.get("selects"),
    )


def _can_apply(rule: Obligation, matrix: Matrix) -> bool:
    for column, cells in matrix.columns.items():
        role = Role(column.partition(":")[0])
        if not any(rule.when.fits_caller(role, each) for each in matrix.purposes_of(column)):
            continue
        if rule.when.selects is not None:
            return True
        for category in PERSON_CATEGORIES:
            cell = cells[category]
            forms = (cell.form,) if cell.form is not None else tuple(Form)
            if any(rule.when.fits(Label(category, form), cell.grounds) for form in forms):
                return True
    return False
