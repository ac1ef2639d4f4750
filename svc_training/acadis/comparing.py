"""Reading what the provider has, so that both ways are compared: catalogue, sessions, rosters.

Only sessions that one of the two has people at, and that ended lately or not yet. People who are
on no roster here are not stored. What a roster says goes the way of any row about a registration:
it moves ours along or is listed, and overwrites nothing.
"""

from infra import clock
from infra.database import Database
from svc_training.acadis import repository
from svc_training.acadis.commands import REST, take_row
from svc_training.acadis.provider import Change, TrainingProvider
from svc_training.acadis.sending import BY, KEPT_AFTER
from svc_training.acadis.taking import Taken

SESSIONS_AT_ONCE = 200


async def compare(database: Database, provider: TrainingProvider) -> Taken:
    """Read the provider's side of what both know.

    Returns:
        What was done, counted, and the rows that could not be taken.

    Raises:
        ProviderError: the provider does not answer; what was read before stays.
    """
    since = clock.now() - KEPT_AFTER
    async with database.read() as reader:
        wanted = await repository.to_compare(reader, since, SESSIONS_AT_ONCE)
    report = Taken(REST, BY, None)
    theirs: set[str] = set()
    for course_number in sorted({course for _, course in wanted if course}):
        courses = await provider.courses(course_number)
        sessions = await provider.sessions(course_number, since.date()) if courses else ()
        theirs |= {each.row["session_number"] for each in sessions}
        await _take(database, report, [*courses, *sessions])
        if not courses:
            report.count("courses only here")
    for number, _ in wanted:
        if number not in theirs:
            report.count("sessions only here")
        await _roster(database, provider, report, number)
    return report


async def _take(database: Database, report: Taken, changes: list[Change]) -> None:
    async with database.write() as session:
        for number, change in enumerate(changes, start=1):
            await take_row(session, report, change.file, number, change.row)


async def _roster(
    database: Database, provider: TrainingProvider, report: Taken, number: str
) -> None:
    listed = await provider.roster(number)
    if listed is None:
        return
    ids = [each.row["person_external_id"] for each in listed]
    async with database.write() as session:
        known = await repository.people(session, ids, None)
        said = await repository.said_of(session, number)
        for position, each in enumerate(listed, start=1):
            who, status = each.row["person_external_id"], each.row["status"]
            if who in known and said.get(who) != status:  # what was settled stays settled
                row = {**each.row, "session_number": number}
                await take_row(session, report, each.file, position, row)
        gone = await repository.keep_roster(session, number, ids)
    for _ in range(gone):
        report.count("places gone there")
