"""The library in versions, kept by the Bureau; requests for assistance, each side its steps."""

from typing import Any

from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import CASE_MANAGEMENT, training_manager

PUBLISH = """mutation ($input: PublishResourceInput!) { publishResource(input: $input) {
  resource { slug version tags versions { version title } } userErrors { code } } }"""
WITHDRAW = """mutation ($input: WithdrawResourceInput!) { withdrawResource(input: $input) {
  userErrors { code } } }"""
LIBRARY = """query ($tag: String, $search: String) { library(tag: $tag, search: $search) {
  totalCount edges { node { slug isPrintable lastUpdatedOn } } } }"""
REQUEST = """mutation ($input: RequestAssistanceInput!) { requestAssistance(input: $input) {
  request { id status version } userErrors { code } } }"""
CHANGE = """mutation ($input: ChangeAssistanceStatusInput!) {
  changeAssistanceStatus(input: $input) {
  request { status version history { status comment } } userErrors { code message } } }"""
REQUESTS = "{ assistanceRequests { totalCount } }"


def bureau() -> Caller:
    return caller(Role.LSB, {}, subject="test|bureau", purpose=Purpose.LEAD_EVAL)


async def run(service: ServiceApp, who: Caller, query: str, **given: Any) -> Any:
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(who, query, variables)
    (payload,) = answer.data.values()
    return payload


def codes(payload: Any) -> list[str]:
    return [each["code"] for each in payload["userErrors"]]


async def test_resource_has_versions_and_can_be_found(training: ServiceApp) -> None:
    given = {
        "slug": "program-evaluation-2016", "title": "LEAD evaluation", "tags": ["Printable"],
        "category": "DATA_AND_EVALUATIONS", "lastUpdatedOn": "2023-08-04", "isPrintable": True,
        "link": "https://library.example/evaluation",
    }  # fmt: skip
    refused = await run(training, training_manager(), PUBLISH, **given)
    assert codes(refused) == ["FORBIDDEN"]
    first = await run(training, bureau(), PUBLISH, **given)
    assert first["resource"]["version"] == 1
    blind = await run(training, bureau(), PUBLISH, **{**given, "title": "Changed"})
    assert codes(blind) == ["VERSION_CONFLICT"]
    second = await run(
        training, bureau(), PUBLISH, **{**given, "title": "LEAD and housing"}, expectedVersion=1
    )
    titles = [each["title"] for each in second["resource"]["versions"]]
    assert titles == ["LEAD and housing", "LEAD evaluation"]
    found = await training.graphql(
        caller(Role.COM, {}), LIBRARY, {"tag": "Printable", "search": "housing"}
    )
    (edge,) = found.data["library"]["edges"]
    assert edge["node"]["lastUpdatedOn"] == "2023-08-04"
    await run(training, bureau(), WITHDRAW, slug=given["slug"], expectedVersion=2)
    gone = await training.graphql(caller(Role.COM, {}), LIBRARY, {"search": "housing"})
    assert gone.data["library"]["totalCount"] == 0


async def test_request_goes_back_and_forth(training: ServiceApp) -> None:
    agency = caller(Role.PM, {Category.TRAINING: ""}, agency_id="pm-agency")
    asked = await run(training, agency, REQUEST, topic="OPERATING", question="How to begin?")
    request = asked["request"]

    async def step(who: Caller, status: str, version: int, comment: str | None = None) -> Any:
        return await run(
            training, who, CHANGE, requestId=request["id"], status=status,
            expectedVersion=version, comment=comment,
        )  # fmt: skip

    assert codes(await step(agency, "ACKNOWLEDGED", 1)) == ["NOT_YOUR_STEP"]
    assert codes(await step(bureau(), "CLOSED", 1)) == ["ILLEGAL_STEP"]
    assert codes(await step(bureau(), "ACKNOWLEDGED", 1)) == []
    assert codes(await step(bureau(), "ANSWERED", 2)) == ["BAD_TEXT"]
    assert codes(await step(bureau(), "ANSWERED", 2, "Begin small.")) == []
    assert codes(await step(agency, "IN_PROGRESS", 3, "How small?")) == []
    assert codes(await step(bureau(), "ANSWERED", 4, "One beat.")) == []
    closed = await step(agency, "CLOSED", 5)
    assert [each["status"] for each in closed["request"]["history"]] == [
        "OPEN", "ACKNOWLEDGED", "ANSWERED", "IN_PROGRESS", "ANSWERED", "CLOSED",
    ]  # fmt: skip


async def test_request_is_seen_by_its_agency_and_the_bureau_only(training: ServiceApp) -> None:
    agency = caller(Role.PM, {}, agency_id="asking-agency")
    await run(training, agency, REQUEST, topic="TRAINING", question="Who teaches?")
    mine = await training.graphql(training_manager(), REQUESTS)
    other = await training.graphql(training_manager(CASE_MANAGEMENT), REQUESTS)
    officer = await training.graphql(caller(Role.LEO, {}, agency_id="asking-agency"), REQUESTS)
    seen = await training.graphql(bureau(), REQUESTS)
    counts = [each.data["assistanceRequests"]["totalCount"] for each in (mine, other, officer)]
    assert counts == [0, 0, 0]
    assert seen.data["assistanceRequests"]["totalCount"] >= 1
