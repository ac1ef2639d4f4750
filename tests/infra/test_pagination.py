"""Pages and cursors: sealed, and good for one caller, purpose, list and policy version."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from infra import clock, pagination
from infra.identity_token import Caller
from infra.pagination import (
    CURSOR_SECONDS,
    MAX_PAGE_SIZE,
    CursorSeal,
    Page,
    PaginationError,
    connection,
    page_size,
)
from infra.settings import Secret, SettingsError
from infra.vocabulary import Purpose, Role

CALLER = Caller("s", "a", "site", "g", Role.CM, Purpose.CAREMGT, policy_version="1")
KEY = ["Example-Elm", "2026-11-22"]
LIST = "Query.participants"


def new_seal() -> CursorSeal:
    return CursorSeal(Secret(base64.b64encode(os.urandom(32)).decode()))


SEAL = new_seal()


@pytest.mark.parametrize("key", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_a_key_of_the_wrong_form_stops_the_start(key: str) -> None:
    with pytest.raises(SettingsError, match="GT_CURSOR_KEY"):
        CursorSeal(Secret(key))


@given(st.integers())
def test_a_page_has_1_to_100_rows(first: int) -> None:
    if 1 <= first <= MAX_PAGE_SIZE:
        assert page_size(first) == first
    else:
        with pytest.raises(PaginationError, match="between 1 and 100"):
            page_size(first)


@given(st.lists(st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53), max_size=4))
def test_a_cursor_opens_to_the_key_that_was_sealed(key: list[Any]) -> None:
    assert SEAL.open(CALLER, LIST, SEAL.seal(CALLER, LIST, key)) == key


def test_a_cursor_shows_nothing_of_its_key() -> None:
    first, second = (SEAL.seal(CALLER, LIST, KEY) for _ in range(2))
    assert first != second
    assert b"Example" not in base64.urlsafe_b64decode(first)


def assert_bound(seal: CursorSeal) -> None:
    cursor = seal.seal(CALLER, LIST, KEY)
    strangers = (
        replace(CALLER, subject="other"),
        replace(CALLER, grant_id="other"),
        replace(CALLER, purpose=Purpose.COC),
        replace(CALLER, purpose=None),
        replace(CALLER, policy_version="2"),
    )
    for stranger in strangers:
        with pytest.raises(PaginationError):
            seal.open(stranger, LIST, cursor)
    with pytest.raises(PaginationError):
        seal.open(CALLER, "Query.others", cursor)


def test_a_cursor_of_somebody_else_is_refused() -> None:
    assert_bound(SEAL)


def test_a_seal_that_binds_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CursorSeal, "_bound_to", staticmethod(lambda *_: b""))
    with pytest.raises(pytest.fail.Exception):
        assert_bound(SEAL)


def test_a_seal_that_forgets_the_list_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = CursorSeal._bound_to
    monkeypatch.setattr(
        CursorSeal, "_bound_to", staticmethod(lambda caller, _list: right(caller, ""))
    )
    with pytest.raises(pytest.fail.Exception):
        assert_bound(SEAL)


def check_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.epoch_seconds()
    cursor = SEAL.seal(CALLER, LIST, KEY)
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now + CURSOR_SECONDS - 3600)
    assert SEAL.open(CALLER, LIST, cursor) == KEY
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now + CURSOR_SECONDS + 60)
    with pytest.raises(PaginationError):
        SEAL.open(CALLER, LIST, cursor)


def test_a_cursor_is_good_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    check_expiry(monkeypatch)


def test_a_cursor_that_never_expires_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "CURSOR_SECONDS", 10**9)
    with pytest.raises(pytest.fail.Exception):
        check_expiry(monkeypatch)


def test_a_changed_cursor_is_refused_at_every_byte() -> None:
    raw = bytearray(base64.urlsafe_b64decode(SEAL.seal(CALLER, LIST, KEY)))
    for place in range(len(raw)):
        changed = raw.copy()
        changed[place] ^= 1
        with pytest.raises(PaginationError):
            SEAL.open(CALLER, LIST, base64.urlsafe_b64encode(changed).decode())


@pytest.mark.parametrize("cursor", ["", "x", "====", "é", "AAAA", "A" * 4096, "a b\n"])
def test_what_is_no_cursor_is_refused_with_one_text(cursor: str) -> None:
    with pytest.raises(PaginationError, match="start over"):
        SEAL.open(CALLER, LIST, cursor)


def test_a_cursor_of_another_installation_is_refused() -> None:
    with pytest.raises(PaginationError):
        new_seal().open(CALLER, LIST, SEAL.seal(CALLER, LIST, KEY))


@strawberry.type
class Item:
    name: str


@dataclass(frozen=True)
class Row:
    name: str


def build(rows: Sequence[Row], *, has_next: bool = False, after: str | None = None) -> Any:
    page = Page(rows, has_next=has_next, total=7)
    return connection(
        page,
        seal=SEAL,
        caller=CALLER,
        name=LIST,
        after=after,
        key=lambda row: [row.name],
        node=lambda row: Item(name=row.name),
    )


def test_a_connection_says_where_its_page_stands() -> None:
    made = build([Row("a"), Row("b")], has_next=True)
    assert [edge.node.name for edge in made.edges] == ["a", "b"]
    assert [SEAL.open(CALLER, LIST, edge.cursor) for edge in made.edges] == [["a"], ["b"]]
    info = made.page_info
    assert (info.start_cursor, info.end_cursor) == (made.edges[0].cursor, made.edges[1].cursor)
    assert (info.has_next_page, info.has_previous_page, made.total_count) == (True, False, 7)


def test_an_empty_page_has_no_cursors() -> None:
    info = build([], after="c").page_info
    assert (info.start_cursor, info.end_cursor, info.has_previous_page) == (None, None, True)
