"""The other doors over the whole product: the same pipeline, the same silence, their own format."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.consent_client import ConsentClient
from gateway.pipeline import GraphQLRequest
from gateway.web.credentials import CredentialsReader
from gateway.web.doors import cds_hooks, fhir
from gateway.web.doors.routes import Doors
from infra.dev.demo.identifiers import demo_id
from infra.http_client import HttpClient
from tests.fixtures.token_issuer import token
from tests.proof.house import Gateway, House
from tests.scenarios.stage import PATIENCE_SECONDS, PURPOSES, asked

POLICE, PROSECUTOR = (str(demo_id("agency", f"cedar-{key}")) for key in ("police", "prosecutor"))


class Client:
    """HTTP to the doors, as a persona."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def send(
        self, method: str, path: str, who: str | None, body: Any = None, **params: str
    ) -> tuple[int, Any]:
        headers = {}
        if who is not None:
            sub = who if ":" in who else f"persona:{who}"
            headers["authorization"] = f"Bearer {token(sub=sub)}"
            if PURPOSES.get(who):
                headers["purpose-of-use"] = str(PURPOSES[who])
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            response = await self.http.request(
                method, path, params=params, headers=headers,
                content=None if body is None else json.dumps(body),
            )  # fmt: skip
            if response.status_code != 503 or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.2)  # a busy machine is no answer
        return response.status_code, response.json() if response.content else None


def person(handle: str) -> str:
    return str(demo_id("participant", handle))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(scenario_house: House, scenario_gateway: Gateway) -> AsyncIterator[Client]:
    http = HttpClient(scenario_house.address("consent"))
    consent = ConsentClient(http, scenario_house.minter)

    async def bind(request: GraphQLRequest, code: str) -> bool:
        verified = await scenario_gateway.pipeline.identify(request)
        return await consent.use_binding_code(verified.issuer_alias, verified.subject, code)

    app = Starlette(routes=Doors(scenario_gateway.pipeline, CredentialsReader(), bind).routes())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://doors.test") as client:
        yield Client(client)
    await http.close()


async def consents(doors: Client, who: str, handle: str) -> list[dict[str, Any]]:
    status, bundle = await doors.send("GET", "/fhir/Consent", who, patient=person(handle))
    assert (status, bundle["resourceType"], bundle["type"]) == (200, "Bundle", "searchset")
    return [entry["resource"] for entry in bundle.get("entry", ())]


@pytest.mark.parametrize(
    ("handle", "status"),
    [("roi_active", "active"), ("roi_expired", "inactive"), ("roi_revoked", "inactive"),
     ("roi_defective", "inactive")],
)  # fmt: skip
async def test_exported_consent_says_what_it_is_now(
    doors: Client, handle: str, status: str
) -> None:
    found = await consents(doors, "case_manager", handle)
    assert {each["status"] for each in found} == {status}
    for each in found:
        assert (each["resourceType"], each["decision"]) == ("Consent", "deny")
        assert each["subject"] == {"reference": f"Patient/{person(handle)}"}
        assert each["regulatoryBasis"]


async def test_revoking_turns_the_exported_status(
    doors: Client, scenario_house: House, scenario_gateway: Gateway
) -> None:
    (active,) = [
        each for each in await consents(doors, "case_manager", "roi_superseded")
        if each["status"] == "active"
    ]  # fmt: skip
    query = """mutation R($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
      userErrors { code } } }"""
    given = {
        "releaseId": active["id"], "expectedVersion": 1, "reason": "No more",
        "idempotencyKey": uuid4().hex,
    }  # fmt: skip
    answer = await asked(
        scenario_gateway, "persona:case_manager", query, {"input": given}, "CAREMGT"
    )
    assert answer.body["data"]["revokeRelease"]["userErrors"] == []
    await scenario_house.settled()
    again = await consents(doors, "case_manager", "roi_superseded")
    assert {each["status"] for each in again} == {"inactive"}


