"""Commands about referrals: submit, decide, record outreach; and the authority facts they change.

A referrer keeps the own form (AUTHOR). The site's project management agency sees form and outcome
as long as the referral exists, and who the person is while it is being screened (SCREENING). The
officer's own agency sees that it awaits a decision. The provider to whom it is handed has the
person among its own (OWN_AGENCY).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.authority.changes import (
    Operation,
    VisibilityFact,
    delete_visibility,
    put_visibility,
)
from infra.authority.predicate import agency_holder, subject_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.people.commands import own_agency
from svc_participants.people.repository import is_identified, may_write
from svc_participants.people.rules import (
    BirthDateQuality,
    NameQuality,
    YesNo,
    check_version,
    not_found,
)
from svc_participants.people.tables import AliasRow, ParticipantRow
from svc_participants.referrals import repository, rules
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow

_WHO = (Category.IDENTITY, Category.CONTACT)
_RECORD = (Category.REFERRAL, Category.ELIGIBILITY)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a referral is about: a participant whom the referrer may see, or a description."""

    participant_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    alias: str | None = None
    description: str | None = None
    born_on: date | None = None
    estimated_birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class ReferralForm:
    """What all three doors have in common, and the door's own part in ``details``."""

    door: rules.Door
    person: Person
    account: str
    urgency: rules.Urgency
    intercept_point: rules.InterceptPoint
    counterfactual: rules.Counterfactual
    occurred_at: datetime | None
    place: str | None
    needs: list[rules.Need]
    safety_concerns: str | None
    preferred_language: str | None
    person_is_aware: YesNo
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A decision with what it needs."""

    decision: rules.Decision
    expected_version: int
    provider_agency_id: str | None
    reason: rules.DeclineReason | None
    duplicate_of_id: str | None


def author_fact(row: ReferralRow) -> Operation:
    """Return the fact that opens the own form to its author."""
    return put_visibility(
        VisibilityFact(
            id=rules.fact_id("author", row.id, row.author_subject),
            participant_id=row.participant_id,
            holder=subject_holder(row.author_subject),
            basis=Basis.AUTHOR,
            category=Category.REFERRAL,
            starts_at=row.submitted_at,
            source_id=row.id,
        )
    )


def _screening_fact(row: ReferralRow, agency_id: UUID, category: Category) -> Operation:
    return put_visibility(
        VisibilityFact(
            id=_screening_id(row.id, agency_id, category),
            participant_id=row.participant_id,
            holder=agency_holder(str(agency_id), str(row.site_id)),
            basis=Basis.SCREENING,
            category=category,
            starts_at=row.submitted_at,
            source_id=row.id,
        )
    )


def _screening_id(referral_id: UUID, agency_id: UUID, category: Category) -> UUID:
    return rules.fact_id(f"screening:{category}", referral_id, str(agency_id))


def screening_facts(row: ReferralRow, project_agency_id: UUID | None) -> list[Operation]:
    """Return the facts that a referral in its present status makes true for those who screen."""
    status, facts = rules.ReferralStatus(row.status), []
    if project_agency_id is not None:
        open_to_project = _RECORD if status in rules.SCREENING_ENDED else (*_RECORD, *_WHO)
        facts += [_screening_fact(row, project_agency_id, each) for each in open_to_project]
    if status in rules.AWAITING_DECISION and row.door != rules.Door.COMMUNITY.value:
        facts.append(_screening_fact(row, row.author_agency_id, Category.ELIGIBILITY))
    return facts


def end_of_identity_facts(referral_id: UUID, project_agency_id: UUID | None) -> list[Operation]:
    """Return the operations that take who the person is from the project management agency."""
    if project_agency_id is None:
        return []
    return [delete_visibility(_screening_id(referral_id, project_agency_id, c)) for c in _WHO]


def own_agency_fact(person: UUID, agency_id: UUID, site_id: UUID, since: datetime) -> Operation:
    """Return the fact that a participant is among a provider's own at a site."""
    return put_visibility(
        VisibilityFact(
            id=own_agency_fact_id(person, agency_id, site_id),
            participant_id=person,
            holder=agency_holder(str(agency_id), str(site_id)),
            basis=Basis.OWN_AGENCY,
            starts_at=since,
        )
    )


def own_agency_fact_id(participant_id: UUID, agency_id: UUID, site_id: UUID) -> UUID:
    """Return the id of that fact; the same from hand-over to enrollment and after."""
    return rules.fact_id("own-agency", participant_id, f"{agency_id}@{site_id}")


