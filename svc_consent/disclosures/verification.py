"""Walks the ledger's chains and signed heads, and names the first entry that is not as it was.

Found: an entry changed, taken away, put in, moved, or cut off at the end; an index row that does
not belong to its entry; a head that differs from what was signed; a lane that has gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_consent.disclosures.heads import head_text, verify_head
from svc_consent.disclosures.repository import chains
from svc_consent.disclosures.repository.chains import StoredEntry, StoredHead
from svc_consent.disclosures.rules import GENESIS, canonical, link
from svc_consent.hot_pool import Connection

_READERS = frozenset({Role.PRV, Role.PLA})


def may_verify(caller: Caller) -> bool:
    """Return whether somebody answers for the ledger as a whole: privacy officer and platform."""
    return caller.role in _READERS


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
    is_whole: bool = True
    """False where the walk stopped at its bound: what came after was not looked at."""
    flaws: list[Flaw] = field(default_factory=list)

    def is_at(self, most: int | None) -> bool:
        """Return whether as much has been looked at as was asked for."""
        return most is not None and self.entries + self.heads >= most

    def summary(self) -> str:
        """Return the one-line summary."""
        counts = f"{self.lanes} lanes, {self.entries} entries, {self.heads} signed heads"
        if not self.flaws:
            return f"ledger ok: {counts}"
        return f"ledger BAD: {counts}; first bad: {self.flaws[0]}"


async def verify_ledger(
    connection: Connection, pinned: Mapping[str, Any] | None, most: int | None = None
) -> Report:
    """Walk the whole ledger, or its first entries.

    Args:
        connection: may read the ledger; without short limits.
        pinned: public keys kept outside the database, by key id; a head signed with any other
            key is bad then. None: the database's own copies are believed.
        most: entries and heads to look at; the walk ends there, and the report says so.
    """
    report = Report()
    for lane, sequence, hash_ in await chains.lanes(connection):
        report.lanes += 1
        if report.is_at(most):
            report.is_whole = False
            continue
        flaw = await _verify_lane(connection, lane, (sequence, hash_), pinned, report, most)
        if flaw is not None:
            report.flaws.append(flaw)
    if report.is_whole:
        stray = await chains.stray_index_row(connection)
        if stray is not None:
            report.flaws.append(Flaw(*stray, "an index row without its entry"))
    return report


async def _verify_lane(
    connection: Connection,
    lane: str,
    end: tuple[int | None, bytes | None],
    pinned: Mapping[str, Any] | None,
    report: Report,
    most: int | None,
) -> Flaw | None:
    signed: dict[int, list[StoredHead]] = {}
    most_heads = None if most is None else (most - report.entries - report.heads + 1) // 2
    heads = await chains.signed_heads(connection, lane, most_heads)
    if len(heads) == most_heads:
        report.is_whole = False
    for head in heads:
        report.heads += 1
        reason = _check_signature(lane, head, pinned)
        if reason is not None:
            return Flaw(lane, head.sequence, reason)
        signed.setdefault(head.sequence, []).append(head)
    sequence, previous = 0, GENESIS
    async for entry in chains.entries(connection, lane):
        if report.is_at(most):
            report.is_whole = False
            return None
        report.entries += 1
        reason, previous = _check_entry(lane, sequence + 1, previous, entry)
        if reason is not None:
            return Flaw(lane, sequence + 1, reason)
        sequence += 1
        if any(head.hash != previous for head in signed.pop(sequence, ())):
            return Flaw(lane, sequence, "the signed head is another one")
    if signed:
        return Flaw(lane, sequence + 1, "missing, although a later head was signed")
    if end != (sequence, previous):
        if end[0] is not None and end[0] < sequence:
            return Flaw(lane, end[0] + 1, "it comes after the lane's head")
        return Flaw(lane, sequence + 1, "missing: the lane's head is another one")
    return None


def _check_entry(
    lane: str, expected: int, previous: bytes, row: StoredEntry
) -> tuple[str | None, bytes]:
    if row.sequence != expected:
        return "missing", previous
    try:
        return _compare(lane, expected, previous, row)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return "it is nothing that the gate writes", previous


def _compare(
    lane: str, expected: int, previous: bytes, row: StoredEntry
) -> tuple[str | None, bytes]:
    entry = orjson.loads(row.text)
    computed = link(previous, canonical(entry))
    if computed != row.hash:
        return "its content or what came before it was changed", previous
    parts = [
        [number, part["participant"], True]
        for number, part in enumerate(entry["parts"])
        if part["participant"] is not None
    ]
    if orjson.loads(row.about) != parts:
        return "the index of participants does not match it", previous
    if (entry["lane"], entry["sequence"], entry["releaseId"]) != (lane, expected, row.release_id):
        return "its columns do not match it", previous
    if datetime.fromisoformat(entry["recordedAt"]) != row.recorded_at:
        return "its time does not match it", previous
    return None, computed


def _check_signature(lane: str, head: StoredHead, pinned: Mapping[str, Any] | None) -> str | None:
    key = orjson.loads(head.jwk) if head.jwk is not None else None
    if pinned is not None:
        key = pinned.get(head.kid)
    if key is None:
        return "its head is signed with a key that is not known"
    text = head_text(lane, head.sequence, head.hash, head.signed_at.isoformat())
    return None if verify_head(key, text, head.signature) else "its head's signature is wrong"
