"""The checker of histories itself: what it must accept and what it must refuse."""

import random

import pytest

from tests.proof.history import Change, Disclosure, History, check

GRANTED = Change("p", True, 1.0, 2.0)
REVOKED = Change("p", False, 5.0, 6.0)
AGAIN = Change("p", True, 9.0, 10.0)


@pytest.mark.parametrize(
    ("began", "ended", "saw", "is_in_order"),
    [
        (2.5, 3.0, True, True),
        (2.5, 3.0, False, False),  # granted and acknowledged: it must be seen
        (0.1, 0.5, True, False),  # from before any consent
        (5.2, 5.4, True, True),  # under way: either
        (5.2, 5.4, False, True),
        (6.1, 6.5, True, False),  # begun after the acknowledgement of the revocation
        (4.0, 9.5, True, True),
        (6.1, 8.9, True, False),  # ended before the next grant was asked for
        (6.1, 9.1, True, True),
    ],
)
def test_one_disclosure_between_changes(
    began: float, ended: float, saw: bool, is_in_order: bool
) -> None:
    found = check([GRANTED, REVOKED, AGAIN], [Disclosure(began, ended, {"p": saw})])
    assert (not found) is is_in_order


def test_nobody_sees_an_earlier_state_than_one_who_has_ended() -> None:
    """Both overlap the revocation, but the second began after the first had seen it (iii)."""
    first, second = Disclosure(5.1, 5.2, {"p": False}), Disclosure(5.3, 5.4, {"p": True})
    assert not check([GRANTED, REVOKED], [first])
    assert check([GRANTED, REVOKED], [first, second])[0].disclosure is second


def test_several_participants_must_have_held_together() -> None:
    """Each state alone was possible within the answer, together never (iv)."""
    changes = [
        Change("a", True, 1.0, 1.1), Change("a", False, 3.0, 3.1),
        Change("b", True, 4.0, 4.1),
    ]  # fmt: skip
    assert check(changes, [Disclosure(2.0, 6.0, {"a": True, "b": True})])
    assert not check(changes, [Disclosure(2.0, 6.0, {"a": False, "b": True})])


@pytest.mark.parametrize("cache_seconds", [0.0, 0.01, 0.05, 1.0])
def test_a_simulated_cache_is_seen(cache_seconds: float) -> None:
    """Readers with a cache of 10 ms and more are caught; those without never are."""
    dice = random.Random(17)
    changes = [
        Change("p", number % 2 == 0, number * 0.2, number * 0.2 + 0.002) for number in range(200)
    ]
    disclosures, cached_at, cached = [], -9.0, False
    at = 0.1
    while at < 39.0:
        at += dice.expovariate(250)
        if at - cached_at > cache_seconds:
            # The state takes effect in the middle of its change.
            done = sum(1 for each in changes if each.asked_at + 0.001 <= at)
            cached_at, cached = at, done % 2 == 1
        disclosures.append(Disclosure(at - 0.0004, at + 0.0004, {"p": cached}))
    found = check(changes, disclosures)
    assert bool(found) is (cache_seconds > 0)


def test_showing_nothing_is_always_permitted_where_only_the_promise_counts() -> None:
    """An answer may lag behind a grant; one that shows what was revoked stays a violation."""
    late = Disclosure(2.5, 3.0, {"p": False})
    stale = Disclosure(6.1, 6.5, {"p": True})
    found = check([GRANTED, REVOKED], [late, stale], is_fresh=False)
    assert [each.disclosure for each in found] == [stale]


def _random_history(dice: random.Random, seconds: float) -> tuple[list[Change], list[Disclosure]]:
    """Three participants, and readers of whom some see what held a while ago."""
    changes: list[Change] = []
    for name in "abc":
        at, is_open = 0.0, True
        while at < seconds:
            at += dice.uniform(0.05, 0.6)
            took = dice.uniform(0.001, 0.05)
            changes.append(Change(name, is_open, at, at + took))
            at, is_open = at + took, not is_open
    disclosures = []
    for _ in range(int(seconds * 60)):
        began = dice.uniform(0, seconds)
        ended = began + dice.uniform(0.001, 0.08)
        late = 0.0 if dice.random() < 0.97 else dice.uniform(0.0, 0.3)
        at = dice.uniform(began, ended) - late
        held = {
            name: [
                False,
                *(c.is_open for c in changes if c.participant == name and c.asked_at <= at),
            ][-1]
            for name in dice.sample("abc", dice.randint(1, 3))
        }
        disclosures.append(Disclosure(began, ended, held))
    return changes, disclosures


@pytest.mark.parametrize("seed", range(6))
def test_judged_as_they_come_the_same_violations_are_found(seed: int) -> None:
    """Forgetting loses nothing, and what is kept does not grow with the history."""
    dice = random.Random(seed)
    changes, disclosures = _random_history(dice, 40.0)
    whole = check(changes, disclosures)
    history, found, most = History(), [], 0
    taken = 0
    waiting = sorted(disclosures, key=lambda each: each.ended_at)
    acknowledged = sorted(changes, key=lambda each: each.acknowledged_at)
    for tick in range(1, 90):
        now = tick * 0.5
        while taken < len(acknowledged) and acknowledged[taken].acknowledged_at <= now:
            history.change(acknowledged[taken])
            taken += 1
        while waiting and waiting[0].ended_at <= now:
            history.disclose(waiting.pop(0))
        under_way = [c.asked_at for c in acknowledged[taken:] if c.asked_at <= now]
        still_reading = [each.began_at for each in waiting if each.began_at <= now]
        found += history.settle(min([now, *under_way]), min([now, *still_reading]))
        most = max(most, history.held)
    found += history.settle()
    assert whole
    assert sorted(map(repr, found)) == sorted(map(repr, whole))
    assert most < (len(changes) + len(disclosures)) / 10


def test_twin_that_forgets_too_much_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: all that was acknowledged is forgotten, also what somebody still relies on."""
    from tests.proof import history

    def forget_all(self: history._Register, _began: float) -> None:
        del self.values[:-1], self.asked[:-1], self.acknowledged[:-1]

    monkeypatch.setattr(history._Register, "forget", forget_all)
    with pytest.raises((AssertionError, IndexError)):
        test_judged_as_they_come_the_same_violations_are_found(0)
