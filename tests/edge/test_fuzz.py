"""Whatever is sent, the answer is an answer: never a fault, always a code that is explained."""

import gc
import json
import math
import os
import random
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import DocumentNode, is_scalar_type, specified_scalar_types
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from hypothesis.strategies import text as text_strategy
from hypothesis_graphql import from_schema, nodes

from gateway import prepare
from gateway.error_reference import gateway_codes
from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.planner import coerce_variables
from gateway.planner.operation import OperationError
from gateway.policy.packaged import packaged_supergraph, packaged_table
from gateway.prepare import Preparer
from tests.edge.mutated_documents import mutated, odd_variables
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld, RunningGateway

OPERATIONS = Path(prepare.__file__).parent
SMALL = [
    "query Q($id: ID!) { participant(id: $id) { id name phone notes { participantId text } } }",
    "{ participants { totalCount edges { node { ...f } } } } fragment f on Participant { id name }",
    "query($x: Boolean!) { courses @include(if: $x) { number } myReferrals { totalCount } }",
    "mutation M($id: ID!) { addNote(id: $id, text: \"x\") { participant { id } } }",
    "{ a: courses { number } b: courses { n: number __typename } __typename }",
    "{ __schema { types { name fields { name args { name } } } } __type(name: \"Note\") { kind } }",
    "query A { courses { number } } query B { participants { edges { node { notes { text } } } } }",
]  # fmt: skip
PART = 20_000
_KNOWN = frozenset(gateway_codes())


class _Longest:
    """The most processor time that one document took: no stretch of it held the loop for longer.

    Time of the thread and not of the clock, which on a shared machine tells of other programs. The
    cyclic collector looks between requests, as in the programs (`infra.collector`).
    """

    def __init__(self) -> None:
        self.seconds, self.document = 0.0, ""

    @contextmanager
    def measured(self, document: str) -> Iterator[None]:
        """Measure what is done inside."""
        gc.disable()
        began = time.thread_time()
        try:
            yield
        finally:
            took = time.thread_time() - began
            gc.enable()
        if took > self.seconds:
            self.seconds, self.document = took, document

    def tell(self) -> None:
        """Print it, for the table of long runs."""
        sys.stdout.write(f"longest: {self.seconds * 1000:.1f} ms: {self.document[:300]!r}\n")


_LONGEST = _Longest()


async def _send(gateway: RunningGateway, person: Person, chance: random.Random) -> int:
    variables: Any = odd_variables(chance)
    document = mutated(chance, SMALL)
    with _LONGEST.measured(document):
        answer = await gateway.ask(person, document, variables)
    assert answer.status < 500
    raw = orjson.dumps(answer.body)
    for error in answer.body.get("errors", ()):
        assert error["extensions"]["code"] in _KNOWN, raw
    assert "data" in answer.body or answer.status != 200
    return answer.status


async def _all_answered(world: GatewayWorld, seed: int, documents: int) -> None:
    person, chance = await world.person("CM"), random.Random(seed)
    statuses = set()
    async with world.gateway() as gateway:
        for number in range(documents):
            try:
                statuses.add(await _send(gateway, person, chance))
            except Exception as failure:
                failure.add_note(f"seed {seed}, document {number}")
                raise
    assert statuses == {200, 400}


@pytest.mark.parametrize("seed", range(20261122, 20261126))
async def test_every_document_gets_an_answer(gateway_world: GatewayWorld, seed: int) -> None:
    await _all_answered(gateway_world, seed, 5_000)


async def test_a_gateway_that_trips_over_a_document_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""

    def trip(document: DocumentNode, _budget: Budget) -> None:
        if len(document.definitions) > 2:
            raise RecursionError

    monkeypatch.setattr(prepare, "check_shapes", trip)
    with pytest.raises(RecursionError):
        await _all_answered(gateway_world, 20261122, 5_000)


@pytest.mark.soak
@pytest.mark.timeout(14_400)
async def test_every_document_gets_an_answer_for_long(gateway_world: GatewayWorld) -> None:
    """``GT_SOAK_DOCUMENTS`` says how many, ``GT_SOAK_SEED`` where to begin."""
    first = int(os.environ.get("GT_SOAK_SEED", "0"))
    documents = int(os.environ.get("GT_SOAK_DOCUMENTS", "1000000"))
    for seed in range(first, first + math.ceil(documents / PART)):
        await _all_answered(gateway_world, seed, PART)
    _LONGEST.tell()


def _prepare(preparer: Preparer, text: str, variables: Any) -> str:
    view = preparer.table.view("CM", has_person_purpose=True)
    try:
        operation = preparer.parse(text, None, "fuzz")
        coerced = coerce_variables(operation, variables)
        preparer.prepare(operation, view, "fuzz").cost.check(coerced, preparer.budget)
    except RequestRefusedError as refused:
        json.dumps(refused.errors)
        return refused.code if refused.status == 400 else "NO CODE"
    except OperationError as refused:
        return refused.code
    return "PREPARED"


def _all_prepared(seed: int, documents: int) -> None:
    graph = packaged_supergraph()
    preparer = Preparer(graph, packaged_table(graph), Budget())
    files = [*OPERATIONS.glob("operations/*.graphql"), *OPERATIONS.glob("web/**/*.graphql")]
    corpus = [file.read_text(encoding="utf-8") for file in sorted(files)]
    chance, found = random.Random(seed), set()
    for _ in range(documents):
        found.add(_prepare(preparer, mutated(chance, corpus), odd_variables(chance)))
    assert found >= {"PREPARED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
    assert found <= _KNOWN | {"PREPARED"}


def test_operations_of_the_product_can_be_mangled() -> None:
    """The same over the product's schema: parsed, planned and weighed, or refused with a code."""
    _all_prepared(20261122, 2_000)


@pytest.mark.soak
@pytest.mark.timeout(14_400)
def test_operations_of_the_product_can_be_mangled_for_long() -> None:
    _all_prepared(1, 100_000)


def _documents_of_the_schema() -> SearchStrategy[str]:
    """Operations as `hypothesis-graphql` makes them from all that partners may see."""
    api = packaged_supergraph().api_schema
    own = [name for name, each in api.type_map.items() if is_scalar_type(each)]
    text = text_strategy(max_size=10).map(nodes.String)
    scalars = {name: text for name in own if name not in specified_scalar_types}
    return from_schema(api, custom_scalars=scalars)


def _all_made_are_prepared(examples: int, phases: Collection[Phase] = tuple(Phase)) -> set[str]:
    graph = packaged_supergraph()
    preparer, found = Preparer(graph, packaged_table(graph), Budget()), set()

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=phases,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(_documents_of_the_schema())
    def every_one(document: str) -> None:
        with _LONGEST.measured(document):
            found.add(_prepare(preparer, document, {}))
        assert found <= _KNOWN | {"PREPARED"}, found

    every_one()
    return found


def test_documents_made_from_the_schema_are_prepared_or_refused_with_a_code() -> None:
    assert "PREPARED" in _all_made_are_prepared(40)


def test_a_planner_that_trips_over_a_made_document_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin of the test above."""

    def trip(_document: DocumentNode, _budget: Budget) -> None:
        raise RecursionError

    monkeypatch.setattr(prepare, "check_shapes", trip)
    with pytest.raises(RecursionError):
        _all_made_are_prepared(1, [Phase.generate])


@pytest.mark.soak
@pytest.mark.timeout(14_400)
def test_documents_made_from_the_schema_are_prepared_or_refused_for_long() -> None:
    assert "PREPARED" in _all_made_are_prepared(10_000)
    _LONGEST.tell()
