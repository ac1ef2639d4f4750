"""Bad input from outside: one clear error each, and nothing lost."""

import asyncio
import json
from typing import Any

import pytest

from tests.fixtures.whole_platform import Platform

pytestmark = pytest.mark.walk

TYPENAME = "{ __typename }"


async def test_an_unknown_persona_is_told_the_known_ones(platform: Platform) -> None:
    ran = await asyncio.to_thread(platform.command, "token", "nobody", check=False)
    assert ran.returncode != 0
    assert ran.stdout == ""
    assert "nobody" in ran.stderr
    assert "case_manager" in ran.stderr


async def test_a_malformed_operation_says_where(platform: Platform) -> None:
    answer = await platform.send("officer", "{ participant(", purpose="LEAD_COORD")
    assert answer.codes == ["GRAPHQL_PARSE_FAILED"]
    assert answer.body["errors"][0]["locations"]


async def test_an_unknown_field_is_a_validation_error(platform: Platform) -> None:
    answer = await platform.send("officer", "{ nothing }", purpose="LEAD_COORD")
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "data" not in answer.body


@pytest.mark.parametrize("purpose", ["TREAT", "NOSUCHPURPOSE", ""])
async def test_a_purpose_that_is_not_the_roles_is_refused(platform: Platform, purpose: str) -> None:
    answer = await platform.send("officer", TYPENAME, purpose=purpose)
    assert (answer.status, answer.codes) == (403, ["PURPOSE_NOT_ALLOWED"])


async def test_an_always_deny_purpose_is_answered_without_persons(platform: Platform) -> None:
    variables = {"id": platform.participant("roi_active")}
    query = "query ($id: ID!) { participant(id: $id) { id } }"
    answer = await platform.send("officer", query, variables, purpose="INVESTIGATION")
    assert answer.data == {"participant": None}
    assert answer.codes == ["FIELD_NOT_ALLOWED"]


@pytest.mark.parametrize("token", ["", "abc", "a.b.c"])
async def test_a_bad_token_is_refused_even_for_typename(platform: Platform, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await platform.send(None, TYPENAME, headers=headers)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_an_expired_token_is_refused(platform: Platform) -> None:
    ran = await asyncio.to_thread(platform.command, "token", "officer", "--seconds", "1")
    await asyncio.sleep(12.5)  # one second of life, and the ten that clocks may differ by
    headers = {"authorization": f"Bearer {ran.stdout.strip()}"}
    answer = await platform.send(None, TYPENAME, headers=headers)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("wrong", ["not-a-uuid", "00000000-0000-0000-0000-000000000000", "", "%"])
async def test_an_unknown_id_is_like_a_malformed_one(platform: Platform, wrong: str) -> None:
    query = "query ($id: ID!) { participant(id: $id) { id name { given } } }"
    answer = await platform.send("case_manager", query, {"id": wrong}, purpose="CAREMGT")
    absent = await platform.send(
        "case_manager", query, {"id": platform.participant("absent")}, purpose="CAREMGT"
    )
    assert answer.raw == absent.raw


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"[]", {}, 400, "BAD_REQUEST"),
        (b"{", {}, 400, "BAD_REQUEST"),
        (b'{"query": 1}', {}, 400, "BAD_REQUEST"),
        (b'[{"query": "{__typename}"}]', {}, 400, "BAD_REQUEST"),
        (b"query={__typename}", {"content-type": "application/x-www-form-urlencoded"}, 415,
         "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query": "{__typename}"}', {"content-type": "text/plain"}, 415,
         "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query": "{__typename}"}', {"accept": "text/html"}, 406, "NOT_ACCEPTABLE"),
        (b'{"query": "' + b"x" * 70_000 + b'"}', {}, 413, "BODY_TOO_LARGE"),
    ],
    ids=["list", "not json", "query no text", "batch", "form", "plain text", "accept", "too large"],
)  # fmt: skip
async def test_a_malformed_request_has_its_own_code(
    platform: Platform, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    sent = {
        "content-type": "application/json",
        "authorization": f"Bearer {await platform.token('officer')}",
        **headers,
    }
    response = await platform.client.post(f"{platform.url}/graphql", content=body, headers=sent)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_get_is_not_an_operation(platform: Platform) -> None:
    response = await platform.client.get(f"{platform.url}/graphql?query={{__typename}}")
    assert response.status_code == 405


async def test_machinery_of_federation_is_no_field(platform: Platform) -> None:
    for query in ("{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"):
        answer = await platform.send("officer", query, purpose="LEAD_COORD")
        assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}", "ALIAS_LIMIT"),
        ("{ __typename " + "@include(if: true) " * 21 + "}", None),
    ],
)
async def test_a_shape_beyond_the_limits_is_refused(
    platform: Platform, query: str, code: str | None
) -> None:
    answer = await platform.send("officer", query, purpose="LEAD_COORD")
    assert answer.data is None
    assert code is None or answer.codes == [code]


async def test_introspection_shows_a_role_only_what_it_can_ever_see(platform: Platform) -> None:
    query = (
        '{ __type(name: "Participant") { fields { name } } '
        'note: __type(name: "CaseNote") { name } }'
    )
    officer = await platform.send("officer", query, purpose="LEAD_COORD")
    manager = await platform.send("case_manager", query, purpose="CAREMGT")
    names = {field["name"] for field in officer.data["__type"]["fields"]}
    assert "progressSummary" in names
    assert "notes" not in names
    assert officer.data["note"] is None
    assert manager.data["note"] == {"name": "CaseNote"}


async def test_security_headers_stand_on_every_answer(platform: Platform) -> None:
    for path in ("/graphql", "/nowhere", "/health/live"):
        response = await platform.client.get(f"{platform.url}{path}")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_metrics_and_internal_doors_are_not_public(platform: Platform) -> None:
    for path in ("/metrics", "/internal/gate", "/internal/authority/changes"):
        assert (await platform.client.get(f"{platform.url}{path}")).status_code == 404


async def test_the_same_idempotency_key_has_its_effect_once(platform: Platform) -> None:
    shown: dict[str, Any] = platform.operation("AssignCourse")
    variables = json.loads(json.dumps(shown["variables"]))
    variables["input"]["idempotencyKey"] = "bad-input-once"
    first = await platform.run("AssignCourse", variables)
    again = await platform.run("AssignCourse", variables)
    assert first.body == again.body
    variables["input"]["category"] = "OTHER"
    other = await platform.run("AssignCourse", variables)
    errors = other.data["assignSession"]["userErrors"]
    assert [error["code"] for error in errors] == ["IDEMPOTENCY_KEY_REUSED"]
