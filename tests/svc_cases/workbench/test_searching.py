"""A case number finds whose case it is, among the matches that the caller may see and no others."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import true

from infra.authority.facts import subject_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination import repository
from tests.fixtures.cases_service import (
    DEFENDER,
    TODAY,
    case_manager,
    defender,
    new_case,
    new_match,
    permit,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of

SEARCH = """
query($number: String!, $first: Int! = 25, $after: String) {
  searchMatches(caseNumber: $number, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id participant { id } case { caseNumber } } }
  }
}
"""


async def found(service: ServiceApp, asking: Caller, number: str, **page: Any) -> list[str]:
    answer = await service.graphql(asking, SEARCH, {"number": number, **page})
    result = answer.data["searchMatches"]
    if result is None:  # the service refuses the field to this caller
        return []
    ids = [edge["node"]["participant"]["id"] for edge in result["edges"]]
    if not page:
        assert result["totalCount"] == len(ids)
    return ids


async def matched(service: ServiceApp, *, is_filed: bool = True) -> tuple[LegalCase, UUID]:
    filed_on = TODAY - timedelta(days=90) if is_filed else None
    case = await new_case(service, filed_on=filed_on)
    _, whose = await new_match(service, case)
    return case, whose


async def test_a_number_finds_whose_case_it_is(cases: ServiceApp) -> None:
    case, whose = await matched(cases)
    assert await found(cases, case_manager(), case.number) == [str(whose)]
    assert await found(cases, supervisor(), case.number) == [str(whose)]


async def test_blanks_and_small_letters_do_not_matter(cases: ServiceApp) -> None:
    case, whose = await matched(cases)
    async with cases.chassis.database.write() as session:
        row = await session.get_one(LegalCase, case.id)
        row.number = number = f"26-1-{uuid4().hex[:6].upper()}-SEA"
    assert await found(cases, case_manager(), f"  {number.lower()} ") == [str(whose)]


async def test_part_of_a_number_finds_nothing(cases: ServiceApp) -> None:
    case, _ = await matched(cases)
    assert await found(cases, case_manager(), case.number[:-1]) == []
    assert await found(cases, case_manager(), "%") == []


async def test_everybody_whose_case_it_is_comes_page_by_page(cases: ServiceApp) -> None:
    case, first = await matched(cases)
    _, second = await new_match(cases, case)
    assert set(await found(cases, case_manager(), case.number)) == {str(first), str(second)}
    page = (await cases.graphql(case_manager(), SEARCH, {"number": case.number, "first": 1})).data
    info = page["searchMatches"]["pageInfo"]
    rest = await found(cases, case_manager(), case.number, first=1, after=info["endCursor"])
    seen = [edge["node"]["participant"]["id"] for edge in page["searchMatches"]["edges"]] + rest
    assert info["hasNextPage"]
    assert sorted(seen) == sorted([str(first), str(second)])


async def assert_a_number_tells_nothing(service: ServiceApp) -> None:
    """A case that is hidden, one that is nobody's, one not filed, and none: same bytes and work."""
    stranger = case_manager("case_manager_unassigned")
    hidden, _ = await matched(service)
    unfiled, _ = await matched(service, is_filed=False)
    nobodys = await new_case(service)
    bodies, work = set(), []
    for number in (hidden.number, unfiled.number, nobodys.number, f"T-{uuid4().hex[:12]}"):
        async with statements_of(service) as statements:
            answer = await service.graphql(stranger, SEARCH, {"number": number})
        bodies.add(orjson.dumps(answer.body))
        work.append(statements)
    assert len(bodies) == 1
    assert all(each == work[0] for each in work)


async def test_a_hidden_case_is_neither_found_nor_counted(cases: ServiceApp) -> None:
    await assert_a_number_tells_nothing(cases)


async def test_planted_search_of_all_matches_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "sees_match", lambda _caller: true())
    with pytest.raises(AssertionError):
        await assert_a_number_tells_nothing(cases)


async def test_a_release_of_the_legal_side_opens_it(cases: ServiceApp) -> None:
    case, whose = await matched(cases)
    assert await found(cases, defender(), case.number) == []
    other = released_to(whose, DEFENDER, category=Category.HOUSING)
    await cases.apply_facts([other])
    assert await found(cases, defender(), case.number) == []
    await cases.apply_facts([released_to(whose, DEFENDER, category=Category.LEGAL_COORD)])
    # A defender needs both: the release, and to be counsel of record.
    assert await found(cases, defender(), case.number) == []
    counsel = permit(whose, subject_holder(defender().subject), Basis.COUNSEL)
    await cases.apply_facts([counsel])
    assert await found(cases, defender(), case.number) == [str(whose)]


async def assert_unfiled_is_for_case_workers(service: ServiceApp) -> None:
    """Who sees public cases only learns nothing of one that is not filed."""
    case, whose = await matched(service, is_filed=False)
    agency = probation().agency_id
    await service.apply_facts([released_to(whose, agency, category=Category.LEGAL_COORD)])
    assert await found(service, case_manager(), case.number) == [str(whose)]
    assert await found(service, probation(), case.number) == []


async def test_a_case_that_is_not_filed_is_found_by_case_workers_only(cases: ServiceApp) -> None:
    await assert_unfiled_is_for_case_workers(cases)


async def test_planted_search_of_unfiled_cases_for_all_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = frozenset({probation().role, case_manager().role})
    monkeypatch.setattr(repository, "ROLES_WITH_UNFILED_CASES", everybody)
    with pytest.raises(AssertionError):
        await assert_unfiled_is_for_case_workers(cases)


async def test_a_prosecutor_who_is_not_the_liaison_finds_nobody(cases: ServiceApp) -> None:
    case, whose = await matched(cases)
    asking = prosecutor()
    await cases.apply_facts([released_to(whose, asking.agency_id)])
    assert await found(cases, asking, case.number) == [str(whose)]
    assert await found(cases, prosecutor(is_liaison=False), case.number) == []
