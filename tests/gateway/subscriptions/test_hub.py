"""Who is woken by a change, how many streams may be open, and what counts as news."""

from typing import Any

import pytest

from gateway.errors import RequestRefusedError
from gateway.subscriptions import ChangeHub, StreamLimits, Watcher
from gateway.subscriptions.stream import has_news

PATIENCE_SECONDS = 60.0
NO_TIME = 0.0


def _open(hub: ChangeHub, *participants: str, subject: str = "s", client: str = "c") -> Watcher:
    return hub.open(subject, client, [f"subject:{subject}", "agency:a", "policy"], participants)


@pytest.mark.parametrize(
    "key", ["participant:p", "participant:q", "subject:s", "agency:a", "policy", None]
)
async def test_a_stream_is_woken_by_what_it_watches(key: str | None) -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p", "q")
    hub.changed(None if key is None else ["visible:x", key])
    assert await watcher.wait(PATIENCE_SECONDS)
    watcher.settle()
    assert not await watcher.wait(NO_TIME)


@pytest.mark.parametrize("key", ["participant:r", "subject:t", "agency:b", "visible:a", "p"])
async def test_other_changes_wake_nobody(key: str) -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p")
    hub.changed([key])
    assert not await watcher.wait(NO_TIME)


async def test_a_closed_stream_is_forgotten_whole() -> None:
    hub = ChangeHub()
    for _ in range(3):
        watcher = _open(hub, "p")
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
def test_streams_are_capped(limits: StreamLimits) -> None:
    hub = ChangeHub(limits)
    with pytest.raises(RequestRefusedError) as refused:
        [_open(hub, "p") for _ in range(3)]
    assert (refused.value.status, refused.value.code) == (429, "STREAM_LIMIT")
    assert len(hub) <= 2


def test_limits_of_one_person_are_no_limit_for_another() -> None:
    hub = ChangeHub(StreamLimits(of_subject=1, of_client=2))
    _open(hub, "p", subject="one")
    _open(hub, "p", subject="two")
    with pytest.raises(RequestRefusedError):
        _open(hub, "p", subject="three")


async def test_a_process_that_stops_ends_its_streams_and_opens_no_more() -> None:
    hub = ChangeHub()
    watcher = _open(hub, "p")
    hub.stop()
    watcher.settle()
    assert watcher.is_over
    assert await watcher.wait(PATIENCE_SECONDS)
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
