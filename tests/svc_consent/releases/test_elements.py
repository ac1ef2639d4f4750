"""The validator: each required element is named when it is missing, and only then."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.vocabulary import AgencyType, Category, Purpose
from svc_consent.releases import elements
from svc_consent.releases.elements import LawError, Profile, beyond_kind, law, missing_elements
from svc_consent.releases.rules import (
    Capacity,
    Covers,
    ReleaseForm,
    ReleaseKind,
    SignatureMethod,
    Terms,
)

SIGNED = datetime(2026, 2, 1, 14, 2, tzinfo=UTC)
END = datetime(2027, 2, 1, tzinfo=UTC)
AGENCY = uuid4()
ALONE = {ReleaseKind.COUNSELING_NOTES: Covers.COUNSELING_NOTES,
         ReleaseKind.PROCEEDING: Covers.PROCEEDING}  # fmt: skip


def terms(**changes: Any) -> Terms:
    whole = Terms(uuid4(), AGENCY, (Category.IDENTITY, Category.SUD), (Purpose.LEAD_COORD,))
    return replace(whole, **changes)


def whole(kind: ReleaseKind = ReleaseKind.GENERAL) -> ReleaseForm:
    """A form of a kind with everything that the kind asks for."""
    covers = frozenset({ALONE[kind]}) if kind in ALONE else frozenset()
    return ReleaseForm(
        kind=kind,
        form_version=f"{kind.value}@2026-01",
        disclosing_agency_id=uuid4(),
        expires_at=END,
        signed_at=SIGNED,
        signature_method=SignatureMethod.WET_INK,
        terms=(terms(categories=()) if covers else terms(),),
        covers=covers,
    )


def names(form: ReleaseForm, minor_consent_age: int = 13) -> set[str]:
    return {each.element for each in missing_elements(form, minor_consent_age)}


TAKEN_AWAY: dict[str, Any] = {
    "subject": {"names_subject": False},
    "disclosers": {"disclosing_agency_id": None},
    "recipients": {"terms": (terms(is_denial=True),)},
    "expiry": {"expires_at": None},
    "signature": {"signature_method": None},
    "signed_date": {"signed_at": None},
    "representative_authority": {"capacity": Capacity.REPRESENTATIVE},
    "signature_evidence": {"signature_method": SignatureMethod.ELECTRONIC},
    "own_signature_of_minor": {
        "capacity": Capacity.PARENT, "authority": "Mother", "age_at_signing": 15,
    },
    "information": {"terms": (terms(categories=()),)},
    "purposes": {"terms": (terms(purposes=()),)},
    "separate_counseling_notes": {"covers": frozenset({Covers.COUNSELING_NOTES})},
    "separate_proceeding": {"covers": frozenset({Covers.PROCEEDING})},
}  # fmt: skip


@pytest.mark.parametrize("kind", list(ReleaseKind))
def test_whole_form_lacks_nothing(kind: ReleaseKind) -> None:
    assert names(whole(kind)) == set()
    assert names(replace(whole(kind), form_version=f"{kind.value}@2026-01-es")) == set()


@pytest.mark.parametrize("element", sorted(TAKEN_AWAY))
def test_each_missing_element_is_named_with_its_source(element: str) -> None:
    found = missing_elements(replace(whole(), **TAKEN_AWAY[element]), 13)
    assert [each.element for each in found] == [element]
    assert all("CFR" in cited or "RCW" in cited for each in found for cited in each.citations)


@given(st.sets(st.sampled_from(sorted(set(TAKEN_AWAY) - {"information", "purposes"}))))
def test_everything_that_is_missing_is_named_together(chosen: set[str]) -> None:
    changes: dict[str, Any] = {}
    for element in chosen:
        changes |= TAKEN_AWAY[element]
    found = names(replace(whole(), **changes))
    # A form without a signature has no electronic one, and one capacity hides another.
    for element in chosen - {"signature", "signature_evidence", "representative_authority",
                             "own_signature_of_minor", "separate_counseling_notes",
                             "separate_proceeding"}:  # fmt: skip
        assert element in found
    assert (found == set()) == (chosen == set())


@pytest.mark.parametrize("kind", list(ReleaseKind))
def test_form_of_another_kind_or_an_unknown_one_makes_no_statement(kind: ReleaseKind) -> None:
    other = next(each for each in ReleaseKind if each is not kind)
    for edition in (f"{other.value}@2026-01", "GENERAL@1999", None):
        assert "right_to_revoke" in names(replace(whole(kind), form_version=edition))


def test_profiles_ask_for_what_the_law_asks_for() -> None:
    cited = {p: {e.name for e in law().elements if p in e.citations} for p in Profile}
    assert {"subject", "disclosers", "information", "recipients", "purposes", "right_to_revoke",
            "expiry", "signature", "signed_date"} <= cited[Profile.PART2]  # fmt: skip
    assert {"conditioning", "redisclosure"} <= cited[Profile.HIPAA]
    assert cited[Profile.RCW_70_02] >= {"subject", "disclosers", "recipients", "expiry"}
    general = replace(whole(), form_version=None)
    assert names(general) == {"right_to_revoke", "redisclosure", "conditioning"}
    tpo = replace(whole(ReleaseKind.TPO), form_version=None, expires_at=None)
    assert names(tpo) == {"right_to_revoke", "redisclosure_tpo", "refusal_tpo"}


@pytest.mark.parametrize(
    ("age", "is_needed"), [(12, False), (13, True), (17, True), (18, False), (None, True)]
)
def test_young_person_signs_for_behavioral_health(age: int | None, is_needed: bool) -> None:
    form = replace(whole(), capacity=Capacity.PARENT, authority="Father", age_at_signing=age)
    assert ("own_signature_of_minor" in names(form)) is is_needed
    assert names(replace(form, own_signature_at=SIGNED)) == set()
    housing = replace(form, terms=(terms(categories=(Category.HOUSING,)),))
    assert names(housing) == set()


def test_bundled_form_is_refused_in_both_parts() -> None:
    mixed = replace(whole(), covers=frozenset(Covers))
    found = missing_elements(mixed, 13)
    assert [each.element for each in found] == ["separate_counseling_notes", "separate_proceeding"]
    assert "42 CFR 2.31(b)" in found[0].citations
    assert "42 CFR 2.31(d)" in found[1].citations
    notes = replace(whole(ReleaseKind.COUNSELING_NOTES), terms=(terms(),))
    assert names(notes) == {"separate_counseling_notes"}


def test_tpo_form_names_only_who_treats() -> None:
    for kind in (
        AgencyType.LE,
        AgencyType.PROS,
        AgencyType.COURT,
        AgencyType.PROB,
        AgencyType.COMM,
    ):
        assert beyond_kind(ReleaseKind.TPO, [terms(purposes=(Purpose.COC,))], {AGENCY: kind}) == [
            kind.value
        ]
    assert beyond_kind(ReleaseKind.TPO, [terms()], {AGENCY: AgencyType.SUD}) == ["LEAD_COORD"]
    denial = terms(is_denial=True)
    assert beyond_kind(ReleaseKind.TPO, [denial], {AGENCY: AgencyType.LE}) == []


def _documents() -> list[dict[str, Any]]:
    folder = resources.files("svc_consent.releases")
    return [
        tomllib.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("elements.toml", "kinds.toml", "forms.toml")
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e, k, f: e["elements"][0].update(when="sometimes"),
        lambda e, k, f: e["elements"][0].update(PART3="42 CFR 3"),
        lambda e, k, f: e["elements"].append(e["elements"][0]),
        lambda e, k, f: k.pop("TPO"),
        lambda e, k, f: k.update(SECRET=k["TPO"]),
        lambda e, k, f: k["TPO"].update(purposes=["ANYTHING"]),
        lambda e, k, f: k["TPO"].update(recipients=["FBI"]),
        lambda e, k, f: f["forms"][0]["statements"].update(blessing="Be well."),
        lambda e, k, f: f["forms"].append(f["forms"][0]),
        lambda e, k, f: f["forms"][0].update(kind="OTHER"),
    ],
    ids=["when", "profile", "twice", "no rule", "stranger", "purpose", "type", "statement",
         "edition twice", "edition of no kind"],
)  # fmt: skip
def test_law_that_does_not_fit_together_stops_the_program(spoil: Any) -> None:
    documents = _documents()
    spoil(*documents)
    with pytest.raises(LawError):
        elements.read_law(*documents)


def test_planted_bug_that_forgets_an_element_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = elements._present
    monkeypatch.setattr(elements, "_present", lambda form, known: real(form, known) | {"expiry"})
    with pytest.raises(AssertionError):
        test_each_missing_element_is_named_with_its_source("expiry")
