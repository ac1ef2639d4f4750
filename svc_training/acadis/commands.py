"""Taking over what the academy's system says, once, and listing where it contradicts us.

The academy's system is the record of attendance and credit: its results replace ours, and where
they differed the conflict is listed with both. We are the record of whom we mean to train: its
word never cancels or makes an assignment; a difference is listed and stays until somebody settles
it. Everything is idempotent by person and session, so a repetition changes nothing.
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from svc_training.acadis import repository, rules
from svc_training.acadis.rules import CellError, FileRefusedError, Manifest
from svc_training.acadis.tables import ExchangeBatch
from svc_training.acadis.taking import Row, Taken, take_course, take_person, take_session
from svc_training.assignments.repository import changes
from svc_training.assignments.rules import ENDED, AssignmentStatus, path_to
from svc_training.compliance.commands import assess
from svc_training.personnel.commands import require_training_manager
from svc_training.records import repository as records
from svc_training.records.rules import RecordKey, RecordSource
from svc_training.results.commands import put_record, way_to_result
from svc_training.results.rules import ResultOutcome
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.rules import local_day

FILES = "FILES"
REST = "REST"


async def import_files(
    session: WriteSession, files: Mapping[str, str], *, by: str, agency_id: str | None
) -> ExchangeBatch:
    """Take a batch of files over; a batch that was taken before has no further effect.

    Raises:
        FileRefusedError: the manifest or a file is not acceptable; nothing was taken.
    """
    manifest = rules.read_manifest(files.get(rules.MANIFEST, ""))
    rules.check_files(manifest, files)
    source = FILES if agency_id is None else f"{FILES}:{agency_id}"
    before = await repository.batch(session, source, manifest.batch_id)
    if before is not None:
        if before.digest != manifest.digest:
            problem = rules.RowProblem(
                rules.MANIFEST, 0, "batch_id", "BATCH_REUSED", "Another batch has this id."
            )
            raise FileRefusedError(problem)
        return before
    taken = Taken(source, by, agency_id)
    for name in rules.COLUMNS:
        if name in manifest.digests:
            for number, row in list(rules.rows_of(name, files[name])):
                await take_row(session, taken, name, number, row)
    return await finish(session, taken, manifest)


async def take_row(session: WriteSession, taken: Taken, file: str, number: int, row: Row) -> None:
    """Take one row over; a row that cannot be is reported, and those around it are not affected."""
    try:
        if file == "courses.csv":
            await take_course(session, taken, row)
        elif file == "sessions.csv":
            await take_session(session, taken, row)
        elif file == "personnel.csv":
            agencies = await repository.agencies(session, taken.agency_id)
            await take_person(session, taken, row, agencies)
        elif file == "assignments.csv":
            await take_assignment(session, taken, row)
        else:
            await take_result(session, taken, row)
    except CellError as error:
        taken.refuse(file, number, error)


async def finish(session: WriteSession, taken: Taken, manifest: Manifest) -> ExchangeBatch:
    """Store what an import did, and have the people concerned assessed."""
    await assess(session, sorted(taken.touched))
    batch = ExchangeBatch(
        id=uuid4(),
        source=taken.source,
        batch_id=manifest.batch_id,
        digest=manifest.digest,
        counts=taken.counts,
        errors=[
            [each.file, each.row, each.column, each.code, each.message] for each in taken.problems
        ],
        imported_by=taken.imported_by,
        agency_id=taken.agency_id,
        finished_at=clock.now(),
    )
    session.add(batch)
    await session.flush()
    return batch


async def take_assignment(session: WriteSession, taken: Taken, row: Row) -> None:
    """Compare what the academy's system says of a registration with ours.

    Its answer to our wish (registered, waitlisted, accepted, denied) moves our assignment along;
    whatever would end or begin one is listed.

    Raises:
        CellError: a cell is not of its form, or person or session is unknown.
    """
    external_id = rules.needed(row, "person_external_id", 80)
    number = rules.needed(row, "session_number", 20)
    theirs = rules.status(row)
    found = await session_by_number(session, number)
    if found is None:
        raise CellError("session_number", "NO_SESSION", "The catalogue has no such session.")
    people = (await repository.people(session, [external_id], taken.agency_id)).get(external_id)
    if not people:
        message = "Nobody on a roster has this id: a person record is needed."
        raise CellError("person_external_id", "NEEDS_PERSON_RECORD", message)
    await repository.put_roster(session, external_id, number, theirs.value, clock.now())
    ours = await changes.of_people_at_session(session, found.id, [each.id for each in people])
    for person in people:
        assignment = ours.get(person.id)
        present = AssignmentStatus(assignment.status) if assignment else None
        way = None if present is None else path_to(present, theirs)
        ends = theirs in ENDED and theirs is not AssignmentStatus.DENIED
        is_free = (present, theirs) == (AssignmentStatus.LATE_CANCELLED, AssignmentStatus.CANCELLED)
        if assignment is not None and (present is theirs or is_free):
            taken.count("assignments unchanged")
        elif assignment is not None and way and not ends:
            move = changes.Move(assignment.id, assignment.version, way)
            await changes.move_many(
                session, [move], taken.imported_by, clock.now(), "as the academy says"
            )
            taken.count("assignments moved")
        elif present is None or not _is_behind(theirs, present):
            await _conflict(
                session, taken, "STATUS_DIFFERS" if present else "ONLY_THERE",
                person.agency_id, person.id, external_id, number,
                present.value if present else None, theirs.value,
            )  # fmt: skip
        else:
            taken.count("assignments unchanged")


def _is_behind(theirs: AssignmentStatus, ours: AssignmentStatus) -> bool:
    """Return whether the academy's word is an earlier stage of where we are: late, not wrong."""
    return bool(path_to(theirs, ours))


