"""Resources against the structure of FHIR R5, and what an import must not make wider.

The shapes below are typed from https://hl7.org/fhir/R5/consent.html and auditevent.html, not from
the product: which elements there are, which are needed, which are lists.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from gateway.web.doors import fhir
from gateway.web.doors.fhir import ResourceError
from infra import clock
from svc_consent.releases.elements import law
from svc_consent.releases.rules import ReleaseKind
from tests.gateway.web.doors.r5_shapes import flaws

PATIENT, POLICE, COURT = (str(uuid4()) for _ in range(3))


def provision(**changes: Any) -> dict[str, Any]:
    return {
        "effect": "PERMIT", "categories": ["IDENTITY", "SUD"], "purposes": ["LEAD_COORD", "TREAT"],
        "dataFrom": "2026-01-01", "dataTo": None, "expiresAt": "2027-05-01T12:00:00+00:00",
        "recipient": {"id": POLICE, "name": "Police"}, **changes,
    }  # fmt: skip


def release(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "number": 2, "kind": "GENERAL", "status": "ACTIVE",
        "signedAt": "2026-11-22T10:00:00+00:00", "expiresAt": "2027-11-22T10:00:00+00:00",
        "discloser": {"id": str(uuid4()), "name": "Provider"}, "provisions": [provision()],
        **changes,
    }  # fmt: skip


def line(**changes: Any) -> dict[str, Any]:
    return {
        "at": "2026-11-22T10:00:00.123456+00:00", "roleTitle": "Officer", "purpose": "Coordination",
        "categories": ["Name"], "kind": "DISCLOSURE", "outcome": "RELEASED",
        "releaseVersions": [2], "releaseIds": [str(uuid4())],
        "recipient": {"id": POLICE, "name": "Police"}, **changes,
    }  # fmt: skip


DENIAL = provision(effect="DENY", categories=["SUD"], purposes=["TREAT"], dataFrom=None)
RELEASES = [
    release(),
    *(release(status=status) for status in fhir.codes()["status"]),
    *(release(kind=kind.value) for kind in ReleaseKind),
    release(provisions=[provision(), DENIAL]),
    release(provisions=[DENIAL]),
    release(provisions=[]),
    release(provisions=None, signedAt=None, expiresAt=None, discloser=None),
    release(provisions=[provision(purposes=[], categories=[], expiresAt=None, dataFrom=None)]),
]
LINES = [
    line(),
    line(categories=[], purpose=None, outcome="ATTEMPT", kind="USE"),
    line(recipient=None, releaseVersions=[], releaseIds=[], roleTitle="Participant"),
    *(line(outcome=outcome) for outcome in ("UNKNOWN", "WITHHELD", "ATTEMPT")),
]


@pytest.mark.parametrize("given", RELEASES, ids=range(len(RELEASES)))
def test_every_release_is_a_consent_of_r5(given: dict[str, Any]) -> None:
    assert flaws("Consent", fhir.consent_of(given, PATIENT)) == []


@pytest.mark.parametrize("given", LINES, ids=range(len(LINES)))
def test_every_line_of_the_accounting_is_an_audit_event_of_r5(given: dict[str, Any]) -> None:
    assert flaws("AuditEvent", fhir.audit_event_of(given, PATIENT)) == []


@pytest.mark.parametrize("many", [0, 2])
def test_a_bundle_and_a_refusal_are_of_r5(many: int) -> None:
    found = fhir.bundle_of([fhir.consent_of(release(), PATIENT)] * many)
    assert flaws("Bundle", found) == []
    assert ("entry" in found) is bool(many)
    assert "total" not in found
    assert flaws("OperationOutcome", fhir.outcome_of("security", "FORBIDDEN")) == []


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("Consent", {"provision": []}), ("Consent", {"decision": "maybe"}),
        ("Consent", {"status": "revoked"}), ("Consent", {"subject": [{"reference": "Patient/1"}]}),
        ("Consent", {"performer": [{"reference": "Patient/1"}]}), ("Consent", {"date": ""}),
        ("AuditEvent", {"agent": []}), ("AuditEvent", {"id": "x" * 65}),
        ("AuditEvent", {"code": {"text": ""}}), ("AuditEvent", {"recorded": "2026-11-22"}),
    ],
)  # fmt: skip
def test_a_resource_of_another_structure_would_be_noticed(kind: str, spoil: dict[str, Any]) -> None:
    made = {
        "Consent": fhir.consent_of(release(), PATIENT),
        "AuditEvent": fhir.audit_event_of(line(), PATIENT),
    }[kind]
    assert flaws(kind, {**made, **spoil})


def test_an_event_keeps_its_id_and_no_two_share_one() -> None:
    first, second = line(), line(at="2026-11-22T10:00:00.123457+00:00")
    ids = [fhir.audit_event_of(each, PATIENT)["id"] for each in (first, second, first)]
    assert ids[0] == ids[2] != ids[1]
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", ids[0])
    assert PATIENT not in ids[0]


def test_what_was_exported_is_imported_with_every_limit() -> None:
    resource = fhir.consent_of(release(provisions=[provision(), DENIAL]), PATIENT)
    given = fhir.draft_of(resource, "key")
    permit, denial = given["provisions"]
    assert permit == {
        "effect": "PERMIT", "recipientAgencyId": POLICE, "categories": ["IDENTITY", "SUD"],
        "purposes": ["LEAD_COORD", "TREAT"], "dataFrom": "2026-01-01",
        "expiresAt": "2027-05-01T12:00:00+00:00",
    }  # fmt: skip
    assert (denial["effect"], denial["categories"]) == ("DENY", ["SUD"])
    assert given["expiresAt"] == "2027-11-22T10:00:00+00:00"


def _changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    resource = fhir.consent_of(release(), PATIENT)
    (only,) = resource["provision"]
    return {**resource, "provision": [{**only, **changes}]}


LIMITS: list[dict[str, Any]] = [
    {"action": [{"coding": [{"code": "collect"}]}]},
    {"documentType": [{"code": "application/pdf"}]},
    {"resourceType": [{"code": "Observation"}]},
    {"code": [{"text": "one test"}]},
    {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}]},
    {"expression": {"language": "text/fhirpath", "expression": "true"}},
    {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
    {"period": {"start": "2999-01-01"}},
    {"provision": [{"provision": [{}], "securityLabel": [], "purpose": []}]},
    {"securityLabel": [{"system": "urn:other", "code": "SUD"}]},
    {"purpose": [{"system": "urn:other", "code": "TREAT"}]},
    {"actor": [{"reference": {"reference": f"Organization/{each}"}} for each in (POLICE, COURT)]},
]


@pytest.mark.parametrize("limit", LIMITS, ids=[sorted(each)[0] for each in LIMITS])
def test_a_limit_that_is_not_understood_is_refused_and_never_dropped(
    limit: dict[str, Any],
) -> None:
    with pytest.raises(ResourceError):
        fhir.draft_of(_changed(limit), "key")


def assert_days_are_those_of_the_sender() -> None:
    now = clock.now()  # 07:30 in London, the evening before in Seattle, the evening in Auckland
    for begins in ("2026-11-24", "2026-11-23T23:20:00-08:00", "2026-11-24T20:20:00+13:00"):
        fhir.draft_of(_changed({"period": {"start": begins}}), "key")
    for later in ("2026-11-25", "2026-11-24T00:10:00-08:00", "2026-11-25T00:10:00+13:00"):
        with pytest.raises(ResourceError):
            fhir.draft_of(_changed({"period": {"start": later}}), "key")
    assert clock.now() == now


def test_a_period_begins_by_the_day_of_where_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert_days_are_those_of_the_sender()


@pytest.mark.parametrize("hour", [7, 12])
def test_a_planted_day_of_utc_is_caught(monkeypatch: pytest.MonkeyPatch, hour: int) -> None:
    now = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(clock, "day_in", lambda _: now.date())
    with pytest.raises((AssertionError, pytest.fail.Exception, ResourceError)):
        assert_days_are_those_of_the_sender()


def test_a_modifier_of_the_whole_is_refused() -> None:
    whole = {**fhir.consent_of(release(), PATIENT), "modifierExtension": [{"url": "urn:x"}]}
    with pytest.raises(ResourceError):
        fhir.draft_of(whole, "key")


def test_kinds_that_open_anything_are_those_of_the_forms() -> None:
    opening = {kind.value for kind, row in law().kinds.items() if row.opens}
    assert set(fhir.codes()["opens"]["kinds"]) == opening
    assert set(fhir.codes()["law"]) == {kind.value for kind in ReleaseKind}
