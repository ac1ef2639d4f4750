"""An agency of two sites: what it holds at one ends with the agreement of that one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest_asyncio

from infra import clock
from infra.authority.changes import put_agency_window
from infra.authority.facts import agency_holder
from infra.vocabulary import Basis, Category, Purpose
from svc_consent.authority import rules
from svc_consent.releases.rules import Terms, grounds
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory

OTHER_SITE = str(uuid4())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class TwoSites:
    """A police department that is a member of two sites, one of which it leaves."""

    def __init__(self, world: ConsentWorld, officer: Person) -> None:
        self.world, self.officer, self.window = world, officer, uuid4()
        self.participant = str(uuid4())

    async def join_other(self, ends_at_now: bool = False) -> None:
        window = put_agency_window(
            self.window, self.officer.agency_id, OTHER_SITE, LONG_AGO,
            clock.now() - timedelta(seconds=1) if ends_at_now else None,
        )  # fmt: skip
        await self.world.change([rules.agency_key(self.officer.agency_id)], [window])

    async def released_at(self, site: str) -> None:
        holder = agency_holder(self.officer.agency_id, site)
        await self.world.permit(
            self.participant, holder, Basis.RELEASE, Category.IDENTITY, Purpose.LEAD_COORD
        )

    async def seen_from(self, site: str) -> list[str]:
        answer = await self.world.ok(
            "/internal/authority/decisions",
            {
                "subject": self.officer.subject, "agencyId": self.officer.agency_id,
                "siteId": site, "role": "LEO", "purpose": "LEAD_COORD",
                "access": {"IDENTITY": "r"}, "participants": [self.participant],
            },
        )  # fmt: skip
        categories: list[str] = answer["decisions"][0]["categories"]
        return categories


@pytest_asyncio.fixture(loop_scope="session")
async def member(world: ConsentWorld) -> TwoSites:
    made = TwoSites(world, await world.make_person("LEO", await world.make_agency("LE")))
    await made.join_other()
    return made


async def test_people_of_a_site_are_seen_only_by_who_acts_there(member: TwoSites) -> None:
    await member.released_at(OTHER_SITE)
    assert await member.seen_from(OTHER_SITE) == ["IDENTITY"]
    assert await member.seen_from(str(member.world.site_id)) == []


async def test_leaving_one_site_ends_what_was_held_there(member: TwoSites) -> None:
    await member.released_at(OTHER_SITE)
    await member.join_other(ends_at_now=True)
    assert await member.seen_from(OTHER_SITE) == []
    assert await member.seen_from(str(member.world.site_id)) == []


async def test_a_ground_without_a_site_would_be_kept(member: TwoSites) -> None:
    """The planted twin: what the ground of a release must not look like."""
    await member.released_at("")
    await member.join_other(ends_at_now=True)
    assert await member.seen_from(str(member.world.site_id)) == ["IDENTITY"]


def test_every_ground_of_a_release_names_its_site() -> None:
    site, agency = uuid4(), uuid4()
    terms = [Terms(uuid4(), agency, (Category.IDENTITY, Category.SUD), (Purpose.LEAD_COORD,))]
    rows = grounds(uuid4(), UUID(int=1), LONG_AGO, None, terms, site)
    assert {row.holder for row in rows} == {f"agency:{agency}@{site}"}
