"""What goes out to the provider: places given up, places asked for, training elsewhere reported.

Each wish is noted before it is sent and its answer after, in transactions of their own: whatever
breaks in between, the next run asks again, which has no second effect.
"""

import hashlib
from datetime import timedelta
from typing import Any

from infra import clock
from infra.database import Database, WriteSession
from svc_training.acadis import outgoing, repository
from svc_training.acadis.outgoing import Reported, Unwanted, Wanted
from svc_training.acadis.provider import (
    CancelAnswer,
    Cancelled,
    EnrollmentAnswer,
    EventAnswer,
    TrainingProvider,
)
from svc_training.assignments.rules import AssignmentStatus

AT_ONCE = 200
KEPT_AFTER = timedelta(days=30)
"""How long after its end a session is still compared and cancelled at."""

BY = "acadis"
_TITLE = 60


def enrollment_key(wanted: Wanted) -> str:
    """Return the key of a wish: of person, session, and how often the place was given up.

    A second assignment of a pair asks for nothing new; who comes back after a cancellation does.
    """
    parts = [wanted.person, wanted.session_number]
    parts += [str(wanted.given_up)] if wanted.given_up else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def send_cancellations(database: Database, provider: TrainingProvider) -> dict[str, int]:
    """Give up places of people whom we have cancelled; what is refused is listed, once.

    Raises:
        ProviderError: the provider does not answer; the rest is sent with the next run.
    """
    async with database.write() as session:
        rows = await outgoing.to_cancel(session, clock.now() - KEPT_AFTER, AT_ONCE)
    places: dict[tuple[str, str], list[Unwanted]] = {}
    for row in rows:
        places.setdefault((row.person, row.session_number), []).append(row)
    answers: dict[str, int] = {}
    for (person, number), unwanted in places.items():
        told = await provider.cancel(person, number)
        async with database.write() as session:
            await _keep_cancellation(session, told, unwanted)
        answers[told.answer.value] = answers.get(told.answer.value, 0) + 1
    return answers


async def _keep_cancellation(session: WriteSession, told: Cancelled, rows: list[Unwanted]) -> None:
    is_refused = told.answer is CancelAnswer.REFUSED
    state = outgoing.CANCEL_REFUSED if is_refused else outgoing.CANCELLED
    await outgoing.put_enrollments(session, [each.assignment_id for each in rows], state, by=BY)
    person, number = rows[0].person, rows[0].session_number
    said = told.status
    if told.answer is CancelAnswer.NOT_ENROLLED:
        said = AssignmentStatus.CANCELLED.value
    if said in set(AssignmentStatus):
        await repository.change_roster(session, person, number, said)
    for each in rows:
        is_late = told.answer is CancelAnswer.LATE_CANCELLED and each.status != said
        if is_refused or is_late:
            conflict = _difference(each.agency_id, each.personnel_id, person)
            conflict |= {"session_number": number, "ours": each.status, "theirs": said}
            await repository.list_conflict(session, conflict)


async def send_enrollments(database: Database, provider: TrainingProvider) -> dict[str, int]:
    """Ask for places for people who are registered here.

    Raises:
        ProviderError: the provider does not answer; the rest is sent with the next run.
    """
    answers: dict[str, int] = {}
    async with database.write() as session:
        rows = await outgoing.to_enroll(session, AT_ONCE)
    for wanted in rows:
        key = enrollment_key(wanted)
        answer = await provider.enroll(wanted.person, wanted.session_number, BY, key)
        is_waiting = answer is EnrollmentAnswer.PREREQ_UNMET
        state = outgoing.OPEN if is_waiting else answer.value
        async with database.write() as session:
            await outgoing.put_enrollments(session, [wanted.assignment_id], state, by=BY)
        answers[answer.value] = answers.get(answer.value, 0) + 1
    return answers


async def send_events(database: Database, provider: TrainingProvider) -> dict[str, int]:
    """Report approved training elsewhere; what is refused, and for whom it cannot be, is listed.

    Raises:
        ProviderError: the provider does not answer; the rest is sent with the next run.
    """
    answers: dict[str, int] = {}
    async with database.write() as session:
        rows = await outgoing.to_report(session, AT_ONCE)
    for report in rows:
        key = hashlib.sha256(f"event\n{report.id}".encode()).hexdigest()
        answer = await provider.report(report.event, BY, key)
        async with database.write() as session:
            await outgoing.put_event(session, report.id, answer.value)
            await _list_unreported(session, report, answer)
        answers[answer.value] = answers.get(answer.value, 0) + 1
    return answers


async def _list_unreported(session: WriteSession, report: Reported, answer: EventAnswer) -> None:
    what = f"elsewhere, {report.event.ends_on}: {report.event.title[:_TITLE]}"
    refused = report.people if answer is EventAnswer.REFUSED else {}
    for personnel_id, external_id in refused.items():
        conflict = _difference(report.agency_id, personnel_id, external_id)
        conflict |= {"session_number": what, "ours": "APPROVED", "theirs": answer.value}
        await repository.list_conflict(session, conflict)
    for personnel_id in report.unknown:
        conflict = _difference(report.agency_id, personnel_id, None)
        conflict |= {"session_number": what, "ours": "APPROVED", "theirs": "NEEDS_PERSON_RECORD"}
        await repository.list_conflict(session, conflict)


def _difference(agency_id: str, personnel_id: object, external_id: str | None) -> dict[str, Any]:
    return {
        "kind": "STATUS_DIFFERS",
        "agency_id": agency_id,
        "personnel_id": personnel_id,
        "person_external_id": external_id,
    }
