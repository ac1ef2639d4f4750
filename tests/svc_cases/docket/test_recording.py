"""A case is put on the docket by the office, and a number that is held tells nobody that it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.identity_token import Caller
from svc_cases.cases import repository
from tests.fixtures.cases_service import (
    OTHER_PROSECUTOR,
    PROSECUTOR,
    SITE,
    TODAY,
    case_manager,
    defender,
    new_case,
    new_match,
    new_participant,
    officer,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key

STATUTE = "RCW 9A.52.080"
DOCUMENT = """mutation($input: RecordCaseInput!) { recordCase(input: $input) {
  legalCase { id version caseNumber status filedOn incidentOn closedOn defendantName
    court { code } charges { statute nibrs chargeClass status } hearings { id }
    leadLink { coordinationStatus relation } }
  userErrors { code field } } }"""
FILED = str(TODAY - timedelta(days=3))


def clerk() -> Caller:
    """Return a prosecutor of the office who is not its liaison."""
    return prosecutor(is_liaison=False)


def row(**given: Any) -> dict[str, Any]:
    """Return a row of the office's list; each has a number of its own."""
    return {
        "number": f"R-{uuid4().hex[:12]}", "court": "cedar-court", "givenName": "Sam",
        "familyName": "Example-Recorded", "statutes": [STATUTE], "filedOn": FILED,
        "incidentOn": str(TODAY - timedelta(days=9)), **given,
    }  # fmt: skip


