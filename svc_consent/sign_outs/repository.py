"""Every statement on ended sessions. The clock is the database's, to the second."""

from collections.abc import Sequence
from typing import Final

from svc_consent.hot_pool import Connection

KEPT_HOURS: Final = 9
"""Longer than any session of the console lives."""

# Sorted, so that no two wait in a circle.
_END: Final = """
insert into ended_session as known (name, ended_at)
select distinct name, date_trunc('second', clock_timestamp())
from unnest($1::bytea[]) as told (name) order by name
on conflict (name) do update set ended_at = greatest(known.ended_at, excluded.ended_at)
"""
_HAS_ENDED: Final = """
select exists(select 1 from ended_session
where name = any($1::bytea[]) and ended_at >= to_timestamp($2))
"""
_SWEEP: Final = f"delete from ended_session where ended_at < now() - interval '{KEPT_HOURS} hours'"  # noqa: S608


async def end(connection: Connection, names: Sequence[bytes]) -> None:
    """Keep that sessions have ended now."""
    await connection.execute(_END, names)


async def has_ended(connection: Connection, names: Sequence[bytes], started_at: int) -> bool:
    """Return whether any of these has ended since a session began, or in the same second."""
    found: bool = await connection.fetchval(_HAS_ENDED, names, float(started_at))
    return found


async def sweep(connection: Connection) -> None:
    """Forget what no session can be as old as."""
    await connection.execute(_SWEEP)
