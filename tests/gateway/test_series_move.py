"""The series that alerts stand on move by as much as what happened, and by no more.

Each line does one thing to a running gateway over the real consent service and says by how much
which series moves. All programs of a test share one process and so one registry: what two of them
count under one name is counted twice here, as it is in a query that sums over both.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import prometheus_client
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import text

from gateway.pipeline import GraphQLRequest
from infra.telemetry import metrics
from svc_consent.hot_pool import HOT, HotPool, Patience
from tests.fixtures.clock_hands import Hands, hands  # noqa: F401 - a fixture
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GATE, GatewayWorld, Instead, RunningGateway, eventually
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory

ASK = "query Q($id: ID!) { participant(id: $id) { id name } }"
FEED = "/internal/authority/changes"


def moved(series: str, **labels: str) -> float:
    """Return the sum of a series over everything that has these labels."""
    found = [
        sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == series and labels.items() <= sample.labels.items()
    ]
    return sum(found)


@dataclass(frozen=True, slots=True)
class Scene:
    """A gateway, somebody who asks, and people about whom is asked."""

    gateway: RunningGateway
    officer: Person
    known: str
    hidden: str

    @property
    def world(self) -> GatewayWorld:
        return self.gateway.world

    async def asks(self, participant: str) -> None:
        await self.gateway.ask(self.officer, ASK, {"id": participant})


async def answered(scene: Scene) -> None:
    await scene.asks(scene.known)


async def looked_up(scene: Scene) -> None:
    await scene.asks(scene.hidden)


async def gate_away(scene: Scene) -> None:
    async def away() -> Instead:
        return Instead(503)

    scene.world.door.before[GATE] = away
    await scene.asks(scene.known)


async def service_away(scene: Scene) -> None:
    async def away() -> None:
        raise RuntimeError("planted")

    scene.world.people_http.after = away
    await scene.asks(scene.known)


async def not_signed_in(scene: Scene) -> None:
    request = GraphQLRequest(token="none", query=ASK, variables={"id": scene.known})
    assert (await scene.gateway.pipeline.answer(request)).status == 401


async def not_in_the_schema(scene: Scene) -> None:
    answer = await scene.gateway.ask(scene.officer, "{ nothingOfTheKind }")
    assert answer.status == 400


Act = Callable[[Scene], Awaitable[None]]
TABLE: dict[str, tuple[Act, str, dict[str, str], int]] = {
    "an answer meets one verdict": (answered, "gt_gate_verdicts_total", {}, 1),
    "which says so": (answered, "gt_gate_verdicts_total", {"verdict": "RELEASED"}, 1),
    "none came": (gate_away, "gt_gate_verdicts_total", {"verdict": "UNAVAILABLE"}, 1),
    "and nothing else is counted": (gate_away, "gt_gate_verdicts_total", {}, 1),
    "waited for the gate once": (answered, "gt_gate_seconds_count", {}, 1),
    "which judged once": (answered, "gt_gate_judging_seconds_count", {}, 1),
    "the ledger grows by what is told": (answered, "gt_ledger_entries_total", {}, 1),
    "and not by what is not": (gate_away, "gt_ledger_entries_total", {}, 0),
    "an attempt is one": (looked_up, "gt_denied_attempts_total", {}, 1),
    "who is told attempts nothing": (answered, "gt_denied_attempts_total", {}, 0),
    "one service was asked": (answered, "gt_fetches_total", {"outcome": "ok"}, 1),
    "and that one": (answered, "gt_fetches_total", {"subgraph": "people"}, 1),
    "it failed": (service_away, "gt_fetches_total", {"outcome": "failed"}, 1),
    "its time is taken": (answered, "gt_fetch_seconds_count", {"subgraph": "people"}, 1),
    "no token": (not_signed_in, "gt_refusals_total", {"code": "UNAUTHENTICATED"}, 1),
    "no such field": (
        not_in_the_schema, "gt_refusals_total", {"code": "GRAPHQL_VALIDATION_FAILED"}, 1,
    ),
    "a refusal has one code": (not_in_the_schema, "gt_refusals_total", {}, 1),
    "an answer is no refusal": (answered, "gt_refusals_total", {}, 0),
    "a request is one": (answered, "gt_operation_requests_total", {}, 1),
}  # fmt: skip


@asynccontextmanager
async def scene_in(world: GatewayWorld) -> AsyncIterator[Scene]:
    """Run a gateway whose caches know everybody, so that an act does what it says and no more."""
    officer, other = await world.person("LEO"), await world.person("LEO")
    known, hidden = await world.participant_of(officer), await world.participant_of(other)
    async with world.gateway() as gateway:
        scene = Scene(gateway, officer, known, hidden)
        await answered(scene)
        yield scene


async def assert_moves(scene: Scene, line: str) -> None:
    act, series, labels, by = TABLE[line]
    before = moved(series, **labels)
    await act(scene)
    assert moved(series, **labels) - before == by, (series, labels)


@pytest.mark.parametrize("line", TABLE)
async def test_what_happens_is_counted_once(gateway_world: GatewayWorld, line: str) -> None:
    async with scene_in(gateway_world) as scene:
        await assert_moves(scene, line)


@pytest.mark.parametrize("line", [line for line, row in TABLE.items() if row[3]])
async def test_twin_a_series_that_stands_still_is_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    def forget(self: object, *_values: object) -> None:
        del self

    async with scene_in(gateway_world) as scene:
        monkeypatch.setattr(prometheus_client.Counter, "inc", forget)
        monkeypatch.setattr(prometheus_client.Histogram, "observe", forget)
        with pytest.raises(AssertionError):
            await assert_moves(scene, line)


@pytest.mark.parametrize("line", ["an answer meets one verdict", "which says so"])
async def test_twin_verdicts_that_both_sides_count_are_caught(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Planted: svc_consent counts under the same name what the gateway counts."""
    judged = metrics.JUDGING_SECONDS.observe

    def and_counted(seconds: float) -> None:
        judged(seconds)
        metrics.GATE_VERDICTS.labels("RELEASED").inc()

    async with scene_in(gateway_world) as scene:
        monkeypatch.setattr(metrics.JUDGING_SECONDS, "observe", and_counted)
        with pytest.raises(AssertionError):
            await assert_moves(scene, line)


