"""Prerequisites of courses, documents that show them, waivers with their comment."""

from dataclasses import dataclass
from typing import Any

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.catalogue.repository import course_by_number
from svc_training.personnel.commands import require_training_manager
from svc_training.personnel.repository import personnel_by_id
from svc_training.prerequisites import repository
from svc_training.prerequisites.rules import (
    FulfillmentStatus,
    PrerequisiteKind,
    check_decision,
    check_step,
    checked_title,
    read_document,
)


async def add_prerequisite(
    session: WriteSession,
    caller: Caller,
    course_number: str,
    title: str,
    required_course_number: str | None,
) -> dict[str, Any]:
    """Add a prerequisite to a course: another course, or else a document.

    Raises:
        CommandError: the caller may not, or a course is unknown or its own prerequisite.
        RuleError: no title.
    """
    require_training_manager(caller)
    checked = checked_title(title)
    course = await course_by_number(session, course_number)
    if course is None:
        raise not_found("input", "courseNumber")
    required = None
    if required_course_number is not None:
        required = await course_by_number(session, required_course_number)
        if required is None:
            raise not_found("input", "requiredCourseNumber")
        if required.id == course.id:
            message = "A course is not its own prerequisite."
            raise CommandError("OWN_PREREQUISITE", message, ("input", "requiredCourseNumber"))
    kind = PrerequisiteKind.COURSE if required else PrerequisiteKind.DOCUMENT
    row = await repository.add_prerequisite(
        session, course.id, kind, checked, required.id if required else None, caller.subject
    )
    return {"prerequisite": str(row.id)}


async def end_prerequisite(
    session: WriteSession, caller: Caller, prerequisite_id: str, expected_version: int
) -> dict[str, Any]:
    """Take a prerequisite back: nobody is asked for it any more; what people have shown stays.

    Raises:
        CommandError: the caller may not, there is none, or it was taken back meanwhile.
    """
    require_training_manager(caller)
    row_id = parse_id(prerequisite_id)
    asked = await repository.prerequisite(session, row_id) if row_id else None
    if asked is None:
        raise not_found("input", "prerequisiteId")
    is_unread = not asked.is_active or not await repository.end_prerequisite(
        session, asked.id, expected_version, caller.subject
    )
    if is_unread:
        raise version_conflict("input", "expectedVersion")
    return {"prerequisite": str(asked.id)}


@dataclass(frozen=True, slots=True)
class DocumentSent:
    """A file that shows that a person meets a prerequisite."""

    personnel_id: str
    prerequisite_id: str
    file_name: str
    media_type: str
    content_base64: str


async def submit_document(
    session: WriteSession, caller: Caller, sent: DocumentSent
) -> dict[str, Any]:
    """Store a file for a prerequisite and move it to DOCUMENT_SUBMITTED.

    The person concerned may do this, and the training manager.

    Raises:
        CommandError: person or prerequisite absent or not the caller's to see.
        RuleError: the file is not acceptable, or the step is not allowed.
    """
    document = read_document(sent.file_name, sent.media_type, sent.content_base64)
    personnel_id, prerequisite_id = parse_id(sent.personnel_id), parse_id(sent.prerequisite_id)
    people = {} if personnel_id is None else await personnel_by_id(session, caller, [personnel_id])
    person = people.get(personnel_id) if personnel_id is not None else None
    if person is None:
        raise not_found("input", "personnelId")
    if person.account_id != caller.subject:
        require_training_manager(caller)
    asked = await repository.prerequisite(session, prerequisite_id) if prerequisite_id else None
    if asked is None or not asked.is_active or asked.kind != PrerequisiteKind.DOCUMENT:
        raise not_found("input", "prerequisiteId")
    found = await repository.begin(session, person.id, asked.id, caller.subject)
    wanted = FulfillmentStatus.DOCUMENT_SUBMITTED
    check_step(FulfillmentStatus(found.status), wanted)
    document_id = await repository.add_document(session, person.id, document, caller.subject)
    if not await repository.move(session, found, wanted, None, caller.subject, document_id):
        raise version_conflict("input", "prerequisiteId")
    return {"personnel": str(person.id), "prerequisite": str(asked.id)}


@dataclass(frozen=True, slots=True)
class FulfillmentChange:
    """A step that a training manager asks for."""

    personnel_id: str
    prerequisite_id: str
    status: FulfillmentStatus
    comment: str | None
    expected_version: int


async def change_fulfillment(
    session: WriteSession, caller: Caller, change: FulfillmentChange
) -> dict[str, Any]:
    """Move a fulfillment one step: met, waiver asked for, waived, rejected.

    Raises:
        CommandError: the caller may not, there is no such person or prerequisite, or it has
            changed meanwhile.
        RuleError: the step is not allowed, lacks its comment, or decides the own waiver.
    """
    require_training_manager(caller)
    comment = " ".join((change.comment or "").split())[:500] or None
    personnel_id, prerequisite_id = parse_id(change.personnel_id), parse_id(change.prerequisite_id)
    people = {} if personnel_id is None else await personnel_by_id(session, caller, [personnel_id])
    if personnel_id not in people or people[personnel_id].agency_id != caller.agency_id:
        raise not_found("input", "personnelId")
    asked = await repository.prerequisite(session, prerequisite_id) if prerequisite_id else None
    if asked is None or not asked.is_active or personnel_id is None:
        raise not_found("input", "prerequisiteId")
    rows = await repository.fulfillments(session, [personnel_id], [asked.id])
    found = rows.get((personnel_id, asked.id))
    if (found.version if found else 0) != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    check_step(FulfillmentStatus(found.status) if found else FulfillmentStatus.UNMET, change.status)
    if found is None or change.status is FulfillmentStatus.DOCUMENT_SUBMITTED:
        message = "A document is submitted with submitPrerequisiteDocument."
        raise CommandError("DOCUMENT_NEEDED", message, ("input", "status"))
    check_decision(change.status, comment, decides=caller.subject, asked=found.changed_by)
    if not await repository.move(session, found, change.status, comment, caller.subject, None):
        raise version_conflict("input", "status")
    return {"personnel": str(personnel_id), "prerequisite": str(asked.id)}
