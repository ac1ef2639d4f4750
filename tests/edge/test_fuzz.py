"""Whatever is sent, the answer is an answer: never a fault, always a code that is explained."""

import json
import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import DocumentNode

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
_KNOWN = frozenset(gateway_codes())


async def _send(gateway: RunningGateway, person: Person, chance: random.Random) -> int:
    variables: Any = odd_variables(chance)
    answer = await gateway.ask(person, mutated(chance, SMALL), variables)
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


async def test_every_document_gets_an_answer(gateway_world: GatewayWorld) -> None:
    await _all_answered(gateway_world, 20261122, 6_000)


async def test_a_gateway_that_trips_over_a_document_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""

    def trip(document: DocumentNode, _budget: Budget) -> None:
        if len(document.definitions) > 2:
            raise RecursionError

    monkeypatch.setattr(prepare, "check_shapes", trip)
    with pytest.raises(RecursionError):
        await _all_answered(gateway_world, 20261122, 6_000)


@pytest.mark.soak
@pytest.mark.timeout(14_400)
async def test_every_document_gets_an_answer_for_long(gateway_world: GatewayWorld) -> None:
    for seed in range(50):
        await _all_answered(gateway_world, seed, 20_000)


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
