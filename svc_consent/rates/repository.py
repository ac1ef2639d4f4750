"""Every statement on shared rates. The clock is the database's: gateways need not agree on time."""

from collections.abc import Sequence
from typing import Final

from svc_consent.hot_pool import Connection
from svc_consent.rates.rules import Use

PEER_LIVES_SECONDS: Final = 15

_LEVEL: Final = (
    "least(excluded.burst,"
    " b.level + greatest(0, extract(epoch from excluded.at - b.at)::float8) * excluded.per_second)"
)
# What was spent is excluded.burst - excluded.level. A debt is never above one burst, so that
# nobody waits longer than the bucket takes to fill twice. Sorted, so that no two wait in a circle.
_SETTLE: Final = f"""
insert into rate_bucket as b (name, level, per_second, burst, at)
select name, greatest(-burst, burst - spent), per_second, burst, clock_timestamp()
from unnest($1::bytea[], $2::float8[], $3::float8[], $4::float8[])
  as used (name, per_second, burst, spent)
order by name
on conflict (name) do update set
  level = greatest(-excluded.burst, {_LEVEL} - (excluded.burst - excluded.level)),
  per_second = excluded.per_second, burst = excluded.burst, at = greatest(b.at, excluded.at)
returning name, level
"""  # noqa: S608 - of constants
_TAKE: Final = f"""
insert into rate_bucket as b (name, level, per_second, burst, at)
select $1, $3::float8 - $4::float8, $2, $3, clock_timestamp() where $4 <= $3
on conflict (name) do update set
  level = {_LEVEL} - (excluded.burst - excluded.level),
  per_second = excluded.per_second, burst = excluded.burst, at = greatest(b.at, excluded.at)
where {_LEVEL} >= excluded.burst - excluded.level
returning level
"""
_LEFT: Final = """
select least($3, level + extract(epoch from clock_timestamp() - at)::float8 * $2)
from rate_bucket where name = $1
"""
_SEEN: Final = """
with seen as (
  insert into rate_peer (instance, seen_at) values ($1, clock_timestamp())
  on conflict (instance) do update set seen_at = excluded.seen_at returning instance)
select 1 + count(*) from rate_peer
where instance <> $1 and seen_at > clock_timestamp() - make_interval(secs => $2)
"""
_SWEEP: Final = (
    "delete from rate_bucket where at + (burst - level) / per_second * interval '1 s' < now()",
    "delete from rate_peer where seen_at < clock_timestamp() - interval '1 hour'",
)


async def settle(connection: Connection, uses: Sequence[tuple[bytes, Use]]) -> dict[bytes, float]:
    """Take what was spent already, and return what is left in each bucket; it may be a debt.

    Args:
        connection: of the hot pool.
        uses: by name of the bucket, each name once.
    """
    rows = await connection.fetch(
        _SETTLE,
        [name for name, _ in uses],
        [use.per_second for _, use in uses],
        [use.burst for _, use in uses],
        [use.spent for _, use in uses],
    )
    return {row["name"]: row["level"] for row in rows}


async def take(connection: Connection, name: bytes, use: Use) -> tuple[bool, float]:
    """Take tokens if they are there; return whether they were, and what is left."""
    left = await connection.fetchval(_TAKE, name, use.per_second, use.burst, use.spent)
    if left is not None:
        return True, left
    left = await connection.fetchval(_LEFT, name, use.per_second, use.burst)
    return False, use.burst if left is None else left


async def seen(connection: Connection, instance: str) -> int:
    """Note that a gateway lives, and return how many do."""
    found: int = await connection.fetchval(_SEEN, instance, PEER_LIVES_SECONDS)
    return found


async def sweep(connection: Connection) -> None:
    """Forget buckets that are full again, and gateways that are long gone."""
    for statement in _SWEEP:
        await connection.execute(statement)
