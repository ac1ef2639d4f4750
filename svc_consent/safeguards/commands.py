"""Reporting misuse, taking demands in, asking to amend, recording what was handed out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from infra.authority.changes import delete_visibility, put_visibility
from infra.authority.facts import VisibilityFact, agency_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Basis, Category, Role
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.agencies.rules import checked_reason
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.duties.repository import raise_duties
from svc_consent.duties.rules import DutyKind
from svc_consent.safeguards import repository, rules
from svc_consent.safeguards.rules import DemandKind, HandoutKind
from svc_consent.safeguards.tables import AmendmentRequest, Handout, Incident, LegalDemand


async def report_misuse(
    session: WriteSession, caller: Caller, about: tuple[str, str], what: str, *, is_anonymous: bool
) -> dict[str, Any]:
    """Open an incident and freeze an agency's access to a participant, at once (GR-9).

    Anybody may report; the answer is the same whether the id names somebody or not. The agency
    that serves the person is assessed but not frozen out.

    Args:
        session: the transaction.
        caller: who reports.
        about: participant and suspected agency.
        what: what has happened.
        is_anonymous: whether the incident does not say who reported it.

    Raises:
        CommandError: no such agency, or an id that is none.
        RuleError: nothing said.
    """
    text = rules.checked_text(what, "what")
    participant_id, agency_id, site_id = parse_id(about[0]), parse_id(about[1]), _site(caller)
    if participant_id is None:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", "participantId"))
    if agency_id is None or agency_id not in await agencies_by_id(session, [agency_id]):
        raise not_found("input", "agencyId")
    now, settings = await database_now(session), await settings_of_site(session, site_id)
    serving = await repository.serving_agency(session, participant_id)
    freezes = serving is None or serving[0] != agency_id
    incident = Incident(
        id=uuid4(), site_id=site_id, participant_id=participant_id, agency_id=agency_id, what=text,
        reported_by=None if is_anonymous else parse_id(caller.subject), reported_at=now,
        frozen_at=now if freezes else None,
    )  # fmt: skip
    session.add(incident)
    kinds = (DutyKind.MISUSE_ASSESSMENT, DutyKind.TELL_PARTICIPANT)
    raise_duties(session, (site_id, participant_id, incident.id), kinds, settings, now)
    await session.flush()
    if freezes:
        fact = _freeze(incident)
        touched = [Touched(str(participant_id), fact.holder)]
        await record_change(session, keys_of(touched, {}), [put_visibility(fact)])
    return {"incidentId": str(incident.id)}


def _freeze(incident: Incident) -> VisibilityFact:
    """Return the denial of everything, to the agency at every site, also in an emergency."""
    return VisibilityFact(
        id=rules.freeze_id(incident.id),
        participant_id=incident.participant_id,
        holder=agency_holder(str(incident.agency_id)),
        basis=Basis.ANY,
        starts_at=incident.reported_at,
        is_denial=True,
        source_id=incident.id,
    )


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of an incident."""

    is_breach: bool
    affected: int
    outcome: str
    lifts_freeze: bool


