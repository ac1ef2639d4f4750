"""What clients see when subgraphs fail: partial data, one coded error per cause."""

import asyncio
from typing import Any

import pytest

from gateway.executor import ExecutionLimits
from gateway.subgraph_calls import PASSED_CODES
from infra.http_client import HttpProtocolError, HttpTimeoutError, HttpUnreachableError
from tests.conformance.load_cases import CASES, Case, DirectTransport
from tests.gateway.executor.engine_runs import Run, Scripted, run

STOREFRONT = Case(CASES / "storefront")
SECRET = "password of the database at accounts.internal"


async def storefront(source: str, replaced: dict[str, Any], **context: Any) -> Run:
    """Run on the storefront with some subgraphs replaced."""
    honest = {name: DirectTransport(one) for name, one in STOREFRONT.subgraphs().items()}
    found = await run(STOREFRONT.supergraph, source, {**honest, **replaced}, **context)
    assert SECRET not in str(found.projected.errors)
    return found


USERS = "{ users { id reviews { body } } topProducts { upc } }"
WITHOUT_REVIEWS = {
    "users": [{"id": number, "reviews": None} for number in ("1", "2", "3")],
    "topProducts": [{"upc": "a"}, {"upc": "b"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (HttpUnreachableError(SECRET), 200, "SERVICE_UNAVAILABLE"),
        (HttpTimeoutError(SECRET), 200, "SERVICE_UNAVAILABLE"),
        (HttpProtocolError(SECRET), 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"errors": [{"message": SECRET}]}, 503, "SERVICE_UNAVAILABLE"),
        (b"<html>" + SECRET.encode(), 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ([], 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"data": [1]}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"data": {}, "errors": "no list"}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"errors": [{"message": SECRET}]}, 200, "SUBGRAPH_ERROR"),
        ({"errors": [{"message": SECRET}], "data": None}, 200, "SUBGRAPH_ERROR"),
        ({"data": {"_entities": []}}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"data": {"_entities": [None] * 4}}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"data": {"_entities": "three"}}, 200, "INTERNAL_SUBGRAPH_FAILURE"),
        ({"data": {"_entities": None}, "errors": [{"message": SECRET}]}, 200, "SUBGRAPH_ERROR"),
    ],
)
async def test_a_failed_entity_fetch_leaves_the_rest(reply: Any, status: int, code: str) -> None:
    found = await storefront(USERS, {"reviews": Scripted(lambda _: reply, status)})
    assert found.data == WITHOUT_REVIEWS
    assert found.errors == [(code, ["users", 0, "reviews"])]
    assert found.projected.errors[0]["locations"] == [{"line": 1, "column": 14}]


@pytest.mark.parametrize(
    "reply", [HttpUnreachableError(SECRET), {"errors": [{"message": SECRET, "path": ["users"]}]}]
)
async def test_a_failed_root_fetch_leaves_the_rest(reply: Any) -> None:
    found = await storefront(USERS, {"accounts": Scripted(lambda _: reply)})
    assert found.data == {"users": None, "topProducts": [{"upc": "a"}, {"upc": "b"}]}
    assert [path for _, path in found.errors] == [["users"]]


async def test_errors_beside_data_are_placed_where_the_value_is_missing() -> None:
    entities = [{"reviews": [{"body": "x"}]}, {"reviews": [{"body": None}]}, None]
    errors = [
        {"message": SECRET, "path": ["_entities", 1, "reviews", 0, "body"]},
        {"message": SECRET, "path": ["_entities", 2]},
        {"message": SECRET},
    ]
    reply = {"data": {"_entities": entities}, "errors": errors}
    found = await storefront(USERS, {"reviews": Scripted(lambda _: reply)})
    assert [one["reviews"] for one in found.data["users"]] == [
        [{"body": "x"}],
        [{"body": None}],
        None,
    ]
    assert found.errors == [
        ("SUBGRAPH_ERROR", ["users", 1, "reviews", 0, "body"]),
        ("SUBGRAPH_ERROR", ["users", 2, "reviews"]),
        ("SUBGRAPH_ERROR", None),
    ]


@pytest.mark.parametrize("code", ["BAD_USER_INPUT", "SERVICE_UNAVAILABLE"])
async def test_only_listed_codes_pass_and_never_the_text(code: str) -> None:
    error = {"message": SECRET, "path": ["users"], "extensions": {"code": code}}
    reply = {"data": {"users": None}, "errors": [error]}
    found = await storefront("{ users { id } }", {"accounts": Scripted(lambda _: reply)})
    assert found.errors == [("SUBGRAPH_ERROR", ["users"])]
    scripted = {"accounts": Scripted(lambda _: reply)}
    found = await storefront("{ users { id } }", scripted, passed_codes=PASSED_CODES)
    assert found.errors == [(code, ["users"])]


