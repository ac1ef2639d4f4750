"""Drives readers and writers of consent against gateways, and writes down what they did.

The same for gateways in this process and for real ones: a `Door` sends one operation to one of
them as a persona. An answer that tells of an outage shows nothing and is left out; a change whose
outcome is not known is repeated under its key until it is.
"""

import asyncio
import random
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import uuid4

from infra import clock
from tests.proof.history import Change, Disclosure
from tests.proof.turmoil import FORM

Answered = tuple[int, dict[str, Any]]
Door = Callable[[int, str, str, dict[str, Any], str], Awaitable[Answered | None]]
"""(gateway, persona, query, variables, purpose) -> status and body, None if nothing came."""

READERS = (("housing_provider", "COC"), ("sud_provider", "TREAT"))
WRITER, WRITES_FOR = "case_manager", "CAREMGT"
_PAUSE = 0.02
_LONGEST_PAUSE = 0.5  # after several outages: whoever asks all the time keeps others from starting
_REPETITIONS = 100
_EXPIRES_SECONDS = 1.5
_SLACK_SECONDS = 0.002  # of two clocks of one machine, read one after the other
_LIST = "{ participants(first: 100) { totalCount edges { node { id name { family } } } } }"

_CASELOAD = """{ caseload(first: 40) { edges { node { id
  releases(first: 40) { edges { node { id status version } } } } } } }"""
_SIGN = """mutation Sign($input: SignReleaseInput!) { signRelease(input: $input) {
  release { id version } userErrors { code } } }"""
_REVOKE = """mutation Revoke($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
  release { id } userErrors { code } } }"""


_ENTRY = "entry->>'operationName' as name, e.recorded_at, p.participant_id::text as participant"
_TOLD = """
where entry->>'operationName' like 'D%'
  and entry->'parts'->(a.part::int)->>'outcome' in ('RELEASED', 'UNKNOWN')
"""
RECORDED = f"""
select {_ENTRY} from ledger_entry e
join ledger_about a on a.lane = e.lane and a.sequence = e.sequence
join participant_pseudonym p on p.pseudonym = a.pseudonym
{_TOLD}
"""
"""Of the ledger: what is recorded as shown, to whom of the readers."""
RECORDED_SINCE = f"""
select {_ENTRY} from participant_pseudonym p
cross join lateral (
  select lane, sequence, part from ledger_about about
  where about.pseudonym = p.pseudonym and about.recorded_at >= $4 offset 0
) a
join unnest($1::text[], $2::bigint[], $3::bigint[]) as grown(lane, after, until)
  on a.lane = grown.lane and a.sequence > grown.after and a.sequence <= grown.until
join ledger_entry e on e.lane = a.lane and e.sequence = a.sequence
{_TOLD}
"""
"""The same of a part of each lane, recorded since a moment. A lane grows in order, so that nothing
comes between later; the moment is there since the index of the participants is ordered by it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client was shown in one answer: under which name, between which moments, of whom.

    A name is asked by one reader alone, one answer after the other; so no two of them share a
    moment, and a record of that name and moment is this answer's.
    """

    name: str
    began_at: datetime
    ended_at: datetime
    participants: frozenset[str]


