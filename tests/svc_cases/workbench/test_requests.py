"""Requests to the prosecuting office: who asks, who answers, who reads which."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.authority.predicate import agency_holder, subject_holder
from infra.batch_loader import KeptStatements
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_cases.requests import repository, rules
from tests.fixtures.cases_service import (
    CASE_MANAGEMENT,
    DEFENDER,
    OTHER_PROSECUTOR,
    PROBATION,
    PROSECUTOR,
    account,
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
from tests.fixtures.service_app import ServiceApp, new_key

REQUEST = "request { id kind status context answer version }"
READ = """
query($references: [_Any!]!) {
  _entities(representations: $references) {
    ... on LeadLink { requests { id kind status } warrants { id status source version } }
  }
}
"""


async def run(service: ServiceApp, asking: Caller, name: str, **given: Any) -> dict[str, Any]:
    kind = {
        "requestCoordination": "RequestCoordinationInput",
        "withdrawCoordinationRequest": "WithdrawRequestInput",
        "answerCoordinationRequest": "AnswerRequestInput",
    }[name]
    document = f"""mutation($input: {kind}!) {{
      {name}(input: $input) {{ {REQUEST} userErrors {{ code message }} }} }}"""
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking, document, variables)
    assert answer.data is not None, answer
    result: dict[str, Any] = answer.data[name]
    return result


def codes(result: dict[str, Any]) -> list[str]:
    return [error["code"] for error in result["userErrors"]]


async def matched(service: ServiceApp) -> tuple[str, UUID]:
    """A matched case that a release opens to its prosecutor."""
    link_id, whose = await new_match(service, await new_case(service))
    await service.apply_facts([released_to(whose, PROSECUTOR)])
    return link_id, whose


async def asked(service: ServiceApp, link_id: str, **given: Any) -> dict[str, Any]:
    whole = {"linkId": link_id, "kind": "HOLD", "context": "He keeps his appointments.", **given}
    result = await run(service, case_manager(), "requestCoordination", **whole)
    assert codes(result) == [], result
    request: dict[str, Any] = result["request"]
    return request


async def read(service: ServiceApp, asking: Caller, link_id: str) -> dict[str, Any]:
    reference = {"__typename": "LeadLink", "id": link_id, "participant": {"enrolledOn": None}}
    answer = await service.graphql(asking, READ, {"references": [reference]})
    return answer.data["_entities"][0] or {}


async def requests_read(service: ServiceApp, asking: Caller, link_id: str) -> list[str]:
    return [each["id"] for each in (await read(service, asking, link_id)).get("requests") or ()]


async def test_the_liaison_reads_and_answers_what_the_case_manager_asks(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    request = await asked(cases, link_id)
    assert await requests_read(cases, prosecutor(), link_id) == [request["id"]]
    given = {"requestId": request["id"], "status": "GRANTED", "answer": "Held for now."}
    result = await run(cases, prosecutor(), "answerCoordinationRequest", expectedVersion=1, **given)
    assert result["request"]["status"] == "GRANTED"
    again = await run(cases, prosecutor(), "answerCoordinationRequest", expectedVersion=2, **given)
    assert codes(again) == ["ILLEGAL_STEP"]


async def test_only_the_liaison_of_the_office_answers(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    request = await asked(cases, link_id)
    await cases.apply_facts([released_to(whose, OTHER_PROSECUTOR)])
    given = {"requestId": request["id"], "status": "GRANTED", "answer": "x", "expectedVersion": 1}
    for asking, expected in (
        (case_manager(), "NOT_ALLOWED"),
        (prosecutor(is_liaison=False), "NOT_ALLOWED"),
        (prosecutor(agency_id=OTHER_PROSECUTOR), "NOT_FOUND"),
    ):
        assert codes(await run(cases, asking, "answerCoordinationRequest", **given)) == [expected]


async def assert_read_by_the_office_alone(service: ServiceApp) -> None:
    """Another justice partner with a release reads nothing that was written to the office."""
    link_id, whose = await matched(service)
    request = await asked(service, link_id)
    await service.apply_facts([released_to(whose, PROBATION)])
    assert await requests_read(service, prosecutor(), link_id) == [request["id"]]
    assert await requests_read(service, probation(), link_id) == []


async def test_what_is_written_to_the_office_is_read_by_the_office_alone(cases: ServiceApp) -> None:
    await assert_read_by_the_office_alone(cases)


async def test_requests_for_every_agency_are_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "READS_ALL", frozenset({probation().role, *rules.READS_ALL}))
    KeptStatements.forget_all()
    try:
        with pytest.raises(AssertionError):
            await assert_read_by_the_office_alone(cases)
    finally:
        KeptStatements.forget_all()


async def test_a_granted_quash_is_asked_of_the_court(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    warrant = await new_warrant(cases, link_id)
    request = await asked(cases, link_id, kind="QUASH_WARRANT", warrantId=warrant["id"])
    given = {"requestId": request["id"], "status": "GRANTED", "answer": "Motion is filed."}
    await run(cases, prosecutor(), "answerCoordinationRequest", expectedVersion=1, **given)
    (now,) = (await read(cases, case_manager(), link_id))["warrants"]
    assert (now["status"], now["source"]) == ("QUASH_REQUESTED", "PARTNER_STATEMENT")


async def new_warrant(service: ServiceApp, link_id: str) -> dict[str, Any]:
    document = """mutation($input: RecordWarrantStatusInput!) { recordWarrantStatus(input: $input) {
      leadLink { warrants { id version } } userErrors { code } } }"""
    given = {"linkId": link_id, "status": "ACTIVE", "source": "PUBLIC_COURT"}
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(case_manager(), document, variables)
    found: dict[str, Any] = answer.data["recordWarrantStatus"]["leadLink"]["warrants"][0]
    return found


async def test_a_request_about_a_warrant_takes_the_category_of_warrants(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    warrant = await new_warrant(cases, link_id)
    about = await asked(cases, link_id, kind="QUASH_WARRANT", warrantId=warrant["id"])
    other = await asked(cases, link_id)
    without = prosecutor(access={Category.LEGAL_PUBLIC: "*", Category.LEGAL_COORD: "r"})
    assert await requests_read(cases, without, link_id) == [other["id"]]
    assert set(await requests_read(cases, prosecutor(), link_id)) == {about["id"], other["id"]}


async def test_a_warrant_is_named_with_its_kind_only(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    for given in ({"kind": "QUASH_WARRANT"}, {"kind": "HOLD", "warrantId": str(uuid4())}):
        asking = {"linkId": link_id, "context": "Please.", **given}
        result = await run(cases, case_manager(), "requestCoordination", **asking)
        assert codes(result) == ["WARRANT_EXPECTED"]


async def test_counsel_asks_and_withdraws_the_own_request_only(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    counsel = permit(whose, subject_holder(account("defender")), Basis.COUNSEL)
    await cases.apply_facts([released_to(whose, DEFENDER), counsel])
    given = {"linkId": link_id, "kind": "DECLINE", "context": "The evidence is thin."}
    own = (await run(cases, defender(), "requestCoordination", **given))["request"]
    others = await asked(cases, link_id)
    version = {"expectedVersion": 1}
    withdrawn = await run(
        cases, defender(), "withdrawCoordinationRequest", requestId=own["id"], **version
    )
    assert withdrawn["request"]["status"] == "WITHDRAWN"
    refused = await run(
        cases, defender(), "withdrawCoordinationRequest", requestId=others["id"], **version
    )
    assert codes(refused) == ["NOT_FOUND"]


async def test_who_is_not_on_the_case_asks_nothing(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    given = {"linkId": link_id, "kind": "HOLD", "context": "Please hold."}
    stranger = case_manager("case_manager_unassigned")
    assert codes(await run(cases, stranger, "requestCoordination", **given)) == ["NOT_FOUND"]
    assert codes(await run(cases, prosecutor(), "requestCoordination", **given)) == ["NOT_ALLOWED"]


async def test_a_supervisor_withdraws_for_the_own_agency(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    await cases.apply_facts([permit(whose, agency_holder(CASE_MANAGEMENT), Basis.OWN_AGENCY)])
    request = await asked(cases, link_id)
    given = {"requestId": request["id"], "expectedVersion": 1}
    result = await run(cases, supervisor(), "withdrawCoordinationRequest", **given)
    assert result["request"]["status"] == "WITHDRAWN"
