"""No change is larger than a replica can take: bounds on writing, and the feed's own limits."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.follower import Follower
from infra.authority.tables import Visibility
from infra.http_client import HttpClient
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.authority import repository, rules
from svc_consent.authority.feed import ChangeFeed
from svc_consent.hot_pool import FEED, HOT, AuthorityUnavailableError, HotPool, Patience
from svc_consent.releases import rules as release_rules
from svc_consent.releases.elements import law
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person, in_hands_of, soon
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller, http_server, new_key

SIGN = """mutation Sign($input: SignReleaseInput!) { signRelease(input: $input) {
  release { id status } userErrors { code message field } } }"""
TEN_CATEGORIES = [each.value for each in sorted(release_rules.RELEASABLE)[:10]]
GENERAL = law().kinds[release_rules.ReleaseKind.GENERAL]
TEN_PURPOSES = [each.value for each in sorted(GENERAL.purposes - release_rules.NEVER_SIGNED)[:10]]
WRITTEN = (
    "release", "release_provision", "authority_visibility", "authority_change", "authority_key",
    "idempotent_request",
)  # fmt: skip


@dataclass(slots=True)
class House:
    """The consent service behind a socket, a replica in another service's database, ten offices."""

    world: ConsentWorld
    replica: ServiceApp
    follower: Follower
    manager: Person
    agencies: list[str]
    before: dict[str, int]

    async def sign(self, provisions: list[dict[str, Any]], participant: str) -> dict[str, Any]:
        """Sign as the participant's case manager; notes what was there before."""
        manager = self.manager
        await self.world.permit(participant, in_hands_of(manager), Basis.ASSIGNMENT)
        acting = caller(
            Role.CM, {Category.AUDIT: "a"}, subject=manager.subject, agency_id=manager.agency_id,
            site_id=str(self.world.site_id), purpose=Purpose.CAREMGT,
        )  # fmt: skip
        form = {
            "participantId": participant,
            "formVersion": "GENERAL@2026-01",
            "expiresAt": soon(3600).isoformat(),
            "signature": {"signedAt": soon(-60).isoformat(), "method": "WET_INK"},
            "idempotencyKey": new_key(),
            "provisions": provisions,
        }
        self.before = await self.counted()
        answer = await self.world.service.graphql(acting, SIGN, {"input": form})
        payload: dict[str, Any] = answer.data["signRelease"]
        return payload

    def largest(self) -> list[dict[str, Any]]:
        """Ten recipients, ten categories, ten purposes: exactly what is allowed."""
        return [
            {"recipientAgencyId": each, "categories": TEN_CATEGORIES, "purposes": TEN_PURPOSES}
            for each in self.agencies
        ]

    async def counted(self) -> dict[str, int]:
        """How many rows each table has that a signature writes to."""
        async with self.world.service.chassis.database.read() as session:
            return {
                table: (await session.execute(text(f"select count(*) from {table}"))).scalar_one()
                for table in WRITTEN
            }

    async def catch_up(self) -> None:
        """Let the replica read the feed until it is where the service is."""
        head = await self.world.head()
        while self.follower.progress.revision < head:
            await self.follower.catch_up()

    async def replicated(self, participant: str) -> int:
        """How many rows on releases the replica has of a participant."""
        async with self.replica.chassis.database.read() as session:
            found = await session.scalar(
                select(func.count())
                .select_from(Visibility)
                .where(
                    Visibility.participant_id == UUID(participant),
                    Visibility.basis == Basis.RELEASE.value,
                )
            )
        return found or 0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(service_app: ServiceAppFactory) -> AsyncIterator[House]:
    async with (
        service_app("svc_consent") as service,
        service_app("svc_cases", with_consent=False) as replica,
    ):
        world = ConsentWorld(service)
        await world.make_site()
        manager = await world.make_person("CM", await world.make_agency("CM"))
        agencies = [await world.make_agency("LE") for _ in range(10)]
        with tempfile.TemporaryDirectory(prefix="gt-feed-") as folder:
            async with http_server(service.app, uds=f"{folder}/consent.sock"):
                client = HttpClient(f"unix:{folder}/consent.sock")
                follower = Follower(replica.chassis.database, client, world.minter("cases"))
                yield House(world, replica, follower, manager, agencies, {})
                await client.close()


async def test_largest_release_and_its_successor_reach_a_replica(house: House) -> None:
    participant = str(uuid4())
    for _ in range(2):
        signed = await house.sign(house.largest(), participant)
        assert signed["userErrors"] == []
        assert signed["release"]["status"] == "ACTIVE"
        await house.catch_up()
        assert await house.replicated(participant) == release_rules.MAX_ROWS


async def test_release_above_the_limit_changes_nothing(house: House) -> None:
    one_more = {
        "recipientAgencyId": house.agencies[0],
        "categories": TEN_CATEGORIES[:1] * 2,
        "purposes": TEN_PURPOSES[:1],
    }
    refused = await house.sign([*house.largest(), one_more], str(uuid4()))
    assert [error["code"] for error in refused["userErrors"]] == ["RELEASE_TOO_LARGE"]
    assert str(release_rules.MAX_ROWS) in refused["userErrors"][0]["message"]
    assert refused["release"] is None
    assert await house.counted() == house.before