async def assess_incident(
    session: WriteSession,
    caller: Caller,
    incident_id: str,
    expected_version: int,
    assessment: Assessment,
) -> dict[str, Any]:
    """Record the assessment of an incident; a breach starts the clocks of who must be told.

    Raises:
        CommandError: not this role or the suspected agency, no such incident, changed meanwhile.
        RuleError: no outcome, or a breach that affects nobody.
    """
    outcome = checked_reason(assessment.outcome)
    row_id, incident = parse_id(incident_id), None
    if row_id is not None:
        incident = await repository.for_update(session, caller, Incident, row_id)
    if incident is None:
        raise not_found("input", "incidentId")
    is_suspected = str(incident.agency_id) == caller.agency_id
    if caller.role not in rules.CLOSES_INCIDENTS or is_suspected:
        raise CommandError("FORBIDDEN", "Somebody else assesses this.", ("input", "incidentId"))
    if incident.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    now = await database_now(session)
    if assessment.is_breach:
        rules.check_affected(assessment.affected)
        if not incident.is_breach:
            settings = await settings_of_site(session, incident.site_id)
            about = (incident.site_id, incident.participant_id, incident.id)
            # The clock runs from discovery, not from the assessment.
            kinds = (DutyKind.TELL_AUTHORITIES,)
            raise_duties(session, about, kinds, settings, incident.reported_at)
    incident.is_breach = assessment.is_breach
    incident.affected = assessment.affected if assessment.is_breach else None
    incident.outcome = outcome
    incident.assessed_at = now
    incident.assessed_by = parse_id(caller.subject)
    incident.version += 1
    lifts = assessment.lifts_freeze and incident.frozen_at and incident.lifted_at is None
    if lifts:
        incident.lifted_at = now
    await session.flush()
    if lifts:
        fact = _freeze(incident)
        touched = [Touched(str(incident.participant_id), fact.holder)]
        await record_change(session, keys_of(touched, {}), [delete_visibility(fact.id)])
    return {"incidentId": str(incident.id)}


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand as it came in."""

    kind: DemandKind
    issued_by: str
    order_number: str | None
    scope: str
    return_on: date | None
    document_sha256: str | None


async def record_demand(
    session: WriteSession, caller: Caller, participant_id: str, demand: Demand
) -> dict[str, Any]:
    """Take a subpoena, warrant or order in: hold deletion, and have counsel look.

    Nothing leaves by it. The answer is neutral and the same for everybody.

    Raises:
        CommandError: not this role, or an id that is none.
        RuleError: nothing said.
    """
    if caller.role not in rules.RECORDS_DEMANDS:
        raise CommandError("FORBIDDEN", "Your role does not take demands in.")
    row_id, site_id = parse_id(participant_id), _site(caller)
    if row_id is None:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", "participantId"))
    now, settings = await database_now(session), await settings_of_site(session, site_id)
    row = LegalDemand(
        id=uuid4(), site_id=site_id, participant_id=row_id, kind=demand.kind.value,
        issued_by=rules.checked_text(demand.issued_by, "issuedBy"),
        order_number=demand.order_number, scope=rules.checked_text(demand.scope, "scope"),
        return_on=demand.return_on, document_sha256=demand.document_sha256,
        recorded_by=parse_id(caller.subject), recorded_at=now,
    )  # fmt: skip
    session.add(row)
    about = (site_id, row_id, row.id)
    raise_duties(session, about, (DutyKind.COUNSEL_REVIEW,), settings, now)
    await session.flush()
    return {"demandId": str(row.id)}


async def end_hold(
    session: WriteSession, caller: Caller, demand_id: str, expected_version: int, outcome: str
) -> dict[str, Any]:
    """End a demand's hold on deletion, with what counsel decided.

    Raises:
        CommandError: not this role, no such demand, changed meanwhile, or ended before.
        RuleError: no outcome.
    """
    text, row_id, demand = checked_reason(outcome), parse_id(demand_id), None
    if row_id is not None:
        demand = await repository.for_update(session, caller, LegalDemand, row_id)
    if demand is None:
        raise not_found("input", "demandId")
    if caller.role not in rules.CLOSES_INCIDENTS:
        raise CommandError("FORBIDDEN", "Somebody else ends holds.", ("input", "demandId"))
    if demand.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if demand.hold_ended_at is not None:
        raise CommandError("ENDED", "The hold was ended before.", ("input", "demandId"))
    demand.hold_ended_at = await database_now(session)
    demand.hold_ended_by = parse_id(caller.subject)
    demand.outcome = text
    demand.version += 1
    await session.flush()
    return {"demandId": str(demand.id)}


async def request_amendment(
    session: WriteSession, caller: Caller, participant_id: str, category: Category, what: str
) -> dict[str, Any]:
    """Keep a person's request to amend the record beside it; an answer is due.

    Raises:
        CommandError: no such participant.
        RuleError: nothing said.
    """
    row_id = await _seen(session, caller, participant_id)
    site_id = _site(caller)
    now, settings = await database_now(session), await settings_of_site(session, site_id)
    row = AmendmentRequest(
        id=uuid4(), participant_id=row_id, category=category.value,
        what=rules.checked_text(what, "what"), requested_by=parse_id(caller.subject),
        requested_at=now,
    )  # fmt: skip
    session.add(row)
    about = (site_id, row_id, row.id)
    raise_duties(session, about, (DutyKind.AMENDMENT_ANSWER,), settings, now)
    await session.flush()
    return {"requestId": str(row.id)}


async def answer_amendment(
    session: WriteSession, caller: Caller, request_id: str, answer: str, *, is_accepted: bool
) -> dict[str, Any]:
    """Answer a request to amend; the request stays whatever the answer is.

    Raises:
        CommandError: not staff, no such request, or answered before.
        RuleError: nothing said.
    """
    text, row_id, row = rules.checked_text(answer, "answer"), parse_id(request_id), None
    if row_id is not None:
        row = await repository.for_update(session, caller, AmendmentRequest, row_id)
    if row is None:
        raise not_found("input", "requestId")
    if caller.role not in (Role.CM, Role.SUP):
        raise CommandError("FORBIDDEN", "The agency that keeps the record answers.")
    if row.answered_at is not None:
        raise CommandError("ANSWERED", "It was answered before.", ("input", "requestId"))
    row.is_accepted, row.answer = is_accepted, text
    row.answered_at = await database_now(session)
    row.answered_by = parse_id(caller.subject)
    row.version += 1
    await session.flush()
    return {"requestId": str(row.id)}


async def request_recipients(
    session: WriteSession, caller: Caller, participant_id: str
) -> dict[str, Any]:
    """Ask for the list of recipients (42 CFR 2.24); an answer is due.

    Raises:
        CommandError: no such participant.
    """
    row_id, site_id = await _seen(session, caller, participant_id), _site(caller)
    now, settings = await database_now(session), await settings_of_site(session, site_id)
    asked = uuid4()
    raise_duties(session, (site_id, row_id, asked), (DutyKind.RECIPIENT_LIST,), settings, now)
    await session.flush()
    return {"participantId": str(row_id)}


@dataclass(frozen=True, slots=True)
class Given:
    """What a person was given, when, in which language."""

    kind: HandoutKind
    what: str
    language: str
    given_at: datetime | None


async def record_handout(
    session: WriteSession, caller: Caller, participant_id: str, given: Given
) -> dict[str, Any]:
    """Record that a person was given a notice or copy, or was read the record to.

    Raises:
        CommandError: not staff, or no such participant.
        RuleError: nothing said.
    """
    if caller.role not in (Role.CM, Role.SUP):
        raise CommandError("FORBIDDEN", "Your role hands nothing out.")
    row_id, now = await _seen(session, caller, participant_id), await database_now(session)
    row = Handout(
        id=uuid4(), participant_id=row_id, kind=given.kind.value,
        what=rules.checked_text(given.what, "what"),
        language=rules.checked_text(given.language, "language"),
        given_at=min(given.given_at or now, now), recorded_by=parse_id(caller.subject),
        recorded_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return {"handoutId": str(row.id)}


async def _seen(session: WriteSession, caller: Caller, participant_id: str) -> UUID:
    row_id = parse_id(participant_id)
    if row_id is None or not await repository.may_see(session, caller, row_id):
        raise not_found("input", "participantId")
    return row_id


def _site(caller: Caller) -> UUID:
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise CommandError("FORBIDDEN", "You act at no site.")
    return site_id
