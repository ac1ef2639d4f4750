"""Decisions and directory entries are forgotten when the feed, the gate or the clock says so."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.release.decisions import CachedDecision, DecisionCache, RecipientKey
from gateway.release.directory import DirectoryCache
from infra import clock
from infra.authority.changes import put_agency_window
from svc_consent.authority.rules import POLICY_KEY, agency_key, subject_key
from tests.fixtures.consent_world import LONG_AGO, Person, soon
from tests.fixtures.gateway_app import (
    DECISIONS,
    PRINCIPAL,
    GatewayWorld,
    RunningGateway,
    eventually,
)

QUERY = "query Q($id: ID!) { participant(id: $id) { name } }"
MINE = RecipientKey("me", "a", "LEO", "LEAD_COORD")
COLLEAGUE = RecipientKey("you", "a", "LEO", "LEAD_COORD")
ELSEWHERE = RecipientKey("they", "b", "LEO", "LEAD_COORD")


def _filled(**changes: Any) -> DecisionCache:
    cache = DecisionCache(**changes)
    for recipient in (MINE, COLLEAGUE, ELSEWHERE):
        for participant in ("p", "q"):
            cache.put(recipient, participant, CachedDecision(1, 10, None))
    return cache


def _held(cache: DecisionCache) -> set[tuple[str, str]]:
    return {
        (recipient.subject, participant)
        for recipient in (MINE, COLLEAGUE, ELSEWHERE)
        for participant in ("p", "q")
        if cache.get(recipient, participant) is not None
    }


def test_a_participant_is_forgotten_for_everybody() -> None:
    cache = _filled()
    cache.forget_participant("p")
    assert _held(cache) == {("me", "q"), ("you", "q"), ("they", "q")}


def test_a_recipient_or_an_agency_is_forgotten_alone() -> None:
    cache = _filled()
    cache.forget_recipients(subject="me")
    assert _held(cache) == {("you", "p"), ("you", "q"), ("they", "p"), ("they", "q")}
    cache.forget_recipients(agency_id="a")
    assert _held(cache) == {("they", "p"), ("they", "q")}
    cache.forget_recipients()
    assert _held(cache) == {("they", "p"), ("they", "q")}


@pytest.mark.parametrize(
    "other",
    [
        RecipientKey("me", "b", "LEO", "LEAD_COORD"),
        RecipientKey("me", "a", "LEL", "LEAD_COORD"),
        RecipientKey("me", "a", "LEO", "LEAD_REFERRAL"),
        RecipientKey("me", "a", "LEO", ""),
    ],
    ids=["agency", "column", "purpose", "no purpose"],
)
def test_a_decision_serves_its_own_recipient_column_and_purpose_alone(other: RecipientKey) -> None:
    assert _filled().get(other, "p") is None


def test_what_the_feed_has_gone_past_is_not_kept() -> None:
    cache = DecisionCache()
    cache.seen_revision = 11
    cache.put(MINE, "p", CachedDecision(1, 10, None))
    cache.put(MINE, "q", CachedDecision(1, 11, None))
    assert _held(cache) == {("me", "q")}


def test_a_decision_is_dropped_before_its_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    cache = DecisionCache()
    cache.put(MINE, "p", CachedDecision(1, 10, now + timedelta(seconds=60)))
    assert cache.get(MINE, "p") is not None
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=59.8))
    assert cache.get(MINE, "p") is None
    monkeypatch.undo()
    assert cache.get(MINE, "p") is None, "dropped, not only passed over"


def test_the_cache_is_bounded() -> None:
    cache = _filled(max_recipients=2)
    assert _held(cache) == {("you", "p"), ("you", "q"), ("they", "p"), ("they", "q")}


class _Asked:
    """What a test counts: how often the consent service was asked again."""

    def __init__(self, gateway: RunningGateway, person: Person, participant: str) -> None:
        self._gateway, self._person, self._participant = gateway, person, participant

    async def again(self) -> tuple[int, int]:
        """Ask once; return the further calls for the principal and for decisions."""
        door = self._gateway.world.door
        before = door.count(PRINCIPAL), door.count(DECISIONS)
        answer = await self._gateway.ask(self._person, QUERY, {"id": self._participant})
        assert answer.status == 200
        return door.count(PRINCIPAL) - before[0], door.count(DECISIONS) - before[1]


async def _caught_up(gateway: RunningGateway) -> None:
    head = await gateway.world.consent.head()
    await eventually(lambda: gateway.feed.revision >= head)


async def test_the_feed_makes_exactly_what_changed_be_asked_again(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    keys: Mapping[str, tuple[int, int]] = MappingProxyType(
        {
            subject_key(uuid4()): (0, 0),
            f"participant:{uuid4()}": (0, 0),
            f"visible:{officer.agency_id}": (0, 0),
            f"participant:{participant}": (0, 1),
            subject_key(officer.subject): (1, 1),
            agency_key(officer.agency_id): (1, 1),
            agency_key(uuid4()): (1, 0),
            POLICY_KEY: (1, 1),
        }
    )
    async with world.gateway(follows_feed=True) as gateway:
        asked = _Asked(gateway, officer, participant)
        assert await asked.again() == (1, 1)
        assert await asked.again() == (0, 0)
        for key, expected in keys.items():
            await world.consent.change([key], [])
            await _caught_up(gateway)
            assert await asked.again() == expected, key.partition(":")[0]
            assert await asked.again() == (0, 0)


async def test_a_decision_that_ends_is_made_anew(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer, ends_at=soon(2.5))
    async with world.gateway() as gateway:
        first = await gateway.ask(officer, QUERY, {"id": participant})
        await _until_over(world)
        second = await gateway.ask(officer, QUERY, {"id": participant})
    assert first.body["data"] == {"participant": {"name": "Ada"}}
    assert second.body["data"] == {"participant": None}


async def _until_over(world: GatewayWorld) -> None:
    until = soon(2.55)
    await eventually(lambda: clock.now() > until)


async def test_a_grant_that_ends_stops_with_the_next_request(gateway_world: GatewayWorld) -> None:
    world = gateway_world
    agency = await world.consent.make_agency("LE")
    officer = await world.consent.make_person("LEO", agency, ends_at=soon(2.5))
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        first = await gateway.ask(officer, QUERY, {"id": participant})
        await _until_over(world)
        second = await gateway.ask(officer, QUERY, {"id": participant})
    assert first.body["data"] == {"participant": {"name": "Ada"}}
    assert second.status == 403


async def test_an_agency_that_comes_to_life_brings_its_grants_with_it(
    gateway_world: GatewayWorld,
) -> None:
    """A grant is held already while the agency's MOU is not live: the entry does not name it."""
    world, manager = gateway_world, await gateway_world.person("CM", "CM")
    participant = world.people.add(str(uuid4()))
    await world.assign(manager, participant)
    agency_id, grant_id = uuid4(), uuid4()
    await world.consent.execute(
        "insert into agency (id, name, type, part2_status, version)"
        " values (:id, 'Not yet', 'CM', 'NOT_PROGRAM', 1)",
        id=agency_id,
    )  # fmt: skip
    await world.consent.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at,"
        " reason, granted_at, version)"
        " values (:id, :account, :agency, :site, 'SUP', false, :starts, 'test', now(), 1)",
        id=grant_id, account=manager.account_id, agency=agency_id, site=world.consent.site_id,
        starts=LONG_AGO,
    )  # fmt: skip
    async with world.gateway(follows_feed=True) as gateway:
        before = await gateway.ask(manager, QUERY, {"id": participant})
        await world.consent.change(
            [agency_key(agency_id)], [_window(agency_id, world.consent.site_id)]
        )
        await _caught_up(gateway)
        after = await gateway.ask(manager, QUERY, {"id": participant})
    assert before.body["data"] == {"participant": {"name": "Ada"}}
    assert after.body["errors"][0]["extensions"]["code"] == "GRANT_AMBIGUOUS"


