"""What the release gate finds changed between fetch and release, from request to answer.

Each check is an assertion about the whole request path; each planted twin is the gateway without
one of its parts, and the check that guards that part must fail with it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.consent_client import ConsentClient, Verdict
from gateway.executor import Assembled, Projected
from gateway.executor import project as real_project
from gateway.release.call import GateCalls
from gateway.release.decisions import ConsentGuard, DecisionCache
from gateway.release.directory import DirectoryCache
from infra.authority.facts import agency_holder
from infra.vocabulary import Category
from svc_consent.authority.rules import subject_key
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import DECISIONS, GATE, PRINCIPAL, GatewayWorld, eventually, once

ONE = "query One($id: ID!) { participant(id: $id) { id name } }"
BOTH = """query Both($a: ID!, $b: ID!) {
  a: participant(id: $a) { id name } b: participant(id: $b) { id name } courses { number } }"""
LIST = "{ participants { totalCount edges { node { id name } } } }"
COUNT = "{ participants { totalCount } }"

Check = Callable[[GatewayWorld], Awaitable[None]]
Plant = Callable[[pytest.MonkeyPatch], None]


def _revoking(
    world: GatewayWorld, person: Person, participant: str, row_id: Any
) -> Callable[[], Awaitable[int]]:
    async def revoke() -> int:
        return await world.consent.take_back(participant, agency_holder(person.agency_id), row_id)

    return revoke


async def _officer_and_two(world: GatewayWorld) -> tuple[Person, str, str, Any]:
    """Return an officer, a participant who stays, one who revokes, and the latter's release."""
    officer = await world.person("LEO")
    kept = await world.participant_of(officer, "Kim")
    lapsing = world.people.add(f"{kept[:-12]}{'0' * 12}", "Lou")
    return officer, kept, lapsing, await world.consent.release(lapsing, officer.agency_id)


async def _revoked_between_fetch_and_gate_is_nulled_and_recorded_so(world: GatewayWorld) -> None:
    officer, kept, lapsing, row_id = await _officer_and_two(world)
    world.door.after[DECISIONS] = once(_revoking(world, officer, lapsing, row_id))
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, BOTH, {"a": kept, "b": lapsing})
    assert answer.body["data"] == {
        "a": {"id": kept, "name": "Kim"}, "b": None, "courses": [{"number": "8020"}],
    }  # fmt: skip
    assert "errors" not in answer.body
    entries = await world.ledger()
    outcomes = {entry["outcome"]: entry["categories"] for entry in entries}
    assert outcomes == {"RELEASED": ["IDENTITY"], "WITHHELD": ["IDENTITY"]}
    assert len({entry["participant"] for entry in entries}) == 2


async def _revoked_category_takes_its_fields_and_leaves_the_rest(world: GatewayWorld) -> None:
    provider = await world.person("SVC", "SUD")
    participant = await world.participant_of(provider, "Kim", purpose=None)
    row_id = await world.consent.release(participant, provider.agency_id, Category.CONTACT, None)  # type: ignore[arg-type]
    world.door.after[DECISIONS] = once(_revoking(world, provider, participant, row_id))
    query = "query One($id: ID!) { participant(id: $id) { name phone } }"
    async with world.gateway() as gateway:
        answer = await gateway.ask(provider, query, {"id": participant}, purpose="TREAT")
    assert answer.body["data"] == {"participant": {"name": "Kim", "phone": None}}


async def _changed_list_is_fetched_again_with_rows_and_count(world: GatewayWorld) -> None:
    manager = await world.person("PM", "PMA")
    kept = await world.participant_of(manager, "Kim")
    lapsing = world.people.add(f"{kept[:-12]}{'0' * 12}", "Lou")
    row_id = await world.consent.release(lapsing, manager.agency_id)
    world.people.is_lagging = True
    world.door.after[DECISIONS] = once(_revoking(world, manager, lapsing, row_id))
    async with world.gateway() as gateway:
        answer = await gateway.ask(manager, LIST)
    expected = {"totalCount": 1, "edges": [{"node": {"id": kept, "name": "Kim"}}]}
    assert answer.body["data"]["participants"] == expected
    first, second = world.people_http.received
    assert second.caller.min_revision > first.caller.min_revision


async def _changed_count_alone_is_fetched_again(world: GatewayWorld) -> None:
    """A count is a statement about people: it passes the gate though it names nobody."""
    manager = await world.person("PM", "PMA")
    participant = world.people.add(str(manager.account_id), "Lou")
    row_id = await world.consent.release(participant, manager.agency_id)
    world.people.is_lagging = True
    world.people_http.after = once(_revoking(world, manager, participant, row_id))
    async with world.gateway() as gateway:
        answer = await gateway.ask(manager, COUNT)
    assert answer.body["data"] == {"participants": {"totalCount": 0}}
    assert len(await world.ledger()) == 2, "one look-up withheld, one released"


