"""No list costs a statement for each parent; the lists are those of the schema, all of them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from graphql import build_ast_schema, parse
from sqlalchemy import text

from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_cases.cases.schema import CaseParts
from svc_cases.cases.tables import Charge
from tests.fixtures.cases_service import (
    case_manager,
    defender,
    new_case,
    officer,
    probation,
    prosecutor,
    supervisor,
)
from tests.fixtures.conferences import chair
from tests.fixtures.list_walk import ListField, lists_below, many, repeated, root_list, root_lists
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of

SCHEMA = build_ast_schema(
    parse((Path(__file__).parents[2] / "svc_cases" / "subgraph.graphql").read_text()),
    assume_valid_sdl=True,
)
OWNED = list(lists_below(SCHEMA, "Participant"))
ROOTS = root_lists(SCHEMA)
ARGUMENTS: dict[str, dict[str, str]] = {
    "docket": {"court": '"cedar-court"', "on": '"2027-07-01"'},
    "searchMatches": {"caseNumber": '"DEMO"'},
}


def all_seeing(asking: Caller) -> Caller:
    """Return a caller whose role reads every category of people of their own."""
    return replace(asking, access={**dict.fromkeys(Category, "ao|r"), **asking.access})


async def matched(service: ServiceApp) -> list[str]:
    """Return participants with cases."""
    async with service.chassis.database.read() as session:
        found = await session.scalars(text("select distinct participant_id from lead_link"))
        return sorted(str(each) for each in found)[:20]


async def full_docket(service: ServiceApp) -> None:
    """Put cases with several parts each on the day that is walked."""
    for _ in range(4):
        await new_case(service, hearing_at=datetime(2027, 7, 1, 17, tzinfo=UTC))


def test_the_walk_finds_the_lists() -> None:
    assert {"legalCases"} <= {each.name for each in OWNED}
    assert {"liaisonQueue", "courtCalendar", "owgMeetings"} <= set(ROOTS)


@pytest.mark.parametrize("each", OWNED, ids=lambda each: each.coordinate)
async def test_lists_of_many_people_cost_as_many_statements_as_of_one(
    cases: ServiceApp, each: ListField
) -> None:
    people = await matched(cases)
    assert len(people) >= 5
    document = (
        "query($keys: [_Any!]!) { _entities(representations: $keys)"
        f" {{ ... on Participant {{ {each.selection} }} }} }}"
    )
    for asking in (all_seeing(case_manager()), prosecutor(), defender()):
        async with statements_of(cases) as statements:
            await cases.graphql(asking, document, {"keys": many(people)})
        assert repeated(statements) == {}


@pytest.mark.parametrize("name", list(ROOTS))
async def test_root_lists_cost_no_statement_for_each_row(cases: ServiceApp, name: str) -> None:
    async with cases.chassis.database.read() as session:
        meeting = await session.scalar(
            text("select id from owg_meeting order by starts_at limit 1")
        )
    await full_docket(cases)
    arguments = {**ARGUMENTS, "owgAgenda": {"id": f'"{meeting}"'}}
    document = root_list(name, ROOTS[name], arguments.get(name, {}))
    callers = (
        all_seeing(case_manager()), supervisor(), prosecutor(), defender(), probation(), officer(),
        chair(),
    )  # fmt: skip
    for asking in callers:
        async with statements_of(cases) as statements:
            await cases.graphql(asking, document)
        assert repeated(statements) == {}


async def test_planted_loader_that_asks_for_each_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_many = CaseParts._charges

    async def one_by_one(self: CaseParts, ids: list[UUID]) -> list[list[Charge]]:
        return [(await load_many(self, [each]))[0] for each in ids]

    await full_docket(cases)
    document = root_list("docket", ROOTS["docket"], ARGUMENTS["docket"])
    async with statements_of(cases) as statements:
        answer = await cases.graphql(prosecutor(), document)
    assert len(answer.data["docket"]["edges"]) >= 4
    assert repeated(statements) == {}
    monkeypatch.setattr(CaseParts, "_charges", one_by_one)
    async with statements_of(cases) as statements:
        await cases.graphql(prosecutor(), document)
    assert repeated(statements)