def _window(agency_id: UUID, site_id: UUID) -> Any:
    return put_agency_window(uuid4(), str(agency_id), str(site_id), LONG_AGO, None)


async def test_a_feed_that_was_lost_starts_with_empty_caches(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway(follows_feed=True) as gateway:
        asked = _Asked(gateway, officer, participant)
        assert await asked.again() == (1, 1)
        await gateway.feed.stop()
        head = await world.consent.change([f"participant:{participant}"], [])
        gateway.feed.start()
        await eventually(lambda: gateway.feed.revision >= head)
        assert gateway.decisions.seen_revision == gateway.directory.seen_revision == head
        assert await asked.again() == (1, 1)


async def test_an_entry_read_before_the_feeds_revision_serves_once(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    async with world.gateway() as gateway:
        directory = DirectoryCache(gateway.consent)
        directory.seen_revision = await world.consent.head() + 1
        for _ in range(2):
            found = await directory.directory("dev", officer.external_subject)
            assert list(found.grants) == [str(officer.grant_id)]
    assert world.door.count(PRINCIPAL) == 2


async def test_the_directory_is_bounded_and_the_least_used_entry_leaves(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    agency = await world.consent.make_agency("LE")
    people = [await world.consent.make_person("LEO", agency) for _ in range(3)]
    subjects = [person.external_subject for person in people]
    async with world.gateway() as gateway:
        directory = DirectoryCache(gateway.consent, max_entries=2)
        for number in (0, 1, 0, 2, 0, 1):
            await directory.directory("dev", subjects[number])
    assert world.door.count(PRINCIPAL) == 4, "0, 1, 2 and 1 again"


async def test_somebody_unknown_is_forgotten_when_an_account_appears(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    async with world.gateway() as gateway:
        assert (await gateway.directory.directory("dev", "nobody")).subject is None
        assert (await gateway.directory.directory("dev", "nobody")).subject is None
        assert world.door.count(PRINCIPAL) == 1
        gateway.directory.forget_subject(str(uuid4()))
        await gateway.directory.directory("dev", "nobody")
    assert world.door.count(PRINCIPAL) == 2
