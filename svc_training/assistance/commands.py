"""Asking the LEAD Support Bureau for technical assistance, and its answers."""

from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_training.assistance import repository
from svc_training.assistance.rules import (
    BY_BUREAU,
    BY_REQUESTER,
    MAX_COMMENT,
    MAX_QUESTION,
    AssistanceStatus,
    AssistanceTopic,
    check_step,
    checked_text,
)
from svc_training.assistance.tables import AssistanceRequest, AssistanceStep


async def request(
    session: WriteSession, caller: Caller, topic: AssistanceTopic, question: str
) -> dict[str, Any]:
    """Ask for assistance in the name of the own agency.

    Raises:
        CommandError: not a role that asks.
        RuleError: no question, or too long a one.
    """
    if caller.role not in repository.MAY_ASK or not caller.agency_id:
        raise CommandError("FORBIDDEN", "Your role does not ask for assistance.")
    text = checked_text(question, MAX_QUESTION, "question", needed=True)
    now = clock.now()
    row = AssistanceRequest(
        id=uuid4(),
        agency_id=caller.agency_id,
        site_id=caller.site_id,
        topic=topic.value,
        question=text or "",
        status=AssistanceStatus.OPEN.value,
        requested_by=caller.subject,
        requested_at=now,
        version=1,
    )
    await repository.add_step(session, row, _step(row, None, caller))
    return {"request": str(row.id)}


async def change(
    session: WriteSession,
    caller: Caller,
    request_id: str,
    status: AssistanceStatus,
    expected_version: int,
    comment: str | None,
) -> dict[str, Any]:
    """Move a request one step; an answer, a refusal and a further question need a comment.

    Raises:
        CommandError: no such request, not this party's step, or changed meanwhile.
        RuleError: the step is not allowed, or lacks its comment.
    """
    row_id = parse_id(request_id)
    row = None
    if row_id is not None:
        row = await repository.request_by_id(session, caller, row_id, lock=True)
    if row is None:
        raise not_found("input", "requestId")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    present = AssistanceStatus(row.status)
    check_step(present, status)
    is_bureau = caller.role is Role.LSB
    asks_again = present is AssistanceStatus.ANSWERED and status is AssistanceStatus.IN_PROGRESS
    theirs = BY_BUREAU if is_bureau else BY_REQUESTER
    if (
        status not in theirs
        or (asks_again and is_bureau)
        or (status is AssistanceStatus.IN_PROGRESS and not is_bureau and not asks_again)
    ):
        raise CommandError("NOT_YOUR_STEP", "The other side takes this step.", ("input", "status"))
    needs = asks_again or status in (AssistanceStatus.ANSWERED, AssistanceStatus.DECLINED)
    text = checked_text(comment, MAX_COMMENT, "comment", needed=needs)
    row.status = status.value
    row.version += 1
    await repository.add_step(session, row, _step(row, text, caller))
    return {"request": str(row.id)}


def _step(row: AssistanceRequest, comment: str | None, caller: Caller) -> AssistanceStep:
    return AssistanceStep(
        request_id=row.id,
        version=row.version,
        status=row.status,
        comment=comment,
        changed_by=caller.subject,
        changed_at=clock.now(),
    )
