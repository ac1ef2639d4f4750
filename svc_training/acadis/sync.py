"""One run over the REST interface: what we want goes out, what changed comes in, both compared."""

import hashlib
from dataclasses import dataclass
from uuid import uuid4

from infra.database import Database
from svc_training.acadis import repository
from svc_training.acadis.commands import REST, finish, take_row
from svc_training.acadis.comparing import compare
from svc_training.acadis.provider import TrainingProvider
from svc_training.acadis.rules import COLUMNS, Manifest
from svc_training.acadis.sending import BY, send_cancellations, send_enrollments, send_events
from svc_training.acadis.taking import Taken
from svc_training.compliance.commands import assess


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run did: what was said to our wishes, what came in, and what comparing found."""

    cancelled: dict[str, int]
    enrolled: dict[str, int]
    reported: dict[str, int]
    counts: dict[str, int]
    compared: dict[str, int]
    refused: int
    cursor: str | None


async def sync(database: Database, provider: TrainingProvider) -> SyncReport:
    """Run once, alone. Each page of changes is one transaction together with its cursor.

    An interrupted run goes on where the last finished page ended; rows that come twice or out of
    order change nothing the second time. Two at once would send every wish twice, and the slower
    one would put the cursor back.

    Raises:
        AlreadyRunningError: another run is under way; nothing was sent and nothing taken.
        ProviderError: the provider does not answer; what was taken before stays.
    """
    async with database.alone("training sync"):
        return await _run(database, provider)


async def _run(database: Database, provider: TrainingProvider) -> SyncReport:
    cancelled = await send_cancellations(database, provider)
    enrolled = await send_enrollments(database, provider)
    reported = await send_events(database, provider)
    counts: dict[str, int] = {}
    refused = 0
    order = list(COLUMNS)
    async with database.read() as reader:
        cursor = await repository.cursor(reader, REST)
    while True:
        changes = await provider.changes_since(cursor)
        taken = Taken(REST, BY, None)
        # In the order of the files, so that a result that overtook its session finds it.
        ordered = sorted(changes.changes, key=lambda each: order.index(each.file))
        async with database.write() as session:
            for number, change in enumerate(ordered, start=1):
                await take_row(session, taken, change.file, number, change.row)
            await assess(session, sorted(taken.touched))
            if taken.problems:
                digest = hashlib.sha256(changes.cursor.encode()).hexdigest()
                manifest = Manifest(f"{changes.cursor[:60]}-{uuid4().hex[:8]}", {}, digest)
                await finish(session, taken, manifest)
            await repository.put_cursor(session, REST, changes.cursor)
        for what, number in taken.counts.items():
            counts[what] = counts.get(what, 0) + number
        refused += len(taken.problems)
        is_stuck = changes.cursor == cursor
        cursor = changes.cursor
        if not changes.has_more or is_stuck:
            break
    found = await compare(database, provider)
    if found.problems:
        digest = hashlib.sha256(f"{cursor}\ncompared".encode()).hexdigest()
        async with database.write() as session:
            batch_id = f"compared-{uuid4().hex[:8]}"
            await finish(session, found, Manifest(batch_id, {}, digest))
    refused += len(found.problems)
    return SyncReport(cancelled, enrolled, reported, counts, found.counts, refused, cursor)
