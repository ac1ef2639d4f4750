"""What the demo's training managers find: assignments due and overdue, results, a library.

Synthetic throughout. Apart from the seed, so that tests begin with rosters and courses alone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_training.assignments.commands import assign_people
from svc_training.assignments.repository import changes
from svc_training.assignments.rules import AssignmentStatus, AssignmentTerms, path_to
from svc_training.background import BackgroundWork
from svc_training.library import repository as library
from svc_training.library.rules import LibraryCategory, ResourceContent
from svc_training.personnel.repository import roster_by_agency
from svc_training.records.rules import Attendance, Credit, Outcome, RecordSource
from svc_training.results.commands import put_results
from svc_training.seed import seed
from svc_training.sessions.commands import import_course_page
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.rules import local_day

_BY = "seed"
_COURSE = """\
Motivational Interviewing on the Street (Example Course)

An invented course of the demo: listening, asking, and leaving the choice with the person.

To register for the course, contact your Training Manager.

Who can attend our classes?

Law enforcement, case managers, community services

Training sessions

Session Session Title Dates & Hours Location Status
9102-1 Motivational Interviewing on the Street (Example Course) 9/15/2026
Class Hours:
0900 - 1500
Cedar Falls Example Hall
Completed
9102-2 Motivational Interviewing on the Street (Example Course) 2/16/2027
Class Hours:
0900 - 1500
Cedar Falls Example Hall
Open
"""
_LIBRARY = (
    ("program-evaluation-2016", "Program evaluation: housing, work and income (2016)",
     "What changed for participants beside a comparison group.",
     LibraryCategory.DATA_AND_EVALUATIONS, ("Printable", "Evaluation"), True, date(2023, 8, 4)),
    ("lead-in-one-page", "LEAD in one page", "For a first conversation with partners.",
     LibraryCategory.LEAD_101, ("Printable",), True, date(2024, 2, 12)),
    ("roll-call-outline", "Outline for a roll call", "Ten minutes, led by one of their own.",
     LibraryCategory.COMMUNICATIONS, ("Officers",), False, date(2025, 5, 20)),
    ("project-manager-guide", "Quick guide for project managers", "The work of the first year.",
     LibraryCategory.PROJECT_MANAGEMENT, (), False, date(2025, 10, 1)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Manager:
    subject: str
    agency_id: str


async def seed_with_history(chassis: Chassis, world: Path) -> None:
    """Load the demo world and what has happened in it; running it again changes nothing.

    Args:
        chassis: the service's parts.
        world: JSON file of the demo world.
    """
    await seed(chassis, world)
    async with chassis.database.write() as session:
        if await session_by_number(session, "9102-1") is None:
            await import_course_page(session, _COURSE, _BY)
            for agency_id, ids in (await roster_by_agency(session)).items():
                await _history(session, _Manager(_BY, agency_id), ids)
            await _shelves(session)
    await BackgroundWork(chassis.database, None).settle()


async def _history(session: WriteSession, manager: _Manager, people: list[UUID]) -> None:
    past = await session_by_number(session, "9102-1")
    ahead = await session_by_number(session, "9102-2")
    intro = await session_by_number(session, "9101-2")
    if past is None or ahead is None or intro is None:
        return
    today = local_day(clock.now())
    had, late, soon = people[:5], people[5:8], people[8:11]
    plain = AssignmentTerms("Core", None, None)
    overdue = AssignmentTerms("Core", today - timedelta(days=12), 30)
    due = AssignmentTerms("LEAD", today + timedelta(days=20), 30)
    given = await assign_people(session, past, had, plain, by=manager)
    await assign_people(session, ahead, late, overdue, by=manager)
    await assign_people(session, intro, soon, due, by=manager)
    way = path_to(AssignmentStatus.ASSIGNED, AssignmentStatus.ACCEPTED) or ()
    moves = [changes.Move(each, 1, way) for each in given.made.values()]
    await changes.move_many(session, moves, _BY, clock.now(), None)
    full = Credit(Attendance.PRESENT, Outcome.COMPLETED, past.hours, None)
    part = Credit(Attendance.PARTIAL, Outcome.INCOMPLETE, Decimal("2.00"), None)
    absent = Credit(Attendance.ABSENT, Outcome.INCOMPLETE, Decimal(0), None)
    credit_of = dict(zip(had, (full, full, full, part, absent), strict=False))
    await put_results(session, past, credit_of, RecordSource.OURS, _BY, needs_assignment=True)


async def _shelves(session: WriteSession) -> None:
    for slug, title, summary, shelf, tags, is_printable, updated_on in _LIBRARY:
        link = f"https://library.example/{slug}"
        content = ResourceContent(
            slug, title, summary, shelf, tags, is_printable, link, None, updated_on
        )
        await library.put(session, content, None, _BY)
