"""The release gate: verdicts, records, order against revocations, idempotency."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.authority.facts import VisibilityFact, put_visibility
from infra.authority.predicate import agency_holder
from infra.vocabulary import Basis, Category, Purpose
from svc_consent.authority.decision import Decider
from svc_consent.authority.rules import Touched, agency_key, keys_of, subject_key
from svc_consent.disclosures import commands, endpoints
from svc_consent.disclosures.repository import gate
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person, in_hands_of, soon
from tests.fixtures.service_app import ServiceAppFactory


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def _officer(world: ConsentWorld) -> Person:
    return await world.make_person("LEO", await world.make_agency("LE"))


async def test_released_call_is_recorded(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant = str(uuid4())
    await world.release(participant, officer.agency_id)
    call = world.gate_call(officer, await world.head(), [participant])
    (verdict,) = await world.gate(call)
    assert (verdict["verdict"], verdict["lapsed"]) == ("RELEASED", [])
    (entry,) = await world.entries(call["releaseId"])
    assert (entry["outcome"], entry["kind"]) == ("RELEASED", "DISCLOSURE")
    assert entry["categories"] == ["IDENTITY"]
    assert entry["coordinates"] == {"IDENTITY": ["Participant.identity"]}
    assert len(entry["sources"]["IDENTITY"]) == 1
    assert entry["participant"] not in (None, participant)


async def test_nothing_about_a_person_is_recorded_as_a_look_up(world: ConsentWorld) -> None:
    officer = await _officer(world)
    call = world.gate_call(officer, await world.head())
    (verdict,) = await world.gate(call)
    assert verdict["verdict"] == "RELEASED"
    (entry,) = await world.entries(call["releaseId"])
    assert (entry["participant"], entry["categories"], entry["count"]) == (None, [], 0)


async def test_revoked_release_falls_away_and_the_rest_is_released(world: ConsentWorld) -> None:
    officer = await _officer(world)
    kept, revoked = str(uuid4()), str(uuid4())
    await world.release(kept, officer.agency_id)
    row_id = await world.release(revoked, officer.agency_id)
    relied_on = await world.head()
    await world.take_back(revoked, agency_holder(officer.agency_id), row_id)
    call = world.gate_call(officer, relied_on, [kept, revoked])
    (verdict,) = await world.gate(call)
    assert verdict["verdict"] == "RELEASED"
    assert verdict["lapsed"] == [{"participant": revoked, "categories": ["IDENTITY"]}]
    outcomes = [entry["outcome"] for entry in await world.entries(call["releaseId"])]
    assert sorted(outcomes) == ["RELEASED", "WITHHELD"]


async def test_expired_release_falls_away(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant = str(uuid4())
    until = soon(0.15)
    await world.release(participant, officer.agency_id, ends_at=until)
    relied_on = await world.head()
    await asyncio.sleep(0.2)
    call = world.gate_call(officer, relied_on, [participant], valid_until=until.isoformat())
    (verdict,) = await world.gate(call)
    assert verdict["lapsed"] == [{"participant": participant, "categories": ["IDENTITY"]}]


async def test_category_that_was_never_permitted_does_not_pass(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant = str(uuid4())
    await world.release(participant, officer.agency_id)
    call = world.gate_call(
        officer, await world.head(), [participant],
        categories=("IDENTITY", "SUD"), access={"IDENTITY": "r", "SUD": "r"},
    )  # fmt: skip
    (verdict,) = await world.gate(call)
    assert verdict["lapsed"] == [{"participant": participant, "categories": ["SUD"]}]


async def test_changed_subject_or_agency_withholds_everything(world: ConsentWorld) -> None:
    for moves in (subject_key, agency_key):
        officer = await _officer(world)
        participant = str(uuid4())
        await world.release(participant, officer.agency_id)
        relied_on = await world.head()
        moved = moves(officer.subject if moves is subject_key else officer.agency_id)
        await world.change([moved], [])
        call = world.gate_call(officer, relied_on, [participant])
        (verdict,) = await world.gate(call)
        assert verdict["verdict"] == "PRINCIPAL_CHANGED"
        (entry,) = await world.entries(call["releaseId"])
        assert entry["outcome"] == "WITHHELD"


async def test_grant_that_has_ended_withholds_everything(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    officer = await world.make_person("LEO", agency, ends_at=soon(-1))
    (verdict,) = await world.gate(world.gate_call(officer, await world.head()))
    assert verdict["verdict"] == "PRINCIPAL_CHANGED"


async def test_changed_list_must_be_fetched_again(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant, newcomer = str(uuid4()), str(uuid4())
    await world.release(participant, officer.agency_id)
    relied_on = await world.head()
    await world.release(newcomer, officer.agency_id)
    with_list = world.gate_call(officer, relied_on, [participant], uses_list=True)
    single = world.gate_call(officer, relied_on, [participant])
    verdicts = await world.gate(with_list, single)
    assert [each["verdict"] for each in verdicts] == ["LIST_CHANGED", "RELEASED"]


async def test_mutation_gets_its_permit_and_an_attempt_is_recorded(world: ConsentWorld) -> None:
    officer = await _officer(world)
    relied_on = await world.head()
    call = world.gate_call(officer, relied_on, stage="BEFORE_EFFECT")
    (verdict,) = await world.gate(call)
    assert (verdict["releaseId"], verdict["verdict"]) == (call["releaseId"], "RELEASED")
    (entry,) = await world.entries(call["releaseId"])
    assert entry["outcome"] == "ATTEMPT"
    await world.change([subject_key(officer.subject)], [])
    (late,) = await world.gate(world.gate_call(officer, relied_on, stage="BEFORE_EFFECT"))
    assert late["verdict"] == "PRINCIPAL_CHANGED"


async def test_repeated_call_gives_the_first_verdict_and_no_record(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant = str(uuid4())
    row_id = await world.release(participant, officer.agency_id)
    call = world.gate_call(officer, await world.head(), [participant], access={"IDENTITY": "r"})
    first = await world.gate(call)
    await world.take_back(participant, agency_holder(officer.agency_id), row_id)
    lapsed = world.gate_call(officer, await world.head(), [participant])
    second = await world.gate(call, lapsed)
    assert second[0] == first[0]
    assert (await world.gate(lapsed)) == [second[1]]
    assert second[1]["lapsed"] == [{"participant": participant, "categories": ["IDENTITY"]}]
    assert len(await world.entries(call["releaseId"])) == 1


async def test_same_call_through_two_lanes_is_recorded_once(world: ConsentWorld) -> None:
    officer = await _officer(world)
    for _ in range(6):
        call = world.gate_call(officer, await world.head())
        both = await asyncio.gather(world.gate(call, lane="east"), world.gate(call, lane="west"))
        assert both[0] == both[1]
        assert len(await world.entries(call["releaseId"])) == 1


async def test_use_inside_the_own_agency_is_told_apart_from_disclosure(world: ConsentWorld) -> None:
    manager = await world.make_person("CM", await world.make_agency("CM"))
    participant = str(uuid4())
    await world.permit(participant, in_hands_of(manager), Basis.ASSIGNMENT)
    await world.release(participant, manager.agency_id, Category.SUD)
    call = world.gate_call(
        manager, await world.head(), [participant],
        categories=("IDENTITY", "SUD"), access={"IDENTITY": "a", "SUD": "r"},
    )  # fmt: skip
    await world.gate(call)
    kinds = {e["kind"]: e["categories"] for e in await world.entries(call["releaseId"])}
    assert kinds == {"USE": ["IDENTITY"], "DISCLOSURE": ["SUD"]}


async def _narrowed_to_a_period_is_read_again(world: ConsentWorld) -> None:
    officer = await _officer(world)
    participant = str(uuid4())
    holder = agency_holder(officer.agency_id)
    row_id = await world.release(participant, officer.agency_id)
    relied_on = await world.head()
    await world.take_back(participant, holder, row_id)
    fact = VisibilityFact(
        uuid4(), UUID(participant), holder, Basis.RELEASE, LONG_AGO,
        category=Category.IDENTITY, purpose=Purpose.LEAD_COORD, data_from=date(2100, 1, 1),
    )  # fmt: skip
    keys = keys_of([Touched(participant, holder)], {})
    narrowed_at = await world.change(keys, [put_visibility(fact)])
    old = world.gate_call(officer, relied_on, [participant])
    (verdict,) = await world.gate(old)
    assert (verdict["verdict"], verdict["revision"]) == ("LIST_CHANGED", narrowed_at)
    assert [each["outcome"] for each in await world.entries(old["releaseId"])] == ["WITHHELD"]
    (verdict,) = await world.gate(world.gate_call(officer, narrowed_at, [participant]))
    assert (verdict["verdict"], verdict["lapsed"]) == ("RELEASED", [])


async def test_d49_rows_read_before_a_release_was_narrowed_to_a_period_are_read_again(
    world: ConsentWorld,
) -> None:
    """The category is as open as before; which rows are left, only reading again tells."""
    await _narrowed_to_a_period_is_read_again(world)


async def test_d49_a_gate_that_knows_no_periods_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decider, "is_limited", lambda *_: False)
    with pytest.raises(AssertionError):
        await _narrowed_to_a_period_is_read_again(world)


async def test_d49_an_end_of_time_brings_rows_of_a_period_to_be_read_again(
    world: ConsentWorld,
) -> None:
    """A release without a period ends, and one with a period is left beside it."""
    officer = await _officer(world)
    participant = str(uuid4())
    fact = VisibilityFact(
        uuid4(), UUID(participant), agency_holder(officer.agency_id), Basis.RELEASE, LONG_AGO,
        category=Category.IDENTITY, purpose=Purpose.LEAD_COORD, data_to=date(2001, 1, 1),
    )  # fmt: skip
    keys = keys_of([Touched(participant, agency_holder(officer.agency_id))], {})
    relied_on = await world.change(keys, [put_visibility(fact)])
    for until, expected in ((soon(-1), "LIST_CHANGED"), (soon(3600), "RELEASED")):
        call = world.gate_call(officer, relied_on, [participant], valid_until=until.isoformat())
        (verdict,) = await world.gate(call)
        assert verdict["verdict"] == expected


async def _statements(world: ConsentWorld, many: int) -> dict[str, int]:
    """Return how often each statement of the gate ran for calls that share one."""
    officer = await _officer(world)
    participant = str(uuid4())
    await world.release(participant, officer.agency_id)
    await world.gate(world.gate_call(officer, await world.head(), [participant]))
    calls = [world.gate_call(officer, await world.head(), [participant]) for _ in range(many)]
    ran: dict[str, int] = {}

    def counting(name: str) -> Any:
        real = getattr(gate, name)

        async def count(*arguments: Any) -> Any:
            ran[name] = ran.get(name, 0) + 1
            return await real(*arguments)

        return count

    with pytest.MonkeyPatch.context() as patch:
        for name in ("begin_under_lock", "check", "make_pseudonyms", "append", "commit"):
            patch.setattr(gate, name, counting(name))
        assert len(await world.gate(*calls)) == many
    return ran


async def test_au_16_records_cost_one_statement_however_many_share_the_gate(
    world: ConsentWorld,
) -> None:
    """What a record adds to a request is counted here; `bench` says how long it takes."""
    once = {"begin_under_lock": 1, "check": 1, "append": 1, "commit": 1}
    assert await _statements(world, 1) == once
    assert await _statements(world, 24) == once


async def test_au_16_a_gate_that_takes_one_after_the_other_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: each call in a transaction of its own."""
    sound = commands.pass_gate

    async def one_by_one(pool: Any, lane: str, calls: Any) -> Any:
        answers = [await sound(pool, lane, [call]) for call in calls]
        return {**answers[-1], "verdicts": [each["verdicts"][0] for each in answers]}

    monkeypatch.setattr(endpoints, "pass_gate", one_by_one)
    with pytest.raises(AssertionError):
        await test_au_16_records_cost_one_statement_however_many_share_the_gate(world)
