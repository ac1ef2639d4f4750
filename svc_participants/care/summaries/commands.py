"""Commands about the summary: write, approve, withdraw. Assigned case manager, supervisor."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.keeping import check_step
from svc_participants.care.summaries import repository, rules
from svc_participants.care.summaries.tables import ProgressSummaryRow
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.repository import take_turn
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class Wording:
    """What a summary says."""

    statement: str | None
    engagement: rules.Engagement | None
    barriers: str | None
    what_would_help: str | None
    is_nothing_to_add: bool


async def write_summary(
    session: WriteSession, caller: Caller, participant_id: str, wording: Wording
) -> dict[str, Any]:
    """Write a draft; no partner sees it until it is approved.

    Raises:
        RuleError: NOT_FOUND, or a wording that contradicts itself.
    """
    found = await require_writable(session, caller, Category.GOALS_PLAN, participant_id)
    rules.check_content(
        wording.statement,
        is_nothing_to_add=wording.is_nothing_to_add,
        has_more=any((wording.engagement, wording.barriers, wording.what_would_help)),
    )
    row = ProgressSummaryRow(
        id=uuid4(),
        participant_id=found,
        agency_id=own_agency(caller),
        statement=wording.statement,
        engagement=wording.engagement.value if wording.engagement else None,
        barriers=wording.barriers,
        what_would_help=wording.what_would_help,
        is_nothing_to_add=wording.is_nothing_to_add,
        state=rules.SummaryState.DRAFT.value,
        written_at=clock.now(),
        written_by=caller.subject,
    )
    session.add(row)
    return {"summary": str(row.id)}


async def approve_summary(
    session: WriteSession, caller: Caller, summary_id: UUID | None, expected_version: int
) -> dict[str, Any]:
    """Approve a draft; it stands in the place of what was approved before.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or taken from a note.
    """
    row = await _wording(session, caller, summary_id, expected_version)
    check_step(rules.STEPS, rules.SummaryState(row.state), rules.SummaryState.APPROVED, "summaryId")
    notes = await repository.note_texts(session, row.participant_id)
    rules.check_own_words((row.statement, row.barriers, row.what_would_help), notes)
    for earlier in await repository.approved_of(session, row.participant_id):
        earlier.state = rules.SummaryState.REPLACED.value
        earlier.version += 1
    await session.flush()  # the old one gives way first: one approved wording at a time
    now = clock.now()
    row.state = rules.SummaryState.APPROVED.value
    row.approved_at = now
    row.approved_on = await today_at(session, caller)
    row.approved_by = caller.subject
    row.version += 1
    return {"summary": str(row.id)}


async def withdraw_summary(
    session: WriteSession, caller: Caller, summary_id: UUID | None, expected_version: int
) -> dict[str, Any]:
    """Take a wording back; where it stood, partners see that there is nothing to add.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT or STEP_NOT_ALLOWED.
    """
    row = await _wording(session, caller, summary_id, expected_version)
    state = rules.SummaryState(row.state)
    check_step(rules.STEPS, state, rules.SummaryState.WITHDRAWN, "summaryId")
    row.state = rules.SummaryState.WITHDRAWN.value
    row.version += 1
    return {"summary": str(row.id)}


async def _wording(
    session: WriteSession, caller: Caller, summary_id: UUID | None, expected_version: int
) -> ProgressSummaryRow:
    row = None
    if summary_id is not None:
        row = await repository.for_step(session, caller, summary_id)
    if row is None:
        raise not_found("summaryId")
    await take_turn(session, row.participant_id)
    check_version(expected_version, row.version)
    return row
