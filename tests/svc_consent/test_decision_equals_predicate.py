"""Decisions and the SQL predicate are one rule: compared over random facts, callers and purposes.

Planted twins (denials overlooked, ends overlooked, purposes overlooked, conjunctions taken for
alternatives) must each be told apart by the same comparison.
"""

import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import ARRAY, cast, func, select
from sqlalchemy.types import Uuid

from infra.authority.changes import put_agency_window, put_visibility
from infra.authority.facts import Operation, VisibilityFact, agency_holder, subject_holder
from infra.authority.predicate import visible
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.authority.decision import Asker, Decider, Ground, Window
from svc_consent.authority.repository import Wanted, read_facts
from svc_consent.hot_pool import HotPool
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory, caller

CATEGORIES = (Category.IDENTITY, Category.SUD, Category.HOUSING, Category.AUDIT)
PURPOSES = (Purpose.LEAD_COORD, Purpose.TREAT)
EXPRESSIONS = ("r", "a", "a|r", "rc", "o|rc", "*", "", "s", "g|w|ra", "b", "b|r")
AGENCIES = tuple(str(UUID(int=n)) for n in range(1, 4))
SITES = ("cedar", "birch")
SUBJECTS = tuple(str(UUID(int=n)) for n in range(11, 14))
PARTICIPANTS = tuple(str(UUID(int=n)) for n in range(101, 141))
NOW = datetime.now(UTC)

Twin = Callable[[Ground], list[Ground]]


def _moment(dice: random.Random) -> datetime:
    return NOW + timedelta(hours=dice.choice((-48, -24, -1, 1, 24)))


def _fact(dice: random.Random) -> VisibilityFact:
    is_denial = dice.random() < 0.2
    holders = [agency_holder(a, s) for a in AGENCIES for s in ("", *SITES)]
    holders += [subject_holder(s) for s in SUBJECTS]
    return VisibilityFact(
        id=UUID(int=dice.getrandbits(128)),
        participant_id=UUID(dice.choice(PARTICIPANTS)),
        holder="any" if is_denial and dice.random() < 0.3 else dice.choice(holders),
        basis=dice.choice([b for b in Basis if b is not Basis.ANY]),
        starts_at=_moment(dice),
        ends_at=_moment(dice) if dice.random() < 0.4 else None,
        is_denial=is_denial,
        category=dice.choice(CATEGORIES) if dice.random() < 0.8 else None,
        purpose=dice.choice(PURPOSES) if dice.random() < 0.7 else None,
        source_id=uuid4(),
    )


def _callers(dice: random.Random, count: int) -> list[Caller]:
    made = []
    for _ in range(count):
        role = dice.choice((Role.LEO, Role.CM, Role.PAR))
        made.append(
            caller(
                role,
                {category: dice.choice(EXPRESSIONS) for category in CATEGORIES},
                subject=dice.choice(SUBJECTS),
                agency_id="" if role is Role.PAR else dice.choice(AGENCIES),
                site_id=dice.choice(SITES),
                purpose=dice.choice((*PURPOSES, None)),
            )
        )
    return made


class Comparison:
    """The facts as the database has them, and both ways to decide from them."""

    def __init__(self, world: ConsentWorld, pool: HotPool) -> None:
        self.world, self.pool = world, pool

    async def by_predicate(self, who: Caller) -> set[tuple[str, str]]:
        ids = cast([UUID(each) for each in PARTICIPANTS], ARRAY(Uuid))
        people = select(func.unnest(ids, type_=Uuid).label("id")).subquery()
        found: set[tuple[str, str]] = set()
        async with self.world.service.chassis.database.read() as session:
            for category in CATEGORIES:
                rows = await session.scalars(
                    select(people.c.id).where(visible(who, category, people.c.id))
                )
                found |= {(str(row), category.value) for row in rows}
        return found

    async def by_decision(
        self, who: Caller, change: Twin = lambda row: [row]
    ) -> set[tuple[str, str]]:
        asker = asker_of(who)
        async with self.pool.connection() as connection:
            facts = await read_facts(
                connection,
                Wanted(
                    PARTICIPANTS, asker.holders, [asker.agency_id],
                    [purpose.value for purpose in PURPOSES],
                ),
            )  # fmt: skip
        decider = Decider(asker, facts.windows, facts.now)
        return {
            (participant, category)
            for participant in PARTICIPANTS
            for category in decider.decide(
                one for row in facts.grounds.get(participant, ()) for one in change(row)
            ).categories
        }


