"""The same question asked otherwise has the same answer, and a lesser role a part of it.

NI-23: aliases, fragments, order, and two operations in the place of one change nothing. NI-22: who
holds less of a role (not assigned, not counsel, not the liaison) sees a subset.
"""

import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.proof.house import Gateway, House, running_house
from tests.proof.operations import Operation
from tests.proof.pairs import Asking, ask_patiently, askings

PARTS = {
    "name": "{ given family }", "dateOfBirth": "", "contact": "{ phone }",
    "enrollment": "{ status }", "notes": "(first: 2) { totalCount edges { node { text } } }",
    "goals": "(first: 2) { totalCount edges { node { ownWords } } }",
    "housing": "{ situation }", "progressSummary": "{ nothingToAdd statement }",
}  # fmt: skip
LESSER = {
    "case_manager_unassigned": "case_manager",
    "defender_not_counsel": "defender",
    "prosecutor_not_liaison": "prosecutor",
}
PEOPLE = ("roi_active", "roi_none", "roi_partial_no_prosecutor", "roi_revoked")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    service_database: ServiceDatabaseFactory, proof_world_file: Path
) -> AsyncIterator[House]:
    """A house of its own: in the others' somebody may have lost a role, or a release, by now."""
    async with running_house(service_database, proof_world_file) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(house: House) -> AsyncIterator[Gateway]:
    """A gateway over it."""
    async with house.gateway() as running:
        yield running


def _forms(dice: random.Random) -> list[tuple[list[str], dict[str, str]]]:
    """Return ways to ask: the documents of each, and which key each part is answered under."""
    names = list(PARTS)
    mixed = dice.sample(names, len(names))
    as_alias = {name: f"k{number}" for number, name in enumerate(names)}
    aliased = " ".join(f"{as_alias[each]}: {each}{PARTS[each]}" for each in mixed)
    whole = [f"{each}{PARTS[each]}" for each in mixed]
    own = {name: name for name in names}
    half = len(whole) // 2
    head = "query($id: ID!)"

    def one(body: str, tail: str = "") -> str:
        return f"{head} {{ participant(id: $id) {{ {body} }} }} {tail}"

    return [
        ([one(" ".join(sorted(whole)))], own),
        ([one(" ".join(whole))], own),
        ([one(aliased)], as_alias),
        ([one("...F", f"fragment F on Participant {{ {' '.join(whole)} }}")], own),
        ([one(" ".join(f"... on Participant {{ {each} }}" for each in whole))], own),
        ([one(" ".join(whole[:half])), one(" ".join(whole[half:]))], own),
    ]


async def _told(
    gateway: Gateway, asking: Asking, form: tuple[list[str], dict[str, str]], whose: str
) -> dict[str, Any]:
    """Return what was told about somebody, part by part, whatever the way of asking was."""
    documents, keys = form
    found: dict[str, Any] = {}
    for document in documents:
        answer = await ask_patiently(gateway, asking, Operation(document, {"id": whose}))
        data: Mapping[str, Any] = answer.body.get("data") or {}
        found.update(data.get("participant") or {})
    return {name: found.get(key) for name, key in keys.items()}


def _asking(house: House, persona: str) -> Asking:
    drawn = askings(house, random.Random(1))
    mine = [each for each in drawn if each.subject == f"persona:{persona}" and each.purpose]
    return mine[0]


def _people(house: House) -> list[str]:
    found = house.document["participants"]
    return [str(each["id"]) for each in found if each["handle"] in PEOPLE]


async def _differences(gateway: Gateway, house: House, personas: tuple[str, ...]) -> list[str]:
    found = []
    for persona in personas:
        asking = _asking(house, persona)
        for whose in _people(house):
            first, *others = _forms(random.Random(persona))
            expected = await _told(gateway, asking, first, whose)
            found += [
                f"{persona} {whose}: {form[0]}"
                for form in others
                if await _told(gateway, asking, form, whose) != expected
            ]
    return found


@pytest.mark.timeout(900)
async def test_ni_23_another_way_of_asking_changes_nothing(house: House, gateway: Gateway) -> None:
    """NI-23: aliases, fragments, order, two operations for one."""
    personas = ("officer", "case_manager", "prosecutor", "defender", "project_manager")
    assert len(_people(house)) == len(PEOPLE)
    assert await _differences(gateway, house, personas) == []


async def test_ni_23_an_alias_that_hides_is_found(
    house: House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what is asked for under another name is lost (NI-23)."""
    real = type(gateway).ask

    async def loses(self: Gateway, subject: str, query: str, *rest: Any, **named: Any) -> Any:
        answer = await real(self, subject, query, *rest, **named)
        person = (answer.body.get("data") or {}).get("participant") or {}
        for key in [each for each in person if each.startswith("k")]:
            person[key] = None
        return answer

    monkeypatch.setattr(type(gateway), "ask", loses)
    assert await _differences(gateway, house, ("case_manager",))


def _more_than(less: Any, more: Any) -> bool:
    """Return whether something is told here that is not told there."""
    if less is None or less == more:
        return False
    if isinstance(less, dict) and isinstance(more, dict):
        return any(_more_than(value, more.get(key)) for key, value in less.items())
    return True


@pytest.mark.parametrize("lesser", LESSER)
async def test_ni_22_who_holds_less_of_a_role_sees_a_part(
    house: House, gateway: Gateway, lesser: str
) -> None:
    """NI-22: not assigned, not counsel of record, not the liaison."""
    whole = 0
    for whose in _people(house):
        form = _forms(random.Random(2))[0]
        less = await _told(gateway, _asking(house, lesser), form, whose)
        more = await _told(gateway, _asking(house, LESSER[lesser]), form, whose)
        for name, value in less.items():
            if name != "progressSummary" or (value and not value["nothingToAdd"]):
                assert not _more_than(value, more[name]), (lesser, whose, name)
        whole += sum(value is not None for value in more.values())
    assert whole, "the one who holds the whole role sees nothing: a comparison with nothing"


def test_ni_22_the_comparison_has_eyes() -> None:
    """Planted: one value more, at the top and inside (NI-22)."""
    assert _more_than({"a": 1}, {"a": None})
    assert _more_than({"a": {"b": "x"}}, {"a": {"b": "y"}})
    assert not _more_than({"a": None}, {"a": 1})
