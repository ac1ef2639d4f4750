"""One run over the REST interface: what we want there goes out, what has changed comes in."""

import hashlib
from dataclasses import dataclass
from uuid import uuid4

from infra.database import Database
from svc_training.acadis import repository
from svc_training.acadis.commands import REST, finish, take_row
from svc_training.acadis.provider import EnrollmentAnswer, TrainingProvider
from svc_training.acadis.rules import COLUMNS, Manifest
from svc_training.acadis.taking import Taken
from svc_training.compliance.commands import assess

ENROLLMENTS_AT_ONCE = 200
_BY = "acadis"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run did."""

    enrolled: dict[str, int]
    counts: dict[str, int]
    refused: int
    cursor: str | None


async def sync(database: Database, provider: TrainingProvider) -> SyncReport:
    """Run once. Each page of changes is one transaction together with its cursor.

    An interrupted run goes on where the last finished page ended; rows that come twice or out of
    order change nothing the second time.

    Raises:
        ProviderError: the provider does not answer; what was taken before stays.
    """
    enrolled = await _send(database, provider)
    counts: dict[str, int] = {}
    refused = 0
    order = list(COLUMNS)
    async with database.read() as reader:
        cursor = await repository.cursor(reader, REST)
    while True:
        changes = await provider.changes_since(cursor)
        taken = Taken(REST, _BY, None)
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
            return SyncReport(enrolled, counts, refused, cursor)


async def _send(database: Database, provider: TrainingProvider) -> dict[str, int]:
    answers: dict[str, int] = {}
    async with database.write() as session:
        wanted = [
            (assignment.id, person, number)
            for assignment, person, number in await repository.to_enroll(
                session, ENROLLMENTS_AT_ONCE
            )
        ]
    for assignment_id, person, number in wanted:
        # The key is of person and session, so that a second assignment asks for nothing new.
        key = hashlib.sha256(f"{person}\n{number}".encode()).hexdigest()
        answer = await provider.enroll(person, number, _BY, key)
        state = "OPEN" if answer is EnrollmentAnswer.PREREQ_UNMET else answer.value
        async with database.write() as session:
            await repository.put_enrollment(session, assignment_id, state, _BY)
        answers[answer.value] = answers.get(answer.value, 0) + 1
    return answers
