"""Who may see whose training: own agency, own record, all, or nobody; alike at every door."""

from typing import Any

import pytest
from sqlalchemy import ColumnElement, true

from infra.dev.demo.identifiers import demo_id
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_training.assignments.repository import lists as assignments
from svc_training.personnel import repository as personnel
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import (
    CASE_MANAGEMENT,
    POLICE,
    account,
    staff_member,
    training_manager,
)

OFFICER = str(demo_id("personnel", "CF001"))
CASE_MANAGER = str(demo_id("personnel", "BW001"))

LOOK = """
query Look($people: [_Any!]!, $work: [_Any!]!) {
  personnel(first: 100) { totalCount edges { node { id } } }
  roster(sessionNumber: "8020-1", first: 100) {
    totalCount edges { node { id personnel { id name email } } }
  }
  myAssignments { totalCount edges { node { id personnel { id } } } }
  people: _entities(representations: $people) { ... on Personnel { id name agency { id } } }
  work: _entities(representations: $work) {
    ... on TrainingAssignment { id status statusHistory { status } }
  }
}
"""


@pytest.fixture(scope="module")
def assigned() -> dict[str, str]:
    """Assignment ids by person, filled in by the first test that asks."""
    return {}


async def _assign_everybody(training: ServiceApp, assigned: dict[str, str]) -> dict[str, str]:
    if not assigned:
        mutation = """
        mutation A($i: AssignSessionInput!) {
          assignSession(input: $i) { outcomes { personnelId assignment { id } } }
        }"""
        for agency in (POLICE, CASE_MANAGEMENT):
            given = {
                "sessionNumber": "8020-1",
                "category": "LEAD",
                "wholeAgency": True,
                "idempotencyKey": new_key(),
            }
            answer = await training.graphql(training_manager(agency), mutation, {"i": given})
            for each in answer.data["assignSession"]["outcomes"]:
                assigned[each["personnelId"]] = each["assignment"]["id"]
    return assigned


async def look(training: ServiceApp, asking: Caller, assigned: dict[str, str]) -> dict[str, Any]:
    made = await _assign_everybody(training, assigned)
    ids = (OFFICER, CASE_MANAGER)
    variables = {
        "people": [{"__typename": "Personnel", "id": each} for each in ids],
        "work": [{"__typename": "TrainingAssignment", "id": made[each]} for each in ids],
    }
    data: dict[str, Any] = (await training.graphql(asking, LOOK, variables)).data
    return data


def seen(data: dict[str, Any], name: str) -> set[str]:
    """Return whom a list shows; its count must say the same."""
    people = [edge["node"].get("personnel", edge["node"])["id"] for edge in data[name]["edges"]]
    assert data[name]["totalCount"] == len(people)
    return set(people)


def assert_sees(data: dict[str, Any], everybody: set[str], *, own: bool, other: bool) -> None:
    assert seen(data, "personnel") == seen(data, "roster") == everybody
    assert [entity is not None for entity in data["people"]] == [own, other]
    assert [entity is not None for entity in data["work"]] == [own, other]


def roster(prefix: str, size: int) -> set[str]:
    return {str(demo_id("personnel", f"{prefix}{number:03d}")) for number in range(1, size + 1)}


async def test_training_manager_sees_the_own_agency(
    training: ServiceApp, assigned: dict[str, str]
) -> None:
    data = await look(training, training_manager(), assigned)
    assert_sees(data, roster("CF", 14), own=True, other=False)
    other = await look(training, training_manager(CASE_MANAGEMENT), assigned)
    assert seen(other, "personnel") == seen(other, "roster") == roster("BW", 8)
    assert [entity is None for entity in other["people"]] == [True, False]


async def test_staff_member_sees_the_own_record_only(
    training: ServiceApp, assigned: dict[str, str]
) -> None:
    data = await look(training, staff_member("officer", Role.LEO, POLICE), assigned)
    assert_sees(data, {OFFICER}, own=True, other=False)
    assert seen(data, "myAssignments") == {OFFICER}
    stranger = staff_member("pcg_member", Role.PCG, CASE_MANAGEMENT)
    assert seen(await look(training, stranger, assigned), "roster") == set()