async def _list_that_lags_behind_is_asked_for_at_what_the_gate_knows(world: GatewayWorld) -> None:
    """The replica has not heard of a revocation that was acknowledged before the request."""
    manager = await world.person("PM", "PMA")
    participant = world.people.add(str(manager.account_id), "Lou")
    row_id = await world.consent.release(participant, manager.agency_id)
    async with world.gateway() as gateway:
        before = await gateway.ask(manager, COUNT)
        assert before.body["data"] == {"participants": {"totalCount": 1}}
        world.people.is_lagging = True
        await _revoking(world, manager, participant, row_id)()
        answer = await gateway.ask(manager, COUNT)
    assert answer.body["data"] == {"participants": {"totalCount": 0}}


async def _principal_whose_grant_is_gone_is_refused(world: GatewayWorld) -> None:
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.after[DECISIONS] = once(lambda: world.take_role_away(officer))
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, ONE, {"id": participant})
    assert answer.status == 403
    assert [each["extensions"]["code"] for each in answer.body["errors"]] == ["GRANT_REQUIRED"]
    assert "data" not in answer.body


async def _scenario_14_a_resolver_in_flight_tells_nothing_of_a_role_that_is_gone(
    world: GatewayWorld,
) -> None:
    """It has read the records, batched, when the role goes: release decides, not the start."""
    officer = await world.person("LEO")
    known, other = [await world.participant_of(officer, name) for name in ("Kim", "Lou")]
    async with world.gateway() as gateway:
        before = await gateway.ask(officer, BOTH, {"a": known, "b": other})
        assert before.body["data"]["a"] == {"id": known, "name": "Kim"}
        read = len(world.people_http.received)
        world.people_http.after = once(lambda: world.take_role_away(officer))
        answer = await gateway.ask(officer, BOTH, {"a": known, "b": other})
        assert len(world.people_http.received) > read, "no resolver was in flight"
        read = len(world.people_http.received)
        later = await gateway.ask(officer, BOTH, {"a": known, "b": other})
    assert len(world.people_http.received) == read, "the next request reaches no service"
    for each in (answer, later):
        assert each.status == 403, each.body
        assert [error["extensions"]["code"] for error in each.body["errors"]] == ["GRANT_REQUIRED"]
        assert "data" not in each.body
    outcomes = [entry["outcome"] for entry in await world.ledger()]
    assert outcomes.count("RELEASED") == 2, "of two people, once"


async def _scenario_14_a_resolver_in_flight_tells_nothing_of_whom_no_release_opens_any_more(
    world: GatewayWorld,
) -> None:
    """The other participant of the same answer is told of."""
    officer, kept, lapsing, row_id = await _officer_and_two(world)
    async with world.gateway() as gateway:
        before = await gateway.ask(officer, BOTH, {"a": kept, "b": lapsing})
        assert before.body["data"]["b"] == {"id": lapsing, "name": "Lou"}
        world.people_http.after = once(_revoking(world, officer, lapsing, row_id))
        answer = await gateway.ask(officer, BOTH, {"a": kept, "b": lapsing})
    assert answer.body["data"] == {
        "a": {"id": kept, "name": "Kim"}, "b": None, "courses": [{"number": "8020"}],
    }  # fmt: skip
    assert "errors" not in answer.body


async def _new_release_shows_once_the_feed_has_told(world: GatewayWorld) -> None:
    officer = await world.person("LEO")
    participant = world.people.add(str(officer.account_id), "Kim")
    async with world.gateway(follows_feed=True) as gateway:
        before = await gateway.ask(officer, ONE, {"id": participant})
        assert before.body["data"] == {"participant": None}
        await world.consent.release(participant, officer.agency_id)
        head = await world.consent.head()
        await eventually(lambda: gateway.feed.revision >= head)
        after = await gateway.ask(officer, ONE, {"id": participant})
    assert after.body["data"] == {"participant": {"id": participant, "name": "Kim"}}


CHECKS: list[Check] = [
    _revoked_between_fetch_and_gate_is_nulled_and_recorded_so,
    _revoked_category_takes_its_fields_and_leaves_the_rest,
    _changed_list_is_fetched_again_with_rows_and_count,
    _changed_count_alone_is_fetched_again,
    _list_that_lags_behind_is_asked_for_at_what_the_gate_knows,
    _principal_whose_grant_is_gone_is_refused,
    _scenario_14_a_resolver_in_flight_tells_nothing_of_a_role_that_is_gone,
    _scenario_14_a_resolver_in_flight_tells_nothing_of_whom_no_release_opens_any_more,
    _new_release_shows_once_the_feed_has_told,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.strip("_"))
async def test_conflict(gateway_world: GatewayWorld, check: Check) -> None:
    await check(gateway_world)


def gate_that_always_releases(patch: pytest.MonkeyPatch) -> None:
    async def gate(_self: ConsentClient, _lane: str, calls: Any) -> list[Verdict]:
        return [Verdict(each["releaseId"], "RELEASED", 1, {}) for each in calls]

    patch.setattr(ConsentClient, "gate", gate)