async def take_result(session: WriteSession, taken: Taken, row: Row) -> None:
    """Store a result of the academy's: it stands above ours, and a difference is listed.

    Raises:
        CellError: a cell is not of its form, or person or session is unknown.
    """
    external_id = rules.needed(row, "person_external_id", 80)
    number = rules.needed(row, "session_number", 20)
    credit = rules.credit(row)
    expires_on = rules.day(row, "expires_on")
    certificate = rules.optional(row, "certificate_no", 80)
    provider = rules.optional(row, "instruction_provider")
    found = await session_by_number(session, number)
    if found is None:
        raise CellError("session_number", "NO_SESSION", "The catalogue has no such session.")
    on = rules.day(row, "completed_on") or local_day(found.ends_at, found.zone)
    people = (await repository.people(session, [external_id], taken.agency_id)).get(external_id)
    if not people:
        message = "Nobody on a roster has this id: a person record is needed."
        raise CellError("person_external_id", "NEEDS_PERSON_RECORD", message)
    ids = [each.id for each in people]
    stored = await records.records_at(session, found.id, ids)
    ours = await changes.of_people_at_session(session, found.id, ids)
    for person in people:
        key = RecordKey(person.id, found.id, found.course_id, found.title)
        before, assignment = stored.get(person.id), ours.get(person.id)
        was = f"{before.attendance} {before.outcome} {before.hours_credited}" if before else None
        says = f"{credit.attendance} {credit.outcome} {credit.hours}"
        if before is not None and before.source == RecordSource.OURS and was != says:
            await _conflict(
                session, taken, "RESULT_DIFFERS", person.agency_id, person.id, external_id,
                number, was, says,
            )  # fmt: skip
        numbered = certificate if len(people) == 1 else None
        fresh = records.new_record(
            key, credit, on, found.course, RecordSource.ACADIS, taken.imported_by,
            provider=provider, number=numbered, expires_on=expires_on,
        )  # fmt: skip
        outcome = put_record(session, before, fresh, credit)
        await session.flush()
        taken.count("results unchanged" if outcome is ResultOutcome.UNCHANGED else "results taken")
        taken.touched.add(person.id)
        way = way_to_result(assignment, credit)
        if assignment is not None and way:
            move = changes.Move(assignment.id, assignment.version, way)
            await changes.move_many(
                session, [move], taken.imported_by, clock.now(), "as the academy says"
            )
        elif assignment is not None and way is None:
            await _conflict(
                session, taken, "STATUS_DIFFERS", person.agency_id, person.id, external_id,
                number, assignment.status, says,
            )  # fmt: skip


