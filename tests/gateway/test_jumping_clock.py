"""HD-59: a wall clock that jumps while a request is worked on moves no deadline and shows nothing.

Deadlines are of the monotonic clock. Tokens are of the wall clock, so a gateway whose clock is an
hour off may be refused by others; it shows no more than before, ends in its time, and is well
again when the clock is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from gateway.limits.budget import Budget
from gateway.release.gate import WAIT_SECONDS, ReleaseGate
from gateway.subgraph_client import SubgraphClient
from infra import clock
from tests.fixtures.gateway_app import DECISIONS, GATE, PRINCIPAL, GatewayWorld

QUERY = "query Q($id: ID!) { participant(id: $id) { id name } }"
HOUR = 3600
MOMENTS = {"directory": PRINCIPAL, "decisions": DECISIONS, "fetch": "", "gate": GATE}


@dataclass(slots=True)
class Wall:
    """The wall clock in a test's hands."""

    offset: int = 0
    left: list[float] = field(default_factory=list)
    """What each call was given, in seconds, as a share of what it may have."""


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    epoch: Callable[[], int] = clock.epoch_seconds
    now = clock.now
    monkeypatch.setattr(clock, "epoch_seconds", lambda: epoch() + made.offset)
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=made.offset))
    post, verdict = SubgraphClient.post, ReleaseGate.verdict

    async def noted_post(self: Any, body: Any, headers: Any, **how: Any) -> Any:
        made.left.append(how["timeout_seconds"] / Budget().request_seconds)
        return await post(self, body, headers, **how)

    async def noted_verdict(self: Any, call: Any, give_up_at: float | None = None) -> Any:
        if give_up_at is not None:
            made.left.append((give_up_at - clock.monotonic()) / WAIT_SECONDS)
        return await verdict(self, call, give_up_at)

    monkeypatch.setattr(SubgraphClient, "post", noted_post)
    monkeypatch.setattr(ReleaseGate, "verdict", noted_verdict)
    monkeypatch.setattr("gateway.rounds.WAIT_SECONDS", WAIT_SECONDS)
    return made


@contextmanager
def _jump(world: GatewayWorld, wall: Wall, moment: str, seconds: int) -> Iterator[None]:
    async def jump() -> None:
        wall.offset = seconds

    if MOMENTS[moment]:
        world.door.after[MOMENTS[moment]] = jump
    else:
        world.people_http.after = jump
    try:
        yield
    finally:
        world.door.after.clear()
        world.people_http.after = None
        wall.offset = 0


async def _a_jump_moves_no_deadline(
    world: GatewayWorld, wall: Wall, moment: str, seconds: int
) -> None:
    person = await world.person("CM")
    shown = await world.participant_of(person)
    hidden = world.people.add(f"hidden-{shown}", "Hidden")
    whole = {"participant": {"id": shown, "name": "Ada"}}
    async with world.gateway() as gateway:
        with _jump(world, wall, moment, seconds):
            answer = await gateway.ask(person, QUERY, {"id": shown})
            assert wall.offset == seconds, "the moment never came"
        assert answer.status in (200, 401)
        assert answer.body.get("data") in (None, {"participant": None}, whole)
        if moment == "gate":  # nobody else's clock is asked any more
            assert answer.body["data"] == whole
            assert wall.left
        assert all(0 < each <= 1 for each in wall.left)
        with _jump(world, wall, moment, seconds):
            other = await gateway.ask(person, QUERY, {"id": hidden})
        assert other.body.get("data") in (None, {"participant": None})
        wall.left.clear()
        again = await gateway.ask(person, QUERY, {"id": shown})
        assert again.body["data"] == whole
        assert all(0 < each <= 1 for each in wall.left)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["on", "back"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_wall_clock_that_jumps_moves_no_deadline(
    gateway_world: GatewayWorld, wall: Wall, moment: str, seconds: int
) -> None:
    await _a_jump_moves_no_deadline(gateway_world, wall, moment, seconds)


async def test_deadlines_of_the_wall_clock_would_be_noticed(
    gateway_world: GatewayWorld, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: what is to be monotonic follows the wall clock."""
    monotonic = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + wall.offset)
    with pytest.raises(AssertionError):
        await _a_jump_moves_no_deadline(gateway_world, wall, "gate", HOUR)
