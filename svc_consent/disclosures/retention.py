"""Who is due to be taken out of the ledger: the rules, and the statement that they make.

A person is due when every entry about them is older than the rules keep it, and nothing keeps them
known: no ground in force, no release in force, no demand that holds deletion, no suspended
accounting that has yet to be given. Taking out is ``purge_participant``, which leaves a proof and
refuses by itself where a demand holds; each is done under the gate's lock, looked at anew.
"""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from infra.errors import GoldenThreadError
from svc_consent.hot_pool import Connection

_RULES: Final = Path(__file__).parent / "retention.toml"
_LEAST_YEARS: Final = 6
_LOCK: Final = "select pg_advisory_xact_lock(20260216, 1)"
_PURGE: Final = "select purge_participant($1, $2, $3)"

DUE: Final = """
select p.participant_id from participant_pseudonym p
where exists (select from ledger_about a where a.pseudonym = p.pseudonym)
  and not exists (
    select from ledger_about a where a.pseudonym = p.pseudonym
      and a.recorded_at > $1::timestamptz - make_interval(years => $2))
  and not exists (
    select from legal_demand d
    where d.participant_id = p.participant_id and d.hold_ended_at is null)
  and not exists (
    select from accounting_suspension s
    where s.participant_id = p.participant_id and s.ends_at > $1)
  and not exists (
    select from release r
    where r.participant_id = p.participant_id and r.status = 'ACTIVE'
      and (r.expires_at is null or r.expires_at > $1))
  and not exists (
    select from authority_visibility v
    where v.participant_id = p.participant_id and v.effect = 'permit'
      and (v.ends_at is null or v.ends_at > $1))
  and ($3::uuid is null or p.participant_id = $3)
order by p.participant_id
"""


class RetentionError(GoldenThreadError):
    """The rules are not acceptable; nothing is purged by them."""

    code = "RETENTION"


@cache
def years_kept() -> int:
    """Return for how many years entries can be told whom they are about.

    Raises:
        RetentionError: less than the law asks for, or no number.
    """
    years = tomllib.loads(_RULES.read_text(encoding="utf-8"))["accounting"]["years"]
    if not isinstance(years, int) or years < _LEAST_YEARS:
        raise RetentionError(f"accounting.years must be {_LEAST_YEARS} or more")
    return years


async def due(connection: Connection, now: datetime) -> list[UUID]:
    """Return the participants whose time has ended."""
    return [row[0] for row in await connection.fetch(DUE, now, years_kept(), None)]


async def purge_due(connection: Connection, now: datetime, by: str, most: int) -> int:
    """Take out whoever is due, one at a time; return how many were.

    Args:
        connection: of the service's own role.
        now: the database's clock, so that no other machine's decides.
        by: who answers for it; stands in the proof.
        most: at once, so that the gate is never held up for long.
    """
    purged = 0
    reason = f"Kept for {years_kept()} years"
    for participant in (await due(connection, now))[:most]:
        async with connection.transaction():
            await connection.execute(_LOCK)
            # Since it was looked for, something may have been recorded or demanded.
            if not await connection.fetch(DUE, now, years_kept(), participant):
                continue
            try:
                async with connection.transaction():
                    gone = await connection.fetchval(_PURGE, participant, by, reason)
            except asyncpg.CheckViolationError:
                continue
            purged += gone is not None
    return purged
