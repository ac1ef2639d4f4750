"""The plain projection gives what the exact one gives, and is left whenever it could not."""

import asyncio
import importlib
from collections.abc import Collection
from typing import Any

import pytest

from gateway.executor import (
    CompiledOperation,
    ExecutionContext,
    compile_plan,
    fetch_all,
    project,
)
from gateway.executor.fetch import Assembled
from gateway.planner import normalize, parse_operation, plan
from gateway.supergraph import load_supergraph
from tests.bench.storefront import (
    LARGE,
    SUBGRAPHS,
    Size,
    storefront_world,
    subgraph_sdl,
    supergraph_sdl,
)
from tests.conformance.load_cases import DirectTransport
from tests.conformance.star import Star, StarGuard
from tests.conformance.subgraph import HonestSubgraph

projecting = importlib.import_module("gateway.executor.project")
SUPERGRAPH = load_supergraph(supergraph_sdl(1))
STAR = Star(SUPERGRAPH, [])
WORLD = storefront_world(Size(users=3, products=2, reviews=4))


def compiled(source: str = LARGE) -> CompiledOperation:
    operation = STAR.annotate(normalize(parse_operation(source, None, SUPERGRAPH)))
    return compile_plan(plan(operation, SUPERGRAPH), operation, SUPERGRAPH)


def assembled(operation: CompiledOperation) -> Assembled:
    transports = {
        name: DirectTransport(HonestSubgraph(subgraph_sdl(name), WORLD)) for name in SUBGRAPHS
    }
    context = ExecutionContext(transports=transports)
    return asyncio.run(fetch_all(operation, {}, context, StarGuard(STAR)))


class Granting:
    """Grants everything to everybody but one."""

    def __init__(self, refused: str = "", mask: int = 0) -> None:
        self._refused = refused
        self._mask = mask

    async def load(self, subjects: Collection[str]) -> None:
        """Nothing to load."""

    def mask(self, subject: str) -> int:
        """All bits, but for the one."""
        return self._mask if subject == self._refused else -1


def exactly(operation: CompiledOperation, found: Assembled, guard: Any) -> Any:
    """Project with the exact code alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projecting, "project_plainly", lambda *_: None)
        return project(operation, found, {}, guard)


def is_plain(operation: CompiledOperation, found: Assembled, guard: Any) -> bool:
    plainly: Any = projecting.project_plainly(operation, found, {}, guard, {})
    return plainly is not None


def test_both_projections_give_the_same_answer_and_disclosures() -> None:
    operation = compiled()
    found = assembled(operation)
    assert is_plain(operation, found, Granting())
    plain, exact = project(operation, found, {}, Granting()), exactly(operation, found, Granting())
    assert (plain.data, plain.errors) == (exact.data, exact.errors)
    assert (plain.released, plain.withheld) == (exact.released, exact.withheld)
    assert plain.released


def test_a_null_is_not_disclosed() -> None:
    operation = compiled("{ users { id name birthday } }")
    found = assembled(operation)
    before = project(operation, found, {}, Granting()).released
    for user in found.root["users"]:
        user["birthday"] = None
    assert is_plain(operation, found, Granting())
    plain, exact = project(operation, found, {}, Granting()), exactly(operation, found, Granting())
    assert plain.released == exact.released != before


@pytest.mark.parametrize("value", [1, True, ["Ada"], {"name": "Ada"}])
def test_a_value_of_a_wrong_type_goes_to_the_exact_projection(value: Any) -> None:
    operation = compiled("{ users { id name } }")
    found = assembled(operation)
    found.root["users"][1]["name"] = value
    assert not is_plain(operation, found, Granting())
    projected = project(operation, found, {}, Granting())
    assert [error["path"] for error in projected.errors] == [["users", 1, "name"]]


def test_a_refusal_goes_to_the_exact_projection() -> None:
    operation = compiled("{ users { id name } }")
    found = assembled(operation)
    guard = Granting("2", 0)
    assert not is_plain(operation, found, guard)
    assert project(operation, found, {}, guard).data == exactly(operation, found, guard).data


def _nobody_unknown_is_projected_plainly() -> None:
    operation = compiled("{ users { id name } }")
    found = assembled(operation)
    found.root["users"][0]["id"] = "somebody else"
    assert not is_plain(operation, found, Granting("somebody else", 0))


def test_a_subject_that_nobody_decided_about_goes_to_the_exact_projection() -> None:
    _nobody_unknown_is_projected_plainly()


def test_a_projection_that_forgets_who_was_seen_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: whoever turns up counts as decided about."""

    class Forgiving(dict[str, int]):
        def __missing__(self, key: str) -> int:
            return 0

    class Careless(dict[str, int]):
        @classmethod
        def fromkeys(cls, keys: Any, value: Any = 0) -> Any:
            return Forgiving(dict.fromkeys(keys, value))

    monkeypatch.setattr(projecting, "dict", Careless, raising=False)
    with pytest.raises(AssertionError):
        _nobody_unknown_is_projected_plainly()


def _everybody_must_grant_everything() -> None:
    operation = compiled("{ users { id name } }")
    found = assembled(operation)
    assert not is_plain(operation, found, Granting("3", 0))


def test_a_projection_that_asks_nobody_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: masks that say yes for everybody."""
    _everybody_must_grant_everything()
    monkeypatch.setattr("gateway.executor.guard.Masks.cover", lambda *_: True)
    with pytest.raises(AssertionError):
        _everybody_must_grant_everything()
