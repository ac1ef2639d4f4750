"""AZ-11 in the whole product: every type of node, as several personas, over the demo world.

Ids are taken from the services' tables, whoever may see their rows: visible ones, hidden ones, ones
of another site or agency. What nobody has, and what is no id, is asked for besides.
"""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.nodes import direct_fields
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.proof.house import SERVICES, Gateway, House, running_house
from tests.proof.operations import Operation
from tests.proof.pairs import Asking, ask_patiently, askings

ABSENT = "00000000-0000-4000-8000-000000000000"
OF_EACH = 4
PERSONAS = (
    "officer", "case_manager", "case_manager_unassigned", "case_manager_other_site",
    "project_manager", "prosecutor", "defender", "training_manager", "agency_admin",
    "privacy_officer", "participant",
)  # fmt: skip
ROWS = {
    "Account": ("consent", "account"), "Agency": ("consent", "agency"),
    "CaseNote": ("participants", "case_note"), "Course": ("training", "course"),
    "Enrollment": ("participants", "enrollment"), "Goal": ("participants", "goal"),
    "LeadLink": ("cases", "lead_link"), "LegalCase": ("cases", "legal_case"),
    "Participant": ("participants", "participant"), "Personnel": ("training", "personnel"),
    "Referral": ("participants", "referral"), "Release": ("consent", "release"),
    "RoleGrant": ("consent", "role_grant"), "Session": ("training", "session"),
    "Site": ("consent", "site"), "TrainingAssignment": ("training", "assignment"),
    "TrainingDocument": ("training", "training_document"),
    "TrainingRecord": ("training", "training_record"),
}  # fmt: skip
BODIES = {
    "Account": "name isBlocked", "Agency": "name type", "CaseNote": "text authorName",
    "Course": "number title", "Enrollment": "status enrolledOn", "Goal": "ownWords area",
    "LeadLink": "coordinationStatus participant { id }", "LegalCase": "caseNumber leadLink { id }",
    "Participant": "name { given } notes { totalCount } releases { totalCount }",
    "Personnel": "name isActive", "Referral": "door participant { id }",
    "Release": "status signedAt", "RoleGrant": "role status", "Session": "number title",
    "Site": "name", "TrainingAssignment": "status category", "TrainingDocument": "fileName",
    "TrainingRecord": "title outcome",
}  # fmt: skip
LISTED = {
    "CaseNote": "notes(first: 100) { edges { node { id } } }",
    "Enrollment": "enrollments(first: 100) { edges { node { id } } }",
    "Goal": "goals(first: 100) { edges { node { id } } }",
    "Release": "releases(first: 100) { edges { node { id } } }",
}
"""How the page of a participant lists what has had no look-up of its own."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    service_database: ServiceDatabaseFactory, proof_world_file: Path
) -> AsyncIterator[House]:
    """A house with training in it."""
    names = (*SERVICES, "training")
    async with running_house(service_database, proof_world_file, names) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(house: House) -> AsyncIterator[Gateway]:
    """A gateway over it."""
    async with house.gateway() as running:
        yield running


async def _ids(house: House, name: str, most: int | None = OF_EACH) -> list[str]:
    service, table = ROWS[name]
    found = [
        str(row["id"]) for row in await house.services[service].rows(f"select id from {table}")
    ]
    found.sort()
    dice = random.Random(name)
    return found if most is None else dice.sample(found, min(most, len(found)))


def _asked_by(house: House, persona: str) -> Asking:
    drawn = askings(house, random.Random(1))
    mine = [each for each in drawn if each.subject == f"persona:{persona}" and each.purpose]
    return mine[0]


async def _told(gateway: Gateway, asking: Asking, text: str, given: str) -> Any:
    """Return status and body, without places in the text that was sent."""
    operation = Operation(f"query Q($id: ID!) {{ {text} }}", {"id": given})
    answer = await ask_patiently(gateway, asking, operation)
    for error in answer.body.get("errors", ()):
        error.pop("locations", None)
    return answer.status, answer.body


async def _compared(
    house: House, gateway: Gateway, persona: str, names: list[str]
) -> tuple[list[str], set[str], int]:
    """Return what differs, which types were told of, and how many rows were withheld."""
    asking = _asked_by(house, persona)
    direct = direct_fields(gateway.preparer.supergraph.api_schema)
    somebody = (await _ids(house, "Participant", 1))[0]
    found, told, withheld = [], set(), 0
    for name in names:
        rows = await _ids(house, name)
        foreign = somebody if name != "Participant" else (await _ids(house, "Site", 1))[0]
        silent: dict[str, set[str]] = {}
        for whose in (*rows, ABSENT, foreign, "1", ""):
            for body in ("id", "__typename", BODIES[name]):
                node = await _told(
                    gateway, asking, f"node(id: $id) {{ ... on {name} {{ {body} }} }}",
                    f"{name}:{whose}",
                )  # fmt: skip
                text = f"node: {direct[name]}(id: $id) {{ {body} }}"
                if node != await _told(gateway, asking, text, whose):
                    found.append(f"{persona} {name}:{whose} {body}")
                if node[1]["data"]["node"] is None:
                    silent.setdefault(body, set()).add(str(node))
                    withheld += whose in rows
                else:
                    told.add(name)
        found += [
            f"{persona} {name} {body}: told apart" for body, each in silent.items() if len(each) > 1
        ]
    return found, told, withheld


@pytest.mark.timeout(900)
async def test_a_node_is_answered_as_the_field_of_its_type_is(
    house: House, gateway: Gateway
) -> None:
    """AZ-11: visible, hidden, of others, absent, malformed, and of another type."""
    assert set(ROWS) == set(direct_fields(gateway.preparer.supergraph.api_schema))
    ever: set[str] = set()
    hidden = 0
    for persona in PERSONAS:
        found, told, withheld = await _compared(house, gateway, persona, sorted(ROWS))
        assert found == []
        ever |= told
        hidden += withheld
    assert {"Participant", "CaseNote", "Goal", "Enrollment", "Course", "Session", "Site"} <= ever
    assert {"Account", "RoleGrant", "Personnel", "Release"} <= ever
    assert hidden


async def test_a_node_that_tells_of_somebody_hidden_would_be_noticed(
    house: House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: an id is answered with itself, whether the caller may see its row or not."""
    real = type(gateway).ask

    async def echoes(
        self: Gateway, subject: str, query: str, variables: Any = None, **named: Any
    ) -> Any:
        answer = await real(self, subject, query, variables, **named)
        data = answer.body.get("data") or {}
        is_row = not variables["id"].endswith((ABSENT, ":1", ":"))
        if "node(id" in query and "{ id }" in query and is_row and data.get("node") is None:
            data["node"] = {"id": variables["id"].partition(":")[2]}
        return answer

    monkeypatch.setattr(type(gateway), "ask", echoes)
    found, _, _ = await _compared(house, gateway, "officer", ["Participant", "CaseNote"])
    assert found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("persona", ["case_manager", "officer", "prosecutor", "privacy_officer"])
async def test_nothing_is_given_by_its_id_that_is_not_on_its_participant_s_page(
    house: House, gateway: Gateway, persona: str
) -> None:
    asking = _asked_by(house, persona)
    people = await _ids(house, "Participant", 40)
    for name, listed in LISTED.items():
        on_pages = set()
        for whose in people:
            text = f"participant(id: $id) {{ {listed} }}"
            _, body = await _told(gateway, asking, text, whose)
            person = (body["data"] or {}).get("participant") or {}
            pages = [each for each in person.values() if each]
            on_pages |= {edge["node"]["id"] for page in pages for edge in page["edges"]}
        service, table = ROWS[name]
        statement = f"select id from {table} where participant_id = any(cast(:people as uuid[]))"
        rows = await house.services[service].rows(statement, people=people)
        dice = random.Random(persona)
        for row in dice.sample(rows, min(25, len(rows))):
            _, body = await _told(gateway, asking, "node(id: $id) { id }", f"{name}:{row['id']}")
            if (body["data"] or {}).get("node"):
                assert str(row["id"]) in on_pages, (persona, name)
