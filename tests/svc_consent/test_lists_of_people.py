"""Lists that are loaded for many people at once hold what the caller may see of each, no more."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import true

from infra.authority.predicate import agency_holder, subject_holder
from infra.batch_loader import KeptStatements
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.bindings import repository as bindings
from svc_consent.orders import repository as orders
from svc_consent.releases import repository as releases
from svc_consent.safeguards import repository as safeguards
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld
from tests.fixtures.list_walk import many
from tests.fixtures.service_app import ServiceAppFactory, caller
from tests.fixtures.stored_rows import plant

NAMES = (
    "restrictions", "bindings", "incidents", "legalDemands", "courtOrders", "amendmentRequests",
    "handouts",
)  # fmt: skip
FOR_STAFF = ("legalDemands", "courtOrders")


async def fill(to: asyncpg.Connection, person: str, agency: str, site: str, account: UUID) -> None:
    """Put one row about a person into each of the tables."""
    about = {"id": uuid4(), "participant_id": person, "version": 1}
    told = {"agency_id": agency, "site_id": site}
    await plant(to, "restriction", **about, **told, reason="Asked for.", recorded_at=LONG_AGO)
    await plant(
        to, "account_binding", **about, account_id=account, kind="SELF", starts_at=LONG_AGO,
        is_parent=False,
    )  # fmt: skip
    await plant(to, "incident", **about, **told, what="Told.", reported_at=LONG_AGO)
    await plant(
        to, "legal_demand", **about, site_id=site, kind="ORDER_2_64", issued_by="A court",
        scope="All", recorded_at=LONG_AGO,
    )  # fmt: skip
    await plant(
        to, "court_order", **about, site_id=site, demand_id=about["id"], number="1",
        counsel_name="Counsel", keeper_agency_id=agency, recipient_agency_id=agency,
        categories=["IDENTITY"], expires_at=LONG_AGO, admitted_at=LONG_AGO,
    )  # fmt: skip
    await plant(
        to, "amendment_request", **about, category="IDENTITY", what="Mine.", requested_at=LONG_AGO
    )
    await plant(
        to, "handout", **about, kind="PAPER_COPY", what="Mine.", language="en", given_at=LONG_AGO,
        recorded_at=LONG_AGO,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lists:
    """People with a row in every list, and who may see which of them."""

    world: ConsentWorld
    seen: str
    other: str
    worker: Caller
    person: Caller

    async def lengths(self, asking: Caller, name: str, *people: str) -> list[int]:
        """Return how many rows each of these people's lists has for somebody."""
        document = (
            "query($keys: [_Any!]!) { _entities(representations: $keys)"
            f" {{ ... on Participant {{ {name} {{ id }} }} }} }}"
        )
        answer = await self.world.service.graphql(
            asking, document, {"keys": many(people or [self.seen, self.other])}
        )
        return [len(each[name]) for each in answer.data["_entities"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lists(service_app: ServiceAppFactory) -> AsyncIterator[Lists]:
    """Two people; one is released to the worker's agency, and has a login of their own."""
    async with service_app("svc_consent") as service:
        world = ConsentWorld(service)
        await world.make_site()
        agency = await world.make_agency("CM")
        worker = await world.make_person("CM", agency)
        login = await world.make_person("PAR", "")
        seen, other = str(uuid4()), str(uuid4())
        connection = await asyncpg.connect(service.owner_dsn)
        for person in (seen, other):
            await fill(connection, person, agency, str(world.site_id), login.account_id)
        await connection.close()
        await world.permit(seen, agency_holder(agency), Basis.RELEASE)
        await world.permit(seen, subject_holder(login.subject), Basis.SELF)
        here: dict[str, Any] = {"site_id": str(world.site_id), "purpose": Purpose.CAREMGT}
        reading = {Category.AUDIT: "a|r"}
        yield Lists(
            world,
            seen,
            other,
            caller(Role.CM, reading, subject=worker.subject, agency_id=agency, **here),
            caller(Role.PAR, {Category.AUDIT: "s"}, subject=login.subject, agency_id="", **here),
        )


@pytest.fixture
def statements_anew() -> Iterator[None]:
    """Statements are built again, before the test and after it."""
    KeptStatements.forget_all()
    yield
    KeptStatements.forget_all()


@pytest.mark.parametrize("name", NAMES)
async def test_a_list_of_many_holds_whom_the_caller_may_see(lists: Lists, name: str) -> None:
    assert await lists.lengths(lists.worker, name) == [1, 0]
    assert await lists.lengths(lists.worker, name, lists.seen) == [1]
    assert await lists.lengths(lists.worker, name, lists.other) == [0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("statements_anew")
async def test_planted_loader_that_does_not_narrow_is_caught(
    lists: Lists, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bindings, orders, releases, safeguards):
        monkeypatch.setattr(module, "visible", lambda *_anything: true())
    assert await lists.lengths(lists.worker, name) == [1, 1]
    assert await lists.lengths(lists.worker, name, lists.other) == [1]


@pytest.mark.parametrize("name", NAMES)
async def test_the_person_reads_their_own_but_for_what_may_come_with_silence(
    lists: Lists, name: str
) -> None:
    assert await lists.lengths(lists.person, name) == [0 if name in FOR_STAFF else 1, 0]


@pytest.mark.parametrize("name", FOR_STAFF)
@pytest.mark.usefixtures("statements_anew")
async def test_planted_list_that_tells_the_person_is_caught(
    lists: Lists, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (orders, safeguards):
        monkeypatch.setattr(module, "is_staff", lambda _caller: True)
    assert await lists.lengths(lists.person, name) == [1, 0]
