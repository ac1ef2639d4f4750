"""What one may not see changes nothing that one can see (NI-01 to NI-12, LK rows in `leaks`).

The dual, that what one may see does change it (NI-20), makes "deny everything" fail. Planted leaks
show that the comparison has eyes: ten in the test run, rotating by day, all of them as `soak`.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio

from gateway.policy.matrix import load_matrix
from infra.batch_loader import KeptStatements
from tests.proof.hidden_edits import TABLES, Edit, Hidden
from tests.proof.house import Gateway, House
from tests.proof.leaks import LEAKS, Leak, plant
from tests.proof.noninterference import _RECORDS, Found, Pairs
from tests.proof.observations import Client, Step
from tests.proof.oracle.consent import World, stand
from tests.proof.pairs import Asking, askings
from tests.proof.turmoil import Turmoil
from tests.proof.world_tables import read_world

PAIRS = 250
MOST_PER_LEAK = int(os.environ.get("GT_SOAK_PAIRS_PER_LEAK", "2000"))
IN_THE_TEST_RUN = 10


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stirred(house: House) -> AsyncIterator[World]:
    """A world with many states of consent, and with records that two providers keep."""
    before = await read_world(house)
    turmoil = Turmoil(house, random.Random(7), before)
    for person in turmoil.people()[::2]:
        await turmoil.sign(person)
    talked_about = sorted({str(item["participant_id"]) for item in before.tables["owg_item"]})
    for person in sorted({*turmoil.people()[1::6], *talked_about[:2]}):  # who keep nothing back
        await turmoil.open_to_all(person)
    for person in turmoil.people()[3::6]:  # and who say their name and no more: near misses
        await turmoil.open_to_all(person, "IDENTITY")
    await _second_provider(house)
    await _drafts(house)
    for name, service in house.services.items():
        await service.let_history_be_edited([t.name for t in TABLES if t.service == name])
    await asyncio.sleep(3.5)  # what was to end by time alone has ended
    yield await read_world(house)
    await turmoil.calm()


async def _second_provider(house: House) -> None:
    """Copy some records of each kind, as if another provider had kept them before."""
    for table, columns in (
        ("case_note", "participant_id, author_account_id, mode, occurred_on, text, written_at"),
        ("goal", "participant_id, own_words, area, stage, state, set_on, created_at, version"),
        ("housing_status", "participant_id, situation, as_of, recorded_at, recorded_by"),
    ):
        await house.services["participants"].execute(
            f"insert into {table} (id, agency_id, {columns})"
            " select gen_random_uuid(), cast(:other as uuid), "
            f"{columns} from {table} where agency_id <> cast(:other as uuid)"
            " and ascii(right(id::text, 1)) % 3 = 0",
            other=str(
                next(a["id"] for a in house.document["agencies"] if a["key"] == "cedar-cm-two")
            ),
        )


async def _drafts(house: House) -> None:
    """Give some people a wording that nobody has approved, beside the one that stands."""
    await house.services["participants"].execute(
        "insert into progress_summary (id, participant_id, agency_id, statement, engagement,"
        " barriers, what_would_help, is_nothing_to_add, state, written_at, written_by, version)"
        " select gen_random_uuid(), participant_id, agency_id, 'A draft.', engagement, 'few',"
        " what_would_help, false, 'DRAFT', written_at + interval '1 day', written_by, 1"
        " from progress_summary where state = 'APPROVED' and ascii(right(id::text, 1)) % 2 = 0"
    )


def _purposeful(house: House) -> list[Asking]:
    return [each for each in askings(house, random.Random(3)) if each.purpose is not None]


@pytest.mark.timeout(900)
async def test_hidden_data_changes_nothing_that_is_seen(
    house: House, gateway: Gateway, stirred: World
) -> None:
    """Values, rows, order and other people's doings: status, headers and body stay the same."""
    client = Client(gateway)
    pairs = Pairs(house, client, stirred, random.Random(41), _purposeful(house))
    found = [each async for each in pairs.run(PAIRS)]
    await client.close()
    assert len(found) == PAIRS
    told_apart = [str(each) for each in found if each is not None]
    assert not told_apart, "\n".join(told_apart[:4])


@pytest.mark.timeout(900)
async def test_seen_data_does_change_what_is_seen(
    house: House, gateway: Gateway, stirred: World
) -> None:
    """NI-20: edits of what may be seen are seen; a product that denies everything fails here."""
    client = Client(gateway)
    assert await _share_noticed(house, client, stirred) > 0.9
    await client.close()