async def submit(session: WriteSession, caller: Caller, form: ReferralForm) -> dict[str, Any]:
    """Take a referral in. It makes a record of the person, unless the referrer names one.

    Nobody is matched by name here: that would tell the referrer who is known.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, PERSON_MISSING, TEXT_MISSING or NO_PROTOCOL.
    """
    rules.check_submitter(form.door, caller.role)
    site_id = parse_id(caller.site_id)
    protocol = None if site_id is None else await repository.live_protocol(session, site_id)
    if site_id is None or protocol is None:
        raise RuleError("NO_PROTOCOL", "This site has no protocol in effect; ask its coordinator.")
    now = clock.now()
    _check_form(form, now)
    participant_id = await _person(session, caller, form.person, site_id, now)
    row = ReferralRow(
        id=uuid4(),
        participant_id=participant_id,
        site_id=site_id,
        door=form.door.value,
        author_subject=caller.subject,
        author_agency_id=own_agency(caller),
        submitted_at=now,
        submitted_on=now.date(),
        protocol_version_id=protocol.id,
        urgency=form.urgency.value,
        intercept_point=form.intercept_point.value,
        counterfactual=form.counterfactual.value,
        person_given_name=form.person.given_name,
        person_family_name=form.person.family_name,
        person_alias=form.person.alias,
        person_description=form.person.description,
        occurred_at=form.occurred_at,
        place=form.place,
        account=form.account,
        needs=[each.value for each in form.needs],
        safety_concerns=form.safety_concerns,
        preferred_language=form.preferred_language,
        person_is_aware=form.person_is_aware.value,
        details=form.details,
        status=rules.ReferralStatus.DRAFT.value,
        version=1,
    )
    session.add(row)
    await session.flush()
    record_step(session, row, rules.ReferralStatus.SUBMITTED, caller.subject, now)
    record_step(session, row, rules.ReferralStatus.SCREENING, caller.subject, now)
    program = await repository.site_program(session, site_id)
    project_agency_id = program.project_agency_id if program else None
    handover.append(session, [author_fact(row), *screening_facts(row, project_agency_id)])
    return {"referral": str(row.id)}


def _check_form(form: ReferralForm, now: datetime) -> None:
    if not form.account.strip():
        raise RuleError("TEXT_MISSING", "Say what happened.", ("input", "account"))
    rules.check_text(form.account, "account", rules.MAX_ACCOUNT)
    person = form.person
    for text in (person.given_name, person.family_name, person.alias, person.description):
        rules.check_text(text, "person")
    rules.check_text(form.place, "place")
    rules.check_text(form.safety_concerns, "safetyConcerns")
    rules.check_text(form.preferred_language, "preferredLanguage")
    for name, value in form.details.items():
        rules.check_text(value if isinstance(value, str) else None, name)
    rules.check_occurred(form.occurred_at, now)
    rules.check_birth(person.born_on, person.estimated_birth_year, now.date())


