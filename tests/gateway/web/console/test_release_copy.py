"""A release on paper says what was signed, in the language of its form."""

from typing import Any

import pytest

from gateway.web.console.release_copy import copy_of

FORM = {"title": "Release of information for LEAD", "statements": [{"text": "You may say no."}]}


def release(**changes: Any) -> dict[str, Any]:
    return {
        "id": "66241d66", "number": 2, "status": "ACTIVE", "formVersion": "GENERAL@2026-01",
        "language": "en", "signedAt": "2026-03-15T17:00:00+00:00", "signatureMethod": "WET_INK",
        "expiresAt": "2027-03-15T17:00:00+00:00", "revokedAt": None, "documentSha256": None,
        "discloser": {"id": "1", "name": "Bridgeway"},
        "provisions": [{
            "effect": "PERMIT", "categories": ["IDENTITY", "GOALS_PLAN"],
            "purposes": ["LEAD_COORD"], "expiresAt": None,
            "recipient": {"id": "2", "name": "Police"},
        }],
        **changes,
    }  # fmt: skip


def test_it_names_recipients_kinds_purposes_and_days_of_the_site() -> None:
    paper = copy_of(release(), "Ben Example", FORM, "America/Los_Angeles")
    for words in (
        b"Release of information for LEAD", b"You may say no.", b"Of: Ben Example", b"Police",
        b"Name and date of birth, My goals and progress", b"to coordinate LEAD",
        b"Signed on: 15 Mar 2026", b"On paper",
    ):  # fmt: skip
        assert words in paper, words
    assert b"Taken back on" not in paper


def test_one_that_was_taken_back_says_so() -> None:
    taken = release(status="REVOKED", revokedAt="2026-04-02T17:00:00+00:00")
    paper = copy_of(taken, "Ben Example", FORM, "America/Los_Angeles")
    assert b"Taken back on: 2 Apr 2026" in paper


def test_a_denial_is_no_permission() -> None:
    denied = release(provisions=[{**release()["provisions"][0], "effect": "DENY"}])
    paper = copy_of(denied, "Ben Example", FORM, "UTC")
    assert b"Must not be told: Name" in paper
    assert b"May be told" not in paper


@pytest.mark.parametrize("form", [FORM, None])
def test_a_spanish_form_gives_a_spanish_paper(form: Any) -> None:
    paper = copy_of(release(language="es", recipients=[]), "Ben Example", form, "UTC")
    assert "En papel".encode("cp1252") in paper
    assert "A quién se le puede contar qué".encode("cp1252") in paper
    assert b"(es-US)" in paper
