"""The application around every service's schema: who gets in, what comes out when it goes wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.authority.follower import Follower
from infra.identity_token import Caller, TokenMinter
from infra.signing_keys import SigningKeys
from infra.subgraph_app import MAX_BODY_BYTES
from infra.vocabulary import Category, Purpose, Role
from svc_cases.cases import repository
from tests.faults.witness import eventually
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller

CANARY = "Example-Canary was seen on Elm Street"
ASKING = caller(Role.LEO, {Category.LEGAL_PUBLIC: "*"}, purpose=Purpose.LEAD_COORD)
COURTS = {"query": "{ courts { code } }"}
DOCUMENTS = (
    "{ __typename }",
    "{ courts { code } }",
    "{ _service { sdl } }",
    '{ _entities(representations: [{__typename: "LegalCase", id: "1"}]) { __typename } }',
    "{ __schema { queryType { name } } }",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    async with service_app("svc_cases") as running:
        yield running


def token_of(service: ServiceApp, folder: Path, issuer: str, asking: Caller = ASKING) -> str:
    """Return a caller's token signed by a program that publishes its key like all others."""
    keys = SigningKeys(issuer, folder, service.settings.public_key_dir)
    return TokenMinter(keys).for_caller(asking, service.settings.service)


async def assert_only_the_gateway_gets_in(service: ServiceApp, folder: Path) -> None:
    refused = [
        None,
        "",
        "nonsense",
        service.token(ASKING, audience="participants"),
        token_of(service, folder, "participants"),
        token_of(service, folder, "cases"),
    ]
    for document in DOCUMENTS:
        for token in refused:
            answer = await service.post({"query": document}, token)
            assert answer.status == 401
            assert answer.body == {
                "errors": [
                    {
                        "message": "INTERNAL_TOKEN_INVALID",
                        "extensions": {"code": "INTERNAL_TOKEN_INVALID"},
                    }
                ]
            }
        assert (await service.post({"query": document}, service.token(ASKING))).status == 200


async def test_only_the_gateway_s_token_opens_any_operation(
    service: ServiceApp, tmp_path: Path
) -> None:
    await assert_only_the_gateway_gets_in(service, tmp_path)


async def test_an_app_that_lets_services_in_is_caught(
    service: ServiceApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "infra.subgraph_app._FROM_GATEWAY", frozenset({"gateway", "participants", "cases"})
    )
    with pytest.raises(AssertionError):
        await assert_only_the_gateway_gets_in(service, tmp_path)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearerx"])
async def test_another_scheme_is_no_token(service: ServiceApp, scheme: str) -> None:
    headers = {"authorization": f"{scheme} {service.token(ASKING)}"}
    response = await service.http.post("/graphql", content=orjson.dumps(COURTS), headers=headers)
    assert response.status_code == 401


async def test_reading_by_get_is_off(service: ServiceApp) -> None:
    headers = {"authorization": f"Bearer {service.token(ASKING)}"}
    response = await service.http.get("/graphql?query={courts{code}}", headers=headers)
    assert response.status_code == 405


async def raw(service: ServiceApp, body: bytes) -> httpx2.Response:
    headers = {"authorization": f"Bearer {service.token(ASKING)}"}
    return await service.http.post("/graphql", content=body, headers=headers)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"{}", b'[{"query": "x"}]'])
