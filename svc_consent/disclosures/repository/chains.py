"""Statements on the ledger as a whole: heads to be signed, and the walk that verifies it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from svc_consent.hot_pool import Connection

_LANES_DUE = """
select l.lane, l.sequence, l.hash, clock_timestamp()
from ledger_lane l left join lateral (
  select sequence, signed_at from ledger_signed_head h
  where h.lane = l.lane order by sequence desc, signed_at desc limit 1
) last on true
where l.sequence > coalesce(last.sequence, 0) and (
  l.sequence - coalesce(last.sequence, 0) >= $1
  or coalesce(last.signed_at, '-infinity') <= clock_timestamp() - make_interval(secs => $2))
"""
_PUBLISH_KEY = """
insert into ledger_key (kid, jwk, published_at) values ($1, $2::text::jsonb, clock_timestamp())
on conflict do nothing
"""
_SIGNED_HEAD = """
insert into ledger_signed_head (lane, sequence, signed_at, hash, kid, signature)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class LaneHead:
    """How long a lane is, its last hash, and the database's clock when that was read."""

    lane: str
    sequence: int
    hash: bytes
    now: datetime


async def lanes_due(connection: Connection, entries: int, seconds: float) -> list[LaneHead]:
    """Return lanes that have grown by so many entries, or at all since so long ago."""
    return [LaneHead(*row) for row in await connection.fetch(_LANES_DUE, entries, seconds)]


async def publish_key(connection: Connection, kid: str, jwk: str) -> None:
    """Keep a public key (JSON) beside the heads that are signed with it."""
    await connection.execute(_PUBLISH_KEY, kid, jwk)


async def add_signed_head(
    connection: Connection, head: LaneHead, kid: str, signature: bytes
) -> None:
    """Add a signed head."""
    await connection.execute(
        _SIGNED_HEAD, head.lane, head.sequence, head.now, head.hash, kid, signature
    )


_LANES = """
with recursive of_entry as (
  (select lane from ledger_entry order by lane limit 1)
  union all
  select (select e.lane from ledger_entry e where e.lane > l.lane order by e.lane limit 1)
  from of_entry l where l.lane is not null
), of_head as (
  (select lane from ledger_signed_head order by lane limit 1)
  union all
  select (select h.lane from ledger_signed_head h where h.lane > l.lane order by h.lane limit 1)
  from of_head l where l.lane is not null
)
select lane, max(sequence) filter (where is_head), (array_agg(hash) filter (where is_head))[1]
from (
  select lane, sequence, hash, true as is_head from ledger_lane
  union all select lane, 0, null::bytea, false from of_entry where lane is not null
  union all select lane, 0, null::bytea, false from of_head where lane is not null
) known group by lane order by lane
"""
"""From lane to lane by the key, so that the time does not grow with the ledger."""
_ENTRIES = """
select sequence, hash, release_id::text, recorded_at, entry::text
from ledger_entry where lane = $1 and sequence > $2 order by sequence limit $3
"""
_INDEX = """
select sequence, json_agg(json_build_array(part, pseudonym, true) order by part)::text,
  min(recorded_at), max(recorded_at)
from ledger_about where lane = $1 and sequence > $2 group by sequence order by sequence limit $3
"""
_HEADS = """
select h.sequence, h.hash, h.signed_at, h.kid, h.signature, k.jwk::text
from ledger_signed_head h left join ledger_key k on k.kid = h.kid
where h.lane = $1 order by h.sequence, h.signed_at limit $2
"""
_LATEST_HEADS = """
select lane, sequence, hash, signed_at, kid from (
  select distinct on (lane) lane, sequence, hash, signed_at, kid from ledger_signed_head
  order by lane, sequence desc, signed_at desc
) latest order by signed_at desc, lane limit $1
"""
_STRAY = """
select a.lane, a.sequence from ledger_about a
left join ledger_entry e on e.lane = a.lane and e.sequence = a.sequence
where e.lane is null order by a.lane, a.sequence limit 1
"""
_BATCH = 1000
_AHEAD = 10 * _BATCH
"""Entries whose index rows are read at once: no index is by entry, so each look reads all."""
_BEFORE_ALL = -(2**62)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A ledger row as it stands.

    ``about`` is the JSON of its index rows: part, pseudonym, whether their time is the entry's.
    """

    sequence: int
    hash: bytes
    release_id: str
    recorded_at: datetime
    text: str
    about: str


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A signed head as it stands; ``jwk`` is the key that the database has for it."""

    sequence: int
    hash: bytes
    signed_at: datetime
    kid: str
    signature: bytes
    jwk: str | None


async def lanes(connection: Connection) -> list[tuple[str, int | None, bytes | None]]:
    """Return every lane that anything names, with its head if it has one."""
    return [tuple(row) for row in await connection.fetch(_LANES)]


async def signed_heads(
    connection: Connection, lane: str, most: int | None = None
) -> list[StoredHead]:
    """Return a lane's signed heads in order, all or the first of them."""
    return [StoredHead(*row) for row in await connection.fetch(_HEADS, lane, most)]


@dataclass(frozen=True, slots=True)
class LatestHead:
    """Up to where a lane was signed last."""

    lane: str
    sequence: int
    hash: bytes
    signed_at: datetime
    kid: str


async def latest_heads(connection: Connection, most: int) -> list[LatestHead]:
    """Return the last signed head of each lane, the latest first."""
    return [LatestHead(*row) for row in await connection.fetch(_LATEST_HEADS, most)]


class _Index:
    """The index rows of a lane, read ahead of its entries."""

    def __init__(self, connection: Connection, lane: str) -> None:
        self._connection = connection
        self._lane = lane
        self._rows: dict[int, tuple[str, datetime, datetime]] = {}
        self._until = _BEFORE_ALL

    async def reach(self, sequence: int) -> None:
        """Read all rows up to an entry, which has been read itself."""
        while self._until < sequence:
            found = await self._connection.fetch(_INDEX, self._lane, self._until, _AHEAD)
            # Behind the entry others may be on their way, so the end is not taken for the end.
            self._until = found[-1][0] if len(found) == _AHEAD else sequence
            self._rows |= {row[0]: (row[1], row[2], row[3]) for row in found}

    def about(self, sequence: int, recorded_at: datetime) -> str:
        """Return an entry's rows as JSON."""
        text, first_at, last_at = self._rows.pop(sequence, ("[]", recorded_at, recorded_at))
        return text if first_at == last_at == recorded_at else text.replace("true", "false")


async def entries(connection: Connection, lane: str) -> AsyncIterator[StoredEntry]:
    """Yield a lane's entries in the order of their numbers."""
    after, index = _BEFORE_ALL, _Index(connection, lane)
    while rows := await connection.fetch(_ENTRIES, lane, after, _BATCH):
        after = rows[-1][0]
        await index.reach(after)
        for row in rows:
            sequence, hash_, release_id, recorded_at, text = row
            about = index.about(sequence, recorded_at)
            yield StoredEntry(sequence, hash_, release_id, recorded_at, text, about)


async def stray_index_row(connection: Connection) -> tuple[str, int] | None:
    """Return where an index row stands that belongs to no entry."""
    row = await connection.fetchrow(_STRAY)
    return None if row is None else (row[0], row[1])
