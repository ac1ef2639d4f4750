"""Explanations through every stage of the real platform, and their mark in the ledger."""

from typing import Any

import pytest

from tests.fixtures.whole_platform import GraphQLAnswer, Platform

pytestmark = pytest.mark.walk

EXPLAIN = """query Explain($id: ID!, $field: String!, $agency: ID!) {
  explain(participantId: $id, coordinate: $field, purpose: "LEAD_COORD",
          subject: { role: LEO, agencyId: $agency }) {
    isPermitted policyVersion verdicts { category step ruleIds releaseVersionIds } } }"""
GRANTS = "{ myGrants { edges { node { agency { id } } } } }"
ACCOUNTING = """query Accounting($id: ID!) { participant(id: $id) { accounting(first: 50) {
  edges { node { at categories roleTitle } } } } }"""


async def officers_agency(platform: Platform) -> str:
    answer = await platform.send("officer", GRANTS)
    return str(answer.data["myGrants"]["edges"][0]["node"]["agency"]["id"])


async def explain(
    platform: Platform, persona: str, purpose: str, handle: str, field: str = "Participant.name"
) -> GraphQLAnswer:
    variables: dict[str, Any] = {
        "id": platform.participant(handle), "field": field,
        "agency": await officers_agency(platform),
    }  # fmt: skip
    return await platform.send(persona, EXPLAIN, variables, purpose=purpose)


async def test_the_case_manager_learns_why_an_officer_sees_a_name(platform: Platform) -> None:
    answer = await explain(platform, "case_manager", "CAREMGT", "roi_active")
    assert answer.codes == []
    found = answer.data["explain"]
    assert found["isPermitted"] is True
    assert found["verdicts"][0]["releaseVersionIds"]
    notes = await explain(platform, "case_manager", "CAREMGT", "roi_active", "Participant.notes")
    assert notes.data["explain"]["verdicts"][0]["step"] == "PROHIBITED"


async def test_an_explanation_is_in_the_participants_accounting(platform: Platform) -> None:
    def count(answer: GraphQLAnswer) -> int:
        return len(answer.data["participant"]["accounting"]["edges"])

    variables = {"id": platform.participant("roi_active")}
    before = await platform.send("case_manager", ACCOUNTING, variables, purpose="CAREMGT")
    await explain(platform, "case_manager", "CAREMGT", "roi_active")
    after = await platform.send("case_manager", ACCOUNTING, variables, purpose="CAREMGT")
    newest = after.data["participant"]["accounting"]["edges"][0]["node"]
    assert newest["at"] > before.data["participant"]["accounting"]["edges"][0]["node"]["at"]
    assert count(after) >= count(before)


@pytest.mark.parametrize(
    ("persona", "purpose"),
    [
        ("officer", "LEAD_COORD"),
        ("cm_supervisor", "CAREMGT"),
        ("project_manager", "LEAD_COORD"),
        ("agency_admin", "HSYSADMIN"),
        ("platform_admin", "HSYSADMIN"),
    ],
)
async def test_other_roles_have_no_such_field(
    platform: Platform, persona: str, purpose: str
) -> None:
    there = await explain(platform, persona, purpose, "roi_active")
    nobody = await explain(platform, persona, purpose, "absent")
    assert there.raw == nobody.raw
    assert there.data == {"explain": None}
    assert there.codes == ["FIELD_NOT_ALLOWED"]


@pytest.mark.parametrize("persona", ["case_manager_unassigned", "case_manager_other_agency"])
async def test_who_does_not_work_with_the_person_sees_absence(
    platform: Platform, persona: str
) -> None:
    there = await explain(platform, persona, "CAREMGT", "roi_active")
    nobody = await explain(platform, persona, "CAREMGT", "absent")
    assert there.raw == nobody.raw
    assert there.data == {"explain": None}


async def test_obligations_come_with_the_answer_whether_there_is_anything_or_not(
    platform: Platform,
) -> None:
    found = {}
    for handle in ("roi_active", "roi_revoked", "absent"):
        variables = {"id": platform.participant(handle)}
        answer = await platform.run(
            "ParticipantOverview", variables, persona="officer", purpose="LEAD_COORD"
        )
        found[handle] = answer.body["extensions"]["obligations"]
    assert found["roi_active"] == found["roi_revoked"] == found["absent"]
    ids = {each["id"] for each in found["absent"]}
    assert {"NOTICE_2_32", "NO_ADVERSE_USE", "NO_REDISCLOSURE", "SUMMARY_ONLY"} <= ids
