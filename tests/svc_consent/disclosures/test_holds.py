"""Other services hear whose record must stay before they purge it; nobody else hears anything."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra import clock
from infra.http_client import HttpClient
from infra.retention import Holds, RetentionError
from infra.vocabulary import Basis, Role
from svc_consent.disclosures import holds
from tests.fixtures.consent_world import ConsentWorld, in_hands_of
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, http_server

PATH = "/internal/retention/kept"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def is_kept(world: ConsentWorld, case: Case, issuer: str = "participants") -> bool:
    """Ask about somebody together with one of whom nothing is known."""
    nobody = str(uuid4())
    answer = await world.ok(PATH, {"participants": [case.participant, nobody]}, issuer=issuer)
    assert nobody not in answer["kept"]
    return case.participant in answer["kept"]


async def bare(world: ConsentWorld, case: Case) -> Case:
    """Take away all grounds."""
    await world.execute(
        "delete from authority_visibility where participant_id = :who", who=UUID(case.participant)
    )
    return case


async def demanded(world: ConsentWorld) -> Case:
    case = await new_case(world)
    given = {"participantId": case.participant, "kind": "SUBPOENA", "issuedBy": "A", "scope": "All"}
    done = await case.run("recordLegalDemand", given, "replyVersion", case.acting(role=Role.SUP))
    assert not done["userErrors"], done
    return await bare(world, case)


async def released(world: ConsentWorld) -> Case:
    case = await new_case(world)
    done = await case.sign(case.form(expiresAt=(clock.now() + timedelta(days=9)).isoformat()))
    assert not done["userErrors"], done
    return await bare(world, case)


async def in_care(world: ConsentWorld) -> Case:
    case = await bare(world, await new_case(world))
    await world.permit(case.participant, in_hands_of(case.manager), Basis.ASSIGNMENT)
    return case


async def suspended(world: ConsentWorld) -> Case:
    case = await bare(world, await new_case(world))
    await world.execute(
        "insert into accounting_suspension (id, participant_id, agency_id, official, statement,"
        " is_written, starts_at, ends_at, recorded_at)"
        " values (:id, :who, :id, 'A', 'B', true, now(), now() + interval '1 day', now())",
        id=uuid4(), who=UUID(case.participant),
    )  # fmt: skip
    return case


_KEEPERS: dict[str, Callable[[ConsentWorld], Awaitable[Case]]] = {
    "legal_demand": demanded,
    "accounting_suspension": suspended,
    "release": released,
    "authority_visibility": in_care,
}


@pytest.mark.parametrize("keeper", sorted(_KEEPERS))
async def test_whom_something_keeps_is_named(world: ConsentWorld, keeper: str) -> None:
    case = await _KEEPERS[keeper](world)
    assert await is_kept(world, case)
    assert await is_kept(world, case, issuer="cases")


@pytest.mark.parametrize("keeper", sorted(_KEEPERS))
async def test_twin_a_keeper_that_is_forgotten_is_noticed(
    world: ConsentWorld, keeper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await _KEEPERS[keeper](world)
    assert f"from {keeper} " in holds.KEPT
    forgetful = holds.KEPT.replace(f"from {keeper} ", f"from (select * from {keeper} limit 0) ")
    monkeypatch.setattr(holds, "KEPT", forgetful)
    with pytest.raises(AssertionError):
        assert await is_kept(world, case)


async def test_a_service_hears_it_over_http_and_without_an_answer_nothing(
    world: ConsentWorld, tmp_path: Path
) -> None:
    case, other = await demanded(world), await bare(world, await new_case(world))
    people = [UUID(case.participant), UUID(other.participant)]
    socket = tmp_path / "c.sock"
    client = HttpClient(f"unix:{socket}")
    holds_asked = Holds(client, world.minter("participants"))
    async with http_server(world.service.app, uds=str(socket)):
        assert await holds_asked.among(people) == {people[0]}
        with pytest.raises(RetentionError):
            await Holds(client, world.minter("gateway")).among(people)
    with pytest.raises(RetentionError):
        await holds_asked.among(people)
    await client.close()


async def test_what_has_ended_keeps_nobody(world: ConsentWorld) -> None:
    case = await bare(world, await new_case(world))
    ended = clock.now() - timedelta(days=1)
    await world.permit(case.participant, in_hands_of(case.manager), Basis.ASSIGNMENT, ends_at=ended)
    assert not await is_kept(world, case)


@pytest.mark.parametrize("issuer", ["gateway", "training"])
async def test_services_that_keep_no_record_of_people_are_refused(
    world: ConsentWorld, issuer: str
) -> None:
    status, _ = await world.call("POST", PATH, {"participants": [str(uuid4())]}, issuer=issuer)
    assert status == 401


@pytest.mark.parametrize("people", [None, [], "x", ["x"], [1], [str(uuid4()) for _ in range(501)]],
                         ids=["none", "empty", "text", "no id", "number", "too many"])  # fmt: skip
async def test_questions_of_another_form_are_refused(world: ConsentWorld, people: Any) -> None:
    status, _ = await world.call("POST", PATH, {"participants": people}, issuer="participants")
    assert status == 400
