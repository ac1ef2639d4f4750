"""Whom a query asks for by id and is told nothing of is recorded, absent or hidden alike."""

from typing import Any
from uuid import uuid4

from tests.fixtures.gateway_app import GatewayWorld

ASK = "query Q($id: ID!) { participant(id: $id) { id name } }"


def attempts(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in entries if each["outcome"] == "ATTEMPT"]


async def test_hidden_and_absent_people_leave_the_same_trace(gateway_world: GatewayWorld) -> None:
    officer, other = await gateway_world.person("LEO"), await gateway_world.person("LEO")
    hidden = await gateway_world.participant_of(other)
    async with gateway_world.gateway() as gateway:
        answers = [await gateway.ask(officer, ASK, {"id": each}) for each in (hidden, str(uuid4()))]
        written = f'{{ participant(id: "{uuid4()}") {{ id }} }}'
        answers.append(await gateway.ask(officer, written))
        found = attempts(await gateway_world.ledger())
    assert answers[0] == answers[1]
    assert len(found) == 3
    assert len({each["participant"] for each in found}) == 3
    assert all(each["participant"] and not each["categories"] for each in found)


async def test_person_who_is_told_of_leaves_no_denied_attempt(gateway_world: GatewayWorld) -> None:
    officer = await gateway_world.person("LEO")
    known = await gateway_world.participant_of(officer)
    async with gateway_world.gateway() as gateway:
        answer = await gateway.ask(officer, ASK, {"id": known})
        assert answer.body["data"]["participant"]["id"] == known
        assert attempts(await gateway_world.ledger()) == []
