"""Who shares a call of the gate with whom, who waits, and who is refused: the queue before it.

The gate itself is behind HTTP in the other tests of this folder; here it is held up by hand.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from gateway.consent_client import ConsentClient, ConsentUnavailableError, Verdict
from gateway.release import gate as queue
from gateway.release.gate import MAX_CALLS_PER_GATE, MAX_WAITING, ReleaseGate
from infra import clock
from infra.telemetry import metrics

Answered = tuple[Verdict, float]


@dataclass
class Keeper:
    """Stands at the gate: lets calls through when told, and notes who came together."""

    came: list[tuple[str, list[str]]] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)
    most_on_a_lane: int = 0
    lets_through: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    forgets: frozenset[str] = frozenset()

    async def gate(self, lane: str, calls: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """Answer one call for all who share it."""
        ids = [str(each["releaseId"]) for each in calls]
        self.came.append((lane, ids))
        self.under_way[lane] = self.under_way.get(lane, 0) + 1
        self.most_on_a_lane = max(self.most_on_a_lane, self.under_way[lane])
        try:
            await self.lets_through.wait()
        finally:
            self.under_way[lane] -= 1
        if self.fails:
            raise ConsentUnavailableError("planted")
        return [Verdict(each, "RELEASED", 7, {}) for each in ids if each not in self.forgets]

    def sizes(self) -> list[int]:
        """Return how many shared each call."""
        return [len(ids) for _, ids in self.came]


def _gate(keeper: Keeper, **changes: Any) -> ReleaseGate:
    return ReleaseGate(cast("ConsentClient", keeper), "here", **changes)


def _asks(gate: ReleaseGate, number: int) -> "asyncio.Task[Answered]":
    far = clock.monotonic() + 600
    return asyncio.create_task(gate.verdict({"releaseId": f"r{number}"}, far))


async def _until(condition: Any) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_lane_has_one_call_under_way_and_the_next_takes_all_who_came_meanwhile() -> None:
    keeper = Keeper()
    gate = _gate(keeper, lanes=1)
    gate.start()
    first = _asks(gate, 0)
    await _until(lambda: keeper.came)
    others = [_asks(gate, number) for number in range(1, MAX_CALLS_PER_GATE + 3)]
    await _settle()
    assert keeper.sizes() == [1]
    before = clock.monotonic()
    keeper.lets_through.set()
    answers = await asyncio.gather(first, *others)
    await gate.stop()
    assert keeper.sizes() == [1, MAX_CALLS_PER_GATE, 2]
    assert keeper.most_on_a_lane == 1
    assert {lane for lane, _ in keeper.came} == {"here/0"}
    assert [verdict.release_id for verdict, _ in answers] == [f"r{n}" for n in range(len(answers))]
    assert answers[0][1] <= before <= answers[1][1]  # each with the moment its own call was sent


async def test_lanes_work_side_by_side() -> None:
    keeper = Keeper()
    gate = _gate(keeper, lanes=3)
    gate.start()
    asked = []
    for number in range(4):
        asked.append(_asks(gate, number))
        await _settle()
    assert sorted(lane for lane, _ in keeper.came) == ["here/0", "here/1", "here/2"]
    keeper.lets_through.set()
    await asyncio.gather(*asked)
    await gate.stop()


async def test_there_are_four_lanes_if_nothing_else_is_said() -> None:
    keeper = Keeper()
    gate = _gate(keeper)
    gate.start()
    asked = []
    for number in range(6):
        asked.append(_asks(gate, number))
        await _settle()
    assert len(keeper.came) == queue.LANES == 4
    keeper.lets_through.set()
    await asyncio.gather(*asked)
    await gate.stop()


async def test_too_many_who_wait_are_refused_at_once() -> None:
    keeper = Keeper()
    gate = _gate(keeper)  # not started: nobody is served
    waiting = [_asks(gate, number) for number in range(MAX_WAITING)]
    await _settle()
    with pytest.raises(ConsentUnavailableError, match="too many"):
        await gate.verdict({"releaseId": "one too many"}, clock.monotonic() + 600)
    gate.start()
    keeper.lets_through.set()
    assert len(await asyncio.gather(*waiting)) == MAX_WAITING
    await gate.stop()


async def test_who_has_gone_is_not_asked_for() -> None:
    """A request that was given up is in no call and no record."""
    keeper = Keeper()
    gate = _gate(keeper, lanes=1)
    gate.start()
    first = _asks(gate, 0)
    await _until(lambda: keeper.came)
    gone, stays, goes_under_way = _asks(gate, 1), _asks(gate, 2), _asks(gate, 3)
    await _settle()
    gone.cancel()
    await _settle()
    keeper.lets_through.set()
    await asyncio.gather(first, stays, goes_under_way)
    assert [ids for _, ids in keeper.came] == [["r0"], ["r2", "r3"]]
    keeper.lets_through.clear()
    late, beside = _asks(gate, 4), _asks(gate, 5)
    await _until(lambda: len(keeper.came) == 3)
    late.cancel()
    await _settle()
    keeper.lets_through.set()
    assert (await beside)[0].release_id == "r5"
    alone = _asks(gate, 6)  # the lane still works
    assert (await alone)[0].outcome == "RELEASED"
    await gate.stop()


async def test_nobody_left_is_no_call() -> None:
    keeper = Keeper()
    gate = _gate(keeper, lanes=1)
    gate.start()
    first = _asks(gate, 0)
    await _until(lambda: keeper.came)
    gone = _asks(gate, 1)
    await _settle()
    gone.cancel()
    await _settle()
    keeper.lets_through.set()
    await first
    await _settle()
    assert [ids for _, ids in keeper.came] == [["r0"]]
    await gate.stop()


async def test_nobody_is_served_after_the_moment_given() -> None:
    gate = _gate(Keeper())
    gate.start()
    with pytest.raises(ConsentUnavailableError, match="in time"):
        await gate.verdict({"releaseId": "late"}, clock.monotonic())
    await gate.stop()


async def test_without_a_moment_the_usual_patience_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a second, times what a slow machine is given: read where it is used, and not waited."""
    waited: list[float] = []

    async def no_time(future: Any, seconds: float) -> Any:
        waited.append(seconds)
        future.cancel()
        raise TimeoutError

    monkeypatch.setattr("gateway.release.gate.asyncio.wait_for", no_time)
    for patience in (1.0, 10.0):
        with pytest.raises(ConsentUnavailableError, match="in time"):
            await _gate(Keeper(), patience=patience).verdict({"releaseId": "r"})
    with pytest.raises(ConsentUnavailableError):
        await _gate(Keeper()).verdict({"releaseId": "r"})
    with pytest.raises(ConsentUnavailableError):
        await _gate(Keeper()).verdict({"releaseId": "r"}, clock.monotonic() + 86_400)
    assert waited[:3] == [queue.WAIT_SECONDS, 10 * queue.WAIT_SECONDS, queue.WAIT_SECONDS]
    assert 43_200 < waited[3] <= 86_400  # until the moment that was given
    assert queue.WAIT_SECONDS == 0.5
    assert queue.RELEASE_WITHIN_SECONDS == 0.25