def behind(program: str) -> float:
    """Return what the alert on replicas compares."""
    return moved("gt_authority_revision", program="consent") - moved(
        "gt_authority_revision", program=program
    )


async def test_a_gateway_that_is_not_told_falls_behind_and_catches_up(
    gateway_world: GatewayWorld,
) -> None:
    world = gateway_world
    officer = await world.person("LEO")
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(world.gateway(follows_feed=True))

        async def changed() -> int:
            """Change something, and have somebody else read the feed to there."""
            revision = await world.take_role_away(officer)
            status, _ = await world.consent.call("GET", f"{FEED}?after={revision - 1}&wait=0")
            assert status == 200
            return revision

        revision = await changed()
        await eventually(lambda: moved("gt_authority_revision", program="gateway") == revision)
        assert behind("gateway") == 0
        await gateway.feed.stop()
        for count in (1, 2):
            assert await changed() == revision + count
            assert behind("gateway") == count
    async with world.gateway(follows_feed=True):
        await changed()
        await eventually(lambda: behind("gateway") == 0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    async with service_app("svc_training") as running:
        yield running


async def test_a_service_that_hears_nothing_says_for_how_long(
    service: ServiceApp,
    hands: Hands,  # noqa: F811 - the fixture
) -> None:
    def silence() -> float:
        return moved("gt_authority_silence_seconds", program="training")

    await service.apply_facts([])
    before = silence()
    hands.turn(100)
    assert silence() - before >= 100
    revision = await service.apply_facts([])  # it hears, and by that clock
    assert silence() < 100
    assert moved("gt_authority_revision", program="training") == revision


async def test_connections_that_are_lent_are_busy(service: ServiceApp) -> None:
    def busy(pool: str, program: str = "training") -> float:
        return moved("gt_pool_connections", program=program, pool=pool, state="busy")

    async def are_busy(count: int) -> None:
        await eventually(lambda: busy("service") == count)  # its own tasks borrow one now and then

    await are_busy(0)
    async with AsyncExitStack() as stack:
        for count in (1, 2):
            session = await stack.enter_async_context(service.chassis.database.read())
            await session.execute(text("select 1"))
            await are_busy(count)
    await are_busy(0)
    most = moved("gt_pool_connections", program="training", pool="service", state="most")
    assert most == service.settings.pool_size


async def test_connections_of_the_hot_pool_are_busy_as_well(service: ServiceApp) -> None:
    patience = Patience(f"series-{uuid4().hex[:8]}", HOT.server_limit_ms, HOT.call_limit_seconds)
    pool = HotPool(
        service.settings.database_dsn, application_name="series", size=3, patience=patience,
        slower=10,
    )  # fmt: skip
    pool.observe("training")

    def seen(state: str) -> float:
        labels = {"program": "training", "pool": patience.name, "state": state}
        return moved("gt_pool_connections", **labels)

    assert (seen("busy"), seen("most")) == (0, 3)
    await pool.start()
    try:
        async with pool.connection() as first, pool.connection() as second:
            assert first is not second
            assert seen("busy") == 2
        assert seen("busy") == 0
    finally:
        await pool.stop()
