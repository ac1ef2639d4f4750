"""Requests in flight share gate calls; each has its own verdict and its own record."""

import asyncio
from uuid import uuid4

from gateway.release.gate import MAX_CALLS_PER_GATE
from infra.authority.facts import agency_holder
from tests.fixtures.gateway_app import DECISIONS, GATE, GatewayWorld, Instead, once

QUERY = "query Q($id: ID!) { participant(id: $id) { id name } }"
REQUESTS = 12


async def test_requests_share_calls_and_each_has_its_own_verdict_and_record(
    gateway_world: GatewayWorld, unhurried: None
) -> None:
    world = gateway_world
    agency = await world.consent.make_agency("LE")
    officers = [await world.consent.make_person("LEO", agency) for _ in range(REQUESTS)]
    participants = [world.people.add(str(uuid4()), f"P{n}") for n in range(REQUESTS)]
    rows = [await world.consent.release(each, agency) for each in participants]
    lapsing, leaving = 5, 7

    async def change() -> None:
        holder = agency_holder(agency)
        await world.consent.take_back(participants[lapsing], holder, rows[lapsing])
        await world.take_role_away(officers[leaving])

    async with world.gateway(lanes=2) as gateway:
        for officer, participant in zip(officers, participants, strict=True):
            await gateway.ask(officer, QUERY, {"id": participant})
        await change()
        world.door.calls.clear()
        # The first call of each lane is held up a little, so that the others gather behind it.
        world.door.before[GATE] = lambda: asyncio.sleep(0.02)
        answers = await asyncio.gather(
            *(
                gateway.ask(officer, QUERY, {"id": participant})
                for officer, participant in zip(officers, participants, strict=True)
            )
        )
    batches = world.door.gate_calls()
    sizes = [len(batch) for batch in batches]
    assert len(sizes) <= REQUESTS / 2
    assert max(sizes) <= MAX_CALLS_PER_GATE
    recorded = world.recorded_ids()
    assert len(set(recorded)) == len(recorded) == sum(sizes) >= REQUESTS  # late ones go twice
    for number, answer in enumerate(answers):
        if number == leaving:
            assert answer.status == 403
        elif number == lapsing:
            assert answer.body["data"] == {"participant": None}
        else:
            expected = {"id": participants[number], "name": f"P{number}"}
            assert answer.body["data"] == {"participant": expected}
    entries = await world.ledger()
    assert len(entries) == len(recorded)
    by_subject = {entry["subject"]: entry["outcome"] for entry in entries}
    withheld = {subject for subject, outcome in by_subject.items() if outcome == "WITHHELD"}
    assert withheld == {officers[lapsing].subject, officers[leaving].subject}


async def test_one_lane_has_one_call_under_way_at_a_time(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    under_way, most = 0, 0

    async def enter() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)

    async def leave() -> None:
        nonlocal under_way
        under_way -= 1

    world.door.before[GATE], world.door.after[GATE] = enter, leave
    async with world.gateway(lanes=1) as gateway:
        await asyncio.gather(*(gateway.ask(officer, QUERY, {"id": participant}) for _ in range(12)))
    assert most == 1


async def test_a_release_id_that_is_repeated_gets_the_first_verdict(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = world.people.add(str(uuid4()))
    row_id = await world.consent.release(participant, officer.agency_id)
    async with world.gateway() as gateway:
        await gateway.ask(officer, QUERY, {"id": participant})
        ((call,),) = world.door.gate_calls()
        await world.consent.take_back(participant, agency_holder(officer.agency_id), row_id)
        repeated, _ = await gateway.gate.verdict(call)
        fresh, _ = await gateway.gate.verdict({**call, "releaseId": str(uuid4())})
    assert (repeated.outcome, dict(repeated.lapsed)) == ("RELEASED", {})
    assert list(fresh.lapsed) == [participant]
    assert len(await world.consent.entries(call["releaseId"])) == 1


async def test_request_that_the_client_gave_up_is_not_sent(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway(lanes=1) as gateway:
        await gateway.ask(officer, QUERY, {"id": participant})
        world.door.calls.clear()
        arrived, goes_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            arrived.set()
            await goes_on.wait()

        world.door.before[GATE] = once(hold)
        first = asyncio.create_task(gateway.ask(officer, QUERY, {"id": participant}))
        await arrived.wait()
        second = asyncio.create_task(gateway.ask(officer, QUERY, {"id": participant}))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        goes_on.set()
        assert (await first).body["data"]["participant"] is not None
    assert [len(batch) for batch in world.door.gate_calls()] == [1]


async def test_malformed_verdict_refuses_and_leaves_the_lane_working(
    gateway_world: GatewayWorld,
) -> None:
    """One unexpected word in an answer must not cost a lane for ever."""
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)

    async def broken() -> Instead:
        return Instead(200, b'{"revision": 1, "verdicts": [{"verdict": "RELEASED"}]}')

    world.door.before[GATE] = once(broken)
    async with world.gateway(lanes=1) as gateway:
        refused = await gateway.ask(officer, QUERY, {"id": participant})
        answered = await gateway.ask(officer, QUERY, {"id": participant})
    assert refused.body["data"] is None
    assert answered.body["data"]["participant"]["id"] == participant


async def test_one_decision_is_loaded_once_and_relied_on(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        for _ in range(3):
            await gateway.ask(officer, QUERY, {"id": participant})
    assert world.door.count(DECISIONS) == 1
    assert world.door.count(GATE) == 3
    relied_on = {call["keys"][f"participant:{participant}"] for (call,) in world.door.gate_calls()}
    (decision,) = relied_on
    assert decision > 0
