"""A request runs under one supergraph and its policy; what does not fit never serves."""

import re

import pytest

from gateway.generations import Generations, load_generation
from gateway.limits.budget import Budget
from gateway.pipeline import Answer, GraphQLRequest, Pipeline
from gateway.policy.errors import PolicyError
from gateway.policy.packaged import packaged_sdl
from gateway.prepare import Preparer
from gateway.settings import SUBGRAPHS
from gateway.supergraph import SupergraphError, load_supergraph
from gateway.warm_up import Recent, named, recent, warm_in_turns
from tests.fixtures.gateway_app import PRINCIPAL, GatewayWorld, once, table_of
from tests.fixtures.gateway_subgraphs import SUPERGRAPH

OLD, NEW = "{ courses { number } }", "{ courses { code } }"


def renamed() -> Preparer:
    """What prepares operations for a supergraph in which courses have another field."""
    sdl = SUPERGRAPH.replace("number: String", "code: String")
    assert sdl != SUPERGRAPH
    graph = load_supergraph(sdl)
    return Preparer(graph, table_of(graph), Budget())


async def _a_request_keeps_its_generation(world: GatewayWorld, kind: type[Generations]) -> None:
    person = await world.person("TRM")
    async with world.gateway() as gateway:
        generations = kind(gateway.pipeline)

        async def swap() -> None:
            generations.swap(renamed())

        async def ask(query: str) -> Answer:
            request = GraphQLRequest(token=world.token(person), query=query)
            return await generations.answer(request)

        gateway.directory.forget(world.issuer.settings().alias, person.external_subject)
        world.door.before[PRINCIPAL] = once(swap)
        begun_before = await ask(OLD)
        assert begun_before.status == 200
        assert "errors" not in begun_before.body
        begun_after = await ask(OLD)
        assert begun_after.body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_request_keeps_the_generation_that_it_began_with(
    gateway_world: GatewayWorld,
) -> None:
    await _a_request_keeps_its_generation(gateway_world, Generations)


async def test_a_swap_under_running_requests_would_be_noticed(gateway_world: GatewayWorld) -> None:
    """Planted twin: the pipeline that requests run in is changed instead of replaced."""

    class InPlace(Generations):
        def swap(self, preparer: Preparer) -> None:
            self._current._preparer = preparer

    with pytest.raises(AssertionError):
        await _a_request_keeps_its_generation(gateway_world, InPlace)


def test_another_generation_shares_all_but_supergraph_and_policy() -> None:
    first = Pipeline.__new__(Pipeline)
    first.__dict__.update(_preparer="old", _gate="gate", _rounds="rounds")
    other = first.under(renamed())
    assert other.preparer.supergraph.revision != ""
    assert {**other.__dict__, "_preparer": "old"} == first.__dict__


def test_a_coordinate_without_a_label_does_not_serve() -> None:
    sdl = packaged_sdl()
    before, query = sdl.split("\ntype Query", 1)
    bare = f"{before}\ntype Query" + re.sub(r" @category\([^)]*\)", "", query, count=1)
    assert bare != sdl
    with pytest.raises(PolicyError):
        load_generation(bare, Budget(), SUBGRAPHS)


def test_a_service_without_an_address_does_not_serve() -> None:
    with pytest.raises(SupergraphError, match="training"):
        load_generation(packaged_sdl(), Budget(), [one for one in SUBGRAPHS if one != "training"])


async def test_plans_are_warm_before_anybody_asks() -> None:
    old = load_generation(packaged_sdl(), Budget(), SUBGRAPHS)
    some = list(named(old))[:3]
    await warm_in_turns(old, some)
    asked = recent(old)
    assert {(one.source, one.view) for one in asked} == {(one.source, one.view) for one in some}
    gone = Recent("{ nothingOfTheKind }", None, asked[0].view, "somebody")
    new = load_generation(packaged_sdl(), Budget(), SUBGRAPHS, [*asked, gone])
    assert {one.view for one in recent(new)} == {one.view for one in some}


def test_every_named_operation_is_warmed_for_whoever_may_state_its_purpose() -> None:
    preparer = load_generation(packaged_sdl(), Budget(), SUBGRAPHS)
    views = {one.view for one in named(preparer)}
    assert len({one.source for one in named(preparer)}) >= 10
    assert views <= {view.name for view in preparer.table.views.values()}
