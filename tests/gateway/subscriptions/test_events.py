"""Events by either transport: each its own release, silence without consent, an end in time.

Nothing is timed: that something is *not* sent is shown by what comes next.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest

from gateway.errors import RequestRefusedError
from gateway.exchange import Event
from gateway.limits.rate import Rate
from gateway.limits.traffic import UNLIMITED, Traffic, TrafficRules
from gateway.subscriptions import End, Stream, Watcher
from gateway.subscriptions import stream as stream_module
from gateway.subscriptions.hub import Call
from gateway.web.event_stream import written
from infra import clock
from infra.authority.facts import agency_holder
from infra.vocabulary import Basis
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld, eventually
from tests.fixtures.stream_doors import TRANSPORTS, StreamDoor, opened
from tests.fixtures.token_issuer import token

SUBSCRIPTION = "subscription S($id: ID!) { releaseChanged(participantId: $id) { name } }"
AGENDA = (
    'subscription A($ids: [ID!]!) { agendaItemRemoved(meetingId: "m", itemIds: $ids) { itemIds } }'
)

transports = pytest.mark.parametrize("transport", TRANSPORTS)


async def _served(world: GatewayWorld, name: str = "Ada") -> tuple[Person, str, Any]:
    """Return a case manager, a participant whom a release shows to her, and the release's row."""
    person = await world.person("CM")
    participant = world.people.add(str(uuid4()), name)
    row = await world.consent.release(participant, person.agency_id)
    return person, participant, row


def _happened(door: StreamDoor, participant: str) -> None:
    event = Event("releaseChanged", participant, door.gateway.feed.revision)
    door.hub.happened(event, [f"participant:{participant}"])


def _name(answer: Any) -> Any:
    return answer["data"]["releaseChanged"]["name"]


async def _each_event_is_its_own_release(world: GatewayWorld, transport: str) -> None:
    person, participant, _ = await _served(world)
    async with (
        opened(world, transport) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}) as heard,
    ):
        assert world.people_http.received == []  # nothing is asked before something happens
        for name in ("Bea", "Cy", "Di"):
            world.people.rows[participant]["name"] = name
            _happened(door, participant)
            assert _name(await heard.next()) == name
    assert len(set(world.recorded_ids())) == 3
    assert len(await world.ledger()) == 3
    asked = [each.caller.event for each in world.people_http.received]
    assert asked == [f"releaseChanged:{participant}"] * 3


@transports
async def test_each_event_is_fetched_afresh_and_is_its_own_release(
    gateway_world: GatewayWorld, transport: str
) -> None:
    await _each_event_is_its_own_release(gateway_world, transport)


async def test_a_stream_that_reuses_a_release_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above: the first answer again, for want of asking."""
    kept: dict[int, Any] = {}
    look = Stream._look

    async def look_once(self: Stream, event: Event | None, emit: Any) -> Any:
        def keep(body: Mapping[str, Any]) -> None:
            kept[id(self)] = body
            emit(body)

        if id(self) not in kept:
            return await look(self, event, keep)
        emit(kept[id(self)])
        return None

    monkeypatch.setattr(Stream, "_look", look_once)
    with pytest.raises(AssertionError):
        await _each_event_is_its_own_release(gateway_world, "sse")


async def _what_consent_takes_is_silence(world: GatewayWorld, transport: str) -> None:
    person, participant, row = await _served(world)
    async with (
        opened(world, transport) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}) as heard,
    ):
        _happened(door, participant)
        assert _name(await heard.next()) == "Ada"
        looks = door.hub.looked
        await world.consent.take_back(participant, agency_holder(person.agency_id), row)
        _happened(door, participant)
        await eventually(lambda: door.hub.looked > looks)  # it looked, and said nothing
        world.people.rows[participant]["name"] = "Cy"
        await world.consent.permit(
            participant, agency_holder(person.agency_id), Basis.RELEASE, source=uuid4()
        )
        _happened(door, participant)
        assert _name(await heard.next()) == "Cy"


@transports
async def test_what_consent_takes_is_silence(gateway_world: GatewayWorld, transport: str) -> None:
    await _what_consent_takes_is_silence(gateway_world, transport)


async def test_a_stream_that_tells_of_nothing_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: an event with null in it says that there was an event."""
    monkeypatch.setattr(stream_module, "has_news", lambda _before, _after: True)
    with pytest.raises(TypeError):
        await _what_consent_takes_is_silence(gateway_world, "sse")


