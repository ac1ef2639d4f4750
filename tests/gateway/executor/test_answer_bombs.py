"""HD-50: services whose answers are very deep, very many or very large fail alone.

What such an answer costs is bounded before it is put together: by its bytes, by how deep the
parser goes, by how many representations a fetch may have. The process lives, and other services'
values are told.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.executor import ExecutionLimits
from gateway.executor.answer import MAX_ERRORS
from tests.conformance.load_cases import CASES, Case, DirectTransport
from tests.gateway.executor.engine_runs import Run, Scripted, run

STOREFRONT = Case(CASES / "storefront")
ME = "{ me { id name } topProducts { upc } }"
USERS = "{ users { id reviews { body } } topProducts { upc } }"
PRODUCTS = [{"upc": "a"}, {"upc": "b"}]
DEPTH = 100_000


def _nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return opening * depth + b"1" + closing * depth


def _me(name: bytes) -> bytes:
    return b'{"data":{"me":{"id":"1","name":' + name + b"}}}"


BOMBS: dict[str, bytes] = {
    "lists within lists": _me(_nested(b"[", b"]", DEPTH)),
    "objects within objects": _me(_nested(b'{"a":', b"}", DEPTH)),
    "lists that never end": _me(b"[" * DEPTH),
    "an object beside the data": b'{"extensions":' + _nested(b'{"a":', b"}", DEPTH) + b"}",
    "a number of a million digits": _me(b"9" * 1_000_000),
    "a text that never ends": _me(b'"' + b"x" * 1_000_000),
    "a text of half a surrogate": _me(b'"\\ud800"'),
    "a list where an object is": b'{"data":{"me":[' + b"{}," * 2_000 + b"{}]}}",
    "as many lists as are read": _me(_nested(b"[", b"]", 900)),
    "as many objects as are read": _me(_nested(b'{"a":', b"}", 900)),
}


async def _asked(source: str, reply: Callable[[Any], Any], **context: Any) -> Run:
    honest = {name: DirectTransport(one) for name, one in STOREFRONT.subgraphs().items()}
    return await run(
        STOREFRONT.supergraph, source, {**honest, "accounts": Scripted(reply)}, **context
    )


@pytest.mark.parametrize("name", BOMBS)
async def test_an_answer_that_is_a_bomb_fails_alone(name: str) -> None:
    found = await _asked(ME, lambda _: BOMBS[name])
    assert found.data["topProducts"] == PRODUCTS
    assert found.data["me"] in (None, {"id": "1", "name": None})
    assert [code for code, _ in found.errors] == ["INTERNAL_SUBGRAPH_FAILURE"]


async def test_very_many_objects_are_asked_about_no_further() -> None:
    """Entities beyond the bound are not sent on: their fields are null, with one error for all."""
    many = {"data": {"users": [{"id": str(n), "__typename": "User"} for n in range(2_000)]}}
    few = ExecutionLimits(max_representations=1_000)
    found = await _asked(USERS, lambda _: many, limits=few)
    assert found.data["topProducts"] == PRODUCTS
    assert len(found.data["users"]) == 2_000
    assert not any(each["reviews"] for each in found.data["users"])
    assert found.errors == [("SERVICE_UNAVAILABLE", ["users", 0, "reviews"])]


async def test_more_bytes_than_all_answers_may_have_are_not_put_together() -> None:
    large = {"data": {"users": [{"id": "1" * 200, "__typename": "User"}] * 1_000}}
    few = ExecutionLimits(max_answer_bytes=100_000)
    found = await _asked("{ users { id } topProducts { upc } }", lambda _: large, limits=few)
    assert found.data["users"] is None
    assert ("SERVICE_UNAVAILABLE", ["users"]) in found.errors


async def test_an_engine_without_that_bound_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: whatever a service sends is put together."""
    usual = ExecutionLimits()
    monkeypatch.setitem(globals(), "ExecutionLimits", lambda **_: usual)
    with pytest.raises(AssertionError):
        await test_more_bytes_than_all_answers_may_have_are_not_put_together()


async def test_errors_without_number_are_one_error() -> None:
    """A service that reports more than a thousand does not make as many of a client's answer."""
    errors = [{"message": "x", "path": ["me"]}] * (MAX_ERRORS + 1)
    found = await _asked(ME, lambda _: {"data": {"me": None}, "errors": errors})
    assert found.data == {"me": None, "topProducts": PRODUCTS}
    assert found.errors == [("INTERNAL_SUBGRAPH_FAILURE", ["me"])]
