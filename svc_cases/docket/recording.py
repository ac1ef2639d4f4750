"""A case put on the office's docket: by hand, or row by row from the office's own list.

The public part of a row is the office's word and nothing else; a charge names a statute of the
site's list. A case that is not filed yet is reached through its match alone, so the office's
liaison records it together with whose it is.

Filing a case of somebody in LEAD is an adverse decision, and stands on a source of its own. Who
knows of the match says so: the liaison gives the source with a filed row that names its
participant, and files a case that is held by the decision on its match. A row that the office
files without knowing of LEAD, as a list of the docket is, needs no source and is never asked for
one, for the question would tell; the liaison adds the decision afterwards.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import delete

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_cases.cases import commands as record
from svc_cases.cases import repository as cases
from svc_cases.cases.rules import CaseStatus, ChargeStatus, DateError, check_dates
from svc_cases.cases.tables import Charge, Court, LegalCase, Statute
from svc_cases.coordination import repository as coordination
from svc_cases.coordination.commands import checked_source, note_decision
from svc_cases.coordination.rules import may_decide_filing, status_at_match
from svc_cases.coordination.tables import LeadLink

MAX_CHARGES = 50
MAX_NAME_LENGTH = 100
FILED_WITH_ROW = "Filed with its row of the docket."
"""Reason of the decision that a filed row with its participant is."""
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{0,39}")


@dataclass(frozen=True, slots=True)
class NewCase:
    """A row of an office's list.

    Attributes:
        number: as the court, or before filing the office, writes it.
        court_code: see ``Query.courts``.
        filed_on: None while nothing is filed with the court; then ``participant_id`` is needed.
        statutes: of the site's list, in the order of the charging document.
        participant_id: whose it is, as far as the liaison may know.
        is_diverted_arrest: whether it is the very arrest that was diverted.
        independent_source: what a filed case of a participant stands on without LEAD.
    """

    number: str
    court_code: str
    given_name: str
    family_name: str
    incident_on: date | None
    filed_on: date | None
    statutes: Sequence[str]
    participant_id: UUID | None
    is_diverted_arrest: bool
    independent_source: str | None


async def record_case(session: WriteSession, caller: Caller, given: NewCase) -> UUID:
    """Put a case on the own office's docket; returns it.

    A number that the office holds as a case not filed yet is filed with this row, unless the
    caller knows of its match: the answer is that of a new case, for that there is one is not
    everybody's to know.

    Raises:
        CommandError: not allowed, no such court, statute or participant, a number that is on the
            public record already or awaits its filing decision, no source where one is needed, or
            dates that contradict.
    """
    office_id, site_id = cases.office_id(caller), cases.site_of(caller)
    if caller.role is not Role.PRO or office_id is None or site_id is None:
        raise CommandError("NOT_ALLOWED", "Only a prosecutor may change the office's docket.")
    await _check_participant(session, caller, given)
    number = given.number.strip()
    if not _NUMBER.fullmatch(number):
        raise CommandError("NUMBER_MALFORMED", "Give the number as the court does.", ("number",))
    court = await cases.court_by_code(session, given.court_code)
    if court is None or court.site_id != site_id:
        raise CommandError("COURT_UNKNOWN", "The site has no court of this code.", ("court",))
    case = LegalCase(
        id=uuid4(),
        number=number,
        court_id=court.id,
        site_id=site_id,
        prosecutor_agency_id=office_id,
        closed_on=None,
        version=1,
    )
    statutes = await _described(session, case, given, court)
    await cases.lock_number(session, number)
    if await cases.is_number_public(session, number):
        raise CommandError("NUMBER_TAKEN", "A case of this number is filed.", ("number",))
    held = await cases.unfiled_of_office(session, office_id, number)
    if held is not None and given.filed_on is not None:
        await _check_undecided(session, caller, held, given.participant_id)
    if held is None:
        session.add(case)
    elif given.filed_on is not None:
        case = _file_held(held, case)
    else:
        case = held
    await session.flush()
    if held is None or given.filed_on is not None:
        await session.execute(delete(Charge).where(Charge.case_id == case.id))
        _charge(session, case, statutes)
    if given.participant_id is not None:
        await _match(session, caller, case, given.participant_id, given)
    return case.id


async def _check_undecided(
    session: WriteSession, caller: Caller, held: LegalCase, whose: UUID | None
) -> None:
    """Check that the caller knows of no match of a case that is held; others are told nothing."""
    if not may_decide_filing(caller.role, is_liaison=caller.is_liaison):
        return
    is_known = held.id in await coordination.matches_of_cases(session, caller, [held.id])
    if is_known or (whose is not None and await coordination.is_matched(session, held.id, whose)):
        raise CommandError(
            "FILING_DECISION_NEEDED",
            "This case is matched and not filed: record the decision to file it on the match, "
            "with its independent source.",
            ("number",),
        )


async def _check_participant(session: WriteSession, caller: Caller, given: NewCase) -> None:
    is_adverse = given.participant_id is not None and given.filed_on is not None
    if given.independent_source is not None and not is_adverse:
        raise CommandError(
            "SOURCE_OUT_OF_PLACE",
            "Give a source with a filed case and whose it is, and only then.",
            ("independentSource",),
        )
    if given.participant_id is None:
        if given.filed_on is None:
            raise CommandError(
                "PARTICIPANT_MISSING",
                "A case that is not filed is reached through its match: say whose it is.",
                ("participantId",),
            )
        return
    if not may_decide_filing(caller.role, is_liaison=caller.is_liaison):
        raise CommandError("NOT_ALLOWED", "Only the office's named liaison says whose a case is.")
    if not await coordination.sees_matters_of(session, caller, given.participant_id):
        raise CommandError("NOT_FOUND", "There is no such participant.", ("participantId",))
    if is_adverse:
        checked_source(given.independent_source)


async def _described(
    session: WriteSession, case: LegalCase, given: NewCase, court: Court
) -> list[Statute]:
    """Fill in what the row says of a case; returns the statutes that it is charged under."""
    case.defendant_given_name = record.check_text(given.given_name, MAX_NAME_LENGTH, "givenName")
    case.defendant_family_name = record.check_text(given.family_name, MAX_NAME_LENGTH, "familyName")
    case.incident_on, case.filed_on = given.incident_on, given.filed_on
    case.status = (CaseStatus.NOT_FILED if given.filed_on is None else CaseStatus.PENDING).value
    today = await record.today_at(session, case)
    try:
        check_dates(given.incident_on, given.filed_on, None, today)
    except DateError as error:
        field = "incidentOn" if given.filed_on is None else "filedOn"
        raise CommandError("DATE_CONTRADICTS", str(error), (field,)) from None
    if not 1 <= len(given.statutes) <= MAX_CHARGES:
        raise CommandError(
            "CHARGES_OUT_OF_RANGE", f"Give 1 to {MAX_CHARGES} charges.", ("statutes",)
        )
    day = given.incident_on or given.filed_on or today
    found = []
    for code in given.statutes:
        statute = await cases.statute_on(session, court.site_id, code, day)
        if statute is None:
            raise CommandError(
                "STATUTE_UNKNOWN", "The list has no such statute for that day.", ("statutes",)
            )
        found.append(statute)
    return found


def _file_held(held: LegalCase, given: LegalCase) -> LegalCase:
    """Put a case that was held on the public record, just as the row has it."""
    held.court_id = given.court_id
    held.defendant_given_name = given.defendant_given_name
    held.defendant_family_name = given.defendant_family_name
    held.incident_on, held.filed_on = given.incident_on, given.filed_on
    held.status = given.status
    # Changes are counted from filing: more of them would tell that there was something before.
    held.version = 1
    return held


def _charge(session: WriteSession, case: LegalCase, statutes: Sequence[Statute]) -> None:
    status = ChargeStatus.NOT_FILED if case.filed_on is None else ChargeStatus.PENDING
    for position, statute in enumerate(statutes, start=1):
        session.add(
            Charge(
                id=uuid4(),
                case_id=case.id,
                position=position,
                statute=statute.code,
                description=statute.title,
                nibrs=statute.nibrs,
                charge_class=statute.charge_class,
                status=status.value,
            )
        )


async def _match(
    session: WriteSession, caller: Caller, case: LegalCase, whose: UUID, given: NewCase
) -> None:
    """Match a case, unless it is matched to this participant already."""
    if await coordination.is_matched(session, case.id, whose):
        return
    today = await record.today_at(session, case)
    link = LeadLink(
        id=uuid4(),
        case_id=case.id,
        participant_id=whose,
        is_diverted_arrest=given.is_diverted_arrest,
        coordination_status=status_at_match(is_filed=case.filed_on is not None).value,
        matched_by=caller.subject,
        matched_on=today,
        matched_at=clock.now(),
        version=1,
    )
    session.add(link)
    if case.filed_on is not None:
        await session.flush()
        source = checked_source(given.independent_source)
        note_decision(session, caller, link, reason=FILED_WITH_ROW, source=source, decided_on=today)
