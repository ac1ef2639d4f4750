"""What a form must say, by law and by kind: the validator of releases. Pure.

The law is data (``elements.toml``, ``kinds.toml``, ``forms.toml``), read strictly: an unknown word
in it stops the program. One validator serves all profiles: 42 CFR 2.31, 45 CFR 164.508 and
RCW 70.02.030 ask for almost the same, and a form is held against those of its kind.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any
from uuid import UUID

from infra.errors import GoldenThreadError
from infra.vocabulary import AgencyType, Category, Purpose
from svc_consent.releases.rules import (
    Capacity,
    Covers,
    ReleaseForm,
    ReleaseKind,
    SignatureMethod,
    Terms,
)

ADULT_AGE = 18
_CONDITIONS = frozenset(
    {
        "always", "expiring", "tpo", "representative", "electronic", "minor", "counseling_notes",
        "proceeding",
    }
)  # fmt: skip


class Profile(StrEnum):
    """A law that says what a form needs."""

    PART2 = "PART2"
    HIPAA = "HIPAA"
    RCW_70_02 = "RCW_70_02"


class LawError(GoldenThreadError):
    """The files that say what the law asks for do not fit together."""

    code = "LAW_INVALID"


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that a form must say, when, and where each law asks for it."""

    name: str
    says: str
    when: str
    citations: Mapping[Profile, str]


@dataclass(frozen=True, slots=True)
class KindRule:
    """What a kind of form may name and whether it opens anything; see ``kinds.toml``."""

    profiles: frozenset[Profile]
    opens: bool
    expires: bool
    covers: frozenset[Covers]
    purposes: frozenset[Purpose]
    recipients: frozenset[AgencyType]
    setting: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """One printed form: its kind, language, title, and its statements in its own words."""

    edition: str
    kind: ReleaseKind
    language: str
    title: str
    statements: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Law:
    """All that the three files say."""

    elements: tuple[Element, ...]
    kinds: Mapping[ReleaseKind, KindRule]
    editions: Mapping[str, Edition]
    behavioral_health: frozenset[Category]


@dataclass(frozen=True, slots=True)
class Missing:
    """One element that a form lacks, in words, with the places in the law that ask for it."""

    element: str
    says: str
    citations: tuple[str, ...]


@lru_cache(maxsize=1)
def law() -> Law:
    """Return the law as the packaged files say it.

    Raises:
        LawError: the files name something unknown.
    """
    folder = resources.files("svc_consent.releases")
    texts = [
        (folder / name).read_text(encoding="utf-8")
        for name in ("elements.toml", "kinds.toml", "forms.toml")
    ]
    return read_law(*(tomllib.loads(text) for text in texts))


def read_law(
    elements: Mapping[str, Any], kinds: Mapping[str, Any], forms: Mapping[str, Any]
) -> Law:
    """Read the three documents strictly.

    Raises:
        LawError: an unknown word, a kind without a rule, a statement that no element asks for.
    """
    try:
        read = tuple(_element(each) for each in elements["elements"])
        never = frozenset(Purpose(code) for code in kinds["never"])
        behavioral = frozenset(Category(code) for code in kinds["behavioral_health"])
        rules = {kind: _kind(kinds[kind.value], never) for kind in ReleaseKind}
        editions = [_edition(each) for each in forms["forms"]]
    except (KeyError, ValueError, TypeError) as error:
        raise LawError(f"unknown or missing word: {error}") from None
    names = {element.name for element in read}
    for edition in editions:
        if strangers := set(edition.statements) - names:
            raise LawError(f"{edition.edition} states {sorted(strangers)}, which nothing asks for")
    unknown = kinds.keys() - {kind.value for kind in ReleaseKind} - {"never", "behavioral_health"}
    if unknown or len(names) != len(read) or len({e.edition for e in editions}) != len(editions):
        raise LawError("a kind is unknown, or an element or edition stands twice")
    return Law(
        elements=read,
        kinds=MappingProxyType(rules),
        editions=MappingProxyType({each.edition: each for each in editions}),
        behavioral_health=behavioral,
    )


def _element(row: Mapping[str, Any]) -> Element:
    citations = {Profile(k): str(v) for k, v in row.items() if k not in ("name", "says", "when")}
    if row["when"] not in _CONDITIONS or not citations:
        raise ValueError(row["name"])
    return Element(row["name"], row["says"], row["when"], MappingProxyType(citations))


def _kind(row: Mapping[str, Any], never: frozenset[Purpose]) -> KindRule:
    named = row.get("purposes")
    purposes = frozenset(Purpose) - never
    types = row.get("recipients")
    return KindRule(
        profiles=frozenset(Profile(code) for code in row["profiles"]),
        opens=bool(row["opens"]),
        expires=bool(row.get("expires", True)),
        covers=frozenset(Covers(code) for code in row["covers"]),
        purposes=purposes if named is None else frozenset(Purpose(code) for code in named),
        recipients=frozenset(AgencyType if types is None else (AgencyType(code) for code in types)),
        setting=row.get("setting"),
    )