@pytest.mark.parametrize("who", ["officer", "prosecutor", "project_manager", "housing_provider"])
async def test_outsiders_get_an_empty_bundle_about_anybody(doors: Client, who: str) -> None:
    for path in ("/fhir/Consent", "/fhir/AuditEvent"):
        known = await doors.send("GET", path, who, patient=person("roi_active"))
        absent = await doors.send("GET", path, who, patient=str(uuid4()))
        assert known == absent
        assert "entry" not in known[1]


async def test_nobody_without_a_token_comes_in(doors: Client) -> None:
    for method, path, body in (
        ("GET", "/fhir/Consent", None), ("GET", "/fhir/AuditEvent", None),
        ("POST", "/cds-services/patient-consent-consult", {"context": {"patientId": ["x"]}}),
        ("POST", "/bind", {"code": "x"}),
    ):  # fmt: skip
        status, _ = await doors.send(method, path, None, body, patient="x")
        assert status == 401


async def test_audit_events_cite_versions_of_the_release(doors: Client) -> None:
    await doors.send("GET", "/fhir/Consent", "officer", patient=person("roi_active"))
    status, bundle = await doors.send(
        "GET", "/fhir/AuditEvent", "participant", patient=person("roi_active")
    )
    assert status == 200
    events = [entry["resource"] for entry in bundle["entry"]]
    assert {each["resourceType"] for each in events} == {"AuditEvent"}
    assert all(each["recorded"] and each["outcome"]["code"]["code"] for each in events)
    cited = {each["agent"][0]["policy"][0] for each in events if "policy" in each["agent"][0]}
    released = {each["id"] for each in await consents(doors, "case_manager", "roi_active")}
    for policy in cited:
        name, _, version = policy.removeprefix("Consent/").partition("?version=")
        assert name in released
        assert version.isdigit()


def resource(handle: str, **changes: Any) -> dict[str, Any]:
    end = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    known = fhir.codes()
    return {
        "resourceType": "Consent", "status": "active", "decision": "deny",
        "subject": {"reference": f"Patient/{person(handle)}"}, "period": {"end": end},
        "verification": [{"verified": True}],
        "provision": [
            {
                "actor": [{"reference": {"reference": f"Organization/{POLICE}"}}],
                "securityLabel": [{"system": known["own_category"], "code": "IDENTITY"}],
                "purpose": [{"system": known["own_purpose"], "code": "LEAD_COORD"}],
            }
        ],
        **changes,
    }  # fmt: skip


async def test_imported_consent_is_a_draft_whatever_it_claims(
    doors: Client, scenario_house: House, scenario_gateway: Gateway
) -> None:
    handle = "p001"
    status, made = await doors.send("POST", "/fhir/Consent", "case_manager", resource(handle))
    await scenario_house.settled()
    assert (status, made["status"]) == (201, "draft")
    (kept,) = [e for e in await consents(doors, "case_manager", handle) if e["id"] == made["id"]]
    assert kept["status"] == "draft"
    answer = await scenario_gateway.ask(
        "persona:officer", "query Q($id: ID!) { participant(id: $id) { name { given } } }",
        {"id": person(handle)}, purpose="LEAD_COORD",
    )  # fmt: skip
    assert answer.body["data"] == {"participant": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"resourceType": "Patient"}, {"decision": "permit"}, {"provision": []},
        {"subject": {"reference": "Group/1"}}, {"provision": [{"actor": []}]},
    ],
    ids=["type", "opt-out", "empty", "subject", "actor"],
)  # fmt: skip
async def test_resource_that_cannot_be_read_is_refused(
    doors: Client, changes: dict[str, Any]
) -> None:
    status, outcome = await doors.send(
        "POST", "/fhir/Consent", "case_manager", resource("p001", **changes)
    )
    assert (status, outcome["resourceType"]) == (422, "OperationOutcome")


async def test_officer_imports_nothing(doors: Client) -> None:
    status, outcome = await doors.send("POST", "/fhir/Consent", "officer", resource("p001"))
    assert (status, outcome["resourceType"]) == (403, "OperationOutcome")


async def consult(doors: Client, who: str, patient: str, **changes: Any) -> Any:
    question = {
        "patientId": [patient], "actor": [{"value": f"Organization/{POLICE}"}],
        "purposeOfUse": ["LEAD_COORD"], "category": ["IDENTITY"], **changes,
    }  # fmt: skip
    status, answer = await doors.send(
        "POST", "/cds-services/patient-consent-consult", who, {"context": question}
    )
    assert status == 200, answer
    return answer


