"""Who may disclose: nobody chooses it, it limits what a form replaces, without it nothing opens.

That it does not limit whose records are told, and why: infra/decisions/0018-who-may-disclose.md.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from infra.authority.predicate import agency_holder
from infra.database import AnySession
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.releases import repository
from svc_consent.releases.tables import Release
from tests.fixtures.consent_world import ConsentWorld, in_hands_of
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller

SIGNED = "release { id status missingElements discloser { id } }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    return await new_case(world)


async def _in_person(case: Case) -> Caller:
    account = await case.world.make_person("PAR", "")
    await case.world.permit(case.participant, in_hands_of(account), Basis.SELF)
    return caller(
        Role.PAR, {Category.AUDIT: "s"}, subject=account.subject, agency_id="",
        site_id=str(case.world.site_id), purpose=Purpose.PATRQT,
    )  # fmt: skip


async def _sign(case: Case, acting: Caller | None = None) -> dict[str, Any]:
    payload = await case.run("signRelease", case.form(), SIGNED, acting)
    assert payload["userErrors"] == []
    release: dict[str, Any] = payload["release"]
    return release


async def test_staff_record_it_for_their_own_agency(case: Case) -> None:
    release = await _sign(case)
    assert release["discloser"] == {"id": case.manager.agency_id}


async def test_who_signs_alone_signs_for_the_agency_that_serves_them(case: Case) -> None:
    await case.world.permit(
        case.participant, agency_holder(case.manager.agency_id), Basis.OWN_AGENCY
    )
    release = await _sign(case, await _in_person(case))
    assert release["status"] == "ACTIVE"
    assert release["discloser"] == {"id": case.manager.agency_id}


async def test_without_a_discloser_a_form_is_defective_and_opens_nothing(case: Case) -> None:
    release = await _sign(case, await _in_person(case))
    assert (release["status"], release["discloser"]) == ("DEFECTIVE", None)
    assert release["missingElements"] == ["disclosers"]
    assert await case.officer_sees() == []


async def test_a_form_of_another_discloser_replaces_nothing(case: Case) -> None:
    first = await _sign(case)
    other = await case.world.make_person("CM", await case.world.make_agency("CM"))
    await case.world.permit(case.participant, in_hands_of(other), Basis.ASSIGNMENT)
    acting = caller(
        Role.CM, {Category.AUDIT: "a"}, subject=other.subject, agency_id=other.agency_id,
        site_id=str(case.world.site_id), purpose=Purpose.CAREMGT,
    )  # fmt: skip
    second = await _sign(case, acting)
    assert second["discloser"] == {"id": other.agency_id}
    async with case.world.service.chassis.database.read() as session:
        rows = await session.execute(select(Release.id, Release.status))
    statuses = {str(row.id): row.status for row in rows}
    assert [statuses[each["id"]] for each in (first, second)] == ["ACTIVE", "ACTIVE"]


async def _anybody_serves(session: AnySession, _participant: object) -> tuple[Any, Any]:
    found = await session.execute(
        select(Release.disclosing_agency_id, Release.site_id)
        .where(Release.disclosing_agency_id.is_not(None))
        .limit(1)
    )
    row = found.one()
    return row[0], row[1]


async def _latest_of_anybody(
    session: AnySession, participant: object, kind: str, _discloser: object
) -> Release | None:
    return await session.scalar(
        select(Release)
        .where(Release.participant_id == participant, Release.kind == kind)
        .order_by(Release.recorded_at.desc())
        .limit(1)
    )


@pytest.mark.parametrize(
    ("check", "name", "broken"),
    [
        (
            test_without_a_discloser_a_form_is_defective_and_opens_nothing,
            "serving_agency",
            _anybody_serves,
        ),
        (test_a_form_of_another_discloser_replaces_nothing, "latest_active", _latest_of_anybody),
    ],
)
async def test_planted_bug_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, check: Any, name: str, broken: Any
) -> None:
    await _sign(await new_case(world))  # there is a release of somebody else's
    monkeypatch.setattr(repository, name, broken)
    with pytest.raises(AssertionError):
        await check(await new_case(world))
