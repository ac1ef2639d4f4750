"""What is sent is sent again where the answer says nothing about the row."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.cli.importing import sending
from infra.cli.importing.mapping import Row
from infra.cli.importing.sending import Complaint, Gateway

ROW = Row(2, {"idempotencyKey": "k"}, "mark")
TAKEN: dict[str, Any] = {"data": {"done": {"userErrors": []}}}


def refused(code: str) -> dict[str, Any]:
    return {"errors": [{"extensions": {"code": code}}], "data": {"done": None}}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; nobody waits."""
    found: list[float] = []
    monkeypatch.setattr(sending, "sleep", found.append)
    return found


def sent(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any]) -> list[Complaint]:
    coming: Iterator[dict[str, Any]] = iter(answers)
    monkeypatch.setattr(Gateway, "_post", lambda _self, _body: next(coming))
    return Gateway("http://127.0.0.1:1/graphql", lambda: "t", None).send("recordCase", ROW)


@pytest.mark.parametrize("code", ["SERVICE_UNAVAILABLE", "OVERLOADED", "RATE_LIMITED"])
def test_a_passing_answer_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], code: str
) -> None:
    assert sent(monkeypatch, refused(code), refused(code), TAKEN) == []
    assert waits == [0.2, 0.4]


def test_what_stays_away_is_told_after_some_tries(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    (told,) = sent(monkeypatch, *[refused("RATE_LIMITED")] * 5)
    assert told.code == "RATE_LIMITED"
    assert len(waits) == 5


def test_a_refusal_is_not_repeated(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    (told,) = sent(monkeypatch, refused("FORBIDDEN"))
    assert (told.code, waits) == ("FORBIDDEN", [])


def test_what_is_wrong_with_a_row_is_told_by_field(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    wrong = {"code": "DATE_CONTRADICTS", "message": "Not before.", "field": ["filedOn"]}
    answer = {"data": {"done": {"userErrors": [wrong]}}}
    assert sent(monkeypatch, answer) == [Complaint("filedOn", "DATE_CONTRADICTS", "Not before.")]
    assert waits == []
