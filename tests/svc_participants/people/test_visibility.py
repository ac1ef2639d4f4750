"""Who is present for whom: hidden looks absent, lists and counts hold what may be seen, in one."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, true
from sqlalchemy.exc import StatementError

from infra import request_context
from infra.authority.facts import agency_holder
from infra.authority.predicate import bindings, shape_of, visible
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose
from svc_participants.lists import repository as lists
from svc_participants.people import repository
from svc_participants.people.tables import ParticipantRow
from tests.fixtures.participants_service import (
    CARE_PROVIDER,
    HOUSING_PROVIDER,
    POLICE,
    case_manager,
    housing_provider,
    officer,
    permit,
    person,
    plant,
    project_manager,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.statements import statements_of
from tests.fixtures.whole_list import whole_list

ONE = """
query($id: ID!) {
  participant(id: $id) {
    id name { given family } dateOfBirth contact { phone } demographics { sex }
    enrolledOn enrollment { status } notes { totalCount edges { node { text } } }
    goals { totalCount } housing { code } progressSummary { statement nothingToAdd }
    referrals { totalCount } assignments { totalCount }
  }
}
"""
ENTITIES = """
query($keys: [_Any!]!) {
  _entities(representations: $keys) {
    ... on Participant { id name { given } enrolledOn notes { edges { node { text } } } }
  }
}
"""


async def one(service: ServiceApp, asking: Caller, participant_id: str) -> Any:
    return (await service.graphql(asking, ONE, {"id": participant_id})).data["participant"]


async def listed(service: ServiceApp, asking: Caller) -> tuple[set[str], int]:
    found = await whole_list(service, asking, "participants", "id name { given }")
    return {node["id"] for node in found}, len(found)


async def test_assigned_case_manager_sees_the_whole_record(participants: ServiceApp) -> None:
    found = await one(participants, case_manager(), person("roi_none"))
    assert found["name"] == {"given": "Ada", "family": "Example-Alder"}
    assert found["notes"]["totalCount"] >= 4
    assert found["contact"] is not None
    assert found["assignments"]["totalCount"] == 1
    assert all(value is not None for value in found.values())


@pytest.mark.parametrize(
    "asking",
    [
        case_manager("case_manager_unassigned"),
        officer(),
        housing_provider(),
        project_manager(),
        caller_without_purpose := caller(
            case_manager().role, {Category.IDENTITY: "a"}, subject=case_manager().subject
        ),
    ],
    ids=["unassigned", "officer", "housing", "project manager", "no purpose"],
)
async def test_hidden_absent_and_malformed_are_one_answer(
    participants: ServiceApp, asking: Caller
) -> None:
    answers = [
        (await participants.graphql(asking, ONE, {"id": each})).body["data"]
        for each in (person("roi_none"), person("absent"), "no-id", "")
    ]
    assert answers == [{"participant": None}] * 4


SIX = (
    "absent",
    "roi_none",
    "roi_partial_no_prosecutor",
    "roi_expired",
    "roi_revoked",
    "other_site",
)


async def same_for_all(service: ServiceApp) -> bool:
    """Ask as an officer whose agency none of the six has named; compare the bodies."""
    bodies = set()
    for handle in SIX:
        answer = await service.graphql(officer(), ONE, {"id": person(handle)})
        bodies.add(repr(answer.body["data"]))
        entity = {"__typename": "Participant", "id": person(handle)}
        answer = await service.graphql(officer(), ENTITIES, {"keys": [entity]})
        bodies.add(repr(answer.body["data"]))
    return len(bodies) == 2


async def test_is_somebody_in_lead_has_one_answer_for_six_people(participants: ServiceApp) -> None:
    assert await same_for_all(participants)


async def test_planted_presence_for_authors_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: if having written a referral made a person present, the six would differ."""
    with_referral = (*repository.CARE_CATEGORIES, Category.REFERRAL)
    plant(monkeypatch, repository, "CARE_CATEGORIES", with_referral)
    assert not await same_for_all(participants)


async def test_a_release_opens_exactly_its_categories(participants: ServiceApp) -> None:
    who = person("p030")
    categories = (Category.IDENTITY, Category.HOUSING)
    facts = [
        released_to(who, HOUSING_PROVIDER, category=each, purpose=Purpose.COC)
        for each in categories
    ]
    await participants.apply_facts(facts)
    found = await one(participants, housing_provider(), who)
    assert found["name"] is not None
    assert found["housing"] is not None
    assert (found["contact"], found["enrollment"], found["enrolledOn"]) == (None, None, None)
    denial = permit(
        who, agency_holder(HOUSING_PROVIDER), Basis.RELEASE, is_denial=True,
        category=Category.IDENTITY,
    )  # fmt: skip
    await participants.apply_facts([denial])
    found = await one(participants, housing_provider(), who)
    assert found["name"] is None
    assert found["housing"] is not None


async def test_lists_and_counts_hold_exactly_whom_one_may_see(participants: ServiceApp) -> None:
    before, count = await listed(participants, housing_provider())
    assert count == len(before)
    named = [person("p031"), person("p032")]
    facts = [released_to(each, HOUSING_PROVIDER, category=Category.IDENTITY) for each in named]
    await participants.apply_facts(facts)
    after, count = await listed(participants, housing_provider())
    assert after == before | set(named)
    assert count == len(after)


