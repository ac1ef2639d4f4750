"""Any two signed heads of a lane are ends of one chain, and a fork between them shows (AU-08)."""

import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from infra.signing_keys import SigningKeys
from svc_consent.disclosures.heads import PINNED_KEYS, HeadSigner, head_text, verify_head
from svc_consent.disclosures.rules import canonical, link
from svc_consent.hot_pool import HotPool
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

LANE = "heads"
Head = tuple[int, bytes]
Spoil = Callable[[list[dict[str, Any]]], None]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chain(
    service_app: ServiceAppFactory,
) -> AsyncIterator[tuple[list[Head], list[dict[str, Any]]]]:
    """Four signed heads of one lane, and its entries."""
    async with service_app("svc_consent") as service:
        world = ConsentWorld(service)
        await world.make_site()
        settings = service.settings
        keys = SigningKeys("consent", settings.key_dir, settings.public_key_dir)
        pool = HotPool(settings.database_dsn, application_name="heads", size=1)
        await pool.start()
        signer = HeadSigner(pool, keys, settings.key_dir / PINNED_KEYS)
        officer = await world.make_person("LEO", await world.make_agency("LE"))
        for _ in range(4):
            for _ in range(2):
                await world.gate(world.gate_call(officer, await world.head()), lane=LANE)
            await signer.sign_due(seconds=0)
        owner = await asyncpg.connect(service.owner_dsn)
        heads: list[Head] = []
        for row in await owner.fetch(
            "select h.*, k.jwk::text as key from ledger_signed_head h join ledger_key k"
            " using (kid) where lane = $1 order by sequence", LANE,
        ):  # fmt: skip
            text = head_text(LANE, row["sequence"], row["hash"], row["signed_at"].isoformat())
            assert verify_head(orjson.loads(row["key"]), text, row["signature"])
            heads.append((row["sequence"], row["hash"]))
        entries = [
            orjson.loads(row["entry"])
            for row in await owner.fetch(
                "select entry::text from ledger_entry where lane = $1 order by sequence", LANE
            )
        ]
        await owner.close()
        yield heads, entries
        await pool.stop()


def leads(older: Head, newer: Head, entries: list[dict[str, Any]]) -> bool:
    """Return whether the entries between two heads lead from one to the other."""
    found = older[1]
    for entry in entries[older[0] : newer[0]]:
        found = link(found, canonical(entry))
    return found == newer[1]


async def test_au_08_entries_between_any_two_heads_lead_from_one_to_the_other(
    chain: tuple[list[Head], list[dict[str, Any]]],
) -> None:
    heads, entries = chain
    assert len(heads) == 4
    for older, newer in itertools.combinations(heads, 2):
        assert leads(older, newer, entries)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entries: entries[3].update(subject="somebody else"),
        lambda entries: entries.pop(3),
        lambda entries: entries.insert(3, dict(entries[0])),
        lambda entries: entries.reverse(),
    ],
    ids=["changed", "gone", "added", "moved"],
)
async def test_au_08_a_fork_shows_between_all_heads_around_it(
    chain: tuple[list[Head], list[dict[str, Any]]], spoil: Spoil
) -> None:
    heads, entries = chain
    forked = [dict(each) for each in entries]
    spoil(forked)
    around = [(a, b) for a, b in itertools.combinations(heads, 2) if a[0] <= 3 < b[0]]
    assert around
    assert not any(leads(older, newer, forked) for older, newer in around)
