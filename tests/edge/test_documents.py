"""Documents, variables and bodies made to cost more than they may; each has its own refusal.

None reaches a subgraph, none makes the process hold much, and the next good request is answered.
"""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway import prepare
from gateway.limits.budget import Budget
from tests.edge.conftest import PublicDoor

MEBIBYTE = 1024 * 1024


def doubling(levels: int) -> str:
    fragments = " ".join(
        f"fragment f{n} on Query {{ ...f{n + 1} ...g{n + 1} }}"
        f" fragment g{n} on Query {{ ...f{n + 1} ...g{n + 1} }}"
        for n in range(levels)
    )
    last = f"fragment f{levels} on Query {{ __typename }} "
    last += f"fragment g{levels} on Query {{ courses {{ number }} }}"
    return f"{{ ...f0 }} {fragments} {last}"


def overlapping(outer: int, inner: int) -> str:
    return "{" + ("... {" + "courses { number } " * inner + "} ") * outer + "}"


def nested(text: str, end: str, times: int) -> str:
    return text * times + end * times


CIRCLE = """{ ...a } fragment a on Query { ...b } fragment b on Query { ...c }
fragment c on Query { ...a }"""
DOCUMENTS = {
    "HD-01 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(400)) + "}", "ALIAS_LIMIT"),
    "HD-01 ten thousand aliases": (
        "{" + " ".join(f"a{n}:a" for n in range(5_000)) + "}", "TOKEN_LIMIT"),
    "HD-02 repeated fields": ("{" + "a " * 10_000 + "}", "TOKEN_LIMIT"),
    "HD-03 directives": (
        "{ courses " + "@include(if: true) " * 200 + "{ number } }", "DIRECTIVE_LIMIT"),
    "HD-03 unknown directives": ("{ courses " + "@x " * 200 + "{ number } }", "DIRECTIVE_LIMIT"),
    "HD-04 doubling 16": (doubling(16), "ROOT_FIELD_LIMIT"),
    "HD-04 doubling 60": (doubling(60), "ROOT_FIELD_LIMIT"),
    "HD-05 overlap": (overlapping(20, 100), "TOKEN_LIMIT"),
    "HD-05 overlap within tokens": (overlapping(20, 18), "ROOT_FIELD_LIMIT"),
    "HD-06 deep selection": ("{" + nested("a{", "}", 5_000) + "}", "TOKEN_LIMIT"),
    "HD-06 deep selection within tokens": (
        "{" + nested("a{", "}", 600) + "}", "DEPTH_LIMIT"),
    "HD-06 deep selection of 100": ("{" + nested("a{", "}", 99)[:-99] + "b" + "}" * 100,
                                    "DEPTH_LIMIT"),
    "HD-06 deep list": ("{ a(x: " + nested("[", "]", 900) + ") }", "DEPTH_LIMIT"),
    "HD-06 deep object": ("{ a(x: " + "{x:" * 400 + "1" + "}" * 400 + ") }",
                          "DEPTH_LIMIT"),
    "HD-06 deep type": (
        "query($x: " + nested("[", "]", 900).replace("[]", "[Int]") + ") { a }", "DEPTH_LIMIT"),
    "HD-06 deep parentheses": ("{ a" + "(" * 1_900, "DEPTH_LIMIT"),
    "HD-06 deep inline fragments": ("{" + nested("... {", "}", 450).replace("{}", "{a}") + "}",
                                    "DEPTH_LIMIT"),
    "HD-07 a circle": (
        "{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
    "HD-07 a circle of three": (
        CIRCLE, "GRAPHQL_VALIDATION_FAILED"),
    "HD-08 circular introspection": (
        "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }",
        "DEPTH_LIMIT"),
    "HD-20 an operation named as introspection": (
        "query IntrospectionQuery {" + " ".join(f"a{n}: __typename" for n in range(40)) + "}",
        "ALIAS_LIMIT"),
    "HD-20 a fragment named as introspection": (
        "query __schema { ...__schema } fragment __schema on Query {"
        + " ".join(f"a{n}: __typename" for n in range(40)) + "}", "ALIAS_LIMIT"),
    "HD-33 entities": (
        '{ _entities(representations: [{__typename: "Participant", id: "1"}]) { __typename } }',
        "GRAPHQL_VALIDATION_FAILED"),
    "HD-33 sdl": ("{ _service { sdl } }", "GRAPHQL_VALIDATION_FAILED"),
    "HD-60 confusable": ("{ c\u043eurses { number } }", "GRAPHQL_PARSE_FAILED"),
    "HD-60 bidi": ("{ courses\u202e { number } }", "GRAPHQL_PARSE_FAILED"),
    "LK-24 defer": ("{ courses { ... @defer { number } } }", "INCREMENTAL_DELIVERY_REFUSED"),
    "LK-24 stream": ("{ courses @stream { number } }", "INCREMENTAL_DELIVERY_REFUSED"),
}  # fmt: skip


