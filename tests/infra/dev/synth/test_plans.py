"""Plans of the hot statements at size: what is read follows from the caller, not from the table.

Two synthetic sites; the plans are those that a connection keeps for every caller of a shape.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from infra.authority.changes import put_agency_window
from infra.dev.synth.batch import Batch, Outline, build_batch
from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_cases import synthetic as cases
from svc_participants import synthetic as participants
from tests.fixtures.participants_service import CARE, LONG_AGO
from tests.fixtures.plans import whole_tables
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller
from tests.fixtures.statements import statements_of

ON = date(2026, 11, 22)
LARGE = frozenset(
    {
        "authority_visibility", "participant", "participant_contact", "participant_alias",
        "participant_demographics", "referral", "enrollment", "case_note", "goal",
        "housing_status", "progress_summary", "caseload_assignment", "legal_case", "charge",
        "hearing", "lead_link", "counsel_of_record", "encounter", "contact_attempt",
        "programme_place",
    }
)  # fmt: skip
RECORD = """
query($id: ID!) { participant(id: $id) {
  id name { given family } contact { phone } enrollment { status } housing { code }
  notes(first: 10) { totalCount edges { node { id text } } }
  goals(first: 10) { totalCount edges { node { id } } } progressSummary { statement }
} }
"""
PEOPLE = """
query($keys: [_Any!]!) { _entities(representations: $keys) { ... on Participant {
  name { given family } contact { phone } enrollment { status enrolledOn } housing { code }
  notes(first: 10) { totalCount edges { node { id text } } } goals(first: 10) { totalCount }
  enrollments(first: 5) { totalCount edges { node { status } } }
  referrals(first: 5) { totalCount edges { node { urgency } } }
  housingHistory(first: 5) { totalCount } aliases { name }
} } }
"""
OPERATIONS = {
    "list": "{ participants(first: 10) { totalCount edges { node { id name { given } } } } }",
    "search": '{ searchParticipants(text: "alder", first: 10) { edges { node { id } } } }',
    "caseload": "{ caseload(first: 10) { totalCount edges { node { id } } } }",
    "record": RECORD,
    "people": PEOPLE,
    "home": """{ caseload(first: 100) { totalCount edges { node {
      id name { given family preferred } enrollment { status enrolledOn } } } } }""",
    "agency home": """{ participants(first: 100) { totalCount edges { node {
      id name { given family preferred } enrollment { status enrolledOn } } } } }""",
    "by stage": """{ participants(first: 10, status: ENROLLED_ACTIVE, isAssigned: true) {
      totalCount edges { node { id } } } }""",
    "in custody": "{ caseload(first: 10, inactiveReason: CUSTODY) { totalCount } }",
    "in a programme": f"""{{ participants(first: 10, programmeId: "{uuid4()}",
      caseManagerId: "nobody") {{ totalCount edges {{ node {{ id }} }} }} }}""",
    "without contact": """{ participants(first: 10, lastContactBefore: "2026-10-22",
      order: LONGEST_WITHOUT_CONTACT) { totalCount edges { node { id } } } }""",
    "urgent referrals": """{ referralQueue(first: 50, urgency: NOW, door: COMMUNITY,
      receivedSince: "2026-01-01", order: BY_PRIORITY) { totalCount edges { node { id } } } }""",
    "referrals": "{ referralQueue(first: 50) { totalCount edges { node { id urgency } } } }",
    "own referrals": "{ myReferrals(first: 50) { totalCount edges { node { id } } } }",
}
CASES = """
query($keys: [_Any!]!) { _entities(representations: $keys) { ... on Participant {
  legalCases(first: 10) { totalCount edges { node { id relation case { caseNumber
    court { name } charges { description } hearings { at } } } } }
  counsel(first: 10) { totalCount edges { node { id } } }
} } }
"""
_CALENDAR = """query($from: DateTime!) { courtCalendar(from: $from, days: 60, first: 50) {
  totalCount edges { node { at link { case { caseNumber court { name } } } } } } }"""
_DOCKET = """query($court: String!, $on: Date!) { docket(court: $court, on: $on, first: 50) {
  totalCount edges { node { caseNumber charges { description } hearings { at } } } } }"""
DATES = {
    "caseload": (Role.CM, "case_manager", "ao|r", _CALENDAR),
    "defence": (Role.DEF, "defender", "rc", _CALENDAR),
    "agency": (Role.SUP, "cm_supervisor", "o|r", _CALENDAR),
    "docket": (Role.DEF, "defender", "rc", _DOCKET),
}


@dataclass(frozen=True, slots=True)
class AtSize:
    """A service with two sites in it, and the first of them."""

    service: ServiceApp
    batch: Batch


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_size(
    request: pytest.FixtureRequest, service_app: ServiceAppFactory
) -> AsyncIterator[AtSize]:
    load = {"svc_participants": participants.load, "svc_cases": cases.load}[request.param]
    batches = [build_batch(Outline(seed=9, number=number, size=700, on=ON)) for number in (0, 1)]
    async with service_app(request.param, with_consent=False) as service:
        for batch in batches:
            told = {**batch.of_all(), "people": batch.people, "cases": batch.cases, "revision": 1}
            await load(service.chassis, orjson.loads(orjson.dumps(told)), batch.facts)
        site = batches[0].places.site["id"]
        await service.apply_facts(
            [
                put_agency_window(row["id"], row["agency_id"], site, LONG_AGO, None)
                for row in batches[0].places.mous
            ]
        )
        engine = create_async_engine(
            service.owner_dsn.replace("postgresql://", "postgresql+asyncpg://")
        )
        async with engine.begin() as connection:
            await connection.execute(text("ANALYZE"))
        await engine.dispose()
        yield AtSize(service, batches[0])


def asking(batch: Batch, role: Role, handle: str, grounds: str) -> Caller:
    """Return a caller of the site."""
    staff = next(row for row in batch.places.staff if row["handle"] == handle)
    return caller(
        role,
        dict.fromkeys((*CARE, Category.LEGAL_COORD), grounds),
        subject=staff["id"],
        agency_id=staff["agency_id"],
        site_id=batch.places.site["id"],
        purpose=Purpose.CAREMGT,
    )


def somebody(batch: Batch) -> str:
    """Return a participant of the persona's caseload."""
    return of_caseload(batch)[0]["id"]


