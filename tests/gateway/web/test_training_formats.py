"""Calendar, CSV and badge: what another program reads is whole, safe, and can be checked."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.web.doors import badges
from gateway.web.doors.calendar_text import calendar_of
from gateway.web.doors.tables_out import TABLES, csv_of
from infra.signing_keys import SigningKeys

ISSUER = "https://lead.example/training"
RECORD: dict[str, Any] = {
    "id": "0b0d3c8e-6f4e-4a53-9f1e-1f6f0f9f6a01",
    "title": "LEAD 101",
    "outcome": "COMPLETED",
    "hoursCredited": 3.0,
    "completedOn": "2026-09-15",
    "expiresOn": "2028-09-15",
    "certificateNumber": "GT-9101-ABC",
    "personnel": {"name": "Alex Sample", "email": "alex@police.example"},
    "course": {"number": "9101", "title": "LEAD 101", "description": "What it is."},
}


def session(**changes: Any) -> dict[str, Any]:
    return {
        "id": "s1", "number": "8020-1", "title": "LEAD: building, together; a panel",
        "startsAt": "2023-05-18T08:00:00-07:00", "endsAt": "2023-05-18T09:30:00-07:00",
        "version": 2, "status": "OPEN", "location": {"raw": "Virtual- Zoom"},
        "course": {"number": "8020"}, **changes,
    }  # fmt: skip


def test_calendar_is_in_utc_folded_and_escaped() -> None:
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    text = calendar_of([session(title="A" * 200 + ", end\nBEGIN:VALARM")], made_at=made_at)
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    unfolded = text.replace("\r\n ", "")
    assert "DTSTART:20230518T150000Z" in unfolded
    assert "SEQUENCE:1" in unfolded
    assert "\\, end\\nBEGIN:VALARM" in unfolded
    assert "\nBEGIN:VALARM" not in unfolded  # a title begins no component
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 1


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=120))
def test_folding_loses_nothing(title: str) -> None:
    text = calendar_of([session(title=title)], made_at=datetime(2026, 1, 1, tzinfo=UTC))
    summary = next(
        line for line in text.replace("\r\n ", "").split("\r\n") if line.startswith("SUMMARY:")
    )
    plain = summary.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    assert plain == f"SUMMARY:8020-1 {title}"


def test_csv_has_every_column_and_runs_no_formula() -> None:
    node = {"personnel": {"externalId": "=1+1", "name": "-x"}, "hoursCredited": -1.5}
    head, row = csv.reader(io.StringIO(csv_of(TABLES["results"].columns, [node])))
    cells = dict(zip(head, row, strict=True))
    assert cells["personnel_externalId"] == "'=1+1"
    assert cells["personnel_name"] == "'-x"
    assert cells["hoursCredited"] == "-1.5"
    assert cells["session_number"] == ""


def test_badge_can_be_checked_by_the_key_that_it_carries(tmp_path: Path) -> None:
    keys = SigningKeys("badges", tmp_path, tmp_path / "public")
    token = badges.signed(badges.credential_of(RECORD, ISSUER), keys, 1_800_000_000)
    public = OKPKey.import_key(keys.current().private.as_dict(private=False))
    claims = jwt.decode(token, public, algorithms=[badges.ALGORITHM]).claims
    assert claims["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert claims["credentialSubject"]["achievement"]["name"] == "LEAD 101"
    assert claims["validUntil"] == "2028-09-15T23:59:59Z"
    said = json.dumps(claims)
    assert "alex@police.example" not in said
    assert "Alex" not in said


def test_changed_badge_is_not_believed(tmp_path: Path) -> None:
    keys = SigningKeys("badges", tmp_path, tmp_path / "public")
    token = badges.signed(badges.credential_of(RECORD, ISSUER), keys, 1_800_000_000)
    other = badges.signed(
        badges.credential_of({**RECORD, "title": "Chief"}, ISSUER), keys, 1_800_000_000
    )
    head, _, signature = token.split(".")
    forged = f"{head}.{other.split('.')[1]}.{signature}"
    public = OKPKey.import_key(keys.current().private.as_dict(private=False))
    with pytest.raises(JoseError):
        jwt.decode(forged, public, algorithms=[badges.ALGORITHM])
