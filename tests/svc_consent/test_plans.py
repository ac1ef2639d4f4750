"""Plans of the hot statements: what is read follows from the person or agency, not the whole state.

The gate, decisions and the feed, lists of a person and of an agency; the plans are those that a
connection keeps for every caller of a shape.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.hot_pool import HotPool
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.list_walk import many
from tests.fixtures.plans import whole_tables
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller
from tests.fixtures.statements import statements_of

LARGE = frozenset(
    {
        "account", "account_activity", "account_binding", "amendment_request", "authority_change",
        "authority_key", "authority_visibility", "court_order", "directory_event", "duty",
        "emergency_access", "handout", "incident", "ledger_about", "ledger_entry", "legal_demand",
        "participant_pseudonym", "release", "release_provision", "restriction", "review_campaign",
        "review_item", "role_grant", "role_request",
    }
)  # fmt: skip
STATE = Path(__file__).with_name("large_state.sql")


def known(kind: str, number: int) -> str:
    """Return the id of a row of the state."""
    return str(UUID(hashlib.md5(f"{kind}-{number}".encode(), usedforsecurity=False).hexdigest()))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """Enough that reading all of it is not the cheapest way."""
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        connection = await asyncpg.connect(service.owner_dsn)
        try:
            await connection.execute(STATE.read_text().replace("$SITE", str(made.site_id)))
            await connection.execute("ANALYZE")
        finally:
            await connection.close()
        yield made


@asynccontextmanager
async def asked_of(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[str]]:
    """Collect what the internal endpoints ask the database, on connections of their own pools."""
    found: list[str] = []
    lend = HotPool.connection

    @asynccontextmanager
    async def noted(self: HotPool) -> AsyncIterator[Any]:
        async with lend(self) as connection:
            with connection.query_logger(lambda query: found.append(query.query)):
                yield connection

    monkeypatch.setattr(HotPool, "connection", noted)
    async with statements_of(service) as others:
        yield found
    found += others


def reading(
    world: ConsentWorld, role: Role, grounds: str, purpose: Purpose = Purpose.CAREMGT
) -> Caller:
    """Return a caller of the fourth agency."""
    return caller(
        role,
        dict.fromkeys((Category.IDENTITY, Category.AUDIT, Category.AGENCY_ROLES), grounds),
        subject=known("account", 3),
        agency_id=known("agency", 3),
        site_id=str(world.site_id),
        purpose=purpose,
    )


WHO: Mapping[str, Callable[[ConsentWorld], Caller]] = {
    "case manager": lambda world: reading(world, Role.CM, "ao"),
    "supervisor": lambda world: reading(world, Role.SUP, "o"),
    "privacy officer": lambda world: reading(world, Role.PRV, "v", Purpose.RECORDMGT),
    "administrator": lambda world: reading(world, Role.AGA, "o", Purpose.HSYSADMIN),
    "participant": lambda world: reading(world, Role.PAR, "s"),
    "training manager": lambda world: reading(world, Role.TRM, "s", Purpose.TRAINING_ADMIN),
}


OF_PEOPLE = """
query($keys: [_Any!]!) { _entities(representations: $keys) { ... on Participant {
  releases(first: 25) { totalCount edges { node { status
    discloser { name } provisions { categories recipient { name } } } } }
  accounting(first: 15) { totalCount edges { node { at outcome recipient { name }
    releaseVersions } } }
  report: accounting(first: 15, report: PART2_2_25, since: "2026-01-01T00:00:00Z",
    agencyId: "$AGENCY") { totalCount edges { node { at } } }
  recipients { times agency { name } } restrictions { category agency { name } }
  bindings { kind } incidents { what agency { name } } legalDemands { kind }
  courtOrders { number } amendmentRequests { what } handouts { what }
  duties(first: 25) { totalCount edges { node { kind } } }
  emergencyAccesses(first: 25) { totalCount edges { node { id } } }
} } }
"""
OF_AGENCIES = {
    "people": """{ agencyGrants(agencyId: "$AGENCY", first: 100) { totalCount edges { node {
      role status account { name } agency { name } } } } }""",
    "dormant": """{ dormantGrants(agencyId: "$AGENCY", days: 90, first: 50) { totalCount
      edges { node { lastSeenOn roleGrant { account { name } } } } } }""",
    "roles": '{ agencyRoleCounts(agencyId: "$AGENCY") { role people } }',
    "history": """{ agencyHistory(agencyId: "$AGENCY", first: 50) { totalCount
      edges { node { kind account { name } } } } }""",
    "requests": "{ roleRequests(first: 50) { totalCount edges { node { status } } } }",
    "reviews": "{ accessReviews(first: 50) { totalCount edges { node { title } } } }",
    "own": "{ myGrants(first: 25) { edges { node { role agency { name } } } } }",
}
_DUTIES = "{ openDuties(first: 50) { totalCount edges { node { kind dueAt } } } }"
OF_WORK = {
    "case managers": ("case manager", "{ caseManagers { accountId name } }"),
    "colleagues": (
        "training manager",
        "{ colleagues(first: 50) { totalCount edges { node { accountId name } } } }",
    ),
    "duties": ("case manager", _DUTIES),
    "all duties": ("privacy officer", _DUTIES),
}
AGENCY = known("agency", 3)


async def read(world: ConsentWorld, who: str, document: str, people: int = 0) -> list[str]:
    """Return the large tables that a document reads from end to end; it has to find something."""
    variables = {"keys": many([known("person", number) for number in range(people)])}
    async with statements_of(world.service) as statements:
        answer = await world.service.graphql(
            WHO[who](world), document.replace("$AGENCY", AGENCY), variables if people else None
        )
    assert answer.data
    assert any(table in each for each in statements for table in LARGE)
    return await whole_tables(world.service, statements, LARGE)


@pytest.mark.parametrize("people", [1, 20])
@pytest.mark.parametrize("who", ["case manager", "supervisor", "privacy officer", "participant"])
async def test_lists_of_people_are_looked_up(world: ConsentWorld, who: str, people: int) -> None:
    assert await read(world, who, OF_PEOPLE, people) == []


@pytest.mark.parametrize("name", list(OF_AGENCIES))
async def test_an_agencys_page_reads_its_own_rows(world: ConsentWorld, name: str) -> None:
    assert await read(world, "administrator", OF_AGENCIES[name]) == []


@pytest.mark.parametrize("name", list(OF_WORK))
async def test_lists_of_work_are_looked_up(world: ConsentWorld, name: str) -> None:
    assert await read(world, *OF_WORK[name]) == []


async def test_every_request_is_decided_by_look_ups(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who somebody is, what they may read, what changed since, and the gate with its ledger."""
    somebody = Person(UUID(known("account", 3)), UUID(known("grant", 3)), "CM", AGENCY, "person-3")
    people = [known("person", number) for number in range(20)]
    head = await world.head()
    async with asked_of(world.service, monkeypatch) as statements:
        body = {"issuer": "dev", "subject": somebody.external_subject}
        found = await world.ok("/internal/directory/principal", body)
        assert [each["id"] for each in found["grants"]] == [str(somebody.grant_id)]
        await world.decisions(somebody, people, {"IDENTITY": "a|o|r"})
        changes = f"/internal/authority/changes?after={head - 10}"
        _, told = await world.call("GET", changes, issuer="cases")
        assert len(told["changes"]) == 10
        (verdict,) = await world.gate(world.gate_call(somebody, head, people), lane="plans")
        assert verdict["verdict"] == "RELEASED"
    parts = ("from account", "from authority_visibility", "from authority_change", "ledger_about")
    assert all(any(part in each for each in statements) for part in parts)
    assert await whole_tables(world.service, statements, LARGE) == []


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("SELECT entry FROM ledger_entry WHERE entry ->> 'agencyId' = $1::text", "ledger_entry"),
        ("SELECT id FROM release WHERE kind = $1::varchar", "release"),
        ("with told as (select 1) select count(*) from authority_key", "authority_key"),
    ],
)
async def test_planted_statement_without_an_index_is_caught(
    world: ConsentWorld, statement: str, table: str
) -> None:
    assert await whole_tables(world.service, [statement], LARGE) == [table]