async def _observed(world: GatewayWorld, transport: str, hidden_happens: bool) -> list[str]:
    """Return all that a stream's client sees, in a world where something hidden happens or not."""
    person, seen, _ = await _served(world, "Seen")
    hidden = world.people.add(str(uuid4()), "Hidden")
    async with (
        opened(world, transport) as door,
        door.listening(person, SUBSCRIPTION, {"id": hidden}) as of_hidden,
        door.listening(person, SUBSCRIPTION, {"id": seen}) as of_seen,
    ):
        if hidden_happens:
            for looks in range(3):
                _happened(door, hidden)
                await eventually(lambda: door.hub.looked > looks)  # noqa: B023
        _happened(door, seen)
        await of_seen.next()
        await world.take_role_away(person)
        assert await of_hidden.next() is None
        assert await of_seen.next() is None
        return [*of_hidden.raw, "--", *of_seen.raw]


@transports
async def test_what_happens_to_the_hidden_shows_nowhere(
    gateway_world: GatewayWorld, transport: str
) -> None:
    """NI-07: two worlds that differ in what may not be seen give the same bytes."""
    quiet = await _observed(gateway_world, transport, hidden_happens=False)
    gateway_world.reset()
    assert await _observed(gateway_world, transport, hidden_happens=True) == quiet


async def test_a_stream_that_shows_the_hidden_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(stream_module, "has_news", lambda _before, _after: True)
    quiet = await _observed(gateway_world, "sse", hidden_happens=False)
    gateway_world.reset()
    with pytest.raises(AssertionError):
        assert await _observed(gateway_world, "sse", hidden_happens=True) == quiet


class _Busy:
    """Stands for a stream that looks all the time, and finds nothing."""

    def __init__(self, looks: asyncio.Event) -> None:
        self._looks = looks

    async def run(self, _emit: Any) -> None:
        while True:
            await asyncio.sleep(0)
            self._looks.set()


async def _beats(every_seconds: float, how_many: int) -> list[bytes]:
    looks = asyncio.Event()
    beats = written(_Busy(looks), [], every_seconds)  # type: ignore[arg-type]
    heard = [await anext(beats) for _ in range(how_many)]
    await beats.aclose()  # type: ignore[attr-defined]
    assert looks.is_set()
    return heard


async def test_beats_are_counted_from_the_beginning_whatever_is_looked_at() -> None:
    assert await _beats(0.01, 3) == [b":\n\n"] * 3


async def test_beats_that_wait_for_quiet_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: each look puts the next beat off, so that a beat says "nothing happened"."""

    async def put_off(stream: Any, _beginning: Any, _every: float) -> AsyncIterator[bytes]:
        running = asyncio.create_task(stream.run(None))
        try:
            for _ in range(100):  # as long as there is something to look at, no beat
                await stream._looks.wait()
                stream._looks.clear()
            yield b"no beat"
        finally:
            running.cancel()

    monkeypatch.setitem(_beats.__globals__, "written", put_off)
    with pytest.raises((AssertionError, StopAsyncIteration)):
        assert await _beats(0.01, 1) == [b":\n\n"]


@transports
async def test_a_role_taken_away_ends_the_stream_though_nothing_happens(
    gateway_world: GatewayWorld, transport: str
) -> None:
    person, participant, _ = await _served(gateway_world)
    async with (
        opened(gateway_world, transport) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}) as heard,
    ):
        await gateway_world.take_role_away(person)
        assert await heard.next() is None
        assert getattr(heard, "code", 4403) == 4403
        await eventually(lambda: len(door.hub) == 0)
    assert gateway_world.people_http.received == []


async def test_a_stream_that_does_not_check_the_role_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: it goes on to the next event, which the pipeline refuses."""
    checked: list[str] = []

    async def unchecked(watcher: Watcher, _check: Any) -> Call | End:
        call = await watcher.called()
        checked.extend(["asked to"] * call.must_check)
        return End.STOPPING if watcher.is_over else call

    monkeypatch.setattr(stream_module, "next_call", unchecked)
    person, participant, _ = await _served(gateway_world)
    async with (
        opened(gateway_world, "sse") as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}) as heard,
    ):
        await gateway_world.take_role_away(person)
        await eventually(lambda: bool(checked))
        assert len(door.hub) == 1  # still open: the test above would wait in vain
        _happened(door, participant)
        assert await heard.next() is None