def asker_of(who: Caller) -> Asker:
    purpose = who.purpose.value if who.purpose else None
    access = {category.value: text for category, text in who.access.items()}
    return Asker(who.subject, who.agency_id, who.role.value, purpose, access, who.site_id)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def comparison(service_app: ServiceAppFactory) -> AsyncIterator[Comparison]:
    async with service_app("svc_consent") as service:
        world = ConsentWorld(service)
        dice = random.Random(20260216)
        operations: list[Operation] = [put_visibility(_fact(dice)) for _ in range(1500)]
        periods = ((-48, 48), (-48, -1), (1, 48))
        for agency, (starts, ends) in zip(AGENCIES, periods, strict=True):
            window = (NOW + timedelta(hours=starts), NOW + timedelta(hours=ends))
            operations.append(put_agency_window(uuid4(), agency, SITES[0], *window))
            dates = (NOW - timedelta(hours=24), _moment(dice))
            operations.append(put_agency_window(uuid4(), agency, SITES[1], *dates))
        await world.change(["policy"], operations)
        pool = HotPool(service.settings.database_dsn, application_name="test", size=2)
        await pool.start()
        yield Comparison(world, pool)
        await pool.stop()


async def test_decisions_equal_the_predicate(comparison: Comparison) -> None:
    visible_pairs = 0
    for who in _callers(random.Random(7), 60):
        expected = await comparison.by_predicate(who)
        assert await comparison.by_decision(who) == expected
        visible_pairs += len(expected)
    assert visible_pairs > 200  # else nothing was compared


def _without_denials(row: Ground) -> list[Ground]:
    return [] if row.is_denial else [row]


def _for_any_purpose(row: Ground) -> list[Ground]:
    return [row._replace(purpose=None)]


def _begun_early(row: Ground) -> list[Ground]:
    return [row._replace(starts_at=NOW - timedelta(days=9))]


def _any_ground_is_all_grounds(row: Ground) -> list[Ground]:
    return [row._replace(basis=letter) for letter in "rac"]


@pytest.mark.parametrize(
    "twin", [_without_denials, _for_any_purpose, _begun_early, _any_ground_is_all_grounds]
)
async def test_planted_twin_differs_from_the_predicate(comparison: Comparison, twin: Twin) -> None:
    different = 0
    for who in _callers(random.Random(7), 30):
        different += await comparison.by_decision(who, twin) != await comparison.by_predicate(who)
    assert different


def test_nothing_changes_before_the_decision_says_that_it_may() -> None:
    dice = random.Random(3)
    for who in _callers(dice, 300):
        facts = [_fact(dice) for _ in range(12)]
        grounds = [
            Ground(
                PARTICIPANTS[0], f.holder, f.basis.value, f.is_denial,
                f.category.value if f.category else None, f.purpose.value if f.purpose else None,
                f.starts_at, f.ends_at, None,
            )
            for f in facts
        ]  # fmt: skip
        windows = [Window(who.agency_id, _moment(dice), _moment(dice), who.site_id)]
        now = NOW
        for _ in range(6):
            decision = Decider(asker_of(who), windows, now).decide(grounds)
            until = decision.valid_until
            later = (until or now + timedelta(days=9)) - timedelta(microseconds=1)
            again = Decider(asker_of(who), windows, later).decide(grounds)
            assert again.categories == decision.categories
            if until is None:
                break
            now = until
