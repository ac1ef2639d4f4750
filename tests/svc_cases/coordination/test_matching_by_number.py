"""A case's number finds it for matching only where the caller may know of the case anyway."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import select

from infra.authority.changes import Operation
from infra.vocabulary import Category
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination import repository
from tests.fixtures.cases_service import (
    CASE_MANAGEMENT,
    assigned,
    case_manager,
    new_case,
    new_match,
    new_participant,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.statements import statements_of

MATCH = """
mutation($input: MatchCaseInput!) {
  matchCase(input: $input) {
    leadLink { id case { caseNumber defendantName charges { description } } }
    userErrors { code message field }
  }
}
"""
STRANGER = "case_manager_unassigned"


async def answer_to(service: ServiceApp, whose: UUID, number: str) -> dict[str, Any]:
    """Return the whole answer when somebody with a caseload of their own names a number."""
    given = {"participantId": str(whose), "caseNumber": number, "idempotencyKey": new_key()}
    return (await service.graphql(case_manager(STRANGER), MATCH, {"input": given})).body


async def own_participant(service: ServiceApp, *facts: Operation) -> UUID:
    whose = new_participant()
    await service.apply_facts([*assigned(whose, STRANGER), *facts])
    return whose


def codes(body: dict[str, Any]) -> list[str]:
    return [error["code"] for error in body["data"]["matchCase"]["userErrors"]]


async def assert_a_number_tells_nothing(service: ServiceApp) -> None:
    """An unfiled case of somebody else, one of nobody, and no case: the same bytes and work."""
    held, unmatched = await new_case(service, filed_on=None), await new_case(service, filed_on=None)
    await new_match(service, held)
    whose = await own_participant(service)
    bodies, work = [], []
    for number in (held.number, unmatched.number, f"T-{uuid4().hex[:12]}"):
        async with statements_of(service) as statements:
            bodies.append(orjson.dumps(await answer_to(service, whose, number)))
        work.append(statements)
    assert bodies[0] == bodies[1] == bodies[2]
    assert work[0] == work[1] == work[2]
    assert codes(orjson.loads(bodies[0])) == ["NOT_FOUND"]


async def test_a_number_does_not_tell_that_an_unfiled_case_exists(cases: ServiceApp) -> None:
    await assert_a_number_tells_nothing(cases)


async def test_a_planted_search_of_all_numbers_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def any_case(session: Any, _caller: object, site_id: UUID, number: str) -> Any:
        of_number = select(LegalCase).where(
            LegalCase.number == number, LegalCase.site_id == site_id
        )
        return (await session.scalars(of_number)).one_or_none()

    monkeypatch.setattr(repository, "case_to_match", any_case)
    with pytest.raises(AssertionError):
        await assert_a_number_tells_nothing(cases)


async def test_who_sees_a_match_of_an_unfiled_case_may_match_it_again(cases: ServiceApp) -> None:
    held = await new_case(cases, filed_on=None)
    _, first = await new_match(cases, held)
    whose = await own_participant(
        cases, released_to(first, CASE_MANAGEMENT, category=Category.LEGAL_COORD)
    )
    body = await answer_to(cases, whose, held.number)
    assert codes(body) == []
    assert body["data"]["matchCase"]["leadLink"]["case"]["caseNumber"] == held.number


async def test_a_filed_case_is_found_by_its_number(cases: ServiceApp) -> None:
    filed = await new_case(cases)
    await new_match(cases, filed)
    assert codes(await answer_to(cases, await own_participant(cases), filed.number)) == []
