"""Who is woken by a change, how many streams may be open, and what counts as news."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import RequestRefusedError
from gateway.exchange import Event
from gateway.subscriptions import ChangeHub, Interest, StreamLimits, Watcher
from gateway.subscriptions.stream import has_news
from infra import clock

OWN = frozenset({"subject:s", "agency:a", "policy"})


def _open(
    hub: ChangeHub, *participants: str, subject: str = "s", client: str = "c", **more: Any
) -> Watcher:
    changing = frozenset(f"participant:{each}" for each in participants)
    return hub.open(subject, client, Interest(OWN, changing, **more))


@pytest.mark.parametrize(
    ("key", "check", "look"),
    [
        ("participant:p", False, True),
        ("participant:q", False, True),
        ("subject:s", True, False),
        ("agency:a", True, False),
        ("policy", True, False),
        (None, True, True),
    ],
)
async def test_a_stream_is_woken_by_what_it_watches(
    key: str | None, check: bool, look: bool
) -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p", "q")
    hub.changed(None if key is None else ["visible:x", key])
    call = await watcher.called()
    assert (call.must_check, call.must_look) == (check, look)
    assert not watcher.is_called


@pytest.mark.parametrize("key", ["participant:r", "subject:t", "agency:b", "visible:a", "p"])
async def test_other_changes_wake_nobody(key: str) -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p")
    hub.changed([key])
    assert not watcher.is_called


async def test_an_event_is_told_to_those_whom_it_may_concern() -> None:
    hub = ChangeHub()
    mine = _open(hub, events=frozenset({("handoffRequested", "subject:s")}))
    other = _open(hub, events=frozenset({("handoffRequested", "subject:t")}), subject="t")
    another = _open(hub, events=frozenset({("assignmentChanged", "subject:s")}))
    hub.happened(Event("handoffRequested", "h", 7), ["subject:s", "agency:a"])
    assert (await mine.called()).events == [Event("handoffRequested", "h", 7)]
    assert not other.is_called
    assert not another.is_called


async def test_an_event_told_twice_before_it_is_looked_at_counts_once() -> None:
    hub = ChangeHub(StreamLimits(waiting=2))
    watcher = _open(hub, events=frozenset({("f", "k")}))
    for entity, revision in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        hub.happened(Event("f", entity, revision), ["k"])
    assert (await watcher.called()).events == [Event("f", "a", 3), Event("f", "c", 4)]


async def test_the_end_of_a_token_or_of_a_grant_wakes_its_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, now = ChangeHub(), clock.now()
    token = _open(hub, until=clock.epoch_seconds() + 100, subject="t")
    grant = _open(hub, valid_until=now + timedelta(seconds=50))
    hub.tick()
    assert not token.is_called
    assert not grant.is_called
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=51))
    hub.tick()
    assert (await grant.called()).must_check
    assert not token.is_called
    present = clock.epoch_seconds()
    monkeypatch.setattr(clock, "epoch_seconds", lambda: present + 100)
    hub.tick()
    assert token.is_called


async def test_a_closed_stream_is_forgotten_whole() -> None:
    hub = ChangeHub()
    for _ in range(3):
        watcher = _open(hub, "p", events=frozenset({("f", "k")}))
        hub.close(watcher)
        hub.close(watcher)
    assert len(hub) == 0
    assert not hub._watchers
    assert not hub._of_subject
    assert not hub._of_client


@pytest.mark.parametrize(
    "limits",
    [
        StreamLimits(open=2),
        StreamLimits(of_subject=2),
        StreamLimits(of_client=2),
        StreamLimits(watched=0),
    ],
    ids=["in all", "of a person", "of an application", "participants"],
)
async def test_streams_are_capped(limits: StreamLimits) -> None:
    hub = ChangeHub(limits)
    with pytest.raises(RequestRefusedError) as refused:
        [_open(hub, "p") for _ in range(3)]
    assert (refused.value.status, refused.value.code) == (429, "STREAM_LIMIT")
    assert len(hub) <= 2


async def test_connections_of_one_person_are_capped() -> None:
    hub = ChangeHub(StreamLimits(connections=1))
    hub.connect("s")
    hub.connect("t")
    with pytest.raises(RequestRefusedError, match="STREAM_LIMIT"):
        hub.connect("s")
    hub.disconnect("s")
    hub.connect("s")


async def test_limits_of_one_person_are_no_limit_for_another() -> None:
    hub = ChangeHub(StreamLimits(of_subject=1, of_client=2))
    _open(hub, "p", subject="one")
    _open(hub, "p", subject="two")
    with pytest.raises(RequestRefusedError):
        _open(hub, "p", subject="three")


async def test_urgent_looks_have_places_of_their_own() -> None:
    hub = ChangeHub(StreamLimits(looks=1, urgent_looks=1))
    plain, urgent = _open(hub, "p"), _open(hub, "q", is_urgent=True)
    async with hub.looking(plain):
        second = asyncio.create_task(hub.looking(plain).__aenter__())
        async with hub.looking(urgent):
            assert not second.done()
        second.cancel()


async def test_a_process_that_stops_ends_its_streams_and_opens_no_more() -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p")
    hub.end_streams()
    await watcher.called()
    assert watcher.is_over
    assert watcher.is_called
    with pytest.raises(RequestRefusedError) as refused:
        _open(hub, "p")
    assert refused.value.status == 503


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"p": {"name": "A"}}, {"p": {"name": "A"}}, False),
        ({"p": {"name": "A"}}, {"p": {"name": "B"}}, True),
        ({"p": {"name": "A", "notes": ["x"]}}, {"p": {"name": "A", "notes": None}}, False),
        ({"p": {"name": "A"}}, {"p": None}, False),
        ({"p": {"name": "A"}}, None, False),
        ({"p": None}, {"p": {"name": "A"}}, True),
        (None, {"p": {"name": "A"}}, True),
        ({"l": [{"i": 1}, {"i": 2}]}, {"l": [{"i": 2}]}, False),
        ({"l": [{"i": 1}, {"i": 2}]}, {"l": []}, False),
        ({"l": [{"i": 1}]}, {"l": [{"i": 1}, {"i": 3}]}, True),
        ({"l": [{"i": 1, "s": "ACTIVE"}]}, {"l": [{"i": 1, "s": "REVOKED"}]}, True),
        ({"l": [{"i": 1, "s": "x"}]}, {"l": [{"i": 1, "s": None}]}, False),
        ({"l": ["a", "b"]}, {"l": ["b"]}, False),
        ({"n": False}, {"n": 0}, False),
    ],
)
def test_what_is_gone_is_no_news(before: Any, after: Any, expected: bool) -> None:
    assert has_news(before, after) is expected