def _edition(row: Mapping[str, Any]) -> Edition:
    return Edition(
        row["edition"],
        ReleaseKind(row["kind"]),
        row["language"],
        row["title"],
        MappingProxyType(dict(row["statements"])),
    )


def missing_elements(form: ReleaseForm, minor_consent_age: int) -> tuple[Missing, ...]:
    """Return the elements that a form lacks, in the order of 42 CFR 2.31(a).

    Args:
        form: as filled in.
        minor_consent_age: from which age a young person signs for behavioral health in person.
    """
    known = law()
    rule = known.kinds[form.kind]
    conditions = _conditions(form, rule, minor_consent_age)
    present = _present(form, known)
    return tuple(
        Missing(element.name, element.says, tuple(cited))
        for element in known.elements
        if element.when in conditions
        and element.name not in present
        and (cited := [element.citations[each] for each in _asking(element, rule)])
    )


def described_element(name: str) -> Missing | None:
    """Return an element by its stored name, in words; None for one that is no longer asked for."""
    for element in law().elements:
        if element.name == name:
            return Missing(name, element.says, tuple(element.citations.values()))
    return None


def _asking(element: Element, rule: KindRule) -> list[Profile]:
    """Return the laws that ask for an element in a form of a kind."""
    return [each for each in Profile if each in rule.profiles and each in element.citations]


def _conditions(form: ReleaseForm, rule: KindRule, minor_consent_age: int) -> set[str]:
    met = {"always"}
    if rule.expires:
        met.add("expiring")
    if form.kind is ReleaseKind.TPO:
        met.add("tpo")
    if form.capacity is not Capacity.SELF:
        met.add("representative")
    if form.signature_method is SignatureMethod.ELECTRONIC:
        met.add("electronic")
    if _is_for_minor(form, minor_consent_age):
        met.add("minor")
    if Covers.COUNSELING_NOTES in form.covers or form.kind is ReleaseKind.COUNSELING_NOTES:
        met.add("counseling_notes")
    if Covers.PROCEEDING in form.covers or form.kind is ReleaseKind.PROCEEDING:
        met.add("proceeding")
    return met


def _is_for_minor(form: ReleaseForm, minor_consent_age: int) -> bool:
    """Return whether a parent or guardian signed where the young person has to.

    An age that nobody stated counts as one that needs the own signature.
    """
    if form.capacity not in (Capacity.PARENT, Capacity.GUARDIAN):
        return False
    age = form.age_at_signing
    if age is not None and not minor_consent_age <= age < ADULT_AGE:
        return False
    behavioral = law().behavioral_health
    return any(behavioral & set(each.categories) for each in form.terms if not each.is_denial)


def _present(form: ReleaseForm, known: Law) -> set[str]:
    permits = [terms for terms in form.terms if not terms.is_denial]
    edition = known.editions.get(form.form_version or "")
    said = set(edition.statements) if edition and edition.kind is form.kind else set()
    has_end = form.expires_at is not None or form.expiry_event is not None
    facts = {
        "subject": form.names_subject,
        "disclosers": form.disclosing_agency_id is not None,
        "information": bool(form.covers)
        or (bool(form.terms) and all(terms.categories for terms in form.terms)),
        "recipients": bool(permits),
        "purposes": bool(form.terms) and all(terms.purposes for terms in form.terms),
        "expiry": has_end or (bool(permits) and all(terms.expires_at for terms in permits)),
        "signature": form.signature_method is not None,
        "signature_evidence": bool(form.authenticated_by and form.document_sha256),
        "signed_date": form.signed_at is not None,
        "representative_authority": bool(form.authority),
        "own_signature_of_minor": form.own_signature_at is not None,
        "separate_counseling_notes": _stands_alone(
            form, ReleaseKind.COUNSELING_NOTES, Covers.COUNSELING_NOTES
        ),
        "separate_proceeding": _stands_alone(form, ReleaseKind.PROCEEDING, Covers.PROCEEDING),
    }
    return said | {name for name, is_there in facts.items() if is_there}


def _stands_alone(form: ReleaseForm, kind: ReleaseKind, covers: Covers) -> bool:
    return (
        form.kind is kind
        and form.covers == {covers}
        and not any(terms.categories for terms in form.terms)
    )


def beyond_kind(
    kind: ReleaseKind, terms: Iterable[Terms], types: Mapping[UUID, AgencyType]
) -> list[str]:
    """Return what a form of this kind may not permit: codes of purposes and types of agency.

    Denials may name anything: they only close.

    Args:
        kind: of the form.
        terms: its provisions.
        types: type of each recipient.
    """
    rule = law().kinds[kind]
    permits = [each for each in terms if not each.is_denial]
    found = {p.value for each in permits for p in each.purposes if p not in rule.purposes}
    found |= {
        types[each.recipient_agency_id].value
        for each in permits
        if types[each.recipient_agency_id] not in rule.recipients
    }
    return sorted(found)
