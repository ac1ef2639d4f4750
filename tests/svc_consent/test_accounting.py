"""The participant's accounting: who was told what, why, under which release; and nobody else's."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import true

from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.disclosures.repository import accounting
from tests.fixtures.consent_world import ConsentWorld, Person, in_hands_of
from tests.fixtures.service_app import ServiceAppFactory, caller

READ = """query Accounting($of: [_Any!]!, $first: Int!, $after: String) {
  _entities(representations: $of) { ... on Participant { accounting(first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage } edges { node {
      at roleTitle purpose categories kind outcome releaseVersions recipient { name } } } } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


def _acting(world: ConsentWorld, person: Person) -> Caller:
    return caller(
        Role.PAR, {Category.AUDIT: "s"}, subject=person.subject, agency_id="",
        site_id=str(world.site_id), purpose=Purpose.PATRQT,
    )  # fmt: skip


async def _read(
    world: ConsentWorld, acting: Caller, participant: str, first: int = 25, after: str | None = None
) -> dict[str, Any]:
    variables = {
        "of": [{"__typename": "Participant", "id": participant}], "first": first, "after": after,
    }  # fmt: skip
    answer = await world.service.graphql(acting, READ, variables)
    accounting: dict[str, Any] = answer.data["_entities"][0]["accounting"]
    return accounting


async def test_participant_reads_what_was_told_newest_first(world: ConsentWorld) -> None:
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    account, participant = await world.make_person("PAR", ""), str(uuid4())
    await world.permit(participant, in_hands_of(account), Basis.SELF)
    await world.release(participant, officer.agency_id)
    access = {"IDENTITY": "r", "SUD": "r"}
    for categories in (("IDENTITY",), ("IDENTITY", "SUD")):
        call = world.gate_call(
            officer, await world.head(), [participant], categories=categories, access=access
        )
        await world.gate(call)
    acting = _acting(world, account)
    found = await _read(world, acting, participant)
    assert found["totalCount"] == 3
    lines = [edge["node"] for edge in found["edges"]]
    assert [line["outcome"] for line in lines] == ["WITHHELD", "RELEASED", "RELEASED"]
    assert lines[0]["categories"] == ["treatment for drug or alcohol use"]
    assert lines[1]["categories"] == ["your name and date of birth"]
    assert lines[1]["purpose"] == "to coordinate LEAD"
    assert lines[1]["recipient"] == {"name": "Agency LE"}
    assert lines[1]["roleTitle"].startswith("Law-enforcement officer")
    first = await _read(world, acting, participant, first=2)
    rest = await _read(world, acting, participant, 2, first["pageInfo"]["endCursor"])
    assert [edge["node"] for edge in first["edges"] + rest["edges"]] == lines


async def test_accounting_of_others_looks_like_that_of_nobody(world: ConsentWorld) -> None:
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    participant = str(uuid4())
    await world.release(participant, officer.agency_id)
    await world.gate(world.gate_call(officer, await world.head(), [participant]))
    stranger = _acting(world, await world.make_person("PAR", ""))
    hidden = await _read(world, stranger, participant)
    assert hidden == await _read(world, stranger, str(uuid4()))
    assert (hidden["totalCount"], hidden["edges"]) == (0, [])


async def test_planted_accounting_for_everybody_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "visible", lambda *_: true())
    with pytest.raises(AssertionError):
        await test_accounting_of_others_looks_like_that_of_nobody(world)
