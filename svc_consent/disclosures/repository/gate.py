"""Statements of the release gate and the ledger, on a connection of the hot pool.

``begin_under_lock`` to ``commit`` is one READ COMMITTED transaction: each statement has its own
snapshot, so what is read after the shared lock was given is what stands until the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from svc_consent.agencies.tables import lapse
from svc_consent.authority.repository import (
    FACTS_COLUMNS,
    ORDER_LOCK,
    Facts,
    Wanted,
    parse_facts,
)
from svc_consent.disclosures.rules import GENESIS, Chain
from svc_consent.hot_pool import Connection

_BEGIN = f"begin isolation level read committed; select pg_advisory_xact_lock_shared({ORDER_LOCK})"
_NEW_LANE = (
    "insert into ledger_lane (lane, sequence, hash) values ($1, 0, $2) on conflict do nothing"
)

# The lane is locked before anything else is read: the select list is made from a row that has
# been locked, so the clock in it is later than any wait.
_CHECK = f"""
select {FACTS_COLUMNS}, head.sequence, head.hash,
  (select coalesce(json_object_agg(key, revision), '{{}}') from authority_key where key = any($6)),
  (select coalesce(json_agg(g.id), '[]') from role_grant g join account a on a.id = g.account_id
     where g.id = any($7::uuid[]) and not a.is_blocked and not a.is_inactive
       and g.revoked_at is null
       and g.starts_at <= clock_timestamp()
       and (least(g.ends_at, {lapse("g")}) > clock_timestamp()) is not false
       and (g.agency_id is null or exists (
         select from authority_agency_window w
         where w.agency_id = g.agency_id::text and w.site_id = g.site_id::text
           and w.starts_at <= clock_timestamp()
           and (w.ends_at is null or w.ends_at > clock_timestamp())))),
  (select coalesce(json_object_agg(participant_id, pseudonym), '{{}}') from participant_pseudonym
     where participant_id = any($1::uuid[])),
  (select coalesce(json_agg(entry), '[]') from ledger_entry where release_id = any($8::uuid[]))
from (select sequence, hash from ledger_lane where lane = $5 for update) head
"""  # noqa: S608 - put together from constants

_APPEND = """
with added as (
  insert into ledger_entry (lane, sequence, hash, release_id, recorded_at, entry)
  select $1, sequence, decode(hash, 'hex'), release_id, recorded_at, entry
  from jsonb_to_recordset($2::text::jsonb) as new(sequence bigint, hash text, release_id uuid,
    recorded_at timestamptz, entry jsonb)
), told as (
  insert into ledger_about (pseudonym, recorded_at, lane, sequence, part)
  select pseudonym, recorded_at, $1, sequence, part
  from jsonb_to_recordset($3::text::jsonb) as new(pseudonym uuid, recorded_at timestamptz,
    sequence bigint, part bigint)
)
update ledger_lane set sequence = $4, hash = $5 where lane = $1
"""

_NEW_PSEUDONYMS = """
insert into participant_pseudonym (participant_id, pseudonym)
select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing
"""
_PSEUDONYMS = (
    "select participant_id::text, pseudonym::text from participant_pseudonym"
    " where participant_id = any($1::uuid[])"
)
_PARTICIPANTS = (
    "select pseudonym::text, participant_id::text from participant_pseudonym"
    " where pseudonym = any($1::uuid[])"
)


_COUNT_DENIED = """
insert into denied_attempts (subject, hour, attempts)
values ($1, date_trunc('hour', clock_timestamp()), $2)
on conflict (subject, hour) do update set attempts = denied_attempts.attempts + excluded.attempts
returning attempts, (select settings ->> 'denied_attempts_per_hour' from site where id = $3)
"""


@dataclass(frozen=True, slots=True)
class Reliance:
    """What the calls of one gate relied on: what is to be held against how things stand now."""

    wanted: Wanted
    keys: Sequence[str]
    grants: Sequence[str]
    releases: Sequence[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """How things stand under the lock.

    Attributes:
        chain: the end of the lane; nobody else can append to it until the commit.
        known: entries of calls that were judged before.
    """

    chain: Chain
    facts: Facts
    keys: dict[str, int]
    live_grants: frozenset[str]
    pseudonyms: dict[str, str]
    known: list[dict[str, Any]]


async def begin_under_lock(connection: Connection) -> None:
    """Open the transaction and share the lock of the order, in a statement of its own."""
    await connection.execute(_BEGIN)


async def check(connection: Connection, lane: str, relied_on: Reliance) -> Checked:
    """Lock the lane and read how things stand, in one statement after the lock was given."""
    parameters = (
        *relied_on.wanted.parameters(),
        lane,
        relied_on.keys,
        relied_on.grants,
        relied_on.releases,
    )
    row = await connection.fetchrow(_CHECK, *parameters)
    if row is None:
        await connection.execute(_NEW_LANE, lane, GENESIS)
        row = await connection.fetchrow(_CHECK, *parameters)
    return Checked(
        chain=Chain(lane, row[4], row[5]),
        facts=parse_facts(row),
        keys=orjson.loads(row[6]),
        live_grants=frozenset(orjson.loads(row[7])),
        pseudonyms=orjson.loads(row[8]),
        known=orjson.loads(row[9]),
    )


async def make_pseudonyms(connection: Connection, participants: Sequence[str]) -> dict[str, str]:
    """Give these participants pseudonyms that they keep; return them."""
    await connection.execute(_NEW_PSEUDONYMS, participants, [uuid4() for _ in participants])
    return dict(await connection.fetch(_PSEUDONYMS, participants))


async def participants_of(connection: Connection, pseudonyms: Sequence[str]) -> dict[str, str]:
    """Return whom these pseudonyms stand for, as far as it is still known."""
    return dict(await connection.fetch(_PARTICIPANTS, pseudonyms))


async def count_denied(
    connection: Connection, subject: str, attempts: int, site_id: str
) -> tuple[int, int | None]:
    """Count denied look-ups of a person in this hour; return how many, and the site's own cap."""
    row = await connection.fetchrow(_COUNT_DENIED, subject, attempts, site_id)
    return row[0], None if row[1] is None else int(row[1])


async def append(connection: Connection, chain: Chain) -> None:
    """Write a lane's new entries and its new head."""
    await connection.execute(
        _APPEND,
        chain.lane,
        orjson.dumps(chain.rows).decode(),
        orjson.dumps(chain.about).decode(),
        chain.sequence,
        chain.hash,
    )


async def commit(connection: Connection) -> None:
    """Make it durable; after this the answer may leave."""
    await connection.execute("commit")
