"""Requests to the prosecuting office: asked by case managers and counsel, answered by the liaison.

What the caller may not see gives NOT_FOUND, like what is not there. Who may do what depends on
the role alone and is said before anything is looked up.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_cases.cases import commands as record
from svc_cases.cases import repository as cases
from svc_cases.coordination import repository as coordination
from svc_cases.coordination.commands import note_warrant_change
from svc_cases.coordination.repository import Match
from svc_cases.coordination.rules import (
    WARRANT_STEPS,
    WarrantSource,
    WarrantStatus,
    may_decide_filing,
)
from svc_cases.counsel.commands import case_work_ground, require_participant, version_conflict
from svc_cases.requests import repository
from svc_cases.requests.rules import (
    ANSWERS,
    MAX_ANSWER_LENGTH,
    MAX_CONTEXT_LENGTH,
    REQUEST_STEPS,
    RequestKind,
    RequestStatus,
    is_about_warrant,
)
from svc_cases.requests.tables import CoordinationRequest


@dataclass(frozen=True, slots=True)
class RequestInput:
    """What is asked; ``warrant_id`` for a request to quash, and for nothing else."""

    kind: RequestKind
    context: str
    warrant_id: UUID | None


async def request_coordination(
    session: WriteSession, caller: Caller, *, link_id: UUID, given: RequestInput
) -> UUID:
    """Ask something of the office that prosecutes a matched case; returns the request.

    Raises:
        CommandError: not allowed, no such match or warrant, or a warrant that is missing or out of
            place.
    """
    match = await _match_to_work_on(session, caller, link_id)
    context = record.check_text(given.context, MAX_CONTEXT_LENGTH, "context")
    if is_about_warrant(given.kind) is not (given.warrant_id is not None):
        raise CommandError(
            "WARRANT_EXPECTED", "Name the warrant to be quashed, and only then.", ("warrantId",)
        )
    if given.warrant_id is not None:
        await _require_quashable(session, caller, match, given.warrant_id)
    now = clock.now()
    row = CoordinationRequest(
        id=uuid4(),
        link_id=match.link.id,
        participant_id=match.link.participant_id,
        recipient_agency_id=match.case.prosecutor_agency_id,
        kind=given.kind.value,
        warrant_id=given.warrant_id,
        context=context,
        status=RequestStatus.OPEN.value,
        requested_by=caller.subject,
        agency_id=caller.agency_id,
        requested_on=await record.today_at(session, match.case),
        requested_at=now,
        version=1,
    )
    session.add(row)
    return row.id


async def _match_to_work_on(session: WriteSession, caller: Caller, link_id: UUID) -> Match:
    ground = None if caller.role is Role.DEF else case_work_ground(caller)
    match = await coordination.lock_match(session, caller, link_id)
    if match is None:
        raise CommandError("NOT_FOUND", "There is no such match.", ("linkId",))
    if ground is not None:
        whose = match.link.participant_id
        await require_participant(session, caller, whose, ground, "linkId")
    return match


async def _require_quashable(
    session: WriteSession, caller: Caller, match: Match, warrant_id: UUID
) -> None:
    warrant = await coordination.lock_warrant(session, caller, match.link.id, warrant_id)
    if warrant is None:
        raise CommandError("NOT_FOUND", "There is no such warrant.", ("warrantId",))
    allowed = WARRANT_STEPS[WarrantStatus(warrant.status)]
    record.check_step("warrantId", WarrantStatus.QUASH_REQUESTED, allowed)


async def withdraw_request(
    session: WriteSession, caller: Caller, *, request_id: UUID, expected_version: int
) -> UUID:
    """Take a request back: who works the case, or counsel who made it. Returns the request.

    Raises:
        CommandError: not allowed, no such request, another version, or answered already.
    """
    ground = None if caller.role is Role.DEF else case_work_ground(caller)
    row = await _lock(session, caller, request_id)
    if ground is None:
        if row.requested_by != caller.subject:
            raise _missing()
    else:
        await require_participant(session, caller, row.participant_id, ground, "requestId")
    _step(row, RequestStatus.WITHDRAWN, expected_version)
    row.answered_by, row.answered_at = caller.subject, clock.now()
    return row.id


async def answer_request(
    session: WriteSession,
    caller: Caller,
    *,
    request_id: UUID,
    status: RequestStatus,
    answer: str,
    expected_version: int,
) -> UUID:
    """Answer a request to the own office; a granted quash is then asked of the court.

    Returns the request.

    Raises:
        CommandError: not the office's liaison, no such request to this office, another version, or
            an illegal step.
    """
    if not may_decide_filing(caller.role, is_liaison=caller.is_liaison):
        raise CommandError("NOT_ALLOWED", "Only the office's named liaison answers requests.")
    words = record.check_text(answer, MAX_ANSWER_LENGTH, "answer")
    row = await _lock(session, caller, request_id)
    if row.recipient_agency_id != cases.office_id(caller):
        raise _missing()
    if status not in ANSWERS:
        raise record.illegal_step("status", _allowed(row) & ANSWERS)
    _step(row, status, expected_version)
    row.answer, row.answered_by, row.answered_at = words, caller.subject, clock.now()
    if row.warrant_id is not None and status is RequestStatus.GRANTED:
        await _ask_court_to_quash(session, caller, row, row.warrant_id)
    return row.id


async def _ask_court_to_quash(
    session: WriteSession, caller: Caller, row: CoordinationRequest, warrant_id: UUID
) -> None:
    warrant = await coordination.lock_warrant(session, caller, row.link_id, warrant_id)
    if warrant is None:
        raise _missing()
    allowed = WARRANT_STEPS[WarrantStatus(warrant.status)]
    record.check_step("status", WarrantStatus.QUASH_REQUESTED, allowed)
    # The office says so itself, and so its source is a partner's statement.
    warrant.status = WarrantStatus.QUASH_REQUESTED.value
    warrant.source = WarrantSource.PARTNER_STATEMENT.value
    warrant.version += 1
    note_warrant_change(session, caller, warrant)


def _allowed(row: CoordinationRequest) -> frozenset[RequestStatus]:
    return REQUEST_STEPS[RequestKind(row.kind)][RequestStatus(row.status)]


def _step(row: CoordinationRequest, status: RequestStatus, expected_version: int) -> None:
    if row.version != expected_version:
        raise version_conflict("request")
    record.check_step("status", status, _allowed(row))
    row.status = status.value
    row.version += 1


def _missing() -> CommandError:
    return CommandError("NOT_FOUND", "There is no such request.", ("requestId",))


async def _lock(session: WriteSession, caller: Caller, request_id: UUID) -> CoordinationRequest:
    row = await repository.lock_request(session, caller, request_id)
    if row is None:
        raise _missing()
    return row