async def _conflict(
    session: WriteSession,
    taken: Taken,
    kind: str,
    agency_id: str,
    personnel_id: object,
    external_id: str,
    session_number: str,
    ours: str | None,
    theirs: str,
) -> None:
    values: dict[str, Any] = {
        "kind": kind,
        "agency_id": agency_id,
        "personnel_id": personnel_id,
        "person_external_id": external_id,
        "session_number": session_number,
        "ours": ours,
        "theirs": theirs,
    }
    is_new = await repository.list_conflict(session, values)
    taken.count("conflicts listed" if is_new else "conflicts known")


async def import_for_manager(
    session: WriteSession, caller: Caller, files: Mapping[str, str]
) -> dict[str, Any]:
    """Take a batch over for a training manager: the own agency's people, nobody else's.

    Raises:
        CommandError: the caller may not, or the batch is not acceptable.
    """
    require_training_manager(caller)
    try:
        batch = await import_files(session, files, by=caller.subject, agency_id=caller.agency_id)
    except FileRefusedError as error:
        problem = error.problem
        message = f"{problem.file}: {problem.message}"
        raise CommandError(problem.code, message, ("input", "files")) from None
    return {"batch": str(batch.id), "batchId": batch.batch_id}


class _TriedError(Exception):
    """Ends a try, so that nothing of it stays."""


async def try_for_manager(
    session: WriteSession,
    caller: Caller,
    files: Mapping[str, str],
    show: Callable[[ExchangeBatch], None],
) -> dict[str, Any]:
    """Return what taking a batch over would do; nothing of it stays.

    Args:
        show: is given the batch as it would be, or as it was taken before.

    Raises:
        CommandError: as `import_for_manager`.
    """
    kept: dict[str, Any] = {}
    with contextlib.suppress(_TriedError):
        async with session.begin_nested():
            kept = await import_for_manager(session, caller, files)
            source = f"{FILES}:{caller.agency_id}"
            batch = await repository.batch(session, source, kept["batchId"])
            if batch is not None:
                show(batch)
            raise _TriedError
    return kept


async def link_organization(
    session: WriteSession, caller: Caller, organization_id: str
) -> dict[str, Any]:
    """Say which organization of the academy's system the own agency is.

    Raises:
        CommandError: the caller may not, no id, or it is linked to another agency.
    """
    require_training_manager(caller)
    text = " ".join(organization_id.split())
    if not 1 <= len(text) <= 80:
        message = "An organization has an id of 1 to 80 characters."
        raise CommandError("BAD_ORGANIZATION", message, ("input", "organizationId"))
    if await repository.link(session, text, caller.agency_id, caller.subject) != caller.agency_id:
        message = "This organization cannot be linked; ask the platform's administrator."
        raise CommandError("NOT_LINKED", message, ("input", "organizationId"))
    return {"organization": text}


async def settle_conflict(
    session: WriteSession, caller: Caller, conflict_id: str, comment: str
) -> dict[str, Any]:
    """Take a conflict off the list, with what was done about it.

    Raises:
        CommandError: the caller may not, no such open conflict, or no comment.
    """
    require_training_manager(caller)
    text = " ".join(comment.split())[:500]
    if not text:
        raise CommandError("COMMENT_NEEDED", "Say what was done.", ("input", "comment"))
    row_id = parse_id(conflict_id)
    row = await repository.conflict(session, caller, row_id) if row_id else None
    if row is None or row.settled_at is not None:
        raise not_found("input", "conflictId")
    row.settled_at, row.settled_by, row.comment = clock.now(), caller.subject, text
    row.settlement = "SETTLED"
    await session.flush()
    return {"conflict": str(row.id)}