async def _person(
    session: WriteSession, caller: Caller, person: Person, site_id: UUID, now: datetime
) -> UUID:
    if person.participant_id is not None:
        known = parse_id(person.participant_id)
        if known is None or not await is_identified(session, caller, known):
            raise not_found("participantId")
        return known
    if not any((person.given_name, person.family_name, person.alias, person.description)):
        raise RuleError(
            "PERSON_MISSING",
            "Give a name, a street name or a description of the person.",
            ("input", "person"),
        )
    is_full = bool(person.given_name and person.family_name)
    is_named = bool(person.given_name or person.family_name or person.alias)
    partly = NameQuality.PARTIAL_OR_STREET_NAME if is_named else NameQuality.NOT_ASKED
    quality = BirthDateQuality.FULL if person.born_on else BirthDateQuality.NOT_ASKED
    if person.estimated_birth_year is not None and person.born_on is None:
        quality = BirthDateQuality.ESTIMATED
    row = ParticipantRow(
        id=uuid4(),
        site_id=site_id,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=None,
        name_quality=(NameQuality.FULL if is_full else partly).value,
        born_on=person.born_on,
        birth_date_quality=quality.value,
        estimated_birth_year=person.estimated_birth_year,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    if person.alias:
        session.add(
            AliasRow(id=uuid4(), participant_id=row.id, name=person.alias, kind="STREET_NAME")
        )
    return row.id


def record_step(
    session: WriteSession,
    row: ReferralRow,
    wanted: rules.ReferralStatus,
    by_subject: str,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Take one step of a referral, and record it.

    Raises:
        RuleError: not a step from where it stands.
    """
    current = rules.ReferralStatus(row.status)
    rules.check_step(current, wanted)
    row.status = wanted.value
    row.version += 1
    session.add(
        ReferralEventRow(
            id=uuid4(),
            referral_id=row.id,
            participant_id=row.participant_id,
            from_status=current.value,
            to_status=wanted.value,
            reason=reason,
            by_subject=by_subject,
            happened_at=at,
        )
    )


async def decide(
    session: WriteSession, caller: Caller, referral_id: str, request: DecisionRequest
) -> dict[str, Any]:
    """Decide on a referral: the project manager, or the liaison on its own agency's.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED,
            PROVIDER_NOT_AT_SITE, or what the decision needs is missing.
    """
    rules.check_decider(caller.role, request.decision)
    key = parse_id(referral_id)
    row = None if key is None else await repository.for_decision(session, caller, key)
    if row is None:
        raise not_found("referralId")
    check_version(request.expected_version, row.version)
    now, wanted = clock.now(), rules.DECIDED_AS[request.decision]
    reason = request.reason.value if request.reason else None
    record_step(session, row, wanted, caller.subject, now, reason)
    row.decided_at, row.decision_reason = now, reason
    operations: list[Operation] = []
    if request.decision is rules.Decision.APPROVE:
        row.provider_agency_id = provider = await _provider(session, row, request)
        operations.append(own_agency_fact(row.participant_id, provider, row.site_id, now))
    if request.decision is rules.Decision.DECLINE and reason is None:
        raise _needs("reason", "Say which criterion it does not meet.")
    if request.decision is rules.Decision.MARK_DUPLICATE:
        row.duplicate_of_id = await _surviving(session, caller, row, request.duplicate_of_id)
    operations += await _after_step(session, row)
    handover.append(session, operations)
    return {"referral": str(row.id)}


async def _provider(session: WriteSession, row: ReferralRow, request: DecisionRequest) -> UUID:
    """Return the provider that takes a referral up; being named opens the person to it."""
    if not request.provider_agency_id:
        raise _needs("providerAgencyId", "Name the provider that takes it up.")
    provider = parse_id(request.provider_agency_id)
    if provider is None or not await repository.is_live_at_site(session, provider, row.site_id):
        raise rules.provider_not_at_site()
    return provider


async def _surviving(
    session: WriteSession, caller: Caller, row: ReferralRow, other_id: str | None
) -> UUID:
    key = parse_id(other_id or "")
    other = None if key is None else await repository.for_decision(session, caller, key)
    if other is None or other.id == row.id:
        raise not_found("duplicateOfId")
    return other.id


async def _after_step(session: WriteSession, row: ReferralRow) -> list[Operation]:
    operations: list[Operation] = []
    status = rules.ReferralStatus(row.status)
    if status not in rules.AWAITING_DECISION:
        waiting = _screening_id(row.id, row.author_agency_id, Category.ELIGIBILITY)
        operations.append(delete_visibility(waiting))
    if status in rules.SCREENING_ENDED:
        program = await repository.site_program(session, row.site_id)
        operations += end_of_identity_facts(row.id, program.project_agency_id if program else None)
    return operations


def _needs(name: str, message: str) -> RuleError:
    return RuleError("INPUT_MISSING", message, ("input", name))


async def record_outreach(
    session: WriteSession,
    caller: Caller,
    referral_id: str,
    expected_version: int,
    wanted: rules.ReferralStatus,
) -> dict[str, Any]:
    """Record a step of outreach on a referral that was handed to the caller's agency.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT or STEP_NOT_ALLOWED.
    """
    row = await handed_over(session, caller, referral_id)
    check_version(expected_version, row.version)
    if wanted not in rules.OUTREACH_STEPS:
        raise RuleError(
            "STEP_NOT_ALLOWED", "Deciding, intake and enrollment have mutations of their own."
        )
    record_step(session, row, wanted, caller.subject, clock.now())
    return {"referral": str(row.id)}


async def handed_over(session: WriteSession, caller: Caller, referral_id: str) -> ReferralRow:
    """Return a referral, locked, that was handed to the caller's agency.

    Raises:
        RuleError: NOT_FOUND.
    """
    key = parse_id(referral_id)
    mine = may_write(caller, Category.REFERRAL, ReferralRow.participant_id)
    row = None if key is None else await repository.for_outreach(session, caller, key, mine)
    if row is None:
        raise not_found("referralId")
    return row
