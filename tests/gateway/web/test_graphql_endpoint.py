"""GraphQL over HTTP from outside: media types, bodies, headers, and what an error never says.

The gateway's own application over a real socket (https://graphql.github.io/graphql-over-http/draft).
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from gateway.limits.budget import Budget
from gateway.rounds import Rounds
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.public_door import public_app, public_socket

JSON, RESPONSE = "application/json", "application/graphql-response+json"
COURSES = {"query": "{ courses { number } }"}
LIMIT = 4_096


class Door:
    """The gateway's public address, and one person who may come in."""

    def __init__(self, client: httpx2.AsyncClient, world: GatewayWorld, person: Person) -> None:
        self.client, self.world, self.person = client, world, person

    async def post(
        self,
        body: Any = COURSES,
        headers: Mapping[str, str | None] | None = None,
        *,
        content: Any = None,
    ) -> httpx2.Response:
        """Post a body; a header of None is left out."""
        sent = {
            "authorization": f"Bearer {self.world.token(self.person)}",
            "content-type": JSON,
            "accept": JSON,
            **(headers or {}),
        }
        given = {name: value for name, value in sent.items() if value is not None}
        raw = json.dumps(body).encode() if content is None else content
        request = self.client.build_request("POST", "/graphql", content=raw, headers=given)
        if headers and headers.get("accept", "") is None:
            del request.headers["accept"]
        return await self.client.send(request)


@pytest_asyncio.fixture(loop_scope="session")
async def door(gateway_world: GatewayWorld) -> AsyncIterator[Door]:
    person = await gateway_world.person("LEO")
    async with gateway_world.gateway() as gateway:
        app = public_app(gateway, budget=Budget(body_bytes=LIMIT))
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gt.test") as client:
                yield Door(client, gateway_world, person)


