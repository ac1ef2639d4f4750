"""The office's own changes: status, charges and court dates; and nobody else's words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInputObjectType, build_schema, get_named_type

from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_cases.cases.rules import CaseStatus
from svc_cases.cases.tables import Charge
from svc_cases.coordination import commands
from svc_cases.docket import recording
from svc_cases.subgraph import schema
from tests.fixtures.cases_service import (
    OTHER_PROSECUTOR,
    PROSECUTOR,
    TODAY,
    case_manager,
    defender,
    new_case,
    new_match,
    officer,
    probation,
    prosecutor,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key

ENTRY = """legalCase { id version status closedOn
  charges { id statute description nibrs chargeClass status }
  hearings { id at courtroom isCancelled } }"""
KINDS = {
    "recordCaseStatus": "RecordCaseStatusInput",
    "addCharge": "AddChargeInput",
    "recordChargeStatus": "RecordChargeStatusInput",
    "changeHearing": "ChangeHearingInput",
    "recordCase": "RecordCaseInput",
}
SOON = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
NOTE = "He told me that he used again on Friday and slept behind the store."


async def run(service: ServiceApp, asking: Caller, name: str, **given: Any) -> dict[str, Any]:
    document = f"""mutation($input: {KINDS[name]}!) {{
      {name}(input: $input) {{ {ENTRY} userErrors {{ code message }} }} }}"""
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking, document, variables)
    assert answer.data is not None, answer
    result: dict[str, Any] = answer.data[name]
    return result


def codes(result: dict[str, Any]) -> list[str]:
    return [error["code"] for error in result["userErrors"]]


async def test_a_case_is_closed_with_its_day_and_stays_so(cases: ServiceApp) -> None:
    case = await new_case(cases)
    given = {"caseId": str(case.id), "expectedVersion": 1, "status": "DISMISSED"}
    assert codes(await run(cases, prosecutor(), "recordCaseStatus", **given)) == ["CLOSING_DAY"]
    day = {"closedOn": str(TODAY - timedelta(days=1))}
    closed = await run(cases, prosecutor(), "recordCaseStatus", **given, **day)
    assert closed["legalCase"]["status"] == "DISMISSED"
    reopened = {**given, "status": "PENDING", "expectedVersion": 2}
    refused = await run(cases, prosecutor(), "recordCaseStatus", **reopened)
    assert codes(refused) == ["ILLEGAL_STEP"]
    assert "none" in refused["userErrors"][0]["message"]


async def test_a_case_is_not_filed_by_a_change_of_status(cases: ServiceApp) -> None:
    case = await new_case(cases, filed_on=None)
    given = {"caseId": str(case.id), "expectedVersion": 1, "status": "PENDING"}
    assert codes(await run(cases, prosecutor(), "recordCaseStatus", **given)) == ["NOT_FOUND"]


async def test_a_charge_names_a_statute_of_the_list(cases: ServiceApp) -> None:
    case = await new_case(cases)
    listed = await cases.graphql(prosecutor(), "{ statutes { code title nibrs chargeClass } }")
    statute = listed.data["statutes"][0]
    given = {"caseId": str(case.id), "expectedVersion": 1, "statute": statute["code"]}
    added = await run(cases, prosecutor(), "addCharge", **given)
    charge = added["legalCase"]["charges"][-1]
    assert charge["description"] == statute["title"]
    assert (charge["nibrs"], charge["chargeClass"]) == (statute["nibrs"], statute["chargeClass"])
    moved = await run(
        cases,
        prosecutor(),
        "recordChargeStatus",
        caseId=str(case.id),
        chargeId=charge["id"],
        status="DISMISSED",
        expectedVersion=2,
    )
    assert moved["legalCase"]["charges"][-1]["status"] == "DISMISSED"


async def test_unknown_here_and_unknown_to_the_court_are_apart(cases: ServiceApp) -> None:
    case = await new_case(cases)
    given: dict[str, Any] = {"caseId": str(case.id), "expectedVersion": 1}
    first = await run(cases, prosecutor(), "recordCaseStatus", **given, status="INTERNAL_UNKNOWN")
    assert first["legalCase"]["status"] == CaseStatus.INTERNAL_UNKNOWN
    given["expectedVersion"] = 2
    second = await run(cases, prosecutor(), "recordCaseStatus", **given, status="EXTERNAL_UNKNOWN")
    assert second["legalCase"]["status"] == CaseStatus.EXTERNAL_UNKNOWN


async def test_a_court_date_is_moved_and_cancelled_once(cases: ServiceApp) -> None:
    case = await new_case(cases, hearing_at=SOON)
    read = await cases.graphql(
        prosecutor(),
        "query($id: ID!) { legalCase(id: $id) { hearings { id } } }",
        {"id": str(case.id)},
    )
    hearing = read.data["legalCase"]["hearings"][0]["id"]
    given = {"caseId": str(case.id), "hearingId": hearing}
    later = (SOON + timedelta(days=7)).isoformat()
    moved = await run(
        cases, prosecutor(), "changeHearing", **given, startsAt=later, expectedVersion=1
    )
    assert moved["legalCase"]["hearings"][0]["at"] == later
    cancelled = await run(
        cases, prosecutor(), "changeHearing", **given, isCancelled=True, expectedVersion=2
    )
    assert cancelled["legalCase"]["hearings"][0]["isCancelled"] is True
    again = await run(
        cases, prosecutor(), "changeHearing", **given, startsAt=later, expectedVersion=3
    )
    assert codes(again) == ["CANCELLED"]


# A case note never becomes a charge.


def free_texts(name: str, sdl: str) -> set[str]:
    """The arguments of a mutation into which free words could be written."""
    document = build_schema(sdl, assume_valid=True)
    mutation = document.mutation_type
    assert mutation is not None
    given = get_named_type(mutation.fields[name].args["input"].type)
    assert isinstance(given, GraphQLInputObjectType)
    return {
        field
        for field, value in given.fields.items()
        if str(get_named_type(value.type)) == "String" and field != "idempotencyKey"
    }


CHARGING: dict[str, set[str]] = {
    "addCharge": {"statute"},
    "recordChargeStatus": set(),
    "recordCaseStatus": set(),
    # What the docket says of a case, codes of the site's lists, and the source of its filing.
    "recordCase": {"number", "givenName", "familyName", "court", "statutes", "independentSource"},
    "recordFilingDecision": {"reason", "independentSource"},
}
"""Every mutation by which a charge comes about or changes, and the words that it takes."""


def assert_charging_takes_no_other_words(sdl: str) -> None:
    assert {name: free_texts(name, sdl) for name in CHARGING} == CHARGING


def test_no_input_of_a_charge_takes_free_words() -> None:
    assert_charging_takes_no_other_words(schema().as_str())


@pytest.mark.parametrize(
    "kind",
    ["AddChargeInput", "RecordChargeStatusInput", "RecordCaseInput", "RecordFilingDecisionInput"],
)
def test_planted_words_of_a_charge_are_caught(kind: str) -> None:
    planted = schema().as_str().replace(f"input {kind} {{", f"input {kind} {{ facts: String")
    with pytest.raises(AssertionError):
        assert_charging_takes_no_other_words(planted)


async def test_a_note_is_no_statute(cases: ServiceApp) -> None:
    case = await new_case(cases)
    given = {"caseId": str(case.id), "expectedVersion": 1, "statute": NOTE}
    assert codes(await run(cases, prosecutor(), "addCharge", **given)) == ["STATUTE_UNKNOWN"]
    new = {
        "number": f"N-{uuid4().hex[:12]}", "court": "cedar-court", "givenName": "Sam",
        "familyName": "Example-Noted", "statutes": ["RCW 9A.52.080"], "filedOn": str(TODAY),
    }  # fmt: skip
    for field, code in (
        ({"statutes": [NOTE]}, "STATUTE_UNKNOWN"),
        ({"court": NOTE}, "COURT_UNKNOWN"),
        ({"number": NOTE}, "NUMBER_MALFORMED"),
    ):
        refused = await run(cases, prosecutor(is_liaison=False), "recordCase", **{**new, **field})
        assert codes(refused) == [code]


async def assert_what_a_filing_stands_on_is_no_part_of_its_charges(service: ServiceApp) -> None:
    """The liaison writes a note into every word of a filing: the docket has the list's words."""
    held = await new_case(service, filed_on=None)
    link_id, whose = await new_match(service, held)
    await service.apply_facts([released_to(whose, PROSECUTOR)])
    filing = {
        "linkId": link_id, "decision": "FILED", "expectedVersion": 1, "filedOn": str(TODAY),
        "reason": NOTE, "independentSource": NOTE, "idempotencyKey": new_key(),
    }  # fmt: skip
    document = """mutation($input: RecordFilingDecisionInput!) {
      recordFilingDecision(input: $input) { userErrors { code } } }"""
    answer = await service.graphql(prosecutor(), document, {"input": filing})
    assert codes(answer.data["recordFilingDecision"]) == []
    given = {
        "number": f"N-{uuid4().hex[:12]}", "court": "cedar-court", "givenName": "Sam",
        "familyName": "Example-Noted", "statutes": ["RCW 9A.52.080"], "filedOn": str(TODAY),
        "participantId": str(whose), "independentSource": NOTE,
    }  # fmt: skip
    assert codes(await run(service, prosecutor(), "recordCase", **given)) == []
    public = """query($n: String!) { caseByNumber(number: $n) {
      status charges { statute description nibrs chargeClass status } hearings { courtroom } } }"""
    for number in (held.number, given["number"]):
        read = await service.graphql(officer(), public, {"n": number})
        assert len(read.data["caseByNumber"]["charges"]) == 1
        assert NOTE not in str(read.data)


