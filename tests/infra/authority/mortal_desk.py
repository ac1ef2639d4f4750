"""A service that changes one authority fact and dies by kill -9 on the way, as in a power cut.

    python -m tests.infra.authority.mortal_desk POINT FOLDER ROW_ID

The database's address is in `GT_DATABASE_DSN`; the consent service listens in the folder. Points:
`committed`, before anything is sent, and `sent`, before that is noted. Planted: `forgetful` dies
like `committed`, and has kept what is to be sent in its memory alone.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.handover import Handover, append
from infra.authority.tables import OutboxEntry
from infra.database import Database
from infra.http_client import HttpClient
from infra.identity_token import Caller, TokenMinter
from infra.pagination import CursorSeal
from infra.request_context import RequestContext
from infra.settings import Secret
from infra.signing_keys import SigningKeys
from infra.vocabulary import Basis, Role

CALLER = Caller("s", "a", "site", "g", Role.CM, None, permit="permit-of-the-gate")


def die() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


class MortalHandover(Handover):
    """Dies once a fact is sent."""

    async def _send(self, entry: OutboxEntry) -> int:
        await super()._send(entry)
        die()
        raise AssertionError

    async def at_once(self) -> int:
        """Die before anything is sent."""
        die()
        raise AssertionError


async def change(point: str, folder: Path, row_id: UUID) -> None:
    """Change one fact, as a mutation does."""
    database = Database(Secret(os.environ["GT_DATABASE_DSN"]), application_name="mortal")
    minter = TokenMinter(SigningKeys("cases", folder / "keys", folder / "public"))
    handover = MortalHandover(database, HttpClient(f"unix:{folder}/consent.sock"), minter)
    if point != "sent":
        setattr(handover, "flush", handover.at_once)  # noqa: B010 - where it dies
    seal = CursorSeal(Secret("A" * 43 + "="))
    async with RequestContext(CALLER, database, seal, handover).writing() as session:
        fact = VisibilityFact(
            row_id, uuid4(), "agency:a", Basis.COUNSEL, datetime(2026, 1, 1, tzinfo=UTC)
        )
        append(session, [] if point == "forgetful" else [put_visibility(fact)])


if __name__ == "__main__":
    asyncio.run(change(sys.argv[1], Path(sys.argv[2]), UUID(sys.argv[3])))
