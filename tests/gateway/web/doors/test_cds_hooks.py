"""A consult says no more than the platform would tell: whatever stands against it counts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.web.doors import cds_hooks
from gateway.web.doors.cds_hooks import Record

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTION = {"actor": [{"value": "Organization/P"}], "purposeOfUse": ["TREAT"], "category": ["SUD"]}


def provision(**changes: Any) -> dict[str, Any]:
    return {
        "effect": "PERMIT", "categories": ["SUD"], "purposes": ["TREAT"], "dataFrom": None,
        "dataTo": None, "expiresAt": None, "recipient": {"id": "P"}, **changes,
    }  # fmt: skip


def release(*provisions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"status": "ACTIVE", "kind": "GENERAL", "provisions": list(provisions), **changes}


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "category": None, "purpose": None, "liftedAt": None, "agency": {"id": "P"}, **changes,
    }  # fmt: skip


def incident(**changes: Any) -> dict[str, Any]:
    frozen = "2026-11-01T00:00:00+00:00"
    return {"frozenAt": frozen, "liftedAt": None, "agency": {"id": "P"}, **changes}


def decision(record: Record) -> str:
    found = cds_hooks.consult(record, QUESTION, NOW)["cards"][0]["extension"]["decision"]
    return str(found)


PERMITTING = release(provision())
LATER, EARLIER = "2026-11-22T12:00:01+00:00", "2026-11-22T12:00:00+00:00"


@pytest.mark.parametrize(
    "record",
    [
        Record([PERMITTING]),
        Record([release(provision(expiresAt=LATER))]),
        Record([PERMITTING, release(provision(dataFrom="2026-01-01"))]),
        Record([PERMITTING], [wish(liftedAt=EARLIER), wish(agency={"id": "Q"})]),
        Record([PERMITTING], [wish(category="HOUSING"), wish(purpose="COC")]),
        Record([PERMITTING], (), [incident(liftedAt=EARLIER), incident(agency={"id": "Q"})]),
        Record([PERMITTING, release(provision(effect="DENY"), status="REVOKED")]),
    ],
)
def test_what_is_permitted_is_said(record: Record) -> None:
    assert decision(record) == cds_hooks.PERMIT


@pytest.mark.parametrize(
    "record",
    [
        Record([release(provision(expiresAt=EARLIER))]),
        Record([release(provision(dataTo="2026-01-01"))]),
        Record([release(provision(recipient={"id": "Q"}))]),
        Record([release(provision(purposes=["COC"]))]),
        Record([PERMITTING, release(provision(effect="DENY"))]),
        Record([PERMITTING, release(provision(effect="DENY", dataFrom="2026-01-01"))]),
        Record([PERMITTING], [wish()]),
        Record([PERMITTING], [wish(category="SUD", purpose="TREAT")]),
        Record([PERMITTING], (), [incident()]),
    ],
)
def test_whatever_stands_against_it_counts(record: Record) -> None:
    assert decision(record) == cds_hooks.DENY


@pytest.mark.parametrize(
    "record",
    [
        Record([]),
        Record([release(provision(), kind="PROCEEDING")]),
        Record([release(provision(), kind="COUNSELING_NOTES")]),
        Record([release(provision(), status="DEFECTIVE")]),
    ],
)
def test_a_form_that_opens_nothing_is_no_consent(record: Record) -> None:
    assert decision(record) == cds_hooks.NONE


@pytest.mark.parametrize(
    ("check", "against"),
    [
        ("_is_frozen", Record([PERMITTING], (), [incident()])),
        ("_is_restricted", Record([PERMITTING], [wish()])),
    ],
)
def test_a_consult_that_forgets_what_stands_against_it_would_be_noticed(
    check: str, against: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cds_hooks, check, lambda *_: False)
    with pytest.raises(AssertionError):
        test_whatever_stands_against_it_counts(against)