def of_caseload(batch: Batch) -> list[dict[str, str]]:
    """Return references to the first participants of the persona's caseload."""
    manager = batch.places.managers[0]
    ids = [str(each["id"]) for each in batch.people if each.get("manager") == manager]
    return [{"__typename": "Participant", "id": each} for each in ids[:20]]


@pytest.mark.parametrize("at_size", ["svc_participants"], indirect=True)
@pytest.mark.parametrize("name", list(OPERATIONS))
@pytest.mark.parametrize(
    ("role", "handle", "grounds"),
    [(Role.CM, "case_manager", "ao|r"), (Role.SUP, "cm_supervisor", "o|r")],
    ids=["caseload", "agency"],
)
async def test_no_statement_reads_a_large_table_from_end_to_end(
    at_size: AtSize, name: str, role: Role, handle: str, grounds: str
) -> None:
    who = asking(at_size.batch, role, handle, grounds)
    variables: dict[str, dict[str, Any]] = {
        "record": {"id": somebody(at_size.batch)},
        "people": {"keys": of_caseload(at_size.batch)},
    }
    async with statements_of(at_size.service) as statements:
        answer = await at_size.service.graphql(who, OPERATIONS[name], variables.get(name))
    assert answer.data
    assert len(statements) <= 16
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_participants"], indirect=True)
@pytest.mark.parametrize(
    ("role", "handle", "grounds"),
    [(Role.CM, "case_manager", "ao|r"), (Role.SUP, "cm_supervisor", "o|r")],
    ids=["caseload", "agency"],
)
async def test_records_are_compared_with_those_that_the_caller_has(
    at_size: AtSize, role: Role, handle: str, grounds: str
) -> None:
    """Twenty of them: some have aliases, some a date of birth."""
    who = asking(at_size.batch, role, handle, grounds)
    document = (
        "query($keys: [_Any!]!) { _entities(representations: $keys)"
        " { ... on Participant { possibleDuplicates { score participant { id } } } } }"
    )
    async with statements_of(at_size.service) as statements:
        answer = await at_size.service.graphql(who, document, {"keys": of_caseload(at_size.batch)})
    assert answer.data
    assert any("lower(participant_alias.name) IN ($" in each for each in statements)
    assert any("participant.born_on = $" in each for each in statements)
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_cases"], indirect=True)
async def test_cases_of_people_are_looked_up(at_size: AtSize) -> None:
    who = asking(at_size.batch, Role.CM, "case_manager", "ao|r")
    keys = of_caseload(at_size.batch)
    async with statements_of(at_size.service) as statements:
        for asked in (keys[:1], keys):
            answer = await at_size.service.graphql(who, CASES, {"keys": asked})
            assert answer.data["_entities"][0]["legalCases"] is not None
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_cases"], indirect=True)
@pytest.mark.parametrize("name", list(DATES))
async def test_dates_are_found_by_when_they_are(at_size: AtSize, name: str) -> None:
    role, handle, grounds, document = DATES[name]
    who = asking(at_size.batch, role, handle, grounds)
    who = replace(who, access={**who.access, Category.LEGAL_PUBLIC: "*"})
    async with at_size.service.chassis.database.read() as session:
        court, at = (
            await session.execute(
                text("select code, starts_at from hearing, court order by starts_at limit 1")
            )
        ).one()
    variables = {"court": court, "on": at.date().isoformat(), "from": at.isoformat()}
    named = {name: value for name, value in variables.items() if f"${name}:" in document}
    async with statements_of(at_size.service) as statements:
        answer = await at_size.service.graphql(who, document, named)
    assert answer.data
    assert any("hearing" in each for each in statements)
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_cases"], indirect=True)
async def test_a_case_is_found_by_its_number_alone(at_size: AtSize) -> None:
    who = asking(at_size.batch, Role.CM, "case_manager", "ao|r")
    number = next(each["number"] for each in at_size.batch.cases if each["match"])
    document = "query($n: String!) { searchMatches(caseNumber: $n) { totalCount } }"
    async with statements_of(at_size.service) as statements:
        await at_size.service.graphql(who, document, {"n": number})
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_cases"], indirect=True)
async def test_the_liaisons_queue_begins_with_whose_release_is_in_force(at_size: AtSize) -> None:
    who = replace(asking(at_size.batch, Role.PRO, "prosecutor", "r"), is_liaison=True)
    document = "{ liaisonQueue(first: 10) { totalCount edges { node { id } } } }"
    async with statements_of(at_size.service) as statements:
        answer = await at_size.service.graphql(who, document)
    assert answer.data["liaisonQueue"] is not None
    assert await whole_tables(at_size.service, statements, LARGE) == []


@pytest.mark.parametrize("at_size", ["svc_participants"], indirect=True)
async def test_planted_statement_without_an_index_is_caught(at_size: AtSize) -> None:
    planted = ["SELECT id FROM case_note WHERE lower(text) = $1::varchar"]
    assert await whole_tables(at_size.service, planted, LARGE) == ["case_note"]
