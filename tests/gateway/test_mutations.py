"""A mutation is refused whole before any effect, or carries a permit; what a role may not have is
never asked for."""

import pytest

from gateway.pipeline import Answer
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GATE, GatewayWorld

REFER = "mutation M($id: ID!) { refer(id: $id) { participant { name } } }"
REFER_WITH_NOTES = "mutation M($id: ID!) { refer(id: $id) { participant { name notes { text } } } }"
ADD_NOTE = """mutation M($id: ID!) {
  addNote(id: $id, text: "new") { participant { name notes { text } } } }"""


async def _officer_and_participant(world: GatewayWorld) -> tuple[Person, str]:
    officer = await world.person("LEO")
    return officer, await world.participant_of(officer)


def _codes(answer: Answer) -> list[str]:
    return [each["extensions"]["code"] for each in answer.body["errors"]]


async def _refused_selection_stops_the_effect(world: GatewayWorld) -> None:
    officer, participant = await _officer_and_participant(world)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, REFER_WITH_NOTES, {"id": participant})
    assert world.people_http.received == []
    assert world.people.effects == []
    assert answer.body["data"] is None
    assert _codes(answer) == ["MUTATION_NOT_ALLOWED", "FIELD_NOT_ALLOWED"]
    assert answer.body["errors"][1]["extensions"]["coordinate"] == "Participant.notes"
    assert world.door.count(GATE) == 0


async def test_mutation_with_a_refused_selection_is_refused_whole(
    gateway_world: GatewayWorld,
) -> None:
    await _refused_selection_stops_the_effect(gateway_world)


async def test_mutation_that_runs_without_what_is_refused_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr("gateway.pipeline.selected_refusals", lambda *_: ())
    with pytest.raises(AssertionError):
        await _refused_selection_stops_the_effect(gateway_world)


async def test_mutation_of_another_role_is_refused_whole(gateway_world: GatewayWorld) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    both = "mutation M($id: ID!) { refer(id: $id) { __typename } addNote(id: $id) { __typename } }"
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, both, {"id": participant})
    assert "MUTATION_NOT_ALLOWED" in _codes(answer)
    assert answer.body["errors"][1]["extensions"]["coordinate"] == "Mutation.addNote"
    assert world.people_http.received == []


async def test_selection_that_is_skipped_by_a_variable_does_not_count(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    query = """mutation M($id: ID!, $all: Boolean!) {
      refer(id: $id) { participant { name notes @include(if: $all) { text } } } }"""
    async with world.gateway() as gateway:
        refused = await gateway.ask(officer, query, {"id": participant, "all": True})
        assert world.people.effects == []
        allowed = await gateway.ask(officer, query, {"id": participant, "all": False})
    assert refused.body["data"] is None
    assert allowed.body["data"] == {"refer": {"participant": {"name": "Ada"}}}
    assert world.people.effects == [("refer", participant)]


async def test_permit_of_the_gate_travels_in_the_internal_token(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    async with world.gateway() as gateway:
        await gateway.ask(officer, "query Q($id: ID!) { participant(id: $id) { name } }",
                          {"id": participant})  # fmt: skip
        answer = await gateway.ask(officer, REFER, {"id": participant})
    assert answer.body["data"] == {"refer": {"participant": {"name": "Ada"}}}
    read, write = world.people_http.received
    assert read.caller.permit is None
    _, before, after = (calls[0] for calls in world.door.gate_calls())
    assert (before["stage"], after["stage"]) == ("BEFORE_EFFECT", "RELEASE")
    assert write.caller.permit == before["releaseId"]
    (attempt,) = await world.consent.entries(before["releaseId"])
    assert attempt["outcome"] == "ATTEMPT"
    (released,) = await world.consent.entries(after["releaseId"])
    assert (released["outcome"], released["categories"]) == ("RELEASED", ["IDENTITY"])


async def test_each_mutation_has_a_permit_of_its_own(gateway_world: GatewayWorld) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    async with world.gateway() as gateway:
        for _ in range(3):
            await gateway.ask(officer, REFER, {"id": participant})
    permits = {received.caller.permit for received in world.people_http.received}
    assert len(permits) == 3


async def test_effect_of_somebody_whose_role_was_taken_away_does_not_happen(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    async with world.gateway() as gateway:
        await gateway.ask(officer, REFER, {"id": participant})
        assert len(world.people.effects) == 1
        await world.take_role_away(officer)
        answer = await gateway.ask(officer, REFER, {"id": participant})
    assert answer.status == 403
    assert len(world.people.effects) == 1


async def test_result_of_a_mutation_is_fenced_like_any_answer(gateway_world: GatewayWorld) -> None:
    world = gateway_world
    manager = await world.person("CM", "CM")
    assigned, other = (
        world.people.add(str(manager.account_id)),
        world.people.add(str(manager.grant_id), "Lou"),
    )
    await world.assign(manager, assigned)
    async with world.gateway() as gateway:
        own = await gateway.ask(manager, ADD_NOTE, {"id": assigned})
        foreign = await gateway.ask(manager, ADD_NOTE, {"id": other})
    notes = own.body["data"]["addNote"]["participant"]["notes"]
    assert [note["text"] for note in notes] == ["note about Ada", "new"]
    assert foreign.body["data"] == {"addNote": {"participant": None}}


@pytest.mark.parametrize(
    "query",
    [
        "{ participants { totalCount } }",
        "{ participants { edges { node { name } } } }",
        "{ participants { __typename } }",
    ],
)
async def test_operation_that_a_role_may_not_have_sends_no_request_at_all(
    gateway_world: GatewayWorld, query: str
) -> None:
    """Police have no list of participants, not even its length (GR-7)."""
    world = gateway_world
    officer, _ = await _officer_and_participant(world)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, query)
    assert answer.body["data"] == {"participants": None}
    assert _codes(answer) == ["FIELD_NOT_ALLOWED"]
    assert world.people_http.received == world.library_http.received == []


async def test_only_the_subgraph_whose_fields_are_all_refused_is_left_alone(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer, _ = await _officer_and_participant(world)
    query = "{ participants { totalCount } courses { number } }"
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, query)
    assert answer.body["data"] == {"participants": None, "courses": [{"number": "8020"}]}
    assert world.people_http.received == []
    assert len(world.library_http.received) == 1


async def test_refused_field_is_not_in_the_request_to_the_subgraph(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer, participant = await _officer_and_participant(world)
    query = "query Q($id: ID!) { participant(id: $id) { name phone notes { text } } }"
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, query, {"id": participant})
    assert answer.body["data"]["participant"] == {"name": "Ada", "phone": None, "notes": None}
    (received,) = world.people_http.received
    assert "name" in received.query
    assert "phone" not in received.query
    assert "notes" not in received.query