async def hides_others(service: ServiceApp) -> bool:
    found, count = await listed(service, case_manager("case_manager_unassigned"))
    return not found and count == 0


async def test_a_case_manager_without_a_caseload_lists_nobody(participants: ServiceApp) -> None:
    assert await hides_others(participants)


async def test_planted_list_without_narrowing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, lists, "visible", lambda *_, **__: true())
    assert not await hides_others(participants)


async def test_entities_come_in_order_with_none_for_what_is_hidden(
    participants: ServiceApp,
) -> None:
    handles = ("roi_none", "absent", "p040", "roi_active", "roi_none")
    keys = [{"__typename": "Participant", "id": person(each)} for each in handles]
    keys.append({"__typename": "Participant", "id": "no-id"})
    keys.append({"__typename": "Unknown", "id": person("roi_none")})
    async with statements_of(participants) as statements:
        answer = await participants.graphql(case_manager(), ENTITIES, {"keys": keys})
    found = answer.data["_entities"]
    assert [None if each is None else each["id"] for each in found] == [
        person("roi_none"), None, None, person("roi_active"), person("roi_none"), None, None,
    ]  # fmt: skip
    assert len(statements) <= 7


async def keeps_callers_apart(service: ServiceApp) -> bool:
    """Two case managers of one shape, one after the other: the same statements, their own rows."""
    mine, theirs = person("roi_none"), person("p020")
    keys = [{"__typename": "Participant", "id": each} for each in (mine, theirs)]
    found = []
    for handle in ("case_manager", "staff_case_manager_two"):
        answer = await service.graphql(case_manager(handle), ENTITIES, {"keys": keys})
        found.append([each and each["id"] for each in answer.data["_entities"]])
        notes = [each and len(each["notes"]["edges"]) for each in answer.data["_entities"]]
        found.append([bool(each) for each in notes])
    return found == [[mine, None], [True, False], [None, theirs], [False, True]]


async def test_a_kept_statement_holds_nobodys_identity(participants: ServiceApp) -> None:
    assert await keeps_callers_apart(participants)


async def test_planted_statement_kept_with_its_caller_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, request_context, "shape_of", lambda asking: asking)
    assert not await keeps_callers_apart(participants)


async def test_a_statement_without_its_bindings_does_not_run(participants: ServiceApp) -> None:
    shape = shape_of(case_manager())
    statement = select(ParticipantRow.id).where(
        visible(shape, Category.IDENTITY, ParticipantRow.id)
    )
    async with participants.chassis.database.read() as session:
        with pytest.raises(StatementError):
            await session.scalars(statement)
        found = await session.scalars(statement, bindings(case_manager()))
        assert UUID(person("roi_none")) in set(found)


async def test_statements_do_not_grow_with_the_page(participants: ServiceApp) -> None:
    query = """{ participants(first: %d) { totalCount edges { node {
      name { given } aliases { name } contact { phone } demographics { race } enrolledOn
      enrollment { status steps { edges { node { toStatus } } } }
      notes(first: 3) { totalCount edges { node { text authorName amendments { totalCount } } } }
      goals { edges { node { ownWords progress { edges { node { marker } } } } } }
      housing { code } housingHistory { totalCount } progressSummary { statement }
      referrals { edges { node { door status protocolVersion { number } } } }
      assignments { edges { node { caseManagerName } } } } } } }"""
    counts = []
    for size in (2, 18):
        async with statements_of(participants) as statements:
            answer = await participants.graphql(case_manager(), query % size)
        assert len(answer.data["participants"]["edges"]) == size
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 6
    assert counts[1] <= 36


async def test_pages_follow_each_other_without_gap_or_repeat(participants: ServiceApp) -> None:
    query = """query($after: String) { participants(first: 7, after: $after) {
      edges { node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    seen: list[str] = []
    after, has_next = None, True
    while has_next:
        page = (await participants.graphql(case_manager(), query, {"after": after})).data
        page = page["participants"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    everyone, count = await listed(participants, case_manager())
    assert len(seen) == len(set(seen)) == count
    assert set(seen) == everyone
    foreign = await participants.graphql(supervisor(), query, {"after": after})
    assert foreign.error_codes == ["BAD_USER_INPUT"]


async def test_supervisor_sees_the_own_agency_and_no_other(participants: ServiceApp) -> None:
    own, _ = await listed(participants, supervisor())
    assert {person("roi_none"), person("p020")} <= own
    assert not {person("p030"), person("other_site")} & own


async def test_an_agency_without_a_live_mou_sees_nothing(participants: ServiceApp) -> None:
    nobody = "99999999-9999-4999-8999-999999999999"
    who = person("p033")
    await participants.apply_facts([released_to(who, nobody, category=Category.IDENTITY)])
    asking = case_manager("case_manager_unassigned", nobody)
    assert await one(participants, asking, who) is None
    await participants.apply_facts([released_to(who, POLICE, category=Category.IDENTITY)])
    assert (await one(participants, officer(), who))["name"] is not None


async def test_care_provider_is_the_one_of_the_demo() -> None:
    assert supervisor().agency_id == CARE_PROVIDER
