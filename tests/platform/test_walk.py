"""The walk of the README's first ten minutes, against real processes, step by step.

Each step undoes nothing by magic: it signs, revokes, grants and ends through the API alone.
"""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.site_days import site_today
from tests.fixtures.whole_platform import ROOT, GraphQLAnswer, Platform

pytestmark = pytest.mark.walk

COURSE_PAGE = ROOT / "infra" / "dev" / "demo" / "course_page.txt"
RELEASES = "query ($id: ID!) { participant(id: $id) { releases { edges { node { id number status version } } } } }"  # noqa: E501 - one document
CASELOAD = "query ($id: ID!) { participant(id: $id) { id assignments { edges { node { id version endedAt } } } } }"  # noqa: E501 - one document
CASE_NUMBER = "query ($id: ID!) { participant(id: $id) { legalCases { edges { node { id case { caseNumber } } } } } }"  # noqa: E501 - one document


def static_part(answer: GraphQLAnswer) -> Any:
    """Return everything of an answer but its data."""
    return {key: value for key, value in answer.body.items() if key != "data"}


async def overview(platform: Platform, persona: str, purpose: str, handle: str) -> GraphQLAnswer:
    variables = {"id": platform.participant(handle)}
    return await platform.run("ParticipantOverview", variables, persona=persona, purpose=purpose)


async def test_1_a_case_manager_sees_the_whole_picture(platform: Platform) -> None:
    answer = await overview(platform, "case_manager", "CAREMGT", "roi_active")
    assert answer.codes == []
    person = answer.data["participant"]
    assert person["name"]["given"]
    assert person["enrollment"]["status"] == "ENROLLED_ACTIVE"
    for connection in ("notes", "goals", "releases", "legalCases"):
        assert person[connection]["totalCount"] > 0, connection
        assert len(person[connection]["edges"]) > 0, connection
    assert person["housing"]["code"]
    link = person["legalCases"]["edges"][0]["node"]
    assert link["relation"] is not None
    assert link["case"]["caseNumber"]
    assert "participant.notes" in answer.body["extensions"]["consent"]["governed"]


async def test_2_an_officer_sees_the_part_that_role_and_release_allow(platform: Platform) -> None:
    answer = await overview(platform, "officer", "LEAD_COORD", "roi_active")
    person = answer.data["participant"]
    refused = {error["extensions"]["coordinate"] for error in answer.body["errors"]}
    assert {"Participant.notes", "Participant.goals", "Participant.contact"} <= refused
    assert set(answer.codes) == {"FIELD_NOT_ALLOWED"}
    assert person["notes"] is person["goals"] is person["contact"] is None
    assert person["name"]["given"]
    assert person["enrollment"]["status"]
    assert person["progressSummary"] is not None


@pytest.mark.parametrize("handle", ["roi_none", "roi_expired", "roi_revoked", "roi_defective"])
async def test_2_without_a_release_in_force_an_officer_sees_nobody(
    platform: Platform, handle: str
) -> None:
    hidden = await overview(platform, "officer", "LEAD_COORD", handle)
    nobody = await overview(platform, "officer", "LEAD_COORD", "absent")
    assert hidden.raw == nobody.raw
    assert hidden.data == {"participant": None}


async def test_2_at_another_site_a_hidden_person_equals_one_who_is_not(platform: Platform) -> None:
    hidden = await overview(platform, "officer_other_site", "LEAD_COORD", "roi_active")
    nobody = await overview(platform, "officer_other_site", "LEAD_COORD", "absent")
    assert hidden.raw == nobody.raw
    volatile = {"x-request-id", "date"}
    assert {k: v for k, v in hidden.headers.items() if k not in volatile} == {
        k: v for k, v in nobody.headers.items() if k not in volatile
    }


async def test_2_the_comparison_above_can_fail(platform: Platform) -> None:
    """Planted twin: for somebody who may see the person, the two answers differ."""
    seen = await overview(platform, "officer", "LEAD_COORD", "roi_active")
    nobody = await overview(platform, "officer", "LEAD_COORD", "absent")
    assert seen.raw != nobody.raw
    assert static_part(seen) == static_part(nobody)


