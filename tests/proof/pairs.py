"""Runs pairs (caller, operation) against gateway and oracle, and tells where they differ."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gateway.pipeline import Answer
from tests.proof.house import Gateway, House
from tests.proof.operations import Operation, difference
from tests.proof.oracle import answer as oracle
from tests.proof.oracle.consent import World

_FIRST_SEED = 10_000
_AT_ONCE = 4
_ATTEMPTS = 8


@dataclass(frozen=True)
class Asking:
    """Who asks, and why."""

    subject: str
    role: str
    purpose: str | None


@dataclass(frozen=True)
class Difference:
    """One pair on which gateway and oracle do not agree."""

    asking: Asking
    operation: Operation
    text: str

    def __str__(self) -> str:
        who = f"{self.asking.subject} {self.asking.purpose}"
        return f"{who}: {self.text}\n    {self.operation.source}\n    {self.operation.variables}"


@dataclass
class Progress:
    """How far a long comparison has come, in all runs that share a file.

    Attributes:
        differing: seeds of worlds in which something differed.
        file: where this is kept; None for nowhere.
    """

    pairs: int = 0
    worlds: int = 0
    differing: list[int] = field(default_factory=list)
    file: str | None = None

    @classmethod
    def read(cls, file: str | None) -> "Progress":
        """Return what a file says; nothing yet if there is none."""
        if file is None or not Path(file).exists():
            return cls(file=file)
        return cls(**{**json.loads(Path(file).read_text()), "file": file})

    @property
    def next_seed(self) -> int:
        """The seed of the next world, which no run has had."""
        return _FIRST_SEED + self.worlds

    def take(self, pairs: int, *, is_different: bool) -> None:
        """Note the world of the next seed, and keep it."""
        if is_different:
            self.differing.append(self.next_seed)
        self.pairs += pairs
        self.worlds += 1
        self._keep()

    def settle(self, seed: int) -> None:
        """Note that a world that differed does not differ any more."""
        self.differing.remove(seed)
        self._keep()

    def _keep(self) -> None:
        if self.file is not None:
            Path(self.file).write_text(json.dumps(asdict(self)))


def askings(house: House, dice: random.Random) -> list[Asking]:
    """Return every persona for each of its purposes, and some for purposes that open nothing."""
    found = []
    for each in house.document["staff"]:
        if not each["persona"]:
            continue
        odd = dice.choice((None, None, "INVESTIGATION", "EVICTION", "HSYSADMIN", "TREAT"))
        purposes = [*each["purposes"], odd]
        found += [Asking(each["subject"], each["role"], purpose) for purpose in purposes]
    return found


def is_outage(answer: Answer) -> bool:
    """Return whether an answer says that a service was not there in time: never about data."""
    return any(
        each["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        for each in answer.body.get("errors", [])
    )


async def ask_patiently(gateway: Gateway, asking: Asking, operation: Operation) -> Answer:
    """Ask until no outage is in the way: on a busy machine the gate's time may run out."""
    for attempt in range(_ATTEMPTS):
        answer = await gateway.ask(
            asking.subject, operation.source, operation.variables, purpose=asking.purpose
        )
        if not is_outage(answer):
            break
        await asyncio.sleep(0.05 * 2**attempt)
    return answer


async def differences(
    gateway: Gateway, world: World, pairs: Sequence[tuple[Asking, Operation]]
) -> list[Difference]:
    """Return the pairs on which they differ."""
    found: list[Difference] = []
    waiting = iter(pairs)

    async def work(waiting: Iterator[tuple[Asking, Operation]]) -> None:
        for asking, operation in waiting:
            given = await ask_patiently(gateway, asking, operation)
            text = _compare(world, asking, operation, given)
            if text is not None:
                found.append(Difference(asking, operation, text))

    await asyncio.gather(*(work(waiting) for _ in range(_AT_ONCE)))
    return found


def _compare(world: World, asking: Asking, operation: Operation, given: Answer) -> str | None:
    expected = oracle.answer(
        world, asking.subject, asking.purpose, operation.source, operation.variables
    )
    body: Any = given.body
    return difference(expected, given.status, body)
