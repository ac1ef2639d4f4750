"""Drives readers and writers of consent against gateways, and writes down what they did.

The same for gateways in this process and for real ones: a `Door` sends one operation to one of
them as a persona. An answer that tells of an outage shows nothing and is left out; a change whose
outcome is not known is repeated under its key until it is.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
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
_LIST = "{ participants(first: 100) { totalCount edges { node { id name { family } } } } }"

_CASELOAD = """{ caseload(first: 40) { edges { node { id
  releases(first: 40) { edges { node { id status version } } } } } } }"""
_SIGN = """mutation Sign($input: SignReleaseInput!) { signRelease(input: $input) {
  release { id version } userErrors { code } } }"""
_REVOKE = """mutation Revoke($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
  release { id } userErrors { code } } }"""


@dataclass
class Drive:
    """One run: who reads and writes, and the history that comes of it.

    Attributes:
        agencies: recipients that every release names, so that they see alike.
        shown: operation name -> participants that a client was shown, for the ledger.
        outages: answers that tell of an outage; of these,
        lost: requests that nothing came back for, or nothing of the gateway's.
    """

    door: Door
    gateways: int
    agencies: list[str]
    dice: random.Random
    participants: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    disclosures: list[Disclosure] = field(default_factory=list)
    shown: dict[str, set[str]] = field(default_factory=dict)
    miscounted: list[str] = field(default_factory=list)
    outages: int = 0
    lost: int = 0
    _numbers: Any = field(default_factory=itertools.count)
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

    async def run(self, *, readers: int, until: Callable[[], bool], pause: float = 0.0) -> None:
        """Read and write at once until a condition holds; then let everybody finish.

        Args:
            pause: between two changes of one writer.
        """
        writing = [
            asyncio.create_task(self._write(participant, pause))
            for participant in self.participants
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

    async def _write(self, participant: str, pause: float) -> None:
        while not self._is_over:
            asked_at = time.monotonic()
            release_id, version = await self._sign(participant)
            self._note(participant, asked_at, is_open=True)
            await asyncio.sleep(pause * self.dice.random() * 2)
            asked_at = time.monotonic()
            await self._revoke(release_id, version)
            self._note(participant, asked_at, is_open=False)
            await asyncio.sleep(pause * self.dice.random() * 2)

    def _note(self, participant: str, asked_at: float, *, is_open: bool) -> None:
        self.changes.append(Change(participant, is_open, asked_at, time.monotonic()))

    async def _sign(self, participant: str) -> tuple[str, int]:
        given = {
            "participantId": participant,
            "idempotencyKey": uuid4().hex,
            "formVersion": FORM,
            "expiresAt": (clock.now() + timedelta(days=30)).isoformat(),
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
        assert not result["userErrors"], result
        return str(result["release"]["id"]), int(result["release"]["version"])

    async def _revoke(self, release_id: str, version: int) -> None:
        given = {
            "releaseId": release_id,
            "expectedVersion": version,
            "reason": "Asked for it.",
            "idempotencyKey": uuid4().hex,
        }
        _, body = await self._insist(WRITER, _REVOKE, {"input": given}, WRITES_FOR)
        result = body["data"]["revokeRelease"]
        assert not result["userErrors"], result

    async def _insist(
        self, persona: str, query: str, variables: dict[str, Any], purpose: str
    ) -> Answered:
        """Ask any gateway until one answers; a change may be repeated, since it has a key."""
        while True:
            gateway = self.dice.randrange(self.gateways)
            answered = await self.door(gateway, persona, query, variables, purpose)
            if answered is not None and answered[1].get("data") and "errors" not in answered[1]:
                return answered
            self.outages += 1
            self.lost += answered is None
            await asyncio.sleep(_PAUSE)

    async def _read(self, number: int) -> None:
        dice = random.Random(f"{self.dice.random()}{number}")
        while not self._is_over:
            persona, purpose = dice.choice(READERS)
            name = f"D{next(self._numbers)}"
            chosen = dice.sample(self.participants, dice.choice((1, 1, 2, 3)))
            is_list = dice.random() < 0.4
            query, variables = _list_query(name) if is_list else _look_up(name, chosen)
            began_at = time.monotonic()
            answered = await self.door(
                dice.randrange(self.gateways), persona, query, variables, purpose
            )
            ended_at = time.monotonic()
            if answered is None or "errors" in answered[1] or answered[0] != 200:
                self.outages += 1
                self.lost += answered is None
                await asyncio.sleep(_PAUSE)
                continue
            saw = self._seen(name, answered[1]["data"], chosen, is_list=is_list)
            self.disclosures.append(Disclosure(began_at, ended_at, saw, f"{persona} {name}"))

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
        if opened := {each for each, was_open in saw.items() if was_open}:
            self.shown[name] = opened
        return saw


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
