"""Walks the ledger's chains and signed heads, and names the first entry that is not as it was.

Found: an entry changed, taken away, put in, moved, or cut off at the end; an index row that does
not belong to its entry; a head that differs from what was signed; a lane that has gone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from svc_consent.disclosures.heads import head_text, verify_head
from svc_consent.disclosures.rules import GENESIS, canonical, link
from svc_consent.hot_pool import Connection

_LANES = """
select lane, max(sequence) filter (where is_head), (array_agg(hash) filter (where is_head))[1]
from (
  select lane, sequence, hash, true as is_head from ledger_lane
  union all select distinct lane, 0, null::bytea, false from ledger_entry
  union all select distinct lane, 0, null::bytea, false from ledger_signed_head
) known group by lane order by lane
"""
_ENTRIES = """
select e.sequence, e.hash, e.release_id::text, e.recorded_at, e.entry::text, coalesce((
  select json_agg(json_build_array(a.part, a.pseudonym, a.recorded_at = e.recorded_at)
    order by a.part)
  from ledger_about a where a.lane = e.lane and a.sequence = e.sequence
), '[]')
from ledger_entry e where e.lane = $1 and e.sequence > $2 order by e.sequence limit $3
"""
_HEADS = """
select h.sequence, h.hash, h.signed_at, h.kid, h.signature, k.jwk::text
from ledger_signed_head h left join ledger_key k on k.kid = h.kid
where h.lane = $1 order by h.sequence, h.signed_at
"""
_STRAY = """
select a.lane, a.sequence from ledger_about a
left join ledger_entry e on e.lane = a.lane and e.sequence = a.sequence
where e.lane is null order by a.lane, a.sequence limit 1
"""
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing in a lane that is not as it should be."""

    lane: str
    sequence: int
    reason: str

    def __str__(self) -> str:
        return f"lane {self.lane}, entry {self.sequence}: {self.reason}"


@dataclass(slots=True)
class Report:
    """What a walk has found; ``flaws`` holds at most one for each lane."""

    lanes: int = 0
    entries: int = 0
    heads: int = 0
    flaws: list[Flaw] = field(default_factory=list)

    def summary(self) -> str:
        """Return the one-line summary."""
        counts = f"{self.lanes} lanes, {self.entries} entries, {self.heads} signed heads"
        if not self.flaws:
            return f"ledger ok: {counts}"
        return f"ledger BAD: {counts}; first bad: {self.flaws[0]}"


async def verify_ledger(connection: Connection, pinned: Mapping[str, Any] | None) -> Report:
    """Walk the whole ledger.

    Args:
        connection: may read the ledger; without short limits.
        pinned: public keys kept outside the database, by key id; a head signed with any other
            key is bad then. None: the database's own copies are believed.
    """
    report = Report()
    for lane, sequence, hash_ in await connection.fetch(_LANES):
        report.lanes += 1
        flaw = await _verify_lane(connection, lane, (sequence, hash_), pinned, report)
        if flaw is not None:
            report.flaws.append(flaw)
    stray = await connection.fetchrow(_STRAY)
    if stray is not None:
        report.flaws.append(Flaw(stray[0], stray[1], "an index row without its entry"))
    return report


async def _verify_lane(
    connection: Connection,
    lane: str,
    head: tuple[int | None, bytes | None],
    pinned: Mapping[str, Any] | None,
    report: Report,
) -> Flaw | None:
    signed = await connection.fetch(_HEADS, lane)
    expected_heads: dict[int, list[Sequence[Any]]] = {}
    for row in signed:
        report.heads += 1
        reason = _check_signature(lane, row, pinned)
        if reason is not None:
            return Flaw(lane, row[0], reason)
        expected_heads.setdefault(row[0], []).append(row)
    sequence, previous = 0, GENESIS
    async for row in _entries(connection, lane):
        report.entries += 1
        reason, previous = _check_entry(lane, sequence + 1, previous, row)
        if reason is not None:
            return Flaw(lane, sequence + 1, reason)
        sequence += 1
        if any(bytes(each[1]) != previous for each in expected_heads.pop(sequence, ())):
            return Flaw(lane, sequence, "the signed head is another one")
    if expected_heads:
        return Flaw(lane, sequence + 1, "missing, although a later head was signed")
    if head[0] != sequence or head[1] is None or bytes(head[1]) != previous:
        return Flaw(lane, sequence + 1, "missing: the lane's head is another one")
    return None


async def _entries(connection: Connection, lane: str) -> AsyncIterator[Sequence[Any]]:
    after = -(2**62)
    while rows := await connection.fetch(_ENTRIES, lane, after, _BATCH):
        for row in rows:
            yield row
        after = rows[-1][0]


def _check_entry(
    lane: str, expected: int, previous: bytes, row: Sequence[Any]
) -> tuple[str | None, bytes]:
    sequence, hash_, release_id, recorded_at, text, about = row
    if sequence != expected:
        return "missing", previous
    entry = orjson.loads(text)
    computed = link(previous, canonical(entry))
    if computed != bytes(hash_):
        return "its content or what came before it was changed", previous
    parts = [
        [number, part["participant"], True]
        for number, part in enumerate(entry["parts"])
        if part["participant"] is not None
    ]
    if orjson.loads(about) != parts:
        return "the index of participants does not match it", previous
    stated = entry["lane"], entry["sequence"], entry["releaseId"]
    if stated != (lane, sequence, release_id):
        return "its columns do not match it", previous
    if datetime.fromisoformat(entry["recordedAt"]) != recorded_at:
        return "its time does not match it", previous
    return None, computed


def _check_signature(lane: str, row: Sequence[Any], pinned: Mapping[str, Any] | None) -> str | None:
    sequence, hash_, signed_at, kid, signature, jwk = row
    key = orjson.loads(jwk) if jwk is not None else None
    if pinned is not None:
        key = pinned.get(kid)
    if key is None:
        return "its head is signed with a key that is not known"
    text = head_text(lane, sequence, bytes(hash_), signed_at.isoformat())
    return None if verify_head(key, text, bytes(signature)) else "its head's signature is wrong"