async def test_3_a_prosecutor_left_out_sees_the_public_case_and_no_link(platform: Platform) -> None:
    person = platform.participant("roi_partial_no_prosecutor")
    found = await platform.send("case_manager", CASE_NUMBER, {"id": person}, purpose="CAREMGT")
    links = found.data["participant"]["legalCases"]["edges"]
    number = links[0]["node"]["case"]["caseNumber"]
    before = await platform.run("CaseByNumber", {"number": number}, persona="prosecutor")
    case = before.data["caseByNumber"]
    assert case["caseNumber"] == number
    assert case["charges"]
    assert case["leadLink"] is None
    assert before.codes == []

    linked = await platform.run("CaseByNumber")  # this participant's release names the prosecutor
    assert linked.data["caseByNumber"]["leadLink"]["relation"] is not None

    # Ending the enrollment changes nothing that this prosecutor can observe.
    enrollment = await overview(platform, "case_manager", "CAREMGT", "roi_partial_no_prosecutor")
    version = await platform.send(
        "case_manager",
        "query ($id: ID!) { participant(id: $id) { enrollment { id version } } }",
        {"id": person},
        purpose="CAREMGT",
    )
    current = version.data["participant"]["enrollment"]
    ended = await platform.send(
        "case_manager",
        "mutation ($input: ExitEnrollmentInput!) { exitEnrollment(input: $input) "
        "{ enrollment { status } userErrors { code message } } }",
        {
            "input": {
                "enrollmentId": current["id"],
                "expectedVersion": current["version"],
                "reason": "MOVED",
                "exitedOn": site_today().isoformat(),
                "idempotencyKey": "walk-exit",
            }
        },
        purpose="CAREMGT",
    )
    assert enrollment.data["participant"]["enrollment"]["status"] == "ENROLLED_ACTIVE"
    assert ended.body.get("errors") is None, ended.body
    assert ended.data["exitEnrollment"]["userErrors"] == []
    after = await platform.run("CaseByNumber", {"number": number}, persona="prosecutor")
    assert after.raw == before.raw


async def test_4_after_a_revocation_nothing_is_left_but_the_accounting(platform: Platform) -> None:
    person = platform.participant("roi_none")
    assert (await overview(platform, "officer", "LEAD_COORD", "roi_none")).data[
        "participant"
    ] is None
    housing_before = await platform.run(
        "ParticipantList", {"first": 100}, persona="housing_provider", purpose="COC"
    )
    signed = await platform.run("SignRoi")
    assert signed.codes == [], signed.body
    release = signed.data["signRelease"]["release"]
    assert signed.data["signRelease"]["userErrors"] == []
    assert release["status"] == "ACTIVE"

    seen = await overview(platform, "officer", "LEAD_COORD", "roi_none")
    assert seen.data["participant"]["name"]["given"]
    housing_during = await platform.run(
        "ParticipantList", {"first": 100}, persona="housing_provider", purpose="COC"
    )
    count = housing_before.data["participants"]["totalCount"]
    assert housing_during.data["participants"]["totalCount"] == count + 1
    assert person in {e["node"]["id"] for e in housing_during.data["participants"]["edges"]}

    revoked = await platform.run(
        "RevokeRoi",
        {
            "input": {
                "releaseId": release["id"],
                "expectedVersion": release["version"],
                "reason": "The participant changed their mind.",
                "idempotencyKey": "walk-revoke",
            }
        },
    )
    assert revoked.data["revokeRelease"]["release"]["status"] == "REVOKED", revoked.body

    gone = await overview(platform, "officer", "LEAD_COORD", "roi_none")
    nobody = await overview(platform, "officer", "LEAD_COORD", "absent")
    assert gone.raw == nobody.raw
    housing_after = await platform.run(
        "ParticipantList", {"first": 100}, persona="housing_provider", purpose="COC"
    )
    assert housing_after.data["participants"]["totalCount"] == count
    assert person not in {e["node"]["id"] for e in housing_after.data["participants"]["edges"]}

    told = await platform.run(
        "Accounting", {"id": person}, persona="case_manager", purpose="CAREMGT"
    )
    rows = [edge["node"] for edge in told.data["participant"]["accounting"]["edges"]]
    to_police = [
        row for row in rows if row["kind"] == "DISCLOSURE" and "Police" in row["recipient"]["name"]
    ]
    assert to_police, rows
    assert to_police[0]["releaseVersions"] == [release["number"]]
    assert to_police[0]["outcome"] == "RELEASED"
    assert to_police[0]["purpose"]
    assert "your name and date of birth" in to_police[0]["categories"]


async def test_4_a_participant_reads_who_saw_the_record(platform: Platform) -> None:
    await overview(platform, "officer", "LEAD_COORD", "roi_active")
    answer = await platform.run("Accounting")
    rows = [edge["node"] for edge in answer.data["participant"]["accounting"]["edges"]]
    assert any(row["kind"] == "DISCLOSURE" and row["releaseVersions"] for row in rows)


async def test_5_a_role_taken_away_stops_with_the_next_request(platform: Platform) -> None:
    token_still_lives = await platform.token("officer")
    assert (await overview(platform, "officer", "LEAD_COORD", "roi_active")).status == 200
    taken = await platform.run("RevokeRole")
    assert taken.data["revokeRole"]["userErrors"] == [], taken.body
    refused = await overview(platform, "officer", "LEAD_COORD", "roi_active")
    assert (refused.status, refused.codes) == (403, ["GRANT_REQUIRED"])
    given = await platform.run("GrantRole")
    assert given.data["grantRole"]["userErrors"] == [], given.body
    again = await overview(platform, "officer", "LEAD_COORD", "roi_active")
    assert again.status == 200
    assert again.data["participant"]["name"]["given"]
    assert token_still_lives == await platform.token("officer")


