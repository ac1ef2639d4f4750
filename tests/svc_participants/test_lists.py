"""No list costs a statement for each parent; the lists are those of the schema, all of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from graphql import build_ast_schema, parse
from sqlalchemy import select

from infra.dev.demo.world import World
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.people import repository
from tests.fixtures.list_walk import ListField, lists_below, many, repeated, root_list, root_lists
from tests.fixtures.participants_service import (
    account,
    business_partner,
    case_manager,
    officer,
    plant,
    project_manager,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of

SCHEMA = build_ast_schema(
    parse((Path(__file__).parents[2] / "svc_participants" / "subgraph.graphql").read_text()),
    assume_valid_sdl=True,
)
ONE_BY_ONE = {"possibleDuplicates": 5}
"""Lists that compare one record with all others, and their statements for each: asked of one."""
BEFORE_ANY_LIST = 2
"""The revision that the answer rests on, and the record."""
OWNED = list(lists_below(SCHEMA, "Participant", frozenset(ONE_BY_ONE)))
ROOTS = root_lists(SCHEMA)
ARGUMENTS: dict[str, dict[str, str]] = {"searchParticipants": {"text": '"a"'}}
LISTS_OF_PARTICIPANT = 20
"""At least; so that the walk cannot become empty unnoticed."""


async def assigned(service: ServiceApp) -> list[str]:
    """Return whom the case manager works with."""
    async with service.chassis.database.read() as session:
        found = await session.scalars(
            select(AssignmentRow.participant_id)
            .where(AssignmentRow.account_id == account("case_manager"))
            .where(AssignmentRow.ended_at.is_(None))
        )
        return sorted(str(each) for each in found)


def all_seeing(asking: Caller) -> Caller:
    """Return a caller whose role reads every category of people of their own."""
    return replace(asking, access={**dict.fromkeys(Category, "ao|r"), **asking.access})


@pytest.mark.parametrize("each", OWNED, ids=lambda each: each.coordinate)
async def test_lists_of_many_people_cost_as_many_statements_as_of_one(
    participants: ServiceApp, demo_world: World, each: ListField
) -> None:
    people = await assigned(participants)
    assert len(people) >= 5
    document = (
        "query($keys: [_Any!]!) { _entities(representations: $keys)"
        f" {{ ... on Participant {{ id {each.selection} }} }} }}"
    )
    async with statements_of(participants) as statements:
        answer = await participants.graphql(
            all_seeing(case_manager()), document, {"keys": many(people)}
        )
    assert len([one for one in answer.data["_entities"] if one]) == len(people)
    assert repeated(statements) == {}


@pytest.mark.parametrize("name", list(ONE_BY_ONE))
async def test_lists_that_compare_have_a_bound_for_each_record(
    participants: ServiceApp, name: str
) -> None:
    document = f"query($id: ID!) {{ participant(id: $id) {{ id {name} {{ score }} }} }}"
    (one, *_) = await assigned(participants)
    async with statements_of(participants) as statements:
        await participants.graphql(all_seeing(case_manager()), document, {"id": one})
    assert len(statements) <= BEFORE_ANY_LIST + ONE_BY_ONE[name]


def test_the_walk_finds_the_lists() -> None:
    assert len(OWNED) >= LISTS_OF_PARTICIPANT
    assert {"notes", "goals", "aliases"} <= {each.name for each in OWNED}
    assert {"participants", "referralQueue", "caseload"} <= set(ROOTS)


@pytest.mark.parametrize("name", list(ROOTS))
async def test_root_lists_cost_no_statement_for_each_row(
    participants: ServiceApp, name: str
) -> None:
    document = root_list(name, ROOTS[name], ARGUMENTS.get(name, {}), frozenset(ONE_BY_ONE))
    callers = (
        all_seeing(case_manager()), supervisor(), project_manager(), officer(), business_partner(),
    )  # fmt: skip
    for asking in callers:
        async with statements_of(participants) as statements:
            answer = await participants.graphql(asking, document)
        assert answer.body is not None
        assert repeated(statements) == {}


async def test_planted_loader_that_asks_for_each_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_many = repository.AliasLoader.load

    async def one_by_one(self: repository.AliasLoader, key: object) -> object:
        fresh = type(self)(self._context)
        return await load_many(fresh, key)  # type: ignore[arg-type]

    plant(monkeypatch, repository.AliasLoader, "load", one_by_one)
    (each,) = [one for one in OWNED if one.name == "aliases"]
    document = (
        "query($keys: [_Any!]!) { _entities(representations: $keys)"
        f" {{ ... on Participant {{ {each.selection} }} }} }}"
    )
    async with statements_of(participants) as statements:
        await participants.graphql(
            case_manager(), document, {"keys": many(await assigned(participants))}
        )
    assert repeated(statements)
