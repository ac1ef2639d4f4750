"""People of a made-up site, put straight into the tables: enough of them that figures are shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people.tables import DemographicsRow, ParticipantRow
from svc_participants.referrals.tables import (
    ProtocolVersionRow,
    ReferralEventRow,
    ReferralRow,
    SiteProgramRow,
)
from tests.fixtures.service_app import ServiceApp

POLICE = UUID("5e0f6a52-0000-4000-8000-000000000001")
SHOPS = UUID("5e0f6a52-0000-4000-8000-000000000002")
PROVIDER = UUID("5e0f6a52-0000-4000-8000-000000000003")


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person: how they came in, what became of it, who they are."""

    race: tuple[str, ...] = ("WHITE",)
    gender: str = "MAN"
    door: str = "ARREST_DIVERSION"
    counterfactual: str = "WOULD_BOOK"
    place: str = "Pike Street, Downtown"
    status: str = "APPROVED"
    reason: str | None = None
    submitted_on: date = date(2025, 2, 10)
    contacted_after_days: float | None = 3
    born_on: date | None = date(1980, 5, 1)
    author: str = "officer-1"
    agency: UUID = POLICE
    enrolled_on: date | None = None
    homes: tuple[tuple[date, str], ...] = ()
    steps: tuple[tuple[date, str], ...] = field(default=())


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


async def settle_site(service: ServiceApp, site: UUID) -> None:
    """Make the site, with districts in its protocol."""
    async with service.chassis.database.write() as session:
        session.add(
            SiteProgramRow(
                site_id=site, project_agency_id=None, caseload_warning=20, caseload_limit=25
            )
        )
        session.add(
            ProtocolVersionRow(
                id=uuid4(),
                site_id=site,
                number=1,
                title="Test",
                effective_on=date(2024, 1, 1),
                rules={"districts": ["Downtown", "Harbor"]},
            )
        )


async def add_people(service: ServiceApp, site: UUID, people: Iterable[Somebody]) -> list[UUID]:
    """Add people to a site; returns their ids."""
    ids = []
    async with service.chassis.database.write() as session:
        protocol = await session.scalar(
            select(ProtocolVersionRow.id).where(ProtocolVersionRow.site_id == site)
        )
        assert protocol is not None
        for each in people:
            person, referral = uuid4(), uuid4()
            ids.append(person)
            session.add(_participant(each, person, site))
            await session.flush()
            session.add(_demographics(each, person))
            session.add(_referral(each, person, referral, site, protocol))
            await session.flush()
            session.add_all(_referral_steps(each, person, referral))
            if each.enrolled_on is not None:
                stay = _enrollment(each, person, referral, site)
                session.add(stay)
                await session.flush()
                session.add_all(_stay_steps(each, person, stay.id))
            session.add_all(
                HousingStatusRow(
                    id=uuid4(),
                    participant_id=person,
                    agency_id=PROVIDER,
                    situation=situation,
                    as_of=on,
                    recorded_at=_at(on),
                    recorded_by="cm",
                )
                for on, situation in each.homes
            )
    return ids


def _participant(each: Somebody, person: UUID, site: UUID) -> ParticipantRow:
    return ParticipantRow(
        id=person,
        site_id=site,
        given_name="Robin",
        family_name="Example-Testcase",
        preferred_name=None,
        name_quality="FULL",
        born_on=each.born_on,
        birth_date_quality="FULL",
        estimated_birth_year=None,
        created_at=_at(each.submitted_on),
        version=1,
    )


def _demographics(each: Somebody, person: UUID) -> DemographicsRow:
    return DemographicsRow(
        participant_id=person,
        race=list(each.race),
        sex="MALE" if each.gender == "MAN" else "FEMALE",
        gender_identity=each.gender,
        preferred_language=None,
        language_state="NOT_ASKED",
        veteran="NO",
        disability="NO",
        updated_at=_at(each.submitted_on),
        version=1,
    )


def _referral(
    each: Somebody, person: UUID, referral: UUID, site: UUID, protocol: UUID
) -> ReferralRow:
    return ReferralRow(
        id=referral,
        participant_id=person,
        site_id=site,
        door=each.door,
        author_subject=each.author,
        author_agency_id=each.agency,
        submitted_at=_at(each.submitted_on),
        submitted_on=each.submitted_on,
        protocol_version_id=protocol,
        urgency="SOON",
        intercept_point="LAW_ENFORCEMENT",
        counterfactual=each.counterfactual,
        place=each.place,
        account="What was seen.",
        needs=[],
        person_is_aware="YES",
        details={},
        status=each.status,
        decision_reason=each.reason,
        version=1,
    )


def _referral_steps(each: Somebody, person: UUID, referral: UUID) -> Iterable[ReferralEventRow]:
    steps = [(0.5, each.status)]
    if each.status == "APPROVED" and each.contacted_after_days is not None:
        steps.append((each.contacted_after_days, "CONTACTED"))
    for days, status in steps:
        yield ReferralEventRow(
            id=uuid4(),
            referral_id=referral,
            participant_id=person,
            from_status="SCREENING",
            to_status=status,
            reason=None,
            by_subject="somebody",
            happened_at=_at(each.submitted_on) + timedelta(days=days),
        )


def _enrollment(each: Somebody, person: UUID, referral: UUID, site: UUID) -> EnrollmentRow:
    assert each.enrolled_on is not None
    status = each.steps[-1][1] if each.steps else "ENROLLED_ACTIVE"
    return EnrollmentRow(
        id=uuid4(),
        participant_id=person,
        site_id=site,
        provider_agency_id=PROVIDER,
        referral_id=referral,
        status=status,
        enrolled_on=each.enrolled_on,
        intake_completed_on=each.enrolled_on,
        exited_on=each.steps[-1][0] if status == "EXITED" else None,
        exit_reason="GOALS_MET" if status == "EXITED" else None,
        created_at=_at(each.enrolled_on),
        version=1,
    )


def _stay_steps(each: Somebody, person: UUID, stay: UUID) -> Iterable[EnrollmentEventRow]:
    assert each.enrolled_on is not None
    for on, status in ((each.enrolled_on, "ENROLLED_ACTIVE"), *each.steps):
        yield EnrollmentEventRow(
            id=uuid4(),
            enrollment_id=stay,
            participant_id=person,
            from_status="PENDING_INTAKE",
            to_status=status,
            happened_on=on,
            happened_at=_at(on),
            by_subject="cm",
        )
