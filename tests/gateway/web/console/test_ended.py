"""What has ended stays so as long as any cookie of before lives, within a bounded memory."""

import pytest

from gateway.web.console.ended import EndedSessions
from infra import clock

LIFE = 8 * 3600


class Clock:
    """Wall clock in the test's hands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000
        monkeypatch.setattr(clock, "epoch_seconds", lambda: self.now)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("notice", "ended"),
    [
        (("ann", None), {"ann/1", "ann/2", "ann/-"}),
        ((None, "1"), {"ann/1", "bob/1"}),
        (("ann", "1"), {"ann/1", "ann/-"}),
        (("bob", "9"), set()),
    ],
    ids=["a person", "a session", "one session of a person", "nobody here"],
)
def test_a_notice_ends_whom_it_names(
    hands: Clock, notice: tuple[str | None, str | None], ended: set[str]
) -> None:
    known = EndedSessions(LIFE)
    known.end_at_issuer(*notice)
    sessions = {"ann/1", "ann/2", "ann/-", "bob/1", "bob/2"}
    found = set()
    for each in sessions:
        subject, sid = each.split("/")
        if known.covers(each, subject, None if sid == "-" else sid, hands.now - 5):
            found.add(each)
    assert found == ended


def test_who_signs_in_again_has_a_session(hands: Clock) -> None:
    known = EndedSessions(LIFE)
    known.end_at_issuer("ann", None)
    assert known.covers("x", "ann", "1", hands.now)
    assert not known.covers("y", "ann", "2", hands.now + 1)


def test_what_no_cookie_can_outlive_is_forgotten(hands: Clock) -> None:
    known = EndedSessions(LIFE)
    known.end("a")
    hands.now += LIFE + 1
    known.end("b")
    assert len(known) == 1
    assert known.covers("b", "bob", None, hands.now - 5)


def test_a_full_memory_ends_more_and_never_less(hands: Clock) -> None:
    known = EndedSessions(LIFE, most=3)
    for number in range(10):
        hands.now += 1
        known.end(str(number))
    assert len(known) == 3
    begun = hands.now - 20
    assert all(known.covers(str(number), "ann", None, begun) for number in range(10))
    assert known.covers("another one of then", "bob", None, begun)
    assert not known.covers("one of now", "bob", None, hands.now)


def test_what_ends_twice_is_kept_from_the_later_moment(hands: Clock) -> None:
    known = EndedSessions(LIFE)
    known.end_at_issuer("ann", None)
    hands.now += 100
    known.end_at_issuer("ann", None)
    assert len(known) == 1
    assert known.covers("x", "ann", "1", hands.now)
