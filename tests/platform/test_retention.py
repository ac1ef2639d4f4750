"""`./goldenthread retention` on a running platform: whose time has ended goes, unless held."""

import asyncio
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from tests.fixtures.whole_platform import Platform
from tests.proof.processes import Cluster

pytestmark = pytest.mark.timeout(900)

_BY = "Records officer of the retention test"
_LONG_AGO = """insert into participant
  (id, site_id, given_name, family_name, name_quality, birth_date_quality, created_at, version)
  select id, (select site_id from participant limit 1), 'Old', 'Record', 'FULL', 'FULL',
    now() - interval '20 years', 1
  from unnest($1::uuid[]) id"""
_DEMAND = """insert into legal_demand
  (id, site_id, participant_id, kind, issued_by, scope, recorded_at, version)
  select gen_random_uuid(), (select id from site limit 1), $1::uuid, 'SUBPOENA', 'A court',
    'All', now(), 1
  returning id"""
_END = "update legal_demand set hold_ended_at = now() where id = $1"
_THERE = "select id from participant where id = any($1::uuid[])"
_PROOFS = "select persons, reason from purge_proof where purged_by = $1"
_PURGE = "select purge_participants(array[$1::uuid], $2, 'The demand was withdrawn', 10)"


async def there(cluster: Cluster, people: list[UUID]) -> set[UUID]:
    return {row["id"] for row in await cluster.rows("participants", _THERE, people)}


async def test_each_day_whose_time_has_ended_goes_and_whom_a_demand_holds_stays(
    platform: Platform,
) -> None:
    cluster = Cluster(platform, [], platform.client)
    due, held = uuid4(), uuid4()
    await cluster.rows("participants", _LONG_AGO, [due, held])
    [demand] = await cluster.consent_rows(_DEMAND, held)
    try:
        ran = await asyncio.to_thread(platform.command, "retention", "--by", _BY)
        assert ran.returncode == 0
        said = dict(line.split(": ", 1) for line in ran.stdout.splitlines())
        assert list(said) == ["participants", "cases", "training", "consent", "ledger"]
        assert "purged" in said["participants"]
        assert "keys of requests" in said["training"]
        assert await there(cluster, [due, held]) == {held}
        proofs = await cluster.rows("participants", _PROOFS, _BY)
        named = {person for row in proofs for person in row["persons"]}
        assert sha256(str(due).encode()).hexdigest() in named
        assert sha256(str(held).encode()).hexdigest() not in named
        assert str(due) not in ran.stdout
    finally:
        await cluster.consent_rows(_END, demand["id"])
    await cluster.rows("participants", _PURGE, held, _BY)
    assert await there(cluster, [held]) == set()