async def test_what_a_filing_stands_on_is_no_part_of_its_charges(cases: ServiceApp) -> None:
    await assert_what_a_filing_stands_on_is_no_part_of_its_charges(cases)


@pytest.mark.parametrize("module", [commands, recording])
async def test_planted_note_in_a_charge_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    keep = commands.note_decision

    def charging(session: Any, caller: Caller, link: Any, **given: Any) -> None:
        keep(session, caller, link, **given)
        session.add(
            Charge(
                id=uuid4(), case_id=link.case_id, position=2, statute="RCW 9A.52.080",
                description=given["source"], nibrs="90J", charge_class="MISDEMEANOR",
                status="PENDING",
            )
        )  # fmt: skip

    monkeypatch.setattr(module, "note_decision", charging)
    with pytest.raises(AssertionError):
        await assert_what_a_filing_stands_on_is_no_part_of_its_charges(cases)


@pytest.mark.parametrize(
    "asking", [case_manager(), supervisor(), defender(), probation()], ids=lambda each: each.role
)
async def test_who_writes_notes_changes_no_docket(cases: ServiceApp, asking: Caller) -> None:
    case = await new_case(cases, hearing_at=SOON)
    await new_match(cases, case)
    assert asking.role is not Role.PRO
    given = {"caseId": str(case.id), "expectedVersion": 1}
    for name, rest in (
        ("addCharge", {"statute": "RCW 9A.52.080"}),
        ("recordCaseStatus", {"status": "CONTINUED"}),
        ("recordChargeStatus", {"chargeId": str(case.id), "status": "DISMISSED"}),
        ("changeHearing", {"hearingId": str(case.id), "isCancelled": True}),
    ):
        assert codes(await run(cases, asking, name, **given, **rest)) == ["NOT_ALLOWED"]


async def test_another_office_changes_nothing(cases: ServiceApp) -> None:
    case = await new_case(cases)
    other = prosecutor(agency_id=OTHER_PROSECUTOR)
    given = {"caseId": str(case.id), "expectedVersion": 1, "status": "CONTINUED"}
    assert codes(await run(cases, other, "recordCaseStatus", **given)) == ["NOT_FOUND"]