@pytest.mark.timeout(900)
async def test_denying_everything_is_told_apart(
    house: House, gateway: Gateway, stirred: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: nobody gets anything; the dual fails."""
    monkeypatch.setattr("gateway.release.decisions.ConsentGuard.mask", lambda *_: 0)
    client = Client(gateway)
    assert await _share_noticed(house, client, stirred) == 0.0
    await client.close()


async def _share_noticed(house: House, client: Client, world: World) -> float:
    """Return the share of edits of visible notes, goals and housing that the asker noticed."""
    dice, noticed, made = random.Random(5), 0, 0
    wanted = {"CM", "SUP", "PAR", "DEF", "PM", "SVC"}
    for asking in (each for each in _purposeful(house) if each.role in wanted):
        asker = stand(world, asking.subject, asking.purpose)
        if isinstance(asker, int):
            continue
        for table in (each for each in TABLES if each.name in ("case_note", "goal")):
            hidden = {row["id"] for row in Hidden(world, asker).rows(table)}
            seen = [
                row
                for row in world.tables[table.name]
                if row["id"] not in hidden
                and not Hidden(world, asker).is_nobody(row["participant_id"])
                and row.get("mode") != "COLLATERAL"
                and _is_shown(world, asker, row)
            ]
            if not seen:
                continue
            edit = Edit(table, dice.choice(seen), "value", next(iter(table.values)))
            step = Step(_RECORDS.replace("first: 2", "first: 50"), {"p": edit.participant})
            before = await client.observe(asking, [step])
            await edit.apply(house)
            after = await client.observe(asking, [step])
            await edit.revert(house)
            made, noticed = made + 1, noticed + (before != after)
    assert made >= 6
    return noticed / made


def _is_shown(world: World, asker: object, row: dict[str, object]) -> bool:
    """Return whether the person behind a record is there at all, and in which form."""
    from tests.proof.oracle.consent import Asker, grounds

    assert isinstance(asker, Asker)
    return bool(grounds(world, asker, str(row["participant_id"]), "IDENTITY"))


def _rotating() -> tuple[Leak, ...]:
    """Return today's ten: each has its turn within five days."""
    first = date.today().toordinal() * IN_THE_TEST_RUN  # noqa: DTZ011 - any rotation will do
    return tuple(LEAKS[(first + number) % len(LEAKS)] for number in range(IN_THE_TEST_RUN))


async def _pairs_until_found(
    house: House, gateway: Gateway, world: World, leak: Leak, patch: pytest.MonkeyPatch
) -> int:
    """Return after how many pairs a planted leak is noticed; fails when it never is."""
    count = 0
    async with _planted_gateway(house, gateway, leak) as planted:
        plant(leak, patch)
        client = Client(planted)
        try:
            pairs = Pairs(house, client, world, random.Random(leak.name), _purposeful(house))
            async for found in pairs.run(MOST_PER_LEAK, tables=leak.tables, roles=leak.roles):
                count += 1
                if isinstance(found, Found):
                    return count
        finally:
            await client.close()
    pytest.fail(f"{leak.name} ({leak.row}) was not found in {count} pairs")


def _planted_gateway(house: House, gateway: Gateway, leak: Leak) -> "_Ready":
    return _Ready(house, gateway, leak)


class _Ready:
    """The shared gateway, or one of its own where the leak is in the agreement."""

    def __init__(self, house: House, gateway: Gateway, leak: Leak) -> None:
        self._own = house.gateway(leak.matrix()) if leak.matrix else None
        self._shared = gateway

    async def __aenter__(self) -> Gateway:
        return await self._own.__aenter__() if self._own else self._shared

    async def __aexit__(self, *failure: object) -> None:
        if self._own:
            await self._own.__aexit__(None, None, None)


def test_there_are_forty_leaks() -> None:
    """At least forty, of many rows of the catalogue, each under its own name."""
    assert len({leak.name for leak in LEAKS}) == len(LEAKS) >= 40
    assert len({leak.row for leak in LEAKS}) >= 14


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_every_leak_can_be_planted(leak: Leak) -> None:
    """What a leak takes apart is still there under its name, today's turn or not."""
    with pytest.MonkeyPatch.context() as patch:
        plant(leak, patch)
        assert leak.plant is not None or leak.matrix is not None
        if leak.matrix is not None:
            assert leak.matrix() != load_matrix()
    KeptStatements.forget_all()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("turn", range(IN_THE_TEST_RUN))
async def test_planted_leak_is_found(
    house: House, gateway: Gateway, stirred: World, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten of the planted leaks, another ten tomorrow."""
    await _pairs_until_found(house, gateway, stirred, _rotating()[turn], monkeypatch)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
async def test_every_planted_leak_is_found(
    house: House, gateway: Gateway, stirred: World, leak: Leak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, each within 2,000 pairs."""
    count = await _pairs_until_found(house, gateway, stirred, leak, monkeypatch)
    print(f"leak {leak.name} ({leak.row}): found after {count} pairs", flush=True)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_hidden_data_changes_nothing_for_long(
    house: House, gateway: Gateway, stirred: World
) -> None:
    """As many pairs of worlds as `GT_SOAK_WORLDS` says."""
    most = int(os.environ.get("GT_SOAK_WORLDS", "20000"))
    client = Client(gateway)
    pairs = Pairs(house, client, stirred, random.Random(99), _purposeful(house))
    done = 0
    async for found in pairs.run(most):
        assert found is None, str(found)
        done += 1
        if done % 1000 == 0:
            print(f"{done} pairs: 0 differences", flush=True)
    await client.close()