def _codes(response: httpx2.Response) -> list[str]:
    return [each["extensions"]["code"] for each in response.json()["errors"]]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        ("APPLICATION/JSON; charset=utf-8", JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON}, {RESPONSE}", RESPONSE),
        (f"{JSON}, {RESPONSE};q=0.5", JSON),
        (f"{RESPONSE};charset=utf-8, {JSON};charset=utf-8", RESPONSE),
        (f"{RESPONSE};q=0, */*", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=often", None),
        ("image/*", None),
    ],
)
async def test_media_type_of_the_answer_is_negotiated(
    door: Door, accept: str | None, expected: str | None
) -> None:
    answer = await door.post(headers={"accept": accept})
    if expected is None:
        assert (answer.status_code, _codes(answer)) == (406, ["NOT_ACCEPTABLE"])
    else:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{expected}; charset=utf-8"
        assert answer.json() == {"data": {"courses": [{"number": "8020"}]}}


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ courses {", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")],
)
async def test_status_of_an_operation_that_is_not_acceptable_depends_on_the_media_type(
    door: Door, query: str, code: str
) -> None:
    for accept, status in ((JSON, 200), (RESPONSE, 400)):
        answer = await door.post({"query": query}, {"accept": accept})
        assert (answer.status_code, _codes(answer)) == (status, [code])
        assert "data" not in answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": None},
        {"content-type": "application/graphql"},
        {"content-encoding": "gzip"},
    ],
)
async def test_body_of_another_kind_is_refused(door: Door, headers: dict[str, str | None]) -> None:
    """No plain HTML form can send an operation."""
    answer = await door.post(headers=headers)
    assert (answer.status_code, _codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_parameters_of_the_content_type_do_not_matter(door: Door) -> None:
    answer = await door.post(headers={"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"text"',
        b"[]",
        json.dumps([COURSES]).encode(),
        b"{}",
        b'{"query": 1}',
        b'{"query": null}',
        b'{"query": "{ courses { number } }", "variables": []}',
        b'{"query": "{ courses { number } }", "operationName": 1}',
        b'{"query": "{ courses { number } }", "extensions": "x"}',
        b'{"query": "\xff"}',
        b'{"query": "{ courses { number } }", "variables": {"x": NaN}}',
        b"[" * 2_000,
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
async def test_body_that_is_no_request_is_refused(door: Door, body: bytes) -> None:
    answer = await door.post(content=body)
    assert (answer.status_code, _codes(answer)) == (400, ["BAD_REQUEST"])


def _padded(size: int) -> bytes:
    raw = json.dumps(COURSES).encode()
    return raw + b" " * (size - len(raw))


async def test_body_has_a_limit_whether_its_length_is_told_or_not(door: Door) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        whole = _padded(size)
        for start in range(0, size, 1_000):
            yield whole[start : start + 1_000]

    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        told = await door.post(content=_padded(size))
        untold = await door.post(content=chunks(size))
        assert [told.status_code, untold.status_code] == [status, status]
        if status == 413:
            assert _codes(told) == _codes(untold) == ["BODY_TOO_LARGE"]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Basic abc", "Bearer a.b.c", "token"]
)
async def test_nobody_gets_anything_without_a_token(door: Door, authorization: str | None) -> None:
    body = {"query": "{ __typename }"}
    answer = await door.post(body, {"authorization": authorization})
    assert (answer.status_code, _codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "data" not in answer.json()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_offered(door: Door, method: str) -> None:
    answer = await door.client.request(method, "/graphql?query={courses{number}}")
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "vary": "Authorization, Cookie, Accept",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def _has_the_headers_and_no_others(answer: httpx2.Response) -> None:
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert len(answer.headers["x-request-id"]) == 32
    known = {*HEADERS, "x-request-id", "content-type", "content-length", "date", "server"}
    assert set(answer.headers) <= known | {"www-authenticate", "allow"}


async def test_every_answer_has_the_same_headers_uncompressed_and_without_a_tag(
    door: Door,
) -> None:
    asked = {"accept-encoding": "gzip, br, deflate, zstd", "if-none-match": "*"}
    answers = [
        await door.post(headers=asked),
        await door.post({"query": "{ nothing }"}, {**asked, "accept": RESPONSE}),
        await door.post(headers={**asked, "authorization": None}),
        await door.post(headers={**asked, "content-type": "text/plain"}),
        await door.client.get("/graphql", headers=asked),
        await door.client.get("/nowhere", headers=asked),
        await door.client.get("/health/live", headers=asked),
    ]
    assert [each.status_code for each in answers] == [200, 400, 401, 415, 405, 404, 200]
    for answer in answers:
        _has_the_headers_and_no_others(answer)
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


SECRET = "participant 4711, 555 0100"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*_arguments: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Rounds, "run", run)


@pytest.mark.usefixtures("failing")
async def test_unforeseen_failure_says_nothing_but_a_number_to_ask_about(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await door.post(headers={"accept": RESPONSE})
    assert answer.status_code == 500
    ((error),) = answer.json()["errors"]
    assert set(answer.json()) == {"errors"}
    assert set(error) == {"message", "extensions"}
    assert error["message"] == "The gateway could not answer."
    assert error["extensions"]["code"] == "INTERNAL"
    correlation_id = error["extensions"]["correlationId"]
    assert len(correlation_id) == 32
    for told in ("4711", "RuntimeError", "Traceback", "rounds"):
        assert told not in answer.text
    _has_the_headers_and_no_others(answer)
    logged = "".join(capsys.readouterr())
    assert correlation_id in logged
    assert "4711" not in logged


async def test_purpose_and_grant_come_from_their_headers(door: Door) -> None:
    wrong = await door.post(headers={"purpose-of-use": "CURIOSITY"})
    assert (wrong.status_code, _codes(wrong)) == (403, ["PURPOSE_NOT_ALLOWED"])
    foreign = await door.post(headers={"acting-grant": str(door.person.account_id)})
    assert (foreign.status_code, _codes(foreign)) == (403, ["GRANT_REQUIRED"])
    own = await door.post(headers={"acting-grant": str(door.person.grant_id)})
    assert own.status_code == 200