async def test_own_assignments_are_the_own_whatever_the_role_sees(
    training: ServiceApp, assigned: dict[str, str]
) -> None:
    data = await look(training, training_manager(), assigned)
    manager = account("training_manager")
    people = [edge["node"]["personnel"]["id"] for edge in data["myAssignments"]["edges"]]
    assert len(people) == 1
    assert manager != people[0]
    without = training_manager(subject=account("clt_member"))
    assert seen(await look(training, without, assigned), "myAssignments") == set()


async def test_who_may_see_all_still_lists_the_own_agency(
    training: ServiceApp, assigned: dict[str, str]
) -> None:
    asking = caller(Role.PLA, {Category.TRAINING: "*"}, agency_id=POLICE)
    assert_sees(await look(training, asking, assigned), roster("CF", 14), own=True, other=True)


@pytest.mark.parametrize("ground", ["r", "a", "p", "c", "g", "w", "b", "oc", "sr"])
async def test_ground_that_cannot_be_shown_here_denies(
    training: ServiceApp, assigned: dict[str, str], ground: str
) -> None:
    asking = training_manager(access={Category.TRAINING: ground})
    assert_sees(await look(training, asking, assigned), set(), own=False, other=False)


async def test_role_without_the_category_gets_nothing_at_all(
    training: ServiceApp, assigned: dict[str, str]
) -> None:
    await _assign_everybody(training, assigned)
    asking = training_manager(access={}, aggregates=frozenset({Category.TRAINING}))
    answer = await training.graphql(
        asking, '{ personnel { totalCount } roster(sessionNumber: "8020-1") { totalCount } }'
    )
    assert answer.data == {"personnel": None, "roster": None}


async def test_unnarrowed_rows_would_be_seen(
    training: ServiceApp, assigned: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: with the narrowing gone, the assertions of the tests above fail."""

    def everything(_caller: Caller) -> ColumnElement[bool]:
        return true()

    monkeypatch.setattr(personnel, "readable", everything)
    monkeypatch.setattr(assignments, "readable", everything)
    data = await look(training, staff_member("officer", Role.LEO, POLICE), assigned)
    with pytest.raises(AssertionError):
        assert_sees(data, {OFFICER}, own=True, other=False)


async def test_hidden_and_absent_people_give_the_same_answer(training: ServiceApp) -> None:
    query = (
        "query Q($r: [_Any!]!) { _entities(representations: $r) { ... on Personnel { id name } } }"
    )
    answers = []
    for row_id in (CASE_MANAGER, "00000000-0000-4000-8000-000000000000", "no id", 7, None):
        variables = {"r": [{"__typename": "Personnel", "id": row_id}]}
        answers.append((await training.graphql(training_manager(), query, variables)).body)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["data"] == {"_entities": [None]}


async def test_pages_follow_each_other_without_gap_or_repetition(training: ServiceApp) -> None:
    query = """
    query P($after: String) {
      personnel(first: 5, after: $after) {
        edges { node { id name } } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }"""
    after, names, pages = None, [], 0
    while pages < 10:
        answer = await training.graphql(training_manager(), query, {"after": after})
        connection = answer.data["personnel"]
        assert connection["pageInfo"]["hasPreviousPage"] is (after is not None)
        names += [edge["node"]["name"] for edge in connection["edges"]]
        pages += 1
        after = connection["pageInfo"]["endCursor"]
        if not connection["pageInfo"]["hasNextPage"]:
            break
    assert (len(names), len(set(names)), pages) == (14, 14, 3)
    assert names == sorted(names, key=lambda name: name.split(" ", 1)[::-1])


async def test_cursor_of_somebody_else_or_of_another_list_is_refused(training: ServiceApp) -> None:
    query = (
        "query P($after: String) { personnel(first: 1, after: $after) { pageInfo { endCursor } } }"
    )
    mine = (await training.graphql(training_manager(), query)).data
    cursor = mine["personnel"]["pageInfo"]["endCursor"]
    other = training_manager(subject=account("officer"))
    assert (await training.graphql(other, query, {"after": cursor})).error_codes == [
        "BAD_USER_INPUT"
    ]
    courses = "query P($after: String) { courses(after: $after) { totalCount } }"
    answer = await training.graphql(training_manager(), courses, {"after": cursor})
    assert answer.error_codes == ["BAD_USER_INPUT"]


async def test_page_size_is_bounded(training: ServiceApp) -> None:
    for first in (0, -1, 101):
        query = f"{{ personnel(first: {first}) {{ totalCount }} }}"
        assert (await training.graphql(training_manager(), query)).error_codes == ["BAD_USER_INPUT"]
