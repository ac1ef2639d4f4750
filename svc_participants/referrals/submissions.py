"""Taking a referral in: the form, the person, the judgement, the clock, the facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.events import publish, site_key
from infra.identity_token import Caller
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind, zone_of
from svc_participants.people.commands import own_agency
from svc_participants.people.repository import identified, keep_keys
from svc_participants.people.rules import not_found
from svc_participants.people.site_days import today_at, zone_of_site
from svc_participants.people.tables import AliasRow, ContactRow, ParticipantRow
from svc_participants.protocols import judgement
from svc_participants.protocols.repository import live
from svc_participants.protocols.rules import read
from svc_participants.referrals import authority_facts as facts
from svc_participants.referrals import repository, rules
from svc_participants.referrals.forms import Person, ReferralForm, check, facts_of
from svc_participants.referrals.steps import measured, record_step
from svc_participants.referrals.tables import ReferralRow


@dataclass(frozen=True, slots=True)
class Author:
    """Who refers, for which agency."""

    subject: str
    agency_id: UUID


async def submit(session: WriteSession, caller: Caller, form: ReferralForm) -> dict[str, Any]:
    """Take a referral in. It makes a record of the person, unless the referrer names one.

    Nobody is matched by name here: that would tell the referrer who is known.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, PERSON_MISSING, TEXT_MISSING or NO_PROTOCOL.
    """
    rules.check_submitter(form.door, caller.role)
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise _no_protocol()
    now = clock.now()
    check(form, now, await today_at(session, caller))
    known = form.person.participant_id
    person = None if known is None else await _known(session, caller, known)
    author = Author(caller.subject, own_agency(caller))
    row = await _take_in(session, site_id, author, form, person, now)
    return {"referral": str(row.id)}


async def submit_from_public(session: WriteSession, site_id: UUID, form: ReferralForm) -> None:
    """Take in the community form that needs no login. Nothing is returned: there is no oracle.

    Raises:
        RuleError: NO_PROTOCOL, PERSON_MISSING or TEXT_MISSING.
    """
    program = await repository.site_program(session, site_id)
    if program is None or program.public_name is None or program.project_agency_id is None:
        raise _no_protocol()
    now = clock.now()
    check(form, now, clock.day_in(zone_of(program.time_zone)))
    author = Author(rules.THE_PUBLIC, program.project_agency_id)
    await _take_in(session, site_id, author, form, None, now)


def _no_protocol() -> RuleError:
    return RuleError("NO_PROTOCOL", "This site has no protocol in effect; ask its coordinator.")


async def _take_in(
    session: WriteSession,
    site_id: UUID,
    author: Author,
    form: ReferralForm,
    person: ParticipantRow | None,
    now: datetime,
) -> ReferralRow:
    zone = await zone_of_site(session, site_id)
    made_at = form.made_at or now
    today = made_at.astimezone(zone).date()
    protocol = await live(session, site_id, today)
    if protocol is None:
        raise _no_protocol()
    person = person or await described(session, form.person, site_id, now)
    birth = (person.born_on, person.estimated_birth_year)
    agreed = read(protocol.rules)
    read_from_form = facts_of(form, today, birth)
    judged = judgement.judge(agreed, read_from_form)
    row = _row(form, author, person, protocol.id, judged, made_at)
    row.judgement["facts"] = judgement.facts_as_json(read_from_form)
    row.submitted_on = today
    session.add(row)
    await session.flush()
    record_step(session, row, rules.ReferralStatus.SUBMITTED, author.subject, made_at)
    record_step(session, row, rules.ReferralStatus.SCREENING, author.subject, made_at)
    days = agreed.limits.intake_days
    clocks.start(session, measured(row, zone.key), ClockKind.INTAKE, made_at, days=days)
    program = await repository.site_program(session, site_id)
    project_agency_id = program.project_agency_id if program else None
    handover.append(session, facts.facts_of(row, project_agency_id))
    publish(session, "referralReceived", row.id, [site_key(site_id)])
    return row


def _row(
    form: ReferralForm,
    author: Author,
    person: ParticipantRow,
    protocol_id: UUID,
    judged: judgement.Judgement,
    made_at: datetime,
) -> ReferralRow:
    return ReferralRow(
        id=uuid4(),
        participant_id=person.id,
        site_id=person.site_id,
        door=form.door.value,
        author_subject=author.subject,
        author_agency_id=author.agency_id,
        submitted_at=made_at,
        protocol_version_id=protocol_id,
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
        person_agreed=form.person_agreed.value,
        referrer=form.referrer.as_json(),
        exclusions={code: answer.value for code, answer in form.exclusions.items()},
        details=form.details,
        judgement=judged.as_json(),
        priority_rank=-judged.points,
        queued_since=made_at,
        status=rules.ReferralStatus.DRAFT.value,
        version=1,
    )


async def _known(session: WriteSession, caller: Caller, participant_id: str) -> ParticipantRow:
    key = parse_id(participant_id)
    row = None if key is None else await identified(session, caller, key)
    if row is None:
        raise not_found("participantId")
    return row


async def described(
    session: WriteSession, person: Person, site_id: UUID, now: datetime
) -> ParticipantRow:
    """Begin the record of a person at a site.

    Raises:
        RuleError: PERSON_MISSING.
    """
    if not person.is_described:
        raise RuleError(
            "PERSON_MISSING",
            "Give a name, a street name or a description of the person.",
            ("input", "person"),
        )
    row = ParticipantRow(
        id=uuid4(),
        site_id=site_id,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=None,
        name_quality=person.name_quality.value,
        born_on=person.born_on,
        birth_date_quality=person.birth_quality.value,
        estimated_birth_year=person.estimated_birth_year,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    if person.alias:
        session.add(
            AliasRow(id=uuid4(), participant_id=row.id, name=person.alias, kind="STREET_NAME")
        )
    if person.phone or person.usual_places:
        session.add(
            ContactRow(
                participant_id=row.id,
                phone=person.phone,
                usual_places=list(person.usual_places),
                updated_at=now,
            )
        )
    await keep_keys(session, row.id, (person.given_name, person.family_name, person.alias))
    return row
