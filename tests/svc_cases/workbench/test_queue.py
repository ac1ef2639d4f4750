"""The liaison prosecutor's queue: the own office's matched cases, where a release covers them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import true

from infra.authority.changes import delete_visibility
from infra.identity_token import Caller
from svc_cases.coordination import repository
from tests.fixtures.cases_service import (
    OTHER_PROSECUTOR,
    PROSECUTOR,
    TODAY,
    case_manager,
    new_case,
    new_match,
    prosecutor,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.statements import statements_of

QUEUE = """
query($kind: QueueKind, $first: Int! = 100, $after: String) {
  liaisonQueue(kind: $kind, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node {
      id coordinationStatus case { caseNumber court { name } charges { statute } hearings { at } }
      filingDecision { decision } requests { id } warrants { id }
    } }
  }
}
"""


async def queued(
    service: ServiceApp, asking: Caller, kind: str | None = None, **page: Any
) -> list[str]:
    answer = await service.graphql(asking, QUEUE, {"kind": kind, **page})
    found = answer.data["liaisonQueue"]
    if found is None:
        return []
    ids = [edge["node"]["id"] for edge in found["edges"]]
    if not page:
        assert found["totalCount"] == len(ids)
    return ids


async def released_match(
    service: ServiceApp, *, is_filed: bool = True, agency_id: str = PROSECUTOR, **given: Any
) -> tuple[str, UUID]:
    filed_on = TODAY - timedelta(days=90) if is_filed else None
    case = await new_case(service, filed_on=filed_on, agency_id=agency_id)
    link_id, whose = await new_match(service, case)
    await service.apply_facts([released_to(whose, agency_id, **given)])
    return link_id, whose


async def test_the_queue_has_its_parts(cases: ServiceApp) -> None:
    undecided, _ = await released_match(cases, is_filed=False)
    filed, _ = await released_match(cases)
    parts = {
        kind: set(await queued(cases, prosecutor(), kind)) & {undecided, filed}
        for kind in ("TO_DECIDE", "HELD", "OPEN_CASES", "REQUESTED")
    }
    assert parts == {
        "TO_DECIDE": {undecided},
        "HELD": set(),
        "OPEN_CASES": {filed},
        "REQUESTED": set(),
    }
    assert {undecided, filed} <= set(await queued(cases, prosecutor()))


async def test_what_is_asked_for_comes_into_the_queue_and_leaves_it(cases: ServiceApp) -> None:
    link_id, _ = await released_match(cases)
    document = """mutation($input: RequestCoordinationInput!) { requestCoordination(input: $input) {
      request { id } userErrors { code } } }"""
    given = {"linkId": link_id, "kind": "CONTEXT", "context": "He has moved into a room."}
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await cases.graphql(case_manager(), document, variables)
    assert link_id in await queued(cases, prosecutor(), "REQUESTED")
    request = answer.data["requestCoordination"]["request"]["id"]
    note = """mutation($input: AnswerRequestInput!) { answerCoordinationRequest(input: $input) {
      userErrors { code } } }"""
    said = {"requestId": request, "status": "NOTED", "answer": "Thanks.", "expectedVersion": 1}
    variables = {"input": {"idempotencyKey": new_key(), **said}}
    await cases.graphql(prosecutor(), note, variables)
    assert link_id not in await queued(cases, prosecutor(), "REQUESTED")


async def assert_only_released(service: ServiceApp) -> None:
    """Without a release a match is not in the queue, and leaves it with the release."""
    unreleased, _ = await new_match(service, await new_case(service))
    fact_holder, whose = await released_match(service)
    fact = released_to(whose, PROSECUTOR)
    await service.apply_facts([fact])
    found = await queued(service, prosecutor())
    assert fact_holder in found
    assert unreleased not in found


async def test_the_queue_holds_released_matches_only(cases: ServiceApp) -> None:
    await assert_only_released(cases)


async def test_a_queue_without_narrowing_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "visible", lambda *_, **__: true())
    with pytest.raises(AssertionError):
        await assert_only_released(cases)


async def test_a_revoked_release_takes_the_matter_out(cases: ServiceApp) -> None:
    link_id, whose = await new_match(cases, await new_case(cases))
    fact = released_to(whose, PROSECUTOR)
    await cases.apply_facts([fact])
    assert link_id in await queued(cases, prosecutor())
    row: Any = fact["row"]
    await cases.apply_facts([delete_visibility(UUID(row["id"]))])
    assert link_id not in await queued(cases, prosecutor())


async def test_another_offices_cases_and_another_prosecutor_see_none(cases: ServiceApp) -> None:
    link_id, whose = await released_match(cases, agency_id=OTHER_PROSECUTOR)
    await cases.apply_facts([released_to(whose, PROSECUTOR)])
    assert link_id not in await queued(cases, prosecutor())
    assert await queued(cases, prosecutor(is_liaison=False)) == []


async def test_pages_go_on_where_the_last_one_ended(cases: ServiceApp) -> None:
    for _ in range(3):
        await released_match(cases)
    whole = await queued(cases, prosecutor())
    first = await cases.graphql(prosecutor(), QUEUE, {"first": 2})
    page = first.data["liaisonQueue"]
    assert [edge["node"]["id"] for edge in page["edges"]] == whole[:2]
    after = page["pageInfo"]["endCursor"]
    assert await queued(cases, prosecutor(), first=2, after=after) == whole[2:4]


async def test_statements_do_not_grow_with_the_queue(cases: ServiceApp) -> None:
    for _ in range(4):
        await released_match(cases)
    counts = []
    for first in (1, 4):
        async with statements_of(cases) as found:
            await queued(cases, prosecutor(), first=first)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 12
