"""Letters to a court: drafted from approved words, approved by somebody else, handed over.

What the caller may not see gives NOT_FOUND, like what is not there.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.pagination import CursorSeal, PaginationError
from svc_cases.cases import commands as record
from svc_cases.coordination import repository as coordination
from svc_cases.counsel.commands import case_work_ground, require_participant, version_conflict
from svc_cases.letters import repository
from svc_cases.letters.rules import (
    LETTER_STEPS,
    MAX_RECIPIENT_LENGTH,
    TEMPLATE_VERSION,
    DeliveryMethod,
    LetterStatus,
    is_sha256,
)
from svc_cases.letters.schema import SEALED_FOR
from svc_cases.letters.tables import CourtLetter


async def draft_letter(
    session: WriteSession, caller: Caller, seal: CursorSeal, *, link_id: UUID, sealed: str
) -> UUID:
    """Draft a letter to the court of a matched case, from the approved words; returns it.

    Args:
        session: the transaction.
        caller: who drafts.
        seal: opens ``sealed``.
        link_id: the match that it is about.
        sealed: the approved words as this caller read them today; nothing can be added.

    Raises:
        CommandError: not allowed, no such match, a case that no court has, or words that are not
            the approved ones of this participant as this caller read them.
    """
    ground = case_work_ground(caller)
    match = await coordination.lock_match(session, caller, link_id)
    if match is None:
        raise CommandError("NOT_FOUND", "There is no such match.", ("linkId",))
    whose = match.link.participant_id
    await require_participant(session, caller, whose, ground, "linkId")
    if match.case.filed_on is None:
        raise CommandError("NOT_FILED", "No court has this case yet.", ("linkId",))
    try:
        participant, statement, helps = seal.open(caller, SEALED_FOR, sealed)
    except PaginationError:
        participant = None
    if participant != str(whose):
        raise CommandError(
            "MATERIAL_OUTDATED", "Read `courtLetterMaterial` of the participant anew.", ("sealed",)
        )
    row = CourtLetter(
        id=uuid4(),
        link_id=match.link.id,
        case_id=match.case.id,
        participant_id=whose,
        court_id=match.case.court_id,
        statement=statement,
        what_would_help=helps,
        template_version=TEMPLATE_VERSION,
        status=LetterStatus.DRAFT.value,
        written_by=caller.subject,
        agency_id=caller.agency_id,
        written_on=await record.today_at(session, match.case),
        written_at=clock.now(),
        version=1,
    )
    session.add(row)
    return row.id


async def approve_letter(
    session: WriteSession, caller: Caller, *, letter_id: UUID, expected_version: int
) -> UUID:
    """Approve a draft of somebody else's; returns the letter.

    Raises:
        CommandError: not allowed, no such letter, another version, an illegal step, or one's own.
    """
    row = await _lock(session, caller, letter_id, expected_version, LetterStatus.APPROVED)
    if row.written_by == caller.subject:
        raise CommandError(
            "OWN_LETTER", "Somebody else than who wrote it approves a letter.", ("letterId",)
        )
    _step(row, LetterStatus.APPROVED)
    row.approved_by, row.approved_at = caller.subject, clock.now()
    return row.id


async def withdraw_letter(
    session: WriteSession, caller: Caller, *, letter_id: UUID, expected_version: int
) -> UUID:
    """Take a letter back that no court has; returns it.

    Raises:
        CommandError: not allowed, no such letter, another version, or an illegal step.
    """
    row = await _lock(session, caller, letter_id, expected_version, LetterStatus.WITHDRAWN)
    _step(row, LetterStatus.WITHDRAWN)
    return row.id


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who took a letter at the court, how, and which document exactly."""

    recipient_name: str
    method: DeliveryMethod
    document_sha256: str


async def deliver_letter(
    session: WriteSession,
    caller: Caller,
    *,
    letter_id: UUID,
    given: Delivery,
    expected_version: int,
) -> UUID:
    """Record that the court was handed a letter; only while a release names the court.

    The door that makes the document asks for this, after the release to the court was recorded.
    Returns the letter.

    Raises:
        CommandError: not allowed, no such letter, another version, not approved, a court that no
            release names, or a hash that is none.
    """
    row = await _lock(session, caller, letter_id, expected_version, LetterStatus.DELIVERED)
    whom = record.check_text(given.recipient_name, MAX_RECIPIENT_LENGTH, "recipientName")
    if not is_sha256(given.document_sha256):
        raise CommandError("NO_HASH", "Give the document's SHA-256.", ("documentSha256",))
    if not await repository.may_tell_court(session, caller, row.participant_id, row.court_id):
        raise CommandError("COURT_NOT_NAMED", "No release names the court.", ("letterId",))
    _step(row, LetterStatus.DELIVERED)
    row.delivered_by, row.delivered_at = caller.subject, clock.now()
    row.recipient_name, row.delivery_method = whom, given.method.value
    row.document_sha256 = given.document_sha256
    return row.id


async def _lock(
    session: WriteSession,
    caller: Caller,
    letter_id: UUID,
    expected_version: int,
    status: LetterStatus,
) -> CourtLetter:
    ground = case_work_ground(caller)
    row = await repository.lock_letter(session, caller, letter_id)
    if row is None:
        raise CommandError("NOT_FOUND", "There is no such letter.", ("letterId",))
    await require_participant(session, caller, row.participant_id, ground, "letterId")
    if row.version != expected_version:
        raise version_conflict("letter")
    record.check_step("letterId", status, LETTER_STEPS[LetterStatus(row.status)])
    return row


def _step(row: CourtLetter, status: LetterStatus) -> None:
    row.status = status.value
    row.version += 1
