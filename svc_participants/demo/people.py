"""Rows of people, referrals, enrollments and assignments of the demo."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from infra.tables import Base
from svc_participants.caseloads.rules import LIMIT, WARNING
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.demo import texts
from svc_participants.demo.choice import number, pick, row_id
from svc_participants.demo.protocol import DEMO_PROTOCOL
from svc_participants.demo.world import World, at, day, id_of
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people import rules
from svc_participants.people.tables import (
    AliasRow,
    ContactRow,
    DemographicsRow,
    ParticipantRow,
    StaffNameRow,
)
from svc_participants.protocols import rules as protocols
from svc_participants.protocols.tables import ProtocolVersionRow
from svc_participants.referrals import rules as referrals
from svc_participants.referrals.tables import ReferralRow, SiteProgramRow


def settings_rows(world: World) -> Iterator[Base]:
    """Return what the sites have settled, and the names of members of staff."""
    for site in world.sites:
        site_id = id_of(site["id"])
        project = world.project_agencies.get(site["id"])
        yield SiteProgramRow(
            site_id=site_id,
            project_agency_id=id_of(project) if project else None,
            caseload_warning=WARNING,
            caseload_limit=LIMIT,
            time_zone=site["time_zone"],
            public_name=site["name"],
        )
        yield ProtocolVersionRow(
            id=row_id(site_id, "protocol:1"),
            site_id=site_id,
            number=1,
            title="Demo protocol",
            effective_on=world.on - timedelta(days=3 * 365),
            rules=protocols.as_json(DEMO_PROTOCOL),
            agreed_by="Policy Coordinating Group",
        )
    for account_id, name in world.names.items():
        yield StaffNameRow(account_id=account_id, display_name=name)


def person_row(world: World, person: dict[str, Any]) -> ParticipantRow:
    """Return a person, whose record began with the referral."""
    began = day(world.referrals[person["id"]]["submitted_on"])
    person_id = id_of(person["id"])
    return ParticipantRow(
        id=person_id,
        site_id=id_of(person["site_id"]),
        given_name=person["given_name"],
        family_name=person["family_name"],
        preferred_name=person["preferred_name"],
        name_quality=rules.NameQuality.FULL.value,
        born_on=day(person["born_on"]),
        birth_date_quality=rules.BirthDateQuality.FULL.value,
        estimated_birth_year=None,
        created_at=at(began, 9, number(person_id, "minute", 60)),
        version=1,
    )


def facets(world: World, person: dict[str, Any]) -> Iterator[Base]:
    """Return alias, contact and demographics of a person."""
    key, seen_at = id_of(person["id"]), at(world.on - timedelta(days=2), 15)
    if number(key, "alias", 3) == 0:
        yield AliasRow(
            id=row_id(key, "alias"),
            participant_id=key,
            name=pick(key, "alias-name", texts.STREET_NAMES),
            kind=rules.AliasKind.STREET_NAME.value,
        )
    friend, relation = pick(key, "emergency", texts.EMERGENCY)
    has_phone = number(key, "phone", 4) > 0
    yield ContactRow(
        participant_id=key,
        phone=f"206-555-{number(key, 'digits', 100) + 100:04d}" if has_phone else None,
        usual_places=[pick(key, "place", texts.PLACES)],
        emergency_name=friend,
        emergency_relation=relation,
        emergency_phone=f"206-555-{number(key, 'friend', 100) + 100:04d}",
        updated_at=seen_at,
        version=1,
    )
    given = [each for each in rules.Race if each.value not in rules.NO_ANSWER]
    races = [pick(key, "race", given)]
    if number(key, "two-races", 6) == 0:
        races = sorted({*races, pick(key, "race-two", given)})
    if number(key, "race-state", 8) == 0:
        races = [pick(key, "race-none", (rules.Race.NOT_ASKED, rules.Race.PREFERS_NOT_TO_ANSWER))]
    is_spoken = number(key, "language-state", 7) > 0
    yield DemographicsRow(
        participant_id=key,
        race=[each.value for each in races],
        sex=pick(key, "sex", list(rules.Sex)).value,
        gender_identity=pick(key, "gender", list(rules.GenderIdentity)).value,
        preferred_language=pick(key, "language", texts.LANGUAGES) if is_spoken else None,
        language_state=("ANSWERED" if is_spoken else "NOT_ASKED"),
        veteran=pick(key, "veteran", list(rules.YesNo)).value,
        disability=pick(key, "disability", list(rules.YesNo)).value,
        updated_at=seen_at,
        version=1,
    )


def referral_row(world: World, person: dict[str, Any]) -> ReferralRow:
    """Return how a person came in."""
    key, plain = id_of(person["id"]), world.referrals[person["id"]]
    on = day(plain["submitted_on"])
    door = referrals.Door(plain["door"])
    counterfactuals = {
        referrals.Door.ARREST_DIVERSION: referrals.Counterfactual.WOULD_BOOK,
        referrals.Door.SOCIAL_CONTACT: referrals.Counterfactual.UNKNOWN,
        referrals.Door.COMMUNITY: referrals.Counterfactual.WOULD_NOT_ACT,
    }
    details: dict[referrals.Door, dict[str, Any]] = {
        referrals.Door.ARREST_DIVERSION: {
            "incident_number": f"DEMO-{number(key, 'incident', 90_000) + 10_000}",
            "offence_code": pick(key, "offence", ("23C", "90J", "35A")),
            "statute": "RCW 9A.56.050",
            "approving_supervisor": "Jordan Sample-Lane",
        },
        referrals.Door.SOCIAL_CONTACT: {
            "pattern": "Known from several calls in the same area.",
            "contacts_in_ninety_days": number(key, "contacts", 9) + 1,
        },
        referrals.Door.COMMUNITY: {
            "concern": "Sleeps near the shops; we would like somebody to offer help.",
            "relation": "shopkeeper",
        },
    }
    is_enrolled = plain["status"] == "ENROLLED"
    return ReferralRow(
        id=id_of(plain["id"]),
        participant_id=key,
        site_id=id_of(plain["site_id"]),
        door=door.value,
        author_subject=world.accounts[plain["author_subject"]],
        author_agency_id=id_of(plain["author_agency_id"]),
        submitted_at=at(on, 21, number(key, "submitted", 60)),
        submitted_on=on,
        protocol_version_id=row_id(id_of(plain["site_id"]), "protocol:1"),
        urgency=pick(key, "urgency", list(referrals.Urgency)).value,
        intercept_point=(
            referrals.InterceptPoint.COMMUNITY_SERVICES
            if door is referrals.Door.COMMUNITY
            else referrals.InterceptPoint.LAW_ENFORCEMENT
        ).value,
        counterfactual=counterfactuals[door].value,
        person_given_name=person["given_name"],
        person_family_name=person["family_name"],
        person_alias=None,
        person_description="Grey coat, red rucksack.",
        occurred_at=at(on, 20, 30),
        place=pick(key, "scene", texts.PLACES),
        account=pick(key, "account", texts.ACCOUNTS),
        needs=[pick(key, "need", list(referrals.Need)).value],
        safety_concerns=None,
        preferred_language=None,
        person_is_aware=rules.YesNo.YES.value,
        details=details[door],
        status=plain["status"],
        decision_reason=None,
        decided_at=at(on + timedelta(days=1), 10) if is_enrolled else None,
        provider_agency_id=id_of(person["serving_agency_id"]) if is_enrolled else None,
        duplicate_of_id=None,
        version=7 if is_enrolled else 3,
    )


def enrollment_rows(plain: dict[str, Any], referral: ReferralRow) -> Iterator[Base]:
    """Return an enrollment with its steps."""
    key, began = id_of(plain["participant_id"]), day(plain["enrolled_on"])
    ended = day(plain["exited_on"]) if plain["exited_on"] else None
    path = ["PENDING_INTAKE", "ENROLLED_ACTIVE"]
    if plain["status"] != "ENROLLED_ACTIVE":
        path.append(plain["status"])
    enrollment_id = id_of(plain["id"])
    yield EnrollmentRow(
        id=enrollment_id,
        participant_id=key,
        site_id=id_of(plain["site_id"]),
        provider_agency_id=id_of(plain["agency_id"]),
        referral_id=referral.id,
        status=plain["status"],
        enrolled_on=began,
        intake_completed_on=began - timedelta(days=1),
        inactive_reason="IN_THE_WIND" if plain["status"] == "ENROLLED_INACTIVE" else None,
        exited_on=ended,
        exit_reason=plain["exit_reason"],
        created_at=at(began - timedelta(days=4), 11),
        version=len(path),
    )
    for place, (before, after) in enumerate(pairwise(path)):
        on = began if place == 0 else (ended or began + timedelta(days=45))
        yield EnrollmentEventRow(
            id=row_id(key, f"enrollment-step:{place}"),
            enrollment_id=enrollment_id,
            participant_id=key,
            from_status=before,
            to_status=after,
            happened_on=on,
            happened_at=at(on, 16),
            by_subject=referral.author_subject,
        )


def assignment_row(world: World, plain: dict[str, Any]) -> AssignmentRow:
    """Return an open assignment."""
    on = day(plain["starts_on"])
    return AssignmentRow(
        id=id_of(plain["id"]),
        participant_id=id_of(plain["participant_id"]),
        agency_id=id_of(plain["agency_id"]),
        account_id=world.accounts[plain["subject"]],
        starts_on=on,
        ended_at=None,
        created_at=at(on, 8),
        version=1,
    )
