"""Readers and writers of consent, and requests at a constant rate, beside whatever else happens.

A request at a constant rate leaves whatever becomes of those before it, unless so many at once are
said to be enough.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2

from infra import clock
from tests.fixtures.whole_platform import GraphQLAnswer, Platform
from tests.proof.processes import Cluster, OwnProcess
from tests.proof.revocation import Drive

UNHURRIED_SECONDS = 4.0
"""Between changes of one writer: a list that changes while it is read three times is refused."""


async def drive_of(platform: Platform, writers: int) -> Drive:
    """Return readers and writers who all go through the balancer."""
    front = OwnProcess("balancer", f"tcp:127.0.0.1:{platform.port}", {})
    cluster = Cluster(platform, [front], platform.client)
    agencies = platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(cluster.door, 1, recipients, random.Random(7))
    await drive.prepare(writers)
    drive.outages = drive.lost = 0
    return drive


async def under_load(
    drive: Drive,
    disturbance: Callable[[], Awaitable[None]],
    readers: int = 3,
    pause: float = 0.05,
) -> None:
    """Read and write until a disturbance is over.

    Args:
        pause: of a writer. A list that changes faster than it can be read is refused, so that
            whoever counts refusals lets there be time between changes.
    """
    disturbing = asyncio.create_task(_disturbed(disturbance))
    await drive.run(readers=readers, until=disturbing.done, pause=pause)
    await disturbing


_ASKED = """query($id: ID!) { participant(id: $id) { id name { family } }
  courses(first: 2) { edges { node { number } } } }"""


_CASELOAD = "{ caseload(first: 40) { edges { node { id } } } }"
_PATIENCE_SECONDS = 180


@dataclass
class Steady:
    """Requests that leave at a constant rate, and what became of them.

    Attributes:
        rate: requests a second.
        most: under way at once; more wait, so that a machine that is too slow is not buried.
    """

    platform: Platform
    rate: float
    most: int = 10_000
    answered: int = 0
    failed: list[str] = field(default_factory=list)

    async def run_beside(self, work: Callable[[], Awaitable[None]]) -> None:
        """Send until some work is over; then wait for the last answer."""
        persona = "case_manager"
        person = await self._person(persona)
        working = asyncio.ensure_future(work())
        begin, number, room = clock.monotonic(), 0, asyncio.Semaphore(self.most)
        async with (
            httpx2.AsyncClient(timeout=600, limits=_MANY) as client,
            asyncio.TaskGroup() as group,
        ):
            while not working.done():
                await room.acquire()
                task = group.create_task(self._one(client, persona, person))
                task.add_done_callback(lambda _: room.release())
                number += 1
                await asyncio.sleep(max(0.0, begin + number / self.rate - clock.monotonic()))
        await working

    async def _person(self, persona: str) -> str:
        """Return the last of a caseload: drives change the consent of the first.

        What changes faster than a busy machine can read it is refused, and would count as failed.
        """

        async def asked() -> GraphQLAnswer | None:
            answer = await self.platform.send(persona, _CASELOAD, purpose="CAREMGT")
            return None if answer.status != 200 or answer.codes else answer

        found = await self.platform.eventually(asked, seconds=_PATIENCE_SECONDS)
        return str(found.data["caseload"]["edges"][-1]["node"]["id"])

    async def _one(self, client: httpx2.AsyncClient, persona: str, person: str) -> None:
        headers = {
            "authorization": f"Bearer {await self.platform.token(persona)}",
            "purpose-of-use": "CAREMGT",
        }
        body = {"query": _ASKED, "variables": {"id": person}}
        try:
            response = await client.post(f"{self.platform.url}/graphql", json=body, headers=headers)
        except httpx2.TransportError as error:
            self.failed.append(type(error).__name__)
            return
        if response.status_code != 200 or "errors" in response.json():
            self.failed.append(f"{response.status_code} {response.text[:200]}")
            return
        assert response.json()["data"]["participant"] is not None
        self.answered += 1


_MANY = httpx2.Limits(max_connections=400, max_keepalive_connections=100)


async def _disturbed(disturbance: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(1.0)
    await disturbance()
    await asyncio.sleep(1.0)