async def test_a_body_that_is_no_request_is_refused(service: ServiceApp, body: bytes) -> None:
    response = await raw(service, body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_a_body_beyond_the_limit_is_refused(service: ServiceApp) -> None:
    response = await raw(service, b" " * (MAX_BODY_BYTES + 1))
    assert response.status_code == 413


async def test_answers_are_kept_by_nobody(service: ServiceApp) -> None:
    response = await raw(service, orjson.dumps(COURTS))
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"


async def test_an_invalid_operation_says_so(service: ServiceApp) -> None:
    answer = await service.graphql(ASKING, "{ nothing }")
    assert answer.error_codes == ["GRAPHQL_VALIDATION_FAILED"]
    answer = await service.graphql(ASKING, "{ docket(court: 7) { totalCount } }")
    assert set(answer.error_codes) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_a_caller_s_own_mistake_is_explained(service: ServiceApp) -> None:
    document = '{ docket(court: "x", on: "2026-01-01", first: 0) { totalCount } }'
    answer = await service.graphql(ASKING, document)
    assert answer.error_codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["message"] == "'first' must be between 1 and 100"


async def assert_causes_stay_inside(service: ServiceApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(repository, "courts", fail)
    answer = await service.graphql(ASKING, "{ courts { code } }")
    assert answer.body["data"] == {"courts": None}
    assert CANARY not in str(answer.body)
    (error,) = answer.errors
    assert error["extensions"]["code"] == "INTERNAL"
    assert len(error["extensions"]["correlationId"]) == 32
    assert error["message"] == "The service could not answer."


async def test_the_cause_of_a_failure_stays_inside(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await assert_causes_stay_inside(service, monkeypatch)
    printed = capsys.readouterr()
    assert CANARY not in printed.out + printed.err


async def test_an_app_that_passes_texts_on_is_caught(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talkative(error: Any) -> dict[str, object]:
        return {"message": error.message, "extensions": {"code": "INTERNAL"}}

    monkeypatch.setattr("infra.subgraph_app.present_error", talkative)
    with pytest.raises(AssertionError):
        await assert_causes_stay_inside(service, monkeypatch)


async def test_an_answer_waits_for_the_revision_it_relies_on(service: ServiceApp) -> None:
    await assert_waits_for_the_revision(service)


async def test_twin_an_answer_of_a_replica_that_lags_is_noticed(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_self: Follower, _revision: int, _timeout_seconds: float) -> None:
        return

    monkeypatch.setattr(Follower, "wait_for", at_once)
    with pytest.raises(AssertionError):
        await assert_waits_for_the_revision(service)


async def assert_waits_for_the_revision(service: ServiceApp) -> None:
    consent = service.consent
    assert consent is not None
    ahead = len(consent.feed) + 1
    asking = caller(ASKING.role, ASKING.access, purpose=ASKING.purpose, min_revision=ahead)
    answer = await service.graphql(asking, "{ courts { code } }")
    assert (answer.status, answer.error_codes) == (503, ["REPLICA_BEHIND"])
    waiting = asyncio.create_task(service.graphql(asking, "{ courts { code } }"))
    await asyncio.sleep(0.02)
    consent.publish([])
    answer = await waiting
    assert answer.status == 200
    assert answer.body["extensions"]["authority"]["revision"] == ahead


async def take_all(engine: AsyncEngine, held: AsyncExitStack) -> None:
    """Take every connection of a pool; a service's own tasks have some now and then."""
    with contextlib.suppress(PoolTimeoutError):
        while True:
            await held.enter_async_context(engine.connect())


async def test_without_a_free_connection_it_refuses_and_afterwards_serves_as_before(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a connection in vain is told of an outage, and takes none along."""
    engine = service.chassis.database.engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.2)
    async with AsyncExitStack() as held:
        await take_all(engine, held)
        refused = [await service.graphql(ASKING, "{ courts { code } }") for _ in range(3)]
        for answer in refused:
            assert not (answer.body.get("data") or {}).get("courts")
            assert set(answer.error_codes) == {"SERVICE_UNAVAILABLE"}
            assert "QueuePool" not in str(answer.body)
        ready = await service.http.get("/health/ready")
        assert ready.status_code == 503
    monkeypatch.undo()

    async def serves() -> bool:
        ready = await service.http.get("/health/ready")
        answer = await service.graphql(ASKING, "{ courts { code } }")
        return ready.status_code == 200 and not answer.error_codes

    await eventually(serves, "it does not recover")


async def test_a_mutation_says_the_same_of_keys_that_are_used_and_rolled_back(
    service: ServiceApp,
) -> None:
    document = """mutation($input: MatchCaseInput!) {
      matchCase(input: $input) { leadLink { id } userErrors { code } }
    }"""
    given = {"participantId": "x", "caseNumber": "y", "idempotencyKey": "k"}
    answers = [(await service.graphql(ASKING, document, {"input": given})).data for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["matchCase"]["userErrors"] == [{"code": "NOT_ALLOWED"}]


async def test_health_needs_no_token_and_tells_nothing(service: ServiceApp) -> None:
    live = await service.http.get("/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    handover = service.chassis.handover
    assert handover is not None
    await handover.flush()
    ready = await service.http.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_a_service_is_not_ready_before_its_facts_are_handed_over(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.chassis.handover, "flush", _never)
    monkeypatch.setattr(service.chassis.handover, "is_settled", False)
    ready = await service.http.get("/health/ready")
    assert ready.status_code == 503


async def _never() -> int:
    return 0


async def test_a_catalogue_is_served_while_consent_is_away(
    service_app: ServiceAppFactory,
) -> None:
    async with service_app("svc_cases", with_consent=False) as alone:
        answer = await alone.graphql(ASKING, "{ courts { code } }")
        assert answer.data == {"courts": []}
        live = await alone.http.get("/health/live")
        assert live.status_code == 200


async def test_a_service_without_its_database_is_not_ready(
    service: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_down() -> bool:
        return False

    monkeypatch.setattr(service.chassis.database, "is_reachable", is_down)
    ready = await service.http.get("/health/ready")
    assert (ready.status_code, ready.json()) == (503, {"status": "starting"})