def unrecorded(shown: Iterable[Shown], records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the answers of which the ledger does not have every part.

    Args:
        shown: what clients were shown.
        records: rows of ``RECORDED``.
    """
    at: dict[tuple[str, str], list[datetime]] = {}
    for row in records:
        at.setdefault((row["name"], row["participant"]), []).append(row["recorded_at"])
    for moments in at.values():
        moments.sort()

    def is_there(each: Shown, participant: str) -> bool:
        moments = at.get((each.name, participant), [])
        found = bisect_left(moments, each.began_at)
        return found < len(moments) and moments[found] <= each.ended_at

    return [
        f"{each.name} was shown {participant} at {each.ended_at} and it is not recorded"
        for each in shown
        for participant in sorted(each.participants)
        if not is_there(each, participant)
    ]


@dataclass
class Drive:
    """One run: who reads and writes, and the history that comes of it.

    Attributes:
        agencies: recipients that every release names, so that they see alike.
        pace: changes a second at most, of all writers together; None for as many as they make.
        expiring: share of releases that end by their own time, not by a revocation.
        sizes: how many people a look-up asks for, one of these at random.
        shown: what clients were shown, for the ledger.
        outages: answers that tell of an outage; of these,
        lost: requests that nothing came back for, or nothing of the gateway's.
        refusals: of outages of readers, how many had which code.
        reading: who reads at this moment, since when (monotonic).
        writing: whose consent is being changed, since when.
    """

    door: Door
    gateways: int
    agencies: list[str]
    dice: random.Random
    pace: float | None = None
    expiring: float = 0.0
    sizes: Sequence[int] = (1, 1, 2, 3)
    participants: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    disclosures: list[Disclosure] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)
    outages: int = 0
    lost: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    reading: dict[str, float] = field(default_factory=dict)
    writing: dict[str, float] = field(default_factory=dict)
    _next_change_at: float = 0.0
    _is_over: bool = False

    async def prepare(self, count: int) -> None:
        """Choose participants and take back every release that is in force for them."""
        _, body = await self._insist(WRITER, _CASELOAD, {}, WRITES_FOR)
        nodes = [edge["node"] for edge in body["data"]["caseload"]["edges"]][:count]
        for node in nodes:
            for edge in node["releases"]["edges"]:
                if edge["node"]["status"] == "ACTIVE":
                    await self._revoke(edge["node"]["id"], edge["node"]["version"])
        self.participants = [node["id"] for node in nodes]

    async def run(
        self,
        *,
        readers: int,
        until: Callable[[], bool],
        pause: float = 0.0,
        writers: int | None = None,
    ) -> None:
        """Read and write at once until a condition holds; then let everybody finish.

        Args:
            pause: between two changes of one writer.
            writers: how many share the participants; one for each if not stated.
        """
        shares = writers or len(self.participants)
        writing = [
            asyncio.create_task(self._write(self.participants[number::shares], pause))
            for number in range(shares)
        ]
        reading = [asyncio.create_task(self._read(number)) for number in range(readers)]
        try:
            while not until():
                await asyncio.sleep(_PAUSE)
                for task in (*writing, *reading):
                    if task.done():
                        task.result()
        finally:
            self._is_over = True
            await asyncio.gather(*writing, *reading)

    async def _write(self, people: Sequence[str], pause: float) -> None:
        """Change the consent of one after the other: who is open is closed, and the other way.

        Half of many are open at any time, so that answers have several of them. All are closed
        at the end.
        """
        signed: dict[str, tuple[str, int]] = {}
        for participant in cycle(people):
            if self._is_over:
                break
            await self._turn(pause)
            if participant in signed:
                await self._close(participant, signed.pop(participant))
            elif self.dice.random() < self.expiring:
                await self._let_expire(participant)
            else:
                asked_at = self.writing[participant] = time.monotonic()
                signed[participant] = await self._sign(participant)
                self._note(participant, asked_at, is_open=True)
        for participant, release in signed.items():
            await self._close(participant, release)

    async def _close(self, participant: str, release: tuple[str, int]) -> None:
        asked_at = self.writing[participant] = time.monotonic()
        await self._revoke(*release)
        self._note(participant, asked_at, is_open=False)

    async def _turn(self, pause: float) -> None:
        """Wait until the next change may be asked for."""
        await asyncio.sleep(pause * self.dice.random() * 2)
        if self.pace is not None:
            now = time.monotonic()
            waits = max(self._next_change_at, now) - now
            self._next_change_at = now + waits + 1 / self.pace
            await asyncio.sleep(waits)

    async def _let_expire(self, participant: str) -> None:
        """Sign for a moment; the database's clock ends it, whatever other clocks say."""
        asked_at = self.writing[participant] = time.monotonic()
        ends_at = clock.now() + timedelta(seconds=_EXPIRES_SECONDS)
        closes_at = time.monotonic() + _EXPIRES_SECONDS
        is_signed = await self._sign_until(participant, ends_at) is not None
        if not is_signed:  # it took so long that the end had come
            del self.writing[participant]
            return
        self.writing.pop(participant)
        self._note_end(participant, asked_at, closes_at)
        await asyncio.sleep(max(0.0, closes_at + 2 * _SLACK_SECONDS - time.monotonic()))

    def _note_end(self, participant: str, asked_at: float, closes_at: float) -> None:
        signed_at = min(time.monotonic(), closes_at - _SLACK_SECONDS)
        self.changes.append(Change(participant, True, asked_at, signed_at))
        self.changes.append(
            Change(participant, False, closes_at - _SLACK_SECONDS, closes_at + _SLACK_SECONDS)
        )

    def _note(self, participant: str, asked_at: float, *, is_open: bool) -> None:
        self.changes.append(Change(participant, is_open, asked_at, time.monotonic()))
        self.writing.pop(participant, None)

    async def _sign(self, participant: str) -> tuple[str, int]:
        signed = await self._sign_until(participant, clock.now() + timedelta(days=30))
        assert signed is not None
        return signed

    async def _sign_until(self, participant: str, ends_at: datetime) -> tuple[str, int] | None:
        """Sign a release; None if its end has come before it was signed."""
        given = {
            "participantId": participant,
            "idempotencyKey": uuid4().hex,
            "formVersion": FORM,
            "expiresAt": ends_at.isoformat(),
            "signature": {"method": "WET_INK", "signedAt": clock.now().isoformat()},
            "provisions": [
                {
                    "recipientAgencyId": agency,
                    "categories": ["IDENTITY", "ENROLLMENT"],
                    "purposes": ["COC", "TREAT"],
                }
                for agency in self.agencies
            ],
        }
        _, body = await self._insist(WRITER, _SIGN, {"input": given}, WRITES_FOR)
        result = body["data"]["signRelease"]
        if result["userErrors"] and ends_at <= clock.now():
            return None
        assert not result["userErrors"], result
        return str(result["release"]["id"]), int(result["release"]["version"])

    async def _revoke(self, release_id: str, version: int) -> None:
        given = {
            "releaseId": release_id,
            "expectedVersion": version,
            "reason": "Asked for it.",
            "idempotencyKey": uuid4().hex,
        }
        for _ in range(_REPETITIONS):
            _, body = await self._insist(WRITER, _REVOKE, {"input": given}, WRITES_FOR)
            result = body["data"]["revokeRelease"]
            if not result["userErrors"]:
                return
            # The first attempt, of which nobody heard, is still under way; its key tells soon.
            await asyncio.sleep(10 * _PAUSE)
        raise AssertionError(result, given)

    async def _insist(
        self, persona: str, query: str, variables: dict[str, Any], purpose: str
    ) -> Answered:
        """Ask any gateway until one answers; a change may be repeated, since it has a key."""
        for pause in _pauses():
            gateway = self.dice.randrange(self.gateways)
            answered = await self.door(gateway, persona, query, variables, purpose)
            if answered is not None and answered[1].get("data") and "errors" not in answered[1]:
                return answered
            self.outages += 1
            self.lost += answered is None
            await asyncio.sleep(pause)
        raise AssertionError

    async def _read(self, number: int) -> None:
        dice = random.Random(f"{self.dice.random()}{number}")
        pauses = _pauses()
        while not self._is_over:
            most = len(self.participants)
            chosen = dice.sample(self.participants, min(most, dice.choice(self.sizes)))
            reader = dice.choice(READERS)
            gateway = dice.randrange(self.gateways)
            is_list = dice.random() < 0.4
            if await self._ask(f"D{number}", reader, chosen, gateway, is_list=is_list):
                pauses = _pauses()
            else:
                await asyncio.sleep(next(pauses))

    async def _ask(
        self, name: str, reader: tuple[str, str], chosen: list[str], gateway: int, *, is_list: bool
    ) -> bool:
        """Ask one gateway and note what it shows; False for an outage, which shows nothing."""
        persona, purpose = reader
        query, variables = _list_query(name) if is_list else _look_up(name, chosen)
        began_at = self.reading[name] = time.monotonic()
        between = datetime.now(UTC)
        try:
            answered = await self.door(gateway, persona, query, variables, purpose)
        finally:
            del self.reading[name]
        ended_at = time.monotonic()
        if answered is None or "errors" in answered[1] or answered[0] != 200:
            self.outages += 1
            self.lost += answered is None
            self.refusals[_code(answered)] += 1
            return False
        saw = self._seen(name, answered[1]["data"], chosen, is_list=is_list)
        self.disclosures.append(Disclosure(began_at, ended_at, saw, f"{persona} {name}"))
        if opened := frozenset(each for each, was_open in saw.items() if was_open):
            self.shown.append(Shown(name, between, datetime.now(UTC), opened))
        return True

    async def step_by_step(self) -> None:
        """Sign, look, take back, look: one after the other, so that nothing depends on moments.

        Whatever outlives the request that read it shows in the second look.
        """
        about = self.participants[:1]
        asked_at = time.monotonic()
        release = await self._sign(about[0])
        self._note(about[0], asked_at, is_open=True)
        while not (self.disclosures and self.disclosures[-1].saw[about[0]]):
            await self._look_until_answered(about)  # an answer may lag behind a grant
        asked_at = time.monotonic()
        await self._revoke(*release)
        self._note(about[0], asked_at, is_open=False)
        await self._look_until_answered(about)

    async def end_by_time(self, seconds: float) -> bool:
        """Sign for so long, look until somebody is shown, and look again once it has ended.

        Returns whether the person was shown while it lasted: a slow machine may miss it.
        """
        about = self.participants[:1]
        asked_at = time.monotonic()
        ends_at, closes_at = clock.now() + timedelta(seconds=seconds), asked_at + seconds
        if await self._sign_until(about[0], ends_at) is None:
            return False
        self._note_end(about[0], asked_at, closes_at)
        was_shown = False
        while not was_shown and time.monotonic() < closes_at:
            await self._look_until_answered(about)
            was_shown = self.disclosures[-1].saw[about[0]]
        await asyncio.sleep(max(0.0, closes_at + 2 * _SLACK_SECONDS - time.monotonic()))
        await self._look_until_answered(about)
        return was_shown

    async def _look_until_answered(self, about: list[str]) -> None:
        for pause in _pauses():
            if await self._ask("D0", READERS[0], about, 0, is_list=False):
                return
            await asyncio.sleep(pause)

    def _seen(
        self, name: str, data: dict[str, Any], chosen: list[str], *, is_list: bool
    ) -> dict[str, bool]:
        if not is_list:
            saw = {
                each: data[f"p{place}"] is not None and data[f"p{place}"]["name"] is not None
                for place, each in enumerate(chosen)
            }
        else:
            nodes = [edge["node"] for edge in data["participants"]["edges"]]
            listed = {node["id"] for node in nodes if node is not None}
            if data["participants"]["totalCount"] != len(nodes) or None in nodes:
                self.miscounted.append(name)
            saw = {each: each in listed for each in self.participants}
        return saw


def _code(answered: Answered | None) -> str:
    """Return why nothing was shown: the first error's code, or what came in its place."""
    if answered is None:
        return "nothing came"
    first: dict[str, Any] = next(iter(answered[1].get("errors", [])), {})
    return str(first.get("extensions", {}).get("code", answered[0]))


def _pauses() -> Iterator[float]:
    """Yield how long to wait after the first outage, the second, and so on."""
    pause = _PAUSE
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def _look_up(name: str, chosen: list[str]) -> tuple[str, dict[str, Any]]:
    declared = ", ".join(f"$v{place}: ID!" for place in range(len(chosen)))
    fields = " ".join(
        f"p{place}: participant(id: $v{place}) {{ id name {{ family }} }}"
        for place in range(len(chosen))
    )
    variables = {f"v{place}": each for place, each in enumerate(chosen)}
    return f"query {name}({declared}) {{ {fields} }}", variables


def _list_query(name: str) -> tuple[str, dict[str, Any]]:
    return (
        f"query {name} {_LIST}",
        {},
    )
