"""What a withdrawal would stop is told before, and only to who administers; what may be given."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from infra import clock
from infra.errors import RuleError
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies.rules import CEILING, SENSITIVE_ROLES, roles_within
from svc_consent.governance.rules import MAX_DOCUMENT_BYTES, read_document
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.governance.test_second_person import acting, run

PREVIEW = """query ($agency: ID!) { withdrawalPreview(agencyId: $agency) {
  roles people agreements roleRequests seats }
  agency(id: $agency) { grantableRoles requestableRoles } }"""
SEAT = """mutation ($input: SeatMemberInput!) { seatMember(input: $input) {
  seat { id } userErrors { code } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def preview(world: ConsentWorld, asking: Any, agency: str) -> Any:
    answer = await world.service.graphql(asking, PREVIEW, {"agency": agency})
    return answer.data["withdrawalPreview"]


async def test_what_a_withdrawal_would_stop_is_counted(world: ConsentWorld) -> None:
    agency, other = await world.make_agency("LE"), await world.make_agency("LE")
    admin = acting(world, await world.make_person("AGA", agency))
    officer, gone = await world.make_person("LEO", agency), await world.make_person("LEO", agency)
    await world.make_person("LEO", other)
    await world.execute(
        "update role_grant set revoked_at = clock_timestamp() where id = :id", id=gone.grant_id
    )
    manager = acting(world, await world.make_person("PM", await world.make_agency("PMA")), Role.PM)
    seated = {"body": "OWG", "name": "Chair", "startsOn": "2026-01-01", "agencyId": agency}
    assert (await run(world, manager, SEAT, **seated))["userErrors"] == []
    platform = acting(
        world, await world.make_person("PLA", await world.make_agency("PLATFORM")), Role.PLA, "*"
    )
    expected = {"roles": 2, "people": 2, "agreements": 1, "roleRequests": 0, "seats": 1}
    for asking in (admin, platform):
        assert await preview(world, asking, agency) == expected
    assert await preview(world, admin, other) is None
    assert await preview(world, acting(world, officer, Role.LEO, ""), agency) is None
    assert await preview(world, admin, "no id") is None


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_a_seat_ends_with_its_last_day_at_the_site(world: ConsentWorld, zone: str) -> None:
    """East and west of the date line: the day of UTC is wrong at one of the two at any time."""
    agency = await world.make_agency("LE")
    manager = acting(world, await world.make_person("PM", await world.make_agency("PMA")), Role.PM)
    seated = {"body": "OWG", "name": "Chair", "startsOn": "2026-01-01", "agencyId": agency}
    made = await run(world, manager, SEAT, **seated)
    admin = acting(world, await world.make_person("AGA", agency))
    ends = "update seat set ends_on = :on where id = :id"
    move = "update site set time_zone = :zone where id = :id"
    today = clock.day_in(ZoneInfo(zone))
    await world.execute(move, id=world.site_id, zone=zone)
    try:
        for on, seats in ((today, 1), (today - timedelta(days=1), 0)):
            await world.execute(ends, id=made["seat"]["id"], on=on)
            assert (await preview(world, admin, agency))["seats"] == seats
    finally:
        await world.execute(move, id=world.site_id, zone="UTC")


async def test_an_agency_says_what_may_be_given_and_what_asked_for(world: ConsentWorld) -> None:
    agency = await world.make_agency("CM")
    admin = acting(world, await world.make_person("AGA", agency))
    answer = await world.service.graphql(admin, PREVIEW, {"agency": agency})
    assert answer.data["agency"] == {"grantableRoles": ["CM", "TRM"], "requestableRoles": ["SUP"]}


@pytest.mark.parametrize("kind", list(AgencyType))
def test_together_they_are_the_ceiling(kind: AgencyType) -> None:
    give = roles_within(kind, needs_second=False)
    ask = roles_within(kind, needs_second=True)
    assert set(give) | set(ask) == CEILING[kind]
    assert not set(give) & SENSITIVE_ROLES
    assert set(ask) <= SENSITIVE_ROLES


def test_a_scanned_memorandum_fits_and_a_larger_one_does_not() -> None:
    def sent(size: int) -> str:
        return base64.b64encode(b"x" * size).decode()

    document = read_document("mou.pdf", "application/pdf", sent(MAX_DOCUMENT_BYTES))
    assert len(document.content) == MAX_DOCUMENT_BYTES
    with pytest.raises(RuleError):
        read_document("mou.pdf", "application/pdf", sent(MAX_DOCUMENT_BYTES + 1))