def _keys_that_rely_on_nothing(patch: pytest.MonkeyPatch) -> None:
    """Caches never forget, and the gate is told that all was read just now."""
    real = GateCalls._call

    def careless(self: GateCalls, stage: str, keys: dict[str, int], *rest: Any) -> dict[str, Any]:
        return real(self, stage, dict.fromkeys(keys, 2**53), *rest)

    patch.setattr(GateCalls, "_call", careless)
    for name in ("forget_participant", "forget_recipients", "forget_all"):
        patch.setattr(DecisionCache, name, lambda *_, **__: None)
    for name in ("forget", "forget_subject", "forget_all"):
        patch.setattr(DirectoryCache, name, lambda *_: None)


def _projection_from_before_the_lapse(patch: pytest.MonkeyPatch) -> None:
    known: dict[int, Projected] = {}

    def project(compiled: Any, assembled: Assembled, *rest: Any, **named: Any) -> Projected:
        if id(assembled) not in known:
            known[id(assembled)] = real_project(compiled, assembled, *rest, **named)
        return known[id(assembled)]

    patch.setattr("gateway.rounds.project", project)


def _narrowing_that_does_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConsentGuard, "narrow", lambda *_: None)


TWINS: list[tuple[Check, Plant]] = [
    *((check, gate_that_always_releases) for check in CHECKS[:-1]),
    (_changed_count_alone_is_fetched_again, _keys_that_rely_on_nothing),
    (_list_that_lags_behind_is_asked_for_at_what_the_gate_knows, _keys_that_rely_on_nothing),
    (_principal_whose_grant_is_gone_is_refused, _keys_that_rely_on_nothing),
    (
        _scenario_14_a_resolver_in_flight_tells_nothing_of_whom_no_release_opens_any_more,
        _projection_from_before_the_lapse,
    ),
    (_new_release_shows_once_the_feed_has_told, _keys_that_rely_on_nothing),
    (_revoked_between_fetch_and_gate_is_nulled_and_recorded_so, _projection_from_before_the_lapse),
    (_revoked_category_takes_its_fields_and_leaves_the_rest, _projection_from_before_the_lapse),
    (_revoked_between_fetch_and_gate_is_nulled_and_recorded_so, _narrowing_that_does_nothing),
]


@pytest.mark.parametrize(
    ("check", "plant"), TWINS, ids=lambda each: getattr(each, "__name__", "").strip("_")
)
async def test_planted_bug_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, check: Check, plant: Plant
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await check(gateway_world)


async def test_principal_that_changed_but_still_stands_is_resolved_again_and_answered(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.before[GATE] = once(lambda: world.consent.change([subject_key(officer.subject)], []))
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, ONE, {"id": participant})
    assert answer.body["data"] == {"participant": {"id": participant, "name": "Ada"}}
    assert world.door.count(PRINCIPAL) == 2


async def test_principal_that_never_stands_still_is_refused_after_a_bounded_number_of_rounds(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)

    async def move() -> None:
        await world.consent.change([subject_key(officer.subject)], [])

    world.door.before[GATE] = move
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, BOTH, {"a": participant, "b": participant})
    assert answer.body["data"] == {"a": None, "b": None, "courses": [{"number": "8020"}]}
    assert {each["extensions"]["code"] for each in answer.body["errors"]} == {"SERVICE_UNAVAILABLE"}
    assert world.door.count(GATE) == 3


async def test_list_that_never_stands_still_is_refused_and_catalogue_still_answered(
    gateway_world: GatewayWorld,
) -> None:
    world, manager = gateway_world, await gateway_world.person("PM", "PMA")
    await world.participant_of(manager)

    async def move() -> None:
        await world.participant_of(manager)

    world.door.before[GATE] = move
    async with world.gateway() as gateway:
        answer = await gateway.ask(manager, "{ participants { totalCount } courses { number } }")
    assert answer.body["data"] == {"participants": None, "courses": [{"number": "8020"}]}
    assert world.door.count(GATE) == 3
    assert len(world.people_http.received) == 3
    outcomes = [entry["outcome"] for entry in await world.ledger()]
    assert outcomes == ["WITHHELD"] * 3


async def test_row_that_the_list_has_but_an_older_decision_refuses_is_decided_again(
    gateway_world: GatewayWorld,
) -> None:
    """The services heard of a new release before this gateway did: neither is dropped silently."""
    world, manager = gateway_world, await gateway_world.person("PM", "PMA")
    participant = world.people.add(str(manager.account_id), "Kim")
    async with world.gateway() as gateway:
        before = await gateway.ask(manager, ONE, {"id": participant})
        assert before.body["data"] == {"participant": None}
        await world.consent.release(participant, manager.agency_id)
        answer = await gateway.ask(manager, LIST)
    expected = {"totalCount": 1, "edges": [{"node": {"id": participant, "name": "Kim"}}]}
    assert answer.body["data"]["participants"] == expected
