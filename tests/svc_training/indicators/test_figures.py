"""Figures of training: who has had it, by agency, and nobody's name."""

from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from infra.identity_token import Caller
from infra.indicators.publishing import Publisher
from infra.vocabulary import Category, Role
from svc_training.indicators.counted import TrainingFigures
from svc_training.indicators.rules import trained
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.training_service import training_manager

QUERY = """
{ trainingIndicators(splitBy: AGENCY) {
  key period people outcomes { outcome people } groups { code people cells { outcome people } }
} }
"""


def council() -> Caller:
    """Return a member of the policy group."""
    return caller(Role.PCG, {}, aggregates=frozenset({Category.TRAINING}))


async def people(service: ServiceApp, agency: str, completed: list[date | None]) -> None:
    """Put people on a roster, with the day of their latest course."""
    async with service.chassis.database.write() as session:
        for day in completed:
            person = uuid4()
            await session.execute(
                text(
                    "insert into personnel (id, agency_id, given_name, family_name,"
                    " appointment_type, is_certified, is_active, is_training_manager, is_assessed,"
                    " version, created_at, updated_at) values (:id, :agency, 'Sam',"
                    " 'Example-Testcase', 'CIVILIAN', false, true, false, true, 1,"
                    " '2023-05-01', '2023-05-01')"
                ),
                {"id": person, "agency": agency},
            )
            if day is not None:
                await session.execute(
                    text(
                        "insert into training_record (id, personnel_id, title, attendance, outcome,"
                        " hours_credited, completed_on, source, recorded_by, recorded_at, version)"
                        " values (:id, :person, 'LEAD', 'PRESENT', 'COMPLETED', 1.5, :day,"
                        " 'OUTSIDE', 'x', now(), 1)"
                    ),
                    {"id": uuid4(), "person": person, "day": day},
                )


async def test_training_of_a_year_by_agency(training: ServiceApp) -> None:
    police, shelter = f"police-{uuid4()}", f"shelter-{uuid4()}"
    await people(training, police, [date(2024, 3, 1)] * 20 + [date(2023, 7, 1)] * 14 + [None] * 12)
    await people(training, shelter, [date(2024, 3, 1)] * 3 + [date(2023, 7, 1)] * 12 + [None] * 30)
    await Publisher(training.chassis.database, TrainingFigures()).publish_settled(date(2025, 1, 31))
    answer = await training.graphql(council(), QUERY)
    table: dict[str, Any] = answer.data["trainingIndicators"][0]
    assert (table["period"], table["people"]) == ("2024", 91)
    assert {each["outcome"]: each["people"] for each in table["outcomes"]} == {
        "IN_THE_YEAR": 23, "EARLIER": 26, "NOT_YET": 42,
    }  # fmt: skip
    groups = {each["code"]: each for each in table["groups"]}
    assert (groups[police]["people"], groups[shelter]["people"]) == (46, 45)
    cells = {cell["people"] for code in (police, shelter) for cell in groups[code]["cells"]}
    assert cells == {None}, "three people of one agency, and what would give them back"


async def test_raw_grounds_open_no_figures(training: ServiceApp) -> None:
    answer = await training.graphql(training_manager(), QUERY)
    assert answer.data["trainingIndicators"] is None


def test_the_latest_course_decides() -> None:
    assert trained(None, date(2024, 1, 1)) == "NOT_YET"
    assert trained(date(2024, 1, 1), date(2024, 1, 1)) == "IN_THE_YEAR"
    assert trained(date(2023, 12, 31), date(2024, 1, 1)) == "EARLIER"