@contextmanager
def holding_at_most(mebibytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= mebibytes * MEBIBYTE


async def _is_refused(door: PublicDoor, name: str) -> None:
    document, code = DOCUMENTS[name]
    with holding_at_most(16):
        answer = await door.ask(document)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert errors[0]["extensions"]["code"] == code
    assert len(errors) <= 101
    assert len(answer.content) < 64 * 1024
    assert door.reached_subgraphs() == 0


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_document_is_refused(door: PublicDoor, name: str) -> None:
    await _is_refused(door, name)
    assert await door.is_alive()


@pytest.mark.parametrize(
    "name", ["HD-01 aliases", "HD-03 directives", "HD-20 a fragment named as introspection"]
)
async def test_gateway_without_limits_of_shape_would_be_noticed(
    door: PublicDoor, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(prepare, "check_shapes", lambda *_: None)
    with pytest.raises(AssertionError):
        await _is_refused(door, name)


async def test_limits_are_of_a_document_not_of_a_fragments_name(door: PublicDoor) -> None:
    """HD-21: two documents share a fragment's name; the limits are of each."""
    small = "{ ...f } fragment f on Query { courses { number } }"
    large = (
        "{ ...f } fragment f on Query {" + " ".join(f"a{n}: __typename" for n in range(40)) + "}"
    )
    for document, status in ((small, 200), (large, 400), (small, 200), (large, 400)):
        assert (await door.ask(document)).status_code == status
    both = "query A { ...f } query B { ...g } fragment f on Query { courses { number } } "
    both += "fragment g on Query {" + " ".join(f"a{n}: __typename" for n in range(40)) + "}"
    # The other operation of the document counts although it is not run.
    assert (await door.ask(both, operationName="A")).status_code == 400


async def test_unknown_names_are_never_completed(door: PublicDoor) -> None:
    """HD-10: whatever is guessed, the text is the same but for the guess."""
    words = ["curses", "course", "coursesx", "participants1", "xyz", "notes", "sites", "__skema"]
    said = set()
    for word in words:
        (error,) = (await door.ask(f"{{ {word} }}")).json()["errors"]
        said.add(error["message"].replace(word, "WORD"))
    assert len(said) == 1
    assert "mean" not in said.pop()


@pytest.mark.parametrize(
    "document",
    [
        "{ courses(x: [" + " ".join(f"$v{n}" for n in range(900)) + "]) { number } }",
        "query(" + " ".join("$v: Int" for _ in range(480)) + ") { courses { number } }",
    ],
    ids=["undefined variables", "the same variable again and again"],
)
async def test_errors_are_capped(door: PublicDoor, document: str) -> None:
    """HD-11."""
    with holding_at_most(16):
        answer = await door.ask(document)
    assert answer.status_code == 400
    assert 1 <= len(answer.json()["errors"]) <= 101
    assert len(answer.content) < 64 * 1024


BY_ID = "query($id: ID!) { participant(id: $id) { name } }"


def _with_variables(text: str) -> bytes:
    return b'{"query": %s, "variables": %s}' % (json.dumps(BY_ID).encode(), text.encode())


VARIABLES = {
    "16 levels": ('{"id": ' + nested("[", "]", 15) + "}", "BAD_USER_INPUT"),
    "17 levels": ('{"id": ' + nested("[", "]", 17) + "}", "VARIABLES_LIMIT"),
    "a thousand levels": ('{"id": ' + nested("[", "]", 1_000) + "}", "VARIABLES_LIMIT"),
    "thirty thousand levels": ('{"id": ' + nested("[", "]", 30_000) + "}", "BAD_REQUEST"),
    "many values": ('{"id": "x", "y": [' + ",".join("1" for _ in range(10_001)) + "]}",
                    "VARIABLES_LIMIT"),
    "NaN": ('{"id": NaN}', "BAD_REQUEST"),
    "Infinity": ('{"id": Infinity}', "BAD_REQUEST"),
    "a huge number": ('{"id": 1e999}', None),
    "a huge whole number": ('{"id": ' + "9" * 400 + "}", None),
    "half a surrogate pair": ('{"id": "\\ud800"}', "BAD_REQUEST"),
    "NUL": ('{"id": "a\\u0000b"}', "BAD_REQUEST"),
    "NUL in a name": ('{"i\\u0000d": "a"}', "BAD_REQUEST"),
    "a list for an id": ('{"id": ["a", "b"]}', "BAD_USER_INPUT"),
    "prototype names": ('{"id": {"__proto__": 1}}', "BAD_USER_INPUT"),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIABLES)
async def test_odd_variables_are_refused(door: PublicDoor, name: str) -> None:
    """HD-12."""
    text, code = VARIABLES[name]
    answer = await door.send(_with_variables(text))
    assert answer.status_code == 400
    if code is not None:
        assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert door.reached_subgraphs() == 0
    assert await door.is_alive()


@pytest.mark.parametrize("escape", ["\\u0000", "\\u{0}", "\\u{0000}"])
async def test_a_nul_is_refused_in_a_document_too(door: PublicDoor, escape: str) -> None:
    """HD-12: no database takes one, so none goes further."""
    query = '{ participant(id: "a%sb") { id } }' % escape  # noqa: UP031 - full of braces
    answer = await door.send(json.dumps({"query": query}).encode())
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert door.reached_subgraphs() == 0


BODIES = {
    "HD-12 ten million bytes": (_with_variables('{"id": "' + "x" * 10_000_000 + '"}'), {}, 413),
    "HD-14 a batch of one": (b'[{"query": "{ courses { number } }"}]', {}, 400),
    "HD-14 a batch of a thousand": (
        b"[" + b",".join([b'{"query":"{__typename}"}'] * 1_000) + b"]", {}, 400),
    "HD-15 gzip": (b"\x1f\x8b" + b"\0" * 100, {"content-encoding": "gzip"}, 415),
    "HD-15 br": (b"\0" * 100, {"content-encoding": "br"}, 415),
    "HD-15 zstd": (b"\0" * 100, {"content-encoding": "zstd"}, 415),
    "HD-17 multipart": (b"--x--", {"content-type": "multipart/form-data; boundary=x"}, 415),
    "HD-17 form": (b"query=%7B__typename%7D", {"content-type": "application/x-www-form-urlencoded"},
                   415),
    "HD-17 text": (b'{"query": "{ __typename }"}', {"content-type": "text/plain"}, 415),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
async def test_body_is_refused(door: PublicDoor, name: str) -> None:
    body, headers, status = BODIES[name]
    answer = await door.send(body, headers)
    assert answer.status_code == status
    assert "data" not in answer.json()
    assert door.reached_subgraphs() == 0
    assert await door.is_alive()


@pytest.mark.parametrize("path", ["/graphql?query=mutation{addNote(id:1){participant{id}}}"])
async def test_nothing_runs_by_address(door: PublicDoor, path: str) -> None:
    """HD-18: GET is not offered at all, whatever its content type."""
    for content_type in ("application/json", "text/plain", "application/graphql"):
        answer = await door.client.get(path, headers={"content-type": content_type})
        assert answer.status_code == 405
    assert door.reached_subgraphs() == 0


async def test_identity_comes_from_the_token_alone(door: PublicDoor) -> None:
    """HD-31: what a request says beside its token changes nothing."""
    question = json.dumps({"query": "{ participants { totalCount } courses { number } }"}).encode()
    plain = await door.send(question)
    callers = [each.caller for each in door.world.people_http.received]
    door.world.reset()
    spoofed = await door.send(
        question,
        {
            "x-user-id": "persona:privacy_officer", "x-role": "PRV", "x-gt-role": "PLA",
            "x-forwarded-user": "admin", "x-internal-token": "a.b.c", "gt-caller": "{}",
            "cookie": "session=1; __Host-gt=1", "proxy-authorization": "Bearer x",
            "x-http-method-override": "DELETE", "x-original-url": "/internal/gate",
        },
    )  # fmt: skip
    assert spoofed.content == plain.content
    assert [each.caller for each in door.world.people_http.received] == callers


@pytest.mark.parametrize(
    "path",
    ["/graphiql", "/docs", "/metrics", "/openapi.json", "/internal/gate", "/.env", "/graphql/",
     "//graphql", "/graphql/../internal/gate", "/%2e%2e/internal", "/console/../internal/gate",
     "/health", "/health/ready/x", "/subgraphs", "/.well-known/x"],
)  # fmt: skip
async def test_what_is_not_public_is_not_there(door: PublicDoor, path: str) -> None:
    """HD-47, HD-48: in production there are no developer pages, and no other way in."""
    for method in ("GET", "POST"):
        answer = await door.client.request(method, path)
        assert answer.status_code in (307, 404, 405), path
        if answer.status_code == 307:
            assert answer.headers["location"].startswith("http://gt.test/graphql")


async def test_every_limit_has_a_default_that_is_finite() -> None:
    budget = Budget()
    assert all(0 < getattr(budget, name) < 10**6 for name in Budget.__dataclass_fields__)