async def test_5_a_case_taken_off_the_case_manager_is_gone_for_her(platform: Platform) -> None:
    person = platform.participant("roi_superseded")
    found = await platform.send("cm_supervisor", CASELOAD, {"id": person}, purpose="CAREMGT")
    current = next(
        edge["node"]
        for edge in found.data["participant"]["assignments"]["edges"]
        if edge["node"]["endedAt"] is None
    )
    seen = await overview(platform, "case_manager", "CAREMGT", "roi_superseded")
    assert seen.data["participant"] is not None
    ended = await platform.send(
        "cm_supervisor",
        "mutation ($input: EndAssignmentInput!) { endAssignment(input: $input) "
        "{ userErrors { code message } } }",
        {
            "input": {
                "assignmentId": current["id"],
                "expectedVersion": current["version"],
                "idempotencyKey": "walk-end",
            }
        },
        purpose="CAREMGT",
    )
    assert ended.body.get("errors") is None, ended.body
    assert ended.data["endAssignment"]["userErrors"] == []
    gone = await overview(platform, "case_manager", "CAREMGT", "roi_superseded")
    nobody = await overview(platform, "case_manager", "CAREMGT", "absent")
    assert gone.raw == nobody.raw


async def test_6_a_course_page_is_imported_assigned_and_followed(platform: Platform) -> None:
    first = await asyncio.to_thread(platform.command, "training", "import", str(COURSE_PAGE))
    again = await asyncio.to_thread(platform.command, "training", "import", str(COURSE_PAGE))
    assert first.returncode == again.returncode == 0
    assigned = await platform.run("AssignCourse")
    outcomes = assigned.data["assignSession"]["outcomes"]
    assert outcomes
    assert {each["outcome"] for each in outcomes} <= {"ASSIGNED", "ALREADY_ASSIGNED"}
    status = await platform.run("RosterStatus")
    assert status.data["session"]["hours"] == 1.5
    assert status.data["session"]["location"]["mode"] == "VIRTUAL"
    assert status.data["roster"]["totalCount"] == len(outcomes)
    assert "articipant" not in status.raw.decode()


async def test_6_broken_lines_of_a_course_page_are_reported_and_good_ones_kept(
    platform: Platform, tmp_path: Path
) -> None:
    page = COURSE_PAGE.read_text() + "\n8020-2 A broken session 13/45/2023\nClass Hours:\nnever\n"
    broken = tmp_path / "course.txt"
    broken.write_text(page)
    ran = await asyncio.to_thread(platform.command, "training", "import", str(broken), check=False)
    assert ran.returncode != 0
    assert "8020-2" in ran.stderr or "line" in ran.stderr
    status = await platform.run("RosterStatus")
    assert status.data["session"]["number"] == "8020-1"


MIXED = """query ($id: ID!) {
  courses(first: 1) { edges { node { number } } }
  participant(id: $id) { id name { given } }
}"""


async def _stopped(platform: Platform, program: str) -> None:
    os.kill(platform.pid(program), signal.SIGKILL)


async def _eventually(platform: Platform, persona: str, wanted: Any) -> GraphQLAnswer:
    async def attempt() -> GraphQLAnswer | None:
        variables = {"id": platform.participant("roi_active")}
        answer = await platform.send(persona, MIXED, variables, purpose="CAREMGT")
        return answer if wanted(answer) else None

    return await platform.eventually(attempt, seconds=60)


async def test_7_training_away_nulls_its_fields_and_comes_back(platform: Platform) -> None:
    await _stopped(platform, "svc_training")
    away = await _eventually(platform, "case_manager", lambda a: a.codes)
    assert set(away.codes) == {"SERVICE_UNAVAILABLE"}
    assert away.data["courses"] is None
    assert away.data["participant"]["name"]["given"]
    back = await _eventually(platform, "case_manager", lambda a: not a.codes)
    assert back.data["courses"]["edges"]


async def test_7_consent_away_refuses_what_it_protects_and_serves_courses(
    platform: Platform,
) -> None:
    await _stopped(platform, "svc_consent")
    away = await _eventually(platform, "case_manager", lambda a: a.codes)
    assert set(away.codes) == {"SERVICE_UNAVAILABLE"}
    assert away.data["participant"] is None
    assert away.data["courses"]["edges"]
    back = await _eventually(
        platform, "case_manager", lambda a: not a.codes and a.data["participant"]
    )
    assert back.data["participant"]["name"]["given"]
