"""Caseloads: who is on mine, what an assignment opens and its end closes, and how full it gets."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.authority.changes import delete_visibility
from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.caseloads import rules
from tests.fixtures.participants_service import (
    SECOND_PROVIDER,
    account,
    case_manager,
    change,
    codes,
    enrolled,
    person,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

CASELOAD = "{ caseload(first: 100) { totalCount edges { node { id name { given } } } } }"
ASSIGNED = """
query($id: ID!) { participant(id: $id) {
  assignments { edges { node { id version endedAt caseManagerName } } } } }
"""


async def caseload(service: ServiceApp, handle: str) -> set[str]:
    found = (await service.graphql(case_manager(handle), CASELOAD)).data["caseload"]
    ids = {edge["node"]["id"] for edge in found["edges"]}
    assert found["totalCount"] == len(ids)
    return ids


async def assign(service: ServiceApp, who: str, handle: str) -> dict[str, Any]:
    return await change(
        service, supervisor(), "assignCaseManager", "nearLimit assignment { id version }",
        participantId=who, accountId=account(handle),
    )  # fmt: skip


async def test_my_caseload_is_whom_i_work_with(participants: ServiceApp) -> None:
    mine = await caseload(participants, "case_manager")
    assert {person("roi_none"), person("p011")} <= mine
    assert person("p012") not in mine


async def test_an_assignment_opens_the_record_and_its_end_closes_it(
    participants: ServiceApp,
) -> None:
    who = person("p014")
    assert who not in await caseload(participants, "staff_newcomer")
    payload = await assign(participants, who, "staff_newcomer")
    assert payload["userErrors"] == []
    assert who in await caseload(participants, "staff_newcomer")
    again = await assign(participants, who, "staff_newcomer")
    assert codes(again) == ["ALREADY_ASSIGNED"]
    ended = await change(
        participants, supervisor(), "endAssignment", "assignment { endedAt }",
        assignmentId=payload["assignment"]["id"], expectedVersion=1,
    )  # fmt: skip
    assert ended["assignment"]["endedAt"] is not None
    assert who not in await caseload(participants, "staff_newcomer")
    seen = await participants.graphql(case_manager("staff_newcomer"), ASSIGNED, {"id": who})
    assert seen.data["participant"] is None


async def test_a_caseload_goes_by_what_may_be_seen_now(participants: ServiceApp) -> None:
    """The row alone opens nothing: when consent has taken the fact away, the person is gone."""
    who, _ = await enrolled(participants)
    query = {"id": who}
    found = (await participants.graphql(supervisor(), ASSIGNED, query)).data["participant"]
    assignment = found["assignments"]["edges"][0]["node"]
    assert assignment["caseManagerName"] == "Avery Sample-Okafor"
    assert who in await caseload(participants, "case_manager")
    await participants.apply_facts([delete_visibility(UUID(assignment["id"]))])
    assert who not in await caseload(participants, "case_manager")


@pytest.mark.parametrize(
    "asking", [case_manager(), supervisor(SECOND_PROVIDER)], ids=["case manager", "other agency"]
)
async def test_only_the_own_agencys_supervisor_assigns(
    participants: ServiceApp, asking: Any
) -> None:
    payload = await change(
        participants, asking, "assignCaseManager", "assignment { id }",
        participantId=person("p015"), accountId=account("staff_newcomer"),
    )  # fmt: skip
    assert codes(payload) == (["NOT_ALLOWED"] if asking.role is Role.CM else ["NOT_FOUND"])


async def test_a_full_caseload_takes_nobody(participants: ServiceApp) -> None:
    handle = "staff_full_caseload"
    near = []
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20):
        payload = await assign(participants, person(f"p{number:03d}"), handle)
        assert payload["userErrors"] == [], number
        near.append(payload["nearLimit"])
    assert near == [False] * 19
    last = ("p022", "p023", "p024", "p025", "p027", "roi_defective")
    for handle_of_person in last:
        payload = await assign(participants, person(handle_of_person), handle)
        assert payload["nearLimit"] is True
    payload = await assign(participants, person("roi_active"), handle)
    assert codes(payload) == ["CASELOAD_FULL"]


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_site_may_set_a_lower_limit_and_never_a_higher_one(size: int, limit: int) -> None:
    if size < min(limit, 25):
        rules.check_capacity(size, limit)
    else:
        with pytest.raises(RuleError):
            rules.check_capacity(size, limit)


async def test_a_change_that_consent_has_not_taken_is_not_acknowledged(
    participants: ServiceApp,
) -> None:
    assert participants.consent is not None
    who = person("p017")
    given = {"participantId": who, "accountId": account("staff_newcomer"),
             "idempotencyKey": "retry-me"}  # fmt: skip
    mutation = """mutation($input: AssignCaseManagerInput!) {
      assignCaseManager(input: $input) { assignment { id } userErrors { code } } }"""
    participants.consent.is_refusing = True
    try:
        answer = await participants.graphql(supervisor(), mutation, {"input": given})
        assert answer.error_codes == ["SERVICE_UNAVAILABLE"]
        assert who not in await caseload(participants, "staff_newcomer")
    finally:
        participants.consent.is_refusing = False
    answer = await participants.graphql(supervisor(), mutation, {"input": given})
    assert answer.data["assignCaseManager"]["assignment"] is not None
    assert who in await caseload(participants, "staff_newcomer")