async def record(
    service: ServiceApp, asking: Caller, given: dict[str, Any]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Record a case; returns it and the codes of what was wrong."""
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking, DOCUMENT, variables)
    found = answer.data["recordCase"]
    return found["legalCase"], [error["code"] for error in found["userErrors"]]


async def test_a_filed_case_is_on_the_public_record_with_charges_of_the_list(
    cases: ServiceApp,
) -> None:
    given = row()
    made, wrong = await record(cases, clerk(), given)
    assert wrong == []
    assert made is not None
    assert made["charges"] == [
        {"statute": STATUTE, "nibrs": "90J", "chargeClass": "MISDEMEANOR", "status": "PENDING"}
    ]
    assert (made["status"], made["filedOn"], made["version"]) == ("PENDING", FILED, 1)
    read = await cases.graphql(
        officer(), "query($n: String!) { caseByNumber(number: $n) { id } }", {"n": given["number"]}
    )
    assert read.data["caseByNumber"] == {"id": made["id"]}
    again = await record(cases, clerk(), row(number=given["number"]))
    assert again == (None, ["NUMBER_TAKEN"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"court": "nowhere"}, "COURT_UNKNOWN"),
        ({"court": "harbor-court"}, "COURT_UNKNOWN"),
        ({"statutes": ["He used again on Friday."]}, "STATUTE_UNKNOWN"),
        ({"statutes": []}, "CHARGES_OUT_OF_RANGE"),
        ({"number": "-; drop"}, "NUMBER_MALFORMED"),
        ({"familyName": " "}, "TEXT_LENGTH"),
        ({"filedOn": str(TODAY - timedelta(days=30))}, "DATE_CONTRADICTS"),
        ({"filedOn": None}, "PARTICIPANT_MISSING"),
        ({"participantId": str(UUID(int=7))}, "NOT_ALLOWED"),
    ],
)
async def test_a_row_that_does_not_fit_is_refused(
    cases: ServiceApp, given: dict[str, Any], code: str
) -> None:
    assert await record(cases, clerk(), row(**given)) == (None, [code])


@pytest.mark.parametrize(
    "asking", [case_manager(), supervisor(), defender(), probation()], ids=lambda each: each.role
)
async def test_nobody_but_a_prosecutor_records_a_case(cases: ServiceApp, asking: Caller) -> None:
    assert await record(cases, asking, row()) == (None, ["NOT_ALLOWED"])


async def test_the_liaison_records_a_held_arrest_with_whose_it_is(cases: ServiceApp) -> None:
    whose = new_participant()
    given = row(filedOn=None, participantId=str(whose), isDivertedArrest=True)
    assert await record(cases, prosecutor(), given) == (None, ["NOT_FOUND"])
    await cases.apply_facts([released_to(whose, PROSECUTOR)])
    made, wrong = await record(cases, prosecutor(), given)
    assert wrong == []
    assert made is not None
    assert made["leadLink"] == {
        "coordinationStatus": "REFERRED_TO_PROSECUTOR", "relation": "DIVERTED",
    }  # fmt: skip
    assert made["charges"][0]["status"] == made["status"] == "NOT_FILED"
    read = await cases.graphql(
        clerk(), "query($n: String!) { caseByNumber(number: $n) { id } }", {"n": given["number"]}
    )
    assert read.data["caseByNumber"] is None
    # The same row once more is no second match.
    again, wrong = await record(cases, prosecutor(), given)
    assert (again, wrong) == (made, [])
    async with cases.chassis.database.read() as session:
        links = await session.scalar(
            text("select count(*) from lead_link where participant_id = :id"), {"id": whose}
        )
    assert links == 1


def nameless(case: dict[str, Any] | None) -> Any:
    """Return an answer without the id, which is drawn."""
    assert case is not None
    return {key: value for key, value in case.items() if key not in {"id", "caseNumber"}}


async def assert_a_held_number_answers_like_a_new_one(service: ServiceApp) -> None:
    """Recording a number that the office, or another one, holds unfiled tells nobody that it is."""
    held = await new_case(service, filed_on=None)
    await new_match(service, held)
    elsewhere = await new_case(service, filed_on=None, agency_id=OTHER_PROSECUTOR)
    await new_match(service, elsewhere)
    fresh, held_one, elsewhere_one = [
        await record(service, clerk(), row(number=number))
        for number in (f"R-{uuid4().hex[:12]}", held.number, elsewhere.number)
    ]
    assert [held_one[1], elsewhere_one[1]] == [fresh[1]] * 2 == [[], []]
    assert nameless(held_one[0]) == nameless(fresh[0])
    assert nameless(elsewhere_one[0]) == nameless(fresh[0])


async def test_a_held_number_answers_like_a_new_one(cases: ServiceApp) -> None:
    await assert_a_held_number_answers_like_a_new_one(cases)


async def test_planted_number_that_is_taken_before_filing_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_known(session: Any, number: str) -> bool:
        found = await session.scalar(
            text("select count(*) from legal_case where number = :n"), {"n": number}
        )
        return bool(found)

    monkeypatch.setattr(repository, "is_number_public", is_known)
    with pytest.raises(AssertionError):
        await assert_a_held_number_answers_like_a_new_one(cases)


async def test_filing_a_held_case_by_the_docket_ends_the_hold(cases: ServiceApp) -> None:
    held = await new_case(cases, filed_on=None)
    link_id, whose = await new_match(cases, held)
    await cases.apply_facts([released_to(whose, PROSECUTOR)])
    made, _ = await record(cases, clerk(), row(number=held.number))
    assert made is not None
    assert made["id"] == str(held.id)
    seen = await cases.graphql(
        prosecutor(), "query($id: ID!) { leadLink(id: $id) { coordinationStatus } }",
        {"id": link_id},
    )  # fmt: skip
    assert seen.data["leadLink"] == {"coordinationStatus": "FILED"}


async def test_a_number_of_two_offices_is_filed_by_the_first(cases: ServiceApp) -> None:
    """Then the other's decision to file says that the number is taken, as the record does."""
    elsewhere = await new_case(cases, filed_on=None)
    link_id, whose = await new_match(cases, elsewhere)
    await cases.apply_facts([released_to(whose, PROSECUTOR)])
    other = replace(clerk(), agency_id=OTHER_PROSECUTOR, site_id=SITE)
    made, wrong = await record(cases, other, row(number=elsewhere.number))
    assert (made is not None, wrong) == (True, [])
    answer = await cases.graphql(
        prosecutor(),
        """mutation($input: RecordFilingDecisionInput!) { recordFilingDecision(input: $input) {
          userErrors { code } } }""",
        {"input": {"linkId": link_id, "expectedVersion": 1, "decision": "FILED", "reason": "Due.",
                   "independentSource": "PD 26-1", "filedOn": FILED,
                   "idempotencyKey": new_key()}},
    )  # fmt: skip
    assert answer.data["recordFilingDecision"]["userErrors"] == [{"code": "NUMBER_TAKEN"}]
