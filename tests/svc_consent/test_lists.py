"""No list of this service costs a statement for each row; the lists are those of the schema."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from graphql import build_ast_schema, parse

from infra.dev.demo.world import build_world, world_json
from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.governance.repository.reviews import LastSeen
from svc_consent.seed import seed
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.list_walk import ListField, lists_below, many, repeated, root_list, root_lists
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller
from tests.fixtures.statements import statements_of

SCHEMA = build_ast_schema(
    parse((Path(__file__).parents[2] / "svc_consent" / "subgraph.graphql").read_text()),
    assume_valid_sdl=True,
)
OWNED = list(lists_below(SCHEMA, "Participant"))
ROOTS = root_lists(SCHEMA)
OF_ONE = frozenset({"accounting", "recipients"})
"""Lists on the page of one person, which are asked for each person anew."""
PERSONAS = {
    "case_manager": Purpose.CAREMGT, "cm_supervisor": Purpose.CAREMGT,
    "privacy_officer": Purpose.RECORDMGT, "agency_admin": Purpose.HSYSADMIN,
    "platform_admin": Purpose.HSYSADMIN, "project_manager": Purpose.LEAD_COORD,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo world in the service, and the document that it was made from."""

    service: ServiceApp
    document: dict[str, Any]

    def people(self) -> list[str]:
        """Return ids of participants."""
        return [str(each["id"]) for each in self.document["participants"]][:20]

    def as_persona(self, handle: str) -> Caller:
        """Return a persona whose role reads every category."""
        (found,) = [each for each in self.document["staff"] if each["handle"] == handle]
        return caller(
            Role(found["role"]),
            dict.fromkeys(Category, "*"),
            subject=found["id"],
            agency_id=found["agency_id"] or "",
            site_id=found["site_id"],
            purpose=PERSONAS[handle],
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(
    service_app: ServiceAppFactory, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Demo]:
    """The service with the demo world in it."""
    text = world_json(build_world(datetime.now(UTC).date()))
    file = tmp_path_factory.mktemp("world") / "world.json"
    file.write_text(text, encoding="utf-8")
    async with service_app("svc_consent") as service:
        ConsentWorld(service).make_keys_known()
        await seed(service.chassis, file)
        yield Demo(service, json.loads(text))


def test_the_walk_finds_the_lists() -> None:
    assert {"releases", "restrictions", "duties"} <= {each.name for each in OWNED}
    assert {"agencies", "agencyGrants", "openDuties"} <= set(ROOTS)


async def walked(demo: Demo, document: str, variables: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return the statements that run too often, by persona."""
    found = {}
    for handle in PERSONAS:
        async with statements_of(demo.service) as statements:
            await demo.service.graphql(demo.as_persona(handle), document, variables)
        found[handle] = repeated(statements)
    return {handle: each for handle, each in found.items() if each}


def of_people(each: ListField) -> str:
    return (
        "query($keys: [_Any!]!) { _entities(representations: $keys)"
        f" {{ ... on Participant {{ {each.selection} }} }} }}"
    )


@pytest.mark.parametrize(
    "each", [each for each in OWNED if each.name not in OF_ONE], ids=lambda each: each.coordinate
)
async def test_lists_of_many_people_cost_as_many_statements_as_of_one(
    demo: Demo, each: ListField
) -> None:
    assert await walked(demo, of_people(each), {"keys": many(demo.people())}) == {}


async def test_lists_of_one_person_cost_no_statement_for_each_row(demo: Demo) -> None:
    """Each of them is a page on one person's record; for several people it is asked anew."""
    assert {each.name for each in OWNED} >= OF_ONE
    person = demo.people()[:1]
    for each in OWNED:
        if each.name in OF_ONE:
            assert await walked(demo, of_people(each), {"keys": many(person)}) == {}, each


@pytest.mark.parametrize("name", list(ROOTS))
async def test_root_lists_cost_no_statement_for_each_row(demo: Demo, name: str) -> None:
    agency = demo.as_persona("agency_admin").agency_id
    wanted = [key for key in ROOTS[name].args if key == "agencyId"]
    document = root_list(name, ROOTS[name], dict.fromkeys(wanted, f'"{agency}"'))
    assert await walked(demo, document, {}) == {}


async def test_planted_loader_that_asks_for_each_is_caught(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = LastSeen.load

    async def one_by_one(self: LastSeen, key: UUID) -> Any:
        return await load(type(self)(self._context), key)

    monkeypatch.setattr(LastSeen, "load", one_by_one)
    agency = demo.as_persona("agency_admin").agency_id
    document = root_list("dormantGrants", ROOTS["dormantGrants"], {"agencyId": f'"{agency}"'})
    assert "agency_admin" in await walked(demo, document, {})
