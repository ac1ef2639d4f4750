"""Changes of what ties cases to participants: one function for each mutation.

A participant, case or match that the caller may not see gives NOT_FOUND, like an absent one. Who
may do what depends on the role alone and is said before anything is looked up.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from svc_cases.cases import commands as record
from svc_cases.cases import repository as cases
from svc_cases.cases.rules import MAX_REASON_LENGTH
from svc_cases.coordination import repository
from svc_cases.coordination.repository import Match
from svc_cases.coordination.rules import (
    WARRANT_STEPS,
    CoordinationStatus,
    WarrantSource,
    WarrantStatus,
    filing_steps,
    may_decide_filing,
    status_at_match,
)
from svc_cases.coordination.tables import FilingDecision, LeadLink, Warrant, WarrantChange
from svc_cases.counsel.commands import case_work_ground, require_participant, version_conflict
from svc_cases.counsel.rules import CASE_WORK_GROUNDS

MAX_SOURCE_LENGTH = 100


async def _require_match(
    session: WriteSession, caller: Caller, link_id: UUID, expected_version: int | None
) -> Match:
    match = await repository.lock_match(session, caller, link_id)
    if match is None:
        raise CommandError("NOT_FOUND", "There is no such match.", ("linkId",))
    if expected_version is not None and match.link.version != expected_version:
        raise version_conflict("match")
    return match


async def match_case(
    session: WriteSession,
    caller: Caller,
    *,
    participant_id: UUID,
    case_number: str,
    is_diverted_arrest: bool,
) -> UUID:
    """Record that a case is a participant's; returns the match.

    That the case is somebody else's as well is no error: whether it is must not show. A case that
    is not filed is found only by who sees a match of it already; its first match is made by the
    prosecuting office, with ``recordCase``.

    Raises:
        CommandError: not allowed, no such participant or case, or matched already.
    """
    ground = case_work_ground(caller)
    await require_participant(session, caller, participant_id, ground, "participantId")
    case = None
    if (site_id := cases.site_of(caller)) is not None:
        case = await repository.case_to_match(session, caller, site_id, case_number)
    if case is None:
        raise CommandError("NOT_FOUND", "There is no case of this number.", ("caseNumber",))
    if await repository.match_of(session, caller, case.id, participant_id) is not None:
        raise CommandError(
            "ALREADY_MATCHED", "This case is the participant's already.", ("caseNumber",)
        )
    now = clock.now()
    link = LeadLink(
        id=uuid4(),
        case_id=case.id,
        participant_id=participant_id,
        is_diverted_arrest=is_diverted_arrest,
        coordination_status=status_at_match(is_filed=case.filed_on is not None).value,
        matched_by=caller.subject,
        matched_on=await record.today_at(session, case),
        matched_at=now,
        version=1,
    )
    session.add(link)
    return link.id


async def unmatch_case(
    session: WriteSession, caller: Caller, *, link_id: UUID, expected_version: int, reason: str
) -> UUID:
    """End a match; the row stays, with who ended it and why. Returns the match.

    Raises:
        CommandError: not allowed, no such match, or another version.
    """
    ground = case_work_ground(caller)
    why = record.check_text(reason, MAX_REASON_LENGTH, "reason")
    match = await _require_match(session, caller, link_id, expected_version)
    link = match.link
    await require_participant(session, caller, link.participant_id, ground, "linkId")
    link.ended_by, link.ended_at, link.end_reason = caller.subject, clock.now(), why
    link.version += 1
    return link.id


@dataclass(frozen=True, slots=True)
class FilingInput:
    """What a liaison prosecutor decides about a matter.

    ``independent_source`` names a report that stands without LEAD; ``filed_on`` is the day on
    which the case was filed. Both are needed for FILED, and for nothing else.
    """

    decision: CoordinationStatus
    reason: str
    independent_source: str | None
    filed_on: date | None


async def record_filing_decision(
    session: WriteSession,
    caller: Caller,
    *,
    link_id: UUID,
    expected_version: int,
    given: FilingInput,
) -> UUID:
    """Record the prosecutor's decision; FILED makes the case public. Returns the match.

    A case that a row of the docket has filed meanwhile stays as the row has it: FILED then adds
    the decision and its source to what is public already, and names the same day.

    Raises:
        CommandError: not the office's liaison, no such match of this office, another version, an
            illegal step, or an adverse decision without its independent source.
    """
    if not may_decide_filing(caller.role, is_liaison=caller.is_liaison):
        raise CommandError("NOT_ALLOWED", "Only the office's named liaison records decisions.")
    reason = record.check_text(given.reason, MAX_REASON_LENGTH, "reason")
    match = await _require_match(session, caller, link_id, expected_version)
    link, case = match.link, match.case
    if case.prosecutor_agency_id != cases.office_id(caller):
        raise CommandError("NOT_FOUND", "There is no such match.", ("linkId",))
    stored = CoordinationStatus(link.coordination_status)
    allowed = filing_steps(stored, is_filed=case.filed_on is not None)
    record.check_step("decision", given.decision, allowed)
    source = None
    if given.decision is CoordinationStatus.FILED:
        source = checked_source(given.independent_source)
        if given.filed_on is None:
            raise CommandError("DATE_MISSING", "Give the day of filing.", ("filedOn",))
        if case.filed_on is None:
            await record.file_case(session, case, given.filed_on)
        elif case.filed_on != given.filed_on:
            message = "The docket has this case as filed on another day."
            raise CommandError("DATE_CONTRADICTS", message, ("filedOn",))
    link.coordination_status = given.decision.value
    link.version += 1
    today = await record.today_at(session, case)
    note_decision(session, caller, link, reason=reason, source=source, decided_on=today)
    return link.id


def checked_source(independent_source: str | None) -> str:
    """Return what an adverse decision stands on without LEAD, such as the number of a report.

    Raises:
        CommandError: none is given, or it is too long.
    """
    return record.check_text(independent_source or "", MAX_SOURCE_LENGTH, "independentSource")


def note_decision(
    session: WriteSession,
    caller: Caller,
    link: LeadLink,
    *,
    reason: str,
    source: str | None,
    decided_on: date,
) -> None:
    """Keep the decision that a match stands at now, with who took it and what it stands on."""
    session.add(
        FilingDecision(
            id=uuid4(),
            link_id=link.id,
            participant_id=link.participant_id,
            decision=link.coordination_status,
            reason=reason,
            independent_source=source,
            decided_on=decided_on,
            decided_by=caller.subject,
            agency_id=caller.agency_id,
            recorded_at=clock.now(),
        )
    )


@dataclass(frozen=True, slots=True)
class WarrantInput:
    """What is known of a warrant; ``warrant_id`` None for one that was not recorded before."""

    warrant_id: UUID | None
    status: WarrantStatus
    source: WarrantSource
    issued_on: date | None
    expected_version: int | None


def _may_record_warrants(caller: Caller) -> bool:
    return caller.role in CASE_WORK_GROUNDS or may_decide_filing(
        caller.role, is_liaison=caller.is_liaison
    )


async def record_warrant_status(
    session: WriteSession, caller: Caller, *, link_id: UUID, given: WarrantInput
) -> UUID:
    """Record what the public record or a partner says of a warrant; returns the match.

    Raises:
        CommandError: not allowed, a CJIS source, no such match or warrant, or an illegal step.
    """
    if not _may_record_warrants(caller):
        raise CommandError("NOT_ALLOWED", "This role records no warrants.")
    if given.source is WarrantSource.CJIS:
        raise CommandError(
            "CJIS_SOURCE_REFUSED",
            "Nothing from a criminal-justice information system may be stored here. "
            "Give what the public court record or a partner's own statement says.",
            ("source",),
        )
    match = await _require_match(session, caller, link_id, None)
    link = match.link
    ground = CASE_WORK_GROUNDS.get(caller.role)
    if ground is not None:
        await require_participant(session, caller, link.participant_id, ground, "linkId")
    if not await repository.sees_warrants_of(session, caller, link.participant_id):
        raise CommandError("NOT_FOUND", "There is no such match.", ("linkId",))
    if given.warrant_id is None:
        warrant = Warrant(
            id=uuid4(),
            link_id=link.id,
            participant_id=link.participant_id,
            issued_on=given.issued_on,
            recorded_on=await record.today_at(session, match.case),
            version=0,
        )
        session.add(warrant)
    else:
        warrant = await _require_warrant(session, caller, link.id, given)
        warrant.issued_on = given.issued_on or warrant.issued_on
    warrant.status, warrant.source = given.status.value, given.source.value
    warrant.version += 1
    await session.flush()
    note_warrant_change(session, caller, warrant)
    return link.id


def note_warrant_change(session: WriteSession, caller: Caller, warrant: Warrant) -> None:
    """Keep a warrant's new status, with who said so."""
    session.add(
        WarrantChange(
            id=uuid4(),
            warrant_id=warrant.id,
            status=warrant.status,
            source=warrant.source,
            recorded_by=caller.subject,
            agency_id=caller.agency_id,
            recorded_at=clock.now(),
        )
    )


async def _require_warrant(
    session: WriteSession, caller: Caller, link_id: UUID, given: WarrantInput
) -> Warrant:
    warrant = None
    if given.warrant_id is not None:
        warrant = await repository.lock_warrant(session, caller, link_id, given.warrant_id)
    if warrant is None:
        raise CommandError("NOT_FOUND", "There is no such warrant.", ("warrantId",))
    if warrant.version != given.expected_version:
        raise version_conflict("warrant")
    record.check_step("status", given.status, WARRANT_STEPS[WarrantStatus(warrant.status)])
    return warrant
