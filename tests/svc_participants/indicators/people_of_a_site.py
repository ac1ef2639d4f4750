"""People of a made-up site, put straight into the tables: enough of them that figures are shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from infra.database import WriteSession
from infra.tables import Base
from svc_participants.care.arrangements.tables import ArrangementRow
from svc_participants.care.funds.tables import FundSpendRow
from svc_participants.care.history.tables import CareMoveRow
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.care.income.tables import BenefitRow, IncomeRow
from svc_participants.care.safety.tables import NaloxoneRow, OverdoseRow
from svc_participants.enrollments.tables import EnrollmentEventRow, EnrollmentRow
from svc_participants.people.tables import DemographicsRow, ParticipantRow
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow
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

BEGAN = date(2025, 3, 1)


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
    incomes: tuple[tuple[date, str, tuple[str, ...]], ...] = ()
    benefit: str | None = None
    overdose_on: date | None = None
    naloxone_on: date | None = None
    programme: str | None = None
    helped: tuple[tuple[str, date, tuple[tuple[date, str], ...]], ...] = ()
    spent_cents: int = 0
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
                state="ADOPTED",
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
            session.add_all(_well_being(each, person))
            if each.programme is not None:
                session.add(await _place(session, each, person, site))
    return ids


async def refer_again(service: ServiceApp, site: UUID, person: UUID, each: Somebody) -> None:
    """Add another referral of somebody who is known, at this or another site."""
    async with service.chassis.database.write() as session:
        protocol = await session.scalar(
            select(ProtocolVersionRow.id).where(ProtocolVersionRow.site_id == site)
        )
        assert protocol is not None
        session.add(_referral(each, person, uuid4(), site, protocol))


def _kept(person: UUID, on: date) -> dict[str, Any]:
    return {
        "id": uuid4(), "participant_id": person, "agency_id": PROVIDER, "recorded_at": _at(on),
        "recorded_by": "cm",
    }  # fmt: skip


def _well_being(each: Somebody, person: UUID) -> Iterable[Base]:
    for on, answer, sources in each.incomes:
        yield IncomeRow(
            **_kept(person, on), any_source=answer, monthly_cents=None, sources=list(sources),
            as_of=on,
        )  # fmt: skip
    for kind, on, moves in each.helped:
        states = ["ARRANGED", *(state for _, state in moves)]
        service = ArrangementRow(
            **_kept(person, on), kind=kind, provider="Somebody", arranged_on=on, state=states[-1]
        )
        yield service
        for number, (moved_on, state) in enumerate(moves):
            yield CareMoveRow(
                **_kept(person, moved_on), record_id=service.id, from_state=states[number],
                to_state=state, happened_on=moved_on,
            )  # fmt: skip
    if each.spent_cents:
        yield FundSpendRow(
            **_kept(person, BEGAN), purpose="HOUSING", amount_cents=each.spent_cents,
            asked_on=BEGAN, payee=None, fund="FLEXIBLE", state="SPENT",
        )  # fmt: skip
    if each.benefit is not None:
        on = date(2025, 4, 1)
        yield BenefitRow(**_kept(person, on), kind="SNAP", applied_on=on, state=each.benefit)
    if each.overdose_on is not None:
        yield OverdoseRow(
            **_kept(person, each.overdose_on), occurred_on=each.overdose_on, outcome="SURVIVED",
            naloxone_used="YES", emergency_called="YES", hospital="NO", told_by="PARTICIPANT",
        )  # fmt: skip
    if each.naloxone_on is not None:
        yield NaloxoneRow(
            **_kept(person, each.naloxone_on), given_on=each.naloxone_on, kits=1,
            given_to="PARTICIPANT", was_shown="YES",
        )  # fmt: skip


async def add_programme(
    service: ServiceApp, site: UUID, kind: str, funding_source: str = "NOT_KNOWN"
) -> None:
    """Add a programme to a site; people are in it by its kind."""
    async with service.chassis.database.write() as session:
        session.add(
            ProgrammeRow(
                id=uuid4(), site_id=site, kind=kind, name=kind, entry_doors=[], capacity=1000,
                lodging_units=0, is_open=True, funding_source=funding_source,
                created_at=_at(date(2024, 1, 1)), version=1,
            )
        )  # fmt: skip


async def _place(
    session: WriteSession, each: Somebody, person: UUID, site: UUID
) -> ProgrammePlaceRow:
    programme = await session.scalar(
        select(ProgrammeRow.id).where(
            ProgrammeRow.site_id == site, ProgrammeRow.kind == each.programme
        )
    )
    assert programme is not None
    return ProgrammePlaceRow(
        id=uuid4(), programme_id=programme, participant_id=person, agency_id=PROVIDER,
        entered_on=date(2025, 5, 1), left_on=None, is_lodged=False,
        created_at=_at(date(2025, 5, 1)), recorded_by="cm",
    )  # fmt: skip


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
