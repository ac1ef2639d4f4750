"""What figures say of people whose old conduct is filed late: counted from real rows, and read."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra.dev.demo.identifiers import demo_id
from infra.indicators.definitions import Grain
from infra.indicators.groups import Groups
from infra.indicators.periods import period_of
from infra.indicators.publishing import Publisher
from svc_cases.indicators import rules
from svc_cases.indicators.counted import CaseFigures
from tests.scenarios.legal import Stage

SITE = str(demo_id("site", "cedar-falls"))
FIGURES = """{ legalIndicators { key period people outcomes { outcome people } } }"""
CASE = """with made as (
  insert into legal_case (id, number, court_id, site_id, prosecutor_agency_id,
    defendant_given_name, defendant_family_name, status, incident_on, filed_on, version)
  select cast(:case as uuid), cast(:number as varchar), court_id, site_id, prosecutor_agency_id,
    'Pat', 'Example-Neighbor', 'PENDING', cast(:incident as date), cast(:filed as date), 1
  from legal_case where id = cast(:like as uuid) returning id)
insert into lead_link (id, case_id, participant_id, is_diverted_arrest, coordination_status,
    matched_by, matched_on, matched_at, version)
  select cast(:link as uuid), id, cast(:person as uuid), false, 'FILED', 'x',
    cast(:matched as date), now(), 1 from made"""


class Referred:
    """Says who was first referred at the site; the door itself has tests where it is."""

    def __init__(self, days: Mapping[UUID, date]) -> None:
        self._days = days

    async def of(self, *_asked: Any) -> Groups:
        """Tell no groups."""
        return Groups({split: ["ONE"] for split in rules.OF_PEOPLE}, {})

    async def merged(self, _site: UUID) -> Mapping[UUID, UUID]:
        """Nobody has two records."""
        return {}

    async def referred(self, _site: UUID, starts_on: date, ends_on: date) -> Mapping[UUID, date]:
        """Tell those who were first referred in a period."""
        return {who: day for who, day in self._days.items() if starts_on <= day <= ends_on}


async def count_new_offending(stage: Stage, step: Mapping[str, Any]) -> None:
    """Others are referred on the same day, each with cases; all of them are counted, and read.

    ``others`` are kinds of people, by how many there are of each; the days of their cases, told
    from the referral: incident and filing. The scenario's own person is one more of the first kind.
    """
    (row,) = await stage.house.services["participants"].rows(
        "select min(submitted_on) as day from referral where participant_id = cast(:id as uuid)",
        id=stage.participant,
    )
    referred_on: date = row["day"]
    people = {UUID(stage.participant): referred_on}
    for many, cases in step["others"]:
        for _ in range(many):
            person = uuid4()
            people[person] = referred_on
            for incident, filed in cases:
                case = uuid4()
                await stage.house.services["cases"].execute(
                    CASE, case=case, number=f"R-{case}", like=stage.memory["case"], link=uuid4(),
                    incident=referred_on + timedelta(days=incident), person=person,
                    filed=referred_on + timedelta(days=filed),
                    matched=referred_on + timedelta(days=filed + 1),
                )  # fmt: skip
    figures = CaseFigures(Referred(people))
    publisher = Publisher(stage.house.services["cases"].chassis.database, figures)
    population = rules.REFERRED[step["months"]]
    period = period_of(referred_on, Grain.QUARTER)
    await publisher._publish(SITE, population, period)  # at once, not when the window is over
    answer = await stage.ask(step, FIGURES, {})
    key = f"FILED_CASES_{step['months']}M"
    tables = [each for each in answer.body["data"]["legalIndicators"] if each["key"] == key]
    assert [each["period"] for each in tables] == [period.name], answer.body
    told = {each["outcome"]: each["people"] for each in tables[0]["outcomes"]}
    assert told == step["figure"], ("charged anew", told)


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "count who was charged anew": count_new_offending,
}
STEP_WORDS = {"others", "figure", "months"}