async def test_consult_answers_the_discloser_s_staff(doors: Client) -> None:
    partial = person("roi_partial_no_prosecutor")
    permitted = await consult(doors, "case_manager", partial)
    assert permitted["cards"][0]["extension"]["decision"] == cds_hooks.PERMIT
    left_out = await consult(
        doors, "case_manager", partial, actor=[{"value": PROSECUTOR}],
        purposeOfUse=["LEAD_LEGAL_COORD"],
    )  # fmt: skip
    assert left_out == cds_hooks.card(cds_hooks.DENY)
    expired = await consult(doors, "case_manager", person("roi_expired"))
    assert expired == cds_hooks.card(cds_hooks.NONE)
    more = await consult(doors, "case_manager", partial, category=["IDENTITY", "SUD"])
    (obligation,) = more["cards"][0]["extension"]["obligations"]
    assert obligation["id"]["code"] == "REDACT"
    assert [each["code"] for each in obligation["parameters"]["codes"]] == ["SUD"]


async def test_consult_gives_everybody_else_one_constant_answer(doors: Client) -> None:
    constant = cds_hooks.card(cds_hooks.NONE)
    for who in ("officer", "prosecutor", "project_manager", "sud_provider"):
        for patient in (person("roi_active"), person("roi_none"), str(uuid4())):
            assert await consult(doors, who, patient) == constant


async def test_discovery_names_the_service(doors: Client) -> None:
    status, found = await doors.send("GET", "/cds-services", None)
    assert (status, found["services"][0]["hook"]) == (200, "patient-consent-consult")


async def test_code_from_the_case_manager_binds_a_new_login(
    doors: Client, scenario_gateway: Gateway
) -> None:
    query = """mutation I($input: IssueBindingCodeInput!) { issueBindingCode(input: $input) {
      code userErrors { code } } }"""
    given = {"participantId": person("p010"), "idempotencyKey": uuid4().hex}
    answer = await asked(
        scenario_gateway, "persona:case_manager", query, {"input": given}, "CAREMGT"
    )
    code = answer.body["data"]["issueBindingCode"]["code"]
    login = f"phone:{uuid4()}"
    own = "query Q($id: ID!) { participant(id: $id) { name { given } } }"
    before = await scenario_gateway.ask(login, own, {"id": person("p010")}, purpose="PATRQT")
    assert before.status == 403
    assert (await doors.send("POST", "/bind", login, {"code": "WRONG"}))[0] == 403
    assert (await doors.send("POST", "/bind", login, {"code": code}))[0] == 204
    await _until_seen(scenario_gateway, login, own)
    assert (await doors.send("POST", "/bind", f"phone:{uuid4()}", {"code": code}))[0] == 403


async def _until_seen(gateway: Gateway, login: str, query: str) -> None:
    """The change feed tells the gateway of the new grant; then the record is the person's own."""
    from tests.fixtures.gateway_app import eventually

    rows = await _head(gateway)
    await eventually(lambda: gateway.feed.revision >= rows, seconds=30)
    answer = await gateway.ask(login, query, {"id": person("p010")}, purpose="PATRQT")
    assert answer.body["data"]["participant"]["name"]["given"]


async def _head(gateway: Gateway) -> int:
    revision, _ = await gateway.feed._client.changes(0, 0)
    return revision


async def test_planted_constant_that_tells_is_caught(
    doors: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(1000))
    monkeypatch.setattr(
        cds_hooks, "consult", lambda *_: {"cards": [{"summary": str(next(numbers))}]}
    )
    with pytest.raises(AssertionError):
        await test_consult_gives_everybody_else_one_constant_answer(doors)


async def test_planted_status_that_stays_active_is_caught(
    doors: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = {**fhir.codes(), "status": dict.fromkeys(fhir.codes()["status"], "active")}
    monkeypatch.setattr(fhir, "codes", lambda: always)
    with pytest.raises(AssertionError):
        await test_exported_consent_says_what_it_is_now(doors, "roi_revoked", "inactive")