def _verdicts(outcome: str) -> float:
    return float(metrics.GATE_VERDICTS.labels(outcome)._value.get())


async def test_all_who_share_a_failed_call_are_refused_and_the_lane_goes_on() -> None:
    keeper = Keeper(fails=True)
    gate = _gate(keeper, lanes=1)
    gate.start()
    before = _verdicts("UNAVAILABLE"), _verdicts("RELEASED")
    keeper.lets_through.set()
    answers = await asyncio.gather(*(_asks(gate, n) for n in range(3)), return_exceptions=True)
    assert all(isinstance(each, ConsentUnavailableError) for each in answers)
    keeper.fails = False
    assert (await _asks(gate, 4))[0].outcome == "RELEASED"
    assert (_verdicts("UNAVAILABLE"), _verdicts("RELEASED")) == (before[0] + 3, before[1] + 1)
    await gate.stop()


async def test_each_request_counts_once_by_what_it_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose moment passed, one too many, and one that the answer left out."""
    keeper = Keeper(forgets=frozenset({"r1"}))
    gate = _gate(keeper, lanes=1)
    gate.start()

    def seen() -> tuple[float, float]:
        return _verdicts("UNAVAILABLE"), _verdicts("RELEASED")

    before = seen()
    with pytest.raises(ConsentUnavailableError):
        await gate.verdict({"releaseId": "late"}, clock.monotonic())
    assert seen() == (before[0] + 1, before[1])
    monkeypatch.setattr(queue, "MAX_WAITING", 0)
    with pytest.raises(ConsentUnavailableError):
        await gate.verdict({"releaseId": "one too many"})
    monkeypatch.undo()
    assert seen() == (before[0] + 2, before[1])
    gone = _asks(gate, 0)
    await _until(lambda: keeper.came)
    gone.cancel()
    keeper.lets_through.set()
    await asyncio.gather(gone, _asks(gate, 1), _asks(gate, 2), return_exceptions=True)
    await gate.stop()
    assert seen() == (before[0] + 3, before[1] + 1)  # who has gone met nothing


async def test_what_a_call_took_is_measured() -> None:
    keeper = Keeper()
    gate = _gate(keeper, lanes=1)
    gate.start()
    keeper.lets_through.set()
    before = metrics.GATE_SECONDS._sum.get()
    await _asks(gate, 0)
    await gate.stop()
    assert 0 < metrics.GATE_SECONDS._sum.get() - before < 30


async def test_a_request_without_a_verdict_of_its_own_is_refused() -> None:
    keeper = Keeper(forgets=frozenset({"r1"}))
    gate = _gate(keeper, lanes=1)
    gate.start()
    keeper.lets_through.set()
    released, refused = await asyncio.gather(_asks(gate, 0), _asks(gate, 1), return_exceptions=True)
    assert not isinstance(released, BaseException)
    assert isinstance(refused, ConsentUnavailableError)
    await gate.stop()


async def test_whoever_waits_when_it_stops_is_refused() -> None:
    """Those under way and those not yet sent; and nobody hangs."""
    keeper = Keeper()
    gate = _gate(keeper, lanes=1)
    gate.start()
    under_way = _asks(gate, 0)
    await _until(lambda: keeper.came)
    waiting, gone = _asks(gate, 1), _asks(gate, 2)
    await _settle()
    gone.cancel()
    await _settle()
    await gate.stop()
    assert all(task.done() for task in gate._tasks)
    assert not gate._waiting
    answers = await asyncio.gather(under_way, waiting, return_exceptions=True)
    assert all(isinstance(each, ConsentUnavailableError) for each in answers)
