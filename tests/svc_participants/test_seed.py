"""The demo: loaded once, the same each time, and all its people clearly invented."""

from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from infra.authority.tables import Visibility
from infra.dev.demo.world import World
from svc_participants.care.appointments.tables import AppointmentRow
from svc_participants.care.arrangements.tables import ArrangementRow
from svc_participants.care.assessments.tables import AssessmentAnswerRow, AssessmentRow
from svc_participants.care.documents.tables import DocumentRow
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.care.funds.tables import FundSpendRow
from svc_participants.care.goals.tables import GoalRow
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.care.income.tables import BenefitRow, IncomeRow
from svc_participants.care.notes.tables import CaseNoteRow
from svc_participants.care.plans.tables import CarePlanRow, GoalStepRow
from svc_participants.demo import people, world
from svc_participants.people.tables import DemographicsRow, ParticipantRow
from svc_participants.programmes.rules import ProgrammeKind
from svc_participants.seed import seed
from tests.fixtures.service_app import ServiceApp


async def test_a_second_seed_changes_nothing(
    participants: ServiceApp, demo_world: World, demo_world_file: Path
) -> None:
    ids = [each.id for each in demo_world.participants]
    assert participants.consent is not None
    taken = len(participants.consent.taken)
    await seed(participants.chassis, demo_world_file)
    async with participants.chassis.database.read() as session:
        people_count = await session.scalar(select(func.count()).where(ParticipantRow.id.in_(ids)))
        notes = await session.scalar(
            select(func.count()).where(CaseNoteRow.participant_id.in_(ids))
        )
    assert people_count == 60
    assert notes is not None
    assert notes >= 4 * 57
    assert len(participants.consent.taken) == taken


async def test_content_is_the_same_each_time(demo_world_file: Path) -> None:
    first, second = world.read(demo_world_file), world.read(demo_world_file)
    for left, right in zip(first.participants, second.participants, strict=True):
        made = [people.referral_row(first, left), *people.facets(first, left)]
        again = [people.referral_row(second, right), *people.facets(second, right)]
        assert [_plain(row) for row in made] == [_plain(row) for row in again]


def _plain(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


KEPT: tuple[Any, ...] = (
    CaseNoteRow,
    GoalRow,
    HousingStatusRow,
    CarePlanRow,
    GoalStepRow,
    AssessmentRow,
    AssessmentAnswerRow,
    EncounterRow,
    ArrangementRow,
    IncomeRow,
    BenefitRow,
    FundSpendRow,
    DocumentRow,
    AppointmentRow,
)


async def test_everyone_enrolled_has_some_of_each_sort_of_record(
    participants: ServiceApp, demo_world: World
) -> None:
    enrolled = {each.participant_id for each in demo_world.enrollments}
    async with participants.chassis.database.read() as session:
        for table in KEPT:
            found = set(await session.scalars(select(table.participant_id).distinct()))
            assert enrolled <= found


async def test_a_new_user_finds_a_rota_and_the_programmes(participants: ServiceApp) -> None:
    kinds = "select kind from programme where site_id = :site"
    async with participants.chassis.database.read() as session:
        site = await session.scalar(text("select site_id from programme where name = 'CoLEAD'"))
        found = set(await session.scalars(text(kinds), {"site": site}))
        on_call = await session.scalar(
            text(
                "select count(distinct site_id) from on_call_shift"
                " where recorded_by = ''"  # other tests end shifts
            )
        )
        lodged = await session.scalar(
            text("select count(*) from programme_place where is_lodged and recorded_by <> ''")
        )
    # Other tests add programmes of their own to this world.
    assert found >= {each.value for each in ProgrammeKind} - {"OTHER"}
    assert on_call == 2
    assert lodged


async def test_not_asked_and_declined_both_occur_and_stand_apart(participants: ServiceApp) -> None:
    async with participants.chassis.database.read() as session:
        answers = set(await session.scalars(select(DemographicsRow.veteran)))
    assert {"NOT_ASKED", "PREFERS_NOT_TO_ANSWER", "DOES_NOT_KNOW", "NO", "YES"} <= answers


async def test_surnames_say_that_people_are_invented(
    participants: ServiceApp, demo_world: World
) -> None:
    ids = [each.id for each in demo_world.participants]
    async with participants.chassis.database.read() as session:
        names = await session.scalars(
            select(ParticipantRow.family_name).where(ParticipantRow.id.in_(ids))
        )
        assert all(name is not None and name.startswith("Example-") for name in names)


async def test_demo_facts_are_handed_over(participants: ServiceApp, demo_world: World) -> None:
    ids = [each.id for each in demo_world.participants]
    assigned = [each.id for each in demo_world.assignments]
    async with participants.chassis.database.read() as session:
        found = await session.execute(
            select(Visibility.basis, func.count())
            .where(Visibility.participant_id.in_(ids), Visibility.effect == "permit")
            .group_by(Visibility.basis)
        )
        counted = {basis: count for basis, count in found.all()}  # noqa: C416 - rows are no pairs
        kept = await session.scalar(select(func.count()).where(Visibility.id.in_(assigned)))
    assert kept == len(assigned)
    assert counted["w"] == 60
    assert counted["o"] >= len(demo_world.enrollments)
    assert counted["g"] >= 3 * 4
