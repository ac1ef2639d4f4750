"""Reading matches: who sees which, in which form, in how many statements."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.authority.changes import delete_visibility
from infra.authority.predicate import agency_holder
from infra.dev.demo.identifiers import demo_id
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.coordination import repository
from svc_cases.coordination.tables import LeadLink
from tests.fixtures.cases_service import (
    CASE_MANAGEMENT,
    DEFENDER,
    PROBATION,
    PROSECUTOR,
    TODAY,
    account,
    assigned,
    case_manager,
    defender,
    new_case,
    new_match,
    new_participant,
    officer,
    permit,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.statements import statements_of

LISTED = """
query($references: [_Any!]!, $first: Int! = 25, $after: String) {
  _entities(representations: $references) {
    ... on Participant {
      id
      legalCases(first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        edges { node { id case { caseNumber } coordinationStatus } }
      }
    }
  }
}
"""
WHOLE = """
query($references: [_Any!]!) {
  _entities(representations: $references) {
    ... on LeadLink {
      id participantId relation incidentTiming coordinationStatus version
      case { caseNumber filedOn leadLink { id } }
      participant { id }
      filingDecision { participantId decision decidedOn reason independentSource }
      warrants { participantId id status source issuedOn }
      dateCorrections { field beforeOn afterOn }
      isDivertedArrest matchedOn isEnded
    }
  }
}
"""


def participants(*ids: object) -> dict[str, Any]:
    return {"references": [{"__typename": "Participant", "id": str(each)} for each in ids]}


def links(*ids: str, enrolled_on: object = None) -> dict[str, Any]:
    person = {"enrolledOn": None if enrolled_on is None else str(enrolled_on)}
    return {
        "references": [
            {"__typename": "LeadLink", "id": each, "participant": person} for each in ids
        ]
    }


async def listed(service: ServiceApp, asking: Caller, participant_id: object) -> list[str]:
    answer = await service.graphql(asking, LISTED, participants(participant_id))
    found = answer.data["_entities"][0]["legalCases"]
    if found is None:
        return []
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"]["id"] for edge in found["edges"]]


async def whole(
    service: ServiceApp, asking: Caller, link_id: str, enrolled_on: object = None
) -> Any:
    answer = await service.graphql(asking, WHOLE, links(link_id, enrolled_on=enrolled_on))
    return answer.data["_entities"][0]


OTHER_AGENCY = str(uuid4())
"""Assigned to the person, but acting under a grant of an agency that does not serve them."""


async def assert_only_holders_see(service: ServiceApp, link_id: str, participant_id: UUID) -> None:
    """Case manager and supervisor see the match; who has no ground sees none at all."""
    assert await listed(service, case_manager(), participant_id) == [link_id]
    assert await listed(service, supervisor(), participant_id) == [link_id]
    strangers = (
        case_manager("case_manager_unassigned"),
        case_manager("case_manager", OTHER_AGENCY),
        prosecutor(),
        defender(),
        probation(),
        officer(),
    )
    for asking in strangers:
        assert await listed(service, asking, participant_id) == []
        assert await whole(service, asking, link_id) is None


async def test_a_match_is_seen_by_its_holders_alone(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    await assert_only_holders_see(cases, link_id, participant_id)


async def test_a_statement_without_narrowing_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    monkeypatch.setattr(repository, "sees_match", lambda _caller: LeadLink.id.is_not(None))
    with pytest.raises(AssertionError):
        await assert_only_holders_see(cases, link_id, participant_id)


async def test_hidden_and_absent_answers_are_the_same_bytes(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    for asking in (case_manager("case_manager_unassigned"), prosecutor(), defender()):
        hidden = await cases.graphql(asking, WHOLE, links(link_id))
        absent = await cases.graphql(asking, WHOLE, links(str(uuid4())))
        malformed = await cases.graphql(asking, WHOLE, links("no id at all"))
        assert hidden.data == absent.data == malformed.data == {"_entities": [None]}
        by_id = "query($id: ID!) { leadLink(id: $id) { id } }"
        hidden = await cases.graphql(asking, by_id, {"id": link_id})
        assert hidden.data == {"leadLink": None}
        person = uuid4()
        texts = []
        for each in (participant_id, person):
            answer = await cases.graphql(asking, LISTED, participants(each))
            texts.append(str(answer.body["data"]).replace(str(each), "<id>"))
        assert texts[0] == texts[1]


async def test_a_released_match_is_a_summary_for_the_liaison(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    await cases.apply_facts([released_to(participant_id, PROSECUTOR)])
    seen = await whole(cases, prosecutor(), link_id, enrolled_on=TODAY)
    assert seen["relation"] == "PRE_EXISTING"
    assert seen["coordinationStatus"] == "FILED"
    assert seen["case"]["leadLink"] == {"id": link_id}
    assert seen["participant"] == {"id": str(participant_id)}
    assert seen["warrants"] == []
    for raw in ("dateCorrections", "isDivertedArrest", "matchedOn", "isEnded"):
        assert seen[raw] is None


async def test_a_prosecutor_who_is_not_the_liaison_sees_no_match_whatever_the_token_says(
    cases: ServiceApp,
) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    await cases.apply_facts([released_to(participant_id, PROSECUTOR)])
    generous = replace(prosecutor(is_liaison=False), access=prosecutor().access, forms={})
    assert await whole(cases, generous, link_id) is None
    assert await listed(cases, generous, participant_id) == []


async def test_a_defender_needs_release_and_counsel(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    release_id, counsel_id = uuid4(), uuid4()
    released = released_to(participant_id, DEFENDER, id=release_id)
    counsel = permit(participant_id, f"subject:{account('defender')}", Basis.COUNSEL, id=counsel_id)
    await cases.apply_facts([released])
    assert await whole(cases, defender(), link_id) is None
    await cases.apply_facts([counsel])
    assert (await whole(cases, defender(), link_id))["id"] == link_id
    assert await whole(cases, defender("defender_not_counsel"), link_id) is None
    await cases.apply_facts([delete_visibility(release_id)])
    assert await whole(cases, defender(), link_id) is None


async def test_seeded_counsel_is_handed_over_for_the_defender_alone(cases: ServiceApp) -> None:
    consent = cases.consent
    assert consent is not None
    rows: list[Any] = [operation.get("row", {}) for operation in consent.handed_over]
    participant_id = str(demo_id("participant", "roi_active"))
    holders = {
        row["holder"]
        for row in rows
        if row.get("basis") == "c" and row["participant_id"] == participant_id
    }
    assert holders == {f"subject:{account('defender')}"}


async def test_a_data_period_hides_matches_from_outside_it(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    ended = released_to(
        participant_id, PROSECUTOR, id=participant_id, data_to=TODAY - timedelta(days=400)
    )
    await cases.apply_facts([ended])
    assert await whole(cases, prosecutor(), link_id) is None
    await cases.apply_facts([released_to(participant_id, PROSECUTOR, id=participant_id)])
    assert await whole(cases, prosecutor(), link_id) is not None


async def test_a_denial_wins_over_every_ground(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    denial = permit(
        participant_id,
        agency_holder(CASE_MANAGEMENT),
        Basis.RELEASE,
        is_denial=True,
        category=Category.LEGAL_COORD,
    )
    await cases.apply_facts([denial])
    assert await whole(cases, case_manager(), link_id) is None


async def test_warrants_need_their_own_release(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    document = """mutation($input: RecordWarrantStatusInput!) {
      recordWarrantStatus(input: $input) { userErrors { code } }
    }"""
    given = {
        "linkId": link_id,
        "status": "ACTIVE",
        "source": "PUBLIC_COURT",
        "idempotencyKey": new_key(),
    }
    answer = await cases.graphql(case_manager(), document, {"input": given})
    assert answer.data["recordWarrantStatus"]["userErrors"] == []
    coordination = released_to(participant_id, PROSECUTOR, category=Category.LEGAL_COORD)
    await cases.apply_facts([coordination])
    assert (await whole(cases, prosecutor(), link_id))["warrants"] == []
    await cases.apply_facts([released_to(participant_id, PROSECUTOR, category=Category.WARRANTS)])
    (warrant,) = (await whole(cases, prosecutor(), link_id))["warrants"]
    assert (warrant["status"], warrant["source"]) == ("ACTIVE", "PUBLIC_COURT")


async def test_a_case_before_filing_is_kept_from_who_may_have_a_summary_only(
    cases: ServiceApp,
) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases, filed_on=None))
    facts = [released_to(participant_id, agency) for agency in (PROBATION, PROSECUTOR)]
    await cases.apply_facts(facts)
    assert (await whole(cases, probation(), link_id))["case"] is None
    assert (await whole(cases, prosecutor(), link_id))["case"]["filedOn"] is None
    assert (await whole(cases, case_manager(), link_id))["case"]["filedOn"] is None


@pytest.mark.parametrize(
    ("enrolled_on", "relation", "timing"),
    [
        (None, None, None),
        ("not a date", None, None),
        (date(2026, 3, 20), "POST_ENROLLMENT", "INCIDENT_BEFORE_ENROLLMENT"),
        (date(2026, 6, 1), "PRE_EXISTING", None),
        (date(2026, 1, 1), "POST_ENROLLMENT", "INCIDENT_AFTER_ENROLLMENT"),
    ],
)
async def test_relation_is_computed_from_the_enrollment_in_the_reference(
    cases: ServiceApp, enrolled_on: object, relation: str | None, timing: str | None
) -> None:
    case = await new_case(cases, incident_on=date(2026, 2, 3), filed_on=date(2026, 5, 11))
    link_id, _ = await new_match(cases, case)
    seen = await whole(cases, case_manager(), link_id, enrolled_on)
    assert (seen["relation"], seen["incidentTiming"]) == (relation, timing)


async def test_a_reference_without_the_enrollment_gives_no_relation(cases: ServiceApp) -> None:
    link_id, _ = await new_match(cases, await new_case(cases))
    for reference in ({}, {"participant": None}, {"participant": {"id": "x"}}):
        variables = {"references": [{"__typename": "LeadLink", "id": link_id, **reference}]}
        answer = await cases.graphql(case_manager(), WHOLE, variables)
        assert answer.data["_entities"][0]["relation"] is None


async def test_an_ended_match_is_gone(cases: ServiceApp) -> None:
    link_id, participant_id = await new_match(cases, await new_case(cases))
    document = """mutation($input: UnmatchCaseInput!) {
      unmatchCase(input: $input) { leadLink { id isEnded } userErrors { code } }
    }"""
    given = {
        "linkId": link_id,
        "reason": "Not this person.",
        "expectedVersion": 1,
        "idempotencyKey": new_key(),
    }
    answer = await cases.graphql(case_manager(), document, {"input": given})
    assert answer.data["unmatchCase"]["leadLink"] == {"id": link_id, "isEnded": True}
    assert await whole(cases, case_manager(), link_id) is None
    assert await listed(cases, case_manager(), participant_id) == []


async def test_pages_of_a_participant_s_cases_join_up(cases: ServiceApp) -> None:
    participant_id = new_participant()
    made = [(await new_match(cases, await new_case(cases), participant_id))[0] for _ in range(5)]
    found: list[str] = []
    after = None
    while True:
        variables = {**participants(participant_id), "first": 2, "after": after}
        answer = await cases.graphql(case_manager(), LISTED, variables)
        page = answer.data["_entities"][0]["legalCases"]
        assert page["totalCount"] == 5
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == made


async def test_a_cursor_of_another_participant_or_caller_is_refused(cases: ServiceApp) -> None:
    participant_id, other_id = new_participant(), new_participant()
    for whose in (participant_id, other_id):
        for _ in range(2):
            await new_match(cases, await new_case(cases), whose)
    variables = {**participants(participant_id), "first": 1}
    answer = await cases.graphql(case_manager(), LISTED, variables)
    cursor = answer.data["_entities"][0]["legalCases"]["pageInfo"]["endCursor"]
    await cases.apply_facts(assigned(participant_id, "staff_case_manager_two"))
    for asking, whose in (
        (case_manager(), other_id),
        (case_manager("staff_case_manager_two"), participant_id),
    ):
        variables = {**participants(whose), "first": 1, "after": cursor}
        refused = await cases.graphql(asking, LISTED, variables)
        assert refused.error_codes == ["BAD_USER_INPUT"]


async def test_lists_of_many_participants_take_a_bounded_number_of_statements(
    cases: ServiceApp,
) -> None:
    document = """query($references: [_Any!]!) {
      _entities(representations: $references) {
        ... on Participant {
          counsel { totalCount edges { node { id } } }
          legalCases {
            totalCount
            edges {
              node {
                case { court { code } charges { statute } hearings { at } leadLink { id } }
                warrants { status } filingDecision { decision } dateCorrections { field }
              }
            }
          }
        }
      }
    }"""
    hearing_at = datetime(2027, 1, 5, 17, tzinfo=UTC)
    people = [new_participant() for _ in range(4)]
    for each in people:
        for _ in range(2):
            await new_match(cases, await new_case(cases, hearing_at=hearing_at), each)
    counts = []
    for some in (people[:1], people):
        async with statements_of(cases) as statements:
            answer = await cases.graphql(case_manager(), document, participants(*some))
        assert [row["legalCases"]["totalCount"] for row in answer.data["_entities"]] == [2] * len(
            some
        )
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 14