@transports
async def test_the_end_of_the_token_ends_the_stream(
    gateway_world: GatewayWorld, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, participant, _ = await _served(gateway_world)
    bearer = token(sub=person.external_subject, exp=clock.epoch_seconds() + 300)
    async with (
        opened(gateway_world, transport) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}, bearer) as heard,
    ):
        present = clock.epoch_seconds
        monkeypatch.setattr(clock, "epoch_seconds", lambda: present() + 300)
        door.hub.tick()  # what the process does twice a second
        assert await heard.next() is None
        assert getattr(heard, "code", 4401) == 4401


@transports
@pytest.mark.parametrize("role", ["LEO", "LEL", "PRO", "PRB", "CRT", "SUP", "PM", "SVC", "EVL"])
async def test_other_roles_hear_of_no_release(
    gateway_world: GatewayWorld, transport: str, role: str
) -> None:
    person = await gateway_world.person(role)
    headers: Mapping[str, str] = {}
    async with opened(gateway_world, transport) as door:
        headers = door.headers(person) | {"accept": "text/event-stream"}
        headers.pop("purpose-of-use")
        body = {"query": SUBSCRIPTION, "variables": {"id": str(uuid4())}}
        answer = await door.client.post("/subscriptions", json=body, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["coordinate"] == (
            "Subscription.releaseChanged"
        )
    assert gateway_world.people_http.received == []


async def _looks_spend_nothing(world: GatewayWorld) -> None:
    """What others do must not show in what is left of one's own rate (LK-17)."""
    person = await world.person("CM")
    hidden = world.people.add(str(uuid4()), "Hidden")
    limits = replace(UNLIMITED, subject=Rate(1e-6, 3))
    traffic = Traffic(TrafficRules(), limits)
    async with (
        opened(world, "sse", traffic=traffic) as door,
        door.listening(person, SUBSCRIPTION, {"id": hidden}),
    ):
        for looks in range(5):
            _happened(door, hidden)
            await eventually(lambda: door.hub.looked > looks)  # noqa: B023
        assert (await door.gateway.ask(person, "{ courses { number } }")).status == 200


async def test_looks_spend_nothing_of_what_a_person_may_ask(gateway_world: GatewayWorld) -> None:
    await _looks_spend_nothing(gateway_world)


async def test_looks_that_spend_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    made = Stream.__post_init__

    def counted(self: Stream) -> None:
        made(self)
        ask, pipeline = self.ask, cast("Any", self.ask).__self__._current

        async def spending(request: Any) -> Any:
            with contextlib.suppress(RequestRefusedError):
                pipeline._traffic.of_person(self.watcher.subject, "client")
            return await ask(request)

        self.ask = spending

    monkeypatch.setattr(Stream, "__post_init__", counted)
    with pytest.raises(AssertionError):
        await _looks_spend_nothing(gateway_world)


@transports
async def test_what_leaves_an_agenda_is_told_to_whom_had_it(
    gateway_world: GatewayWorld, transport: str
) -> None:
    """A tombstone without a reason, for a taken-off item and for lost consent alike."""
    person = await gateway_world.person("LEO")
    gateway_world.people.on_screen |= {"one", "two"}
    async with (
        opened(gateway_world, transport) as door,
        door.listening(person, AGENDA, {"ids": ["one", "two"]}) as heard,
    ):
        gateway_world.people.on_screen.discard("one")
        door.hub.changed([f"visible:{person.agency_id}"])
        first = await heard.next()
        assert first["data"] == {"agendaItemRemoved": {"itemIds": ["one"]}}
        door.hub.changed([f"visible:{person.agency_id}"])  # no news
        gateway_world.people.on_screen.discard("two")
        door.hub.happened(Event("agendaItemRemoved", "m"), ["meeting:m"])
        second = await heard.next()
        assert second["data"] == {"agendaItemRemoved": {"itemIds": ["one", "two"]}}