async def test_hand_over_above_the_limit_changes_nothing(house: House) -> None:
    holder = f"agency:{house.agencies[0]}"
    operations = [
        put_visibility(VisibilityFact(uuid4(), uuid4(), holder, Basis.OWN_AGENCY, LONG_AGO))
        for _ in range(1001)
    ]
    path, before = "/internal/authority/facts", await house.counted()
    body = {"id": str(uuid4()), "operations": operations}
    status, _ = await house.world.call("POST", path, body, issuer="participants")
    assert (status, await house.counted()) == (400, before)
    body["operations"] = operations[:1000]
    status, _ = await house.world.call("POST", path, body, issuer="participants")
    assert status == 200


async def test_answers_are_cut_by_size_and_never_empty(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MAX_BATCH_OPERATIONS", 4)
    head = await house.world.head()
    for size in (2, 2, 1, 9, 1):
        facts = [
            VisibilityFact(uuid4(), uuid4(), "agency:x", Basis.OWN_AGENCY, LONG_AGO)
            for _ in range(size)
        ]
        await house.world.change([], [put_visibility(each) for each in facts])
    told = []
    for after in range(head, head + 5):
        path = f"/internal/authority/changes?after={after}"
        _, feed = await house.world.call("GET", path, issuer="cases")
        told.append([len(each["operations"]) for each in feed["changes"]])
    assert told == [[2, 2], [2, 1], [1], [9], [1]]


async def _read_a_slow_answer(
    house: House, monkeypatch: pytest.MonkeyPatch, patience: Patience
) -> None:
    slow = repository._FEED.replace("from sized join", "from pg_sleep(0.6), sized join")
    monkeypatch.setattr(repository, "_FEED", slow)
    dsn = house.world.service.settings.database_dsn
    pool = HotPool(dsn, application_name="slow", size=1, patience=patience)
    await pool.start()
    try:
        _, entries = await ChangeFeed(dsn, pool).read(0, 0)
        assert entries
    finally:
        await pool.stop()


async def test_feed_may_take_longer_than_the_gate(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _read_a_slow_answer(house, monkeypatch, FEED)
    status, feed = await house.world.call("GET", "/internal/authority/changes?after=0")
    assert status == 200
    assert feed["changes"]


async def test_training_is_told_nothing_about_participants(house: House) -> None:
    world = house.world
    before = await world.head()
    participant = str(uuid4())
    agency = await world.make_agency("TRAIN")
    person = await world.make_person("TRM", agency)
    await world.release(participant, agency)
    await world.permit(participant, in_hands_of(person), Basis.ASSIGNMENT)
    await world.change([rules.subject_key(person.subject), rules.POLICY_KEY], [])
    path = f"/internal/authority/changes?after={before}"
    _, whole = await world.call("GET", path, issuer="cases")
    _, part = await world.call("GET", path, issuer="training")
    assert [each["revision"] for each in part["changes"]] == list(range(before + 1, before + 5))
    assert part["revision"] == whole["revision"] == before + 4
    assert part["changes"][0] == whole["changes"][0]
    assert [each["table"] for each in part["changes"][0]["operations"]] == ["agency_window"]
    assert [(each["keys"], each["operations"]) for each in part["changes"][1:]] == [
        ([], []), ([], []), ([rules.POLICY_KEY], [])
    ]  # fmt: skip
    assert participant in str(whole)
    assert participant not in str(part)
    assert person.subject not in str(part)


async def test_planted_release_without_a_bound_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_rules, "row_count", lambda _: 0)
    with pytest.raises(AssertionError):
        await test_release_above_the_limit_changes_nothing(house)


async def test_planted_hand_over_without_a_bound_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_OPERATIONS", 10**6)
    with pytest.raises(AssertionError):
        await test_hand_over_above_the_limit_changes_nothing(house)


@pytest.mark.parametrize("broken", ["true", "sized.size <= $3 and $1 < 0", "sized.size <= $3"])
async def test_planted_cut_in_the_wrong_place_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    right = "sized.size <= $3 or c.revision = $1 + 1"
    assert right in repository._FEED
    # The parameter stays in use, so that the statement differs in its condition alone.
    careless = repository._FEED.replace(right, f"({broken}) and $3::numeric is not null")
    monkeypatch.setattr(repository, "_FEED", careless)
    with pytest.raises(AssertionError):
        await test_answers_are_cut_by_size_and_never_empty(house, monkeypatch)


async def test_planted_feed_with_the_limits_of_the_gate_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AuthorityUnavailableError):
        await _read_a_slow_answer(house, monkeypatch, HOT)


async def test_planted_feed_that_tells_training_everything_is_caught(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_PART_OF_READER", {})
    with pytest.raises(AssertionError):
        await test_training_is_told_nothing_about_participants(house)