async def test_a_lost_key_explains_the_fields_that_needed_it() -> None:
    product = Case(CASES / "key-chain")
    honest: dict[str, Any] = {
        name: DirectTransport(one) for name, one in product.subgraphs().items()
    }
    honest["c"] = Scripted(lambda _: HttpUnreachableError("down"))
    found = await run(product.supergraph, "{ things { id size } }", honest)
    assert found.data == {"things": [{"id": "1", "size": None}, {"id": "2", "size": None}]}
    assert found.errors == [("SERVICE_UNAVAILABLE", ["things", 0, "size"])]


async def test_a_lost_requirement_takes_only_the_field_that_needs_it() -> None:
    # The representation has its key, so the rest of the fetch is still asked for.
    honest = {name: DirectTransport(one) for name, one in STOREFRONT.subgraphs().items()}
    source = "{ users { reviews { product { inStock shippingEstimate } } } }"
    failing = {**honest, "products": Scripted(lambda _: HttpUnreachableError("down"))}
    found = await run(STOREFRONT.supergraph, source, failing)
    products = [review["product"] for user in found.data["users"] for review in user["reviews"]]
    assert [one["inStock"] for one in products] == [True, False, True]
    assert [one["shippingEstimate"] for one in products] == [None, None, None]
    path = ["users", 0, "reviews", 0, "product", "shippingEstimate"]
    assert found.errors == [("SERVICE_UNAVAILABLE", path)]


WRONG = [
    ({"id": 5, "name": 7, "birthday": "x"}, {"id": "5", "name": None, "birthday": None}, 2),
    ({"id": "1", "name": ["a"], "birthday": 1.0}, {"id": "1", "name": None, "birthday": 1}, 1),
    (
        {"id": "1", "name": {"a": 1}, "birthday": True},
        {"id": "1", "name": None, "birthday": None},
        2,
    ),
    ({"id": "1", "name": "n", "birthday": 2**31}, {"id": "1", "name": "n", "birthday": None}, 1),
    ({"id": None, "name": "n", "birthday": 1}, None, 1),
    ({"id": {}, "name": "n", "birthday": 1}, None, 1),
    ("not an object", None, 1),
    ([{"id": "1"}], None, 1),
]


@pytest.mark.parametrize(("sent", "shown", "errors"), WRONG)
async def test_wrong_types_never_pass(sent: Any, shown: Any, errors: int) -> None:
    reply = {"data": {"me": sent}}
    source = "{ me { id name birthday } }"
    found = await storefront(source, {"accounts": Scripted(lambda _: reply)})
    assert found.data == {"me": shown}
    assert [code for code, _ in found.errors] == ["INTERNAL_SUBGRAPH_FAILURE"] * errors


async def test_what_was_not_asked_for_is_dropped() -> None:
    extra = {"id": "1", "name": "n", "_gt_id": "9", "reviews": [{"body": SECRET}]}
    accounts = Scripted(lambda _: {"data": {"me": extra, "users": [extra]}})
    reviews = Scripted(lambda _: {"data": {"_entities": [{"reviews": None, "name": SECRET}]}})
    source = "{ me { id name reviews { body } } }"
    found = await storefront(source, {"accounts": accounts, "reviews": reviews})
    assert found.data == {"me": {"id": "1", "name": "n", "reviews": None}}
    assert "users" not in found.assembled.root


async def test_a_wrong_typename_is_no_value() -> None:
    abstract = Case(CASES / "abstract")
    feed = [{"__typename": "Text", "body": "b"}, {"__typename": "Person"}, {"body": "b"}]
    scripted = {"a": Scripted(lambda _: {"data": {"feed": feed}})}
    source = "{ feed { ... on Text { body } } }"
    found = await run(abstract.supergraph, source, scripted)
    assert found.data == {"feed": [{"body": "b"}, None, None]}
    assert [path for _, path in found.errors] == [["feed", 1], ["feed", 2]]


async def test_limits_stop_fetches_not_the_answer() -> None:
    found = await storefront(USERS, {}, limits=ExecutionLimits(max_representations=2))
    assert found.data == WITHOUT_REVIEWS
    assert [code for code, _ in found.errors] == ["SERVICE_UNAVAILABLE"]
    found = await storefront(USERS, {}, limits=ExecutionLimits(max_fetches=2))
    assert found.assembled.fetches == 2
    assert [code for code, _ in found.errors] == ["SERVICE_UNAVAILABLE"]


async def test_all_answers_together_are_bounded() -> None:
    whole = await storefront(USERS, {})
    assert whole.errors == []
    most = whole.assembled.answer_bytes
    again = await storefront(USERS, {}, limits=ExecutionLimits(max_answer_bytes=most))
    assert again.data == whole.data
    found = await storefront(USERS, {}, limits=ExecutionLimits(max_answer_bytes=most - 1))
    assert [code for code, _ in found.errors] == ["SERVICE_UNAVAILABLE"]


async def test_the_deadline_of_the_request_bounds_each_fetch() -> None:
    late = asyncio.get_running_loop().time() - 1
    found = await storefront(USERS, {}, deadline=late)
    assert found.data == {"users": None, "topProducts": None}
    assert {code for code, _ in found.errors} == {"SERVICE_UNAVAILABLE"}
