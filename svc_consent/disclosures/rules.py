"""The release gate's verdict, and the ledger's entries and chain. Pure.

The gate reads, under the shared lock of the order, what is true now (``Standing``); this module
says what that means for a call that relied on an earlier revision.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from svc_consent.authority.decision import (
    DISCLOSURE,
    USE,
    Asker,
    Decider,
    Decision,
    Ground,
    Window,
)
from svc_consent.authority.rules import POLICY_KEY

GENESIS = bytes(32)
PARTICIPANT_PREFIX = "participant:"
VISIBLE_PREFIX = "visible:"
_PRINCIPAL_PREFIXES = ("subject:", "agency:", POLICY_KEY)


class Stage(StrEnum):
    """When the gate is asked."""

    RELEASE = "RELEASE"
    BEFORE_EFFECT = "BEFORE_EFFECT"


class Verdict(StrEnum):
    """What the gate says about one call."""

    RELEASED = "RELEASED"
    PRINCIPAL_CHANGED = "PRINCIPAL_CHANGED"
    LIST_CHANGED = "LIST_CHANGED"


class Kind(StrEnum):
    """Whether information stayed inside the own agency."""

    USE = USE
    DISCLOSURE = DISCLOSURE


class Outcome(StrEnum):
    """What became of something that was to be told. UNKNOWN counts as told."""

    RELEASED = "RELEASED"
    WITHHELD = "WITHHELD"
    UNKNOWN = "UNKNOWN"
    ATTEMPT = "ATTEMPT"


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be told about one participant: categories, and of how many objects."""

    participant: str
    categories: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Call:
    """One operation that asks to be released.

    Attributes:
        release_id: names this call for ever.
        asker: who asks; on which grounds each category may be seen.
        keys: what its decisions relied on, with the revision relied on.
        valid_until: before this instant, time alone changes none of its decisions.
        coordinates: category -> names of the fields told.
        records: what is to be told about whom; empty when nothing about a person leaves.
        denied: whom the caller asked for by id and is told nothing of, absent or hidden alike.
    """

    release_id: str
    asker: Asker
    grant_id: str
    site_id: str
    operation_name: str
    operation_hash: str
    policy_version: str
    stage: Stage
    keys: Mapping[str, int]
    valid_until: datetime | None
    coordinates: Mapping[str, Sequence[str]]
    records: tuple[Record, ...]
    denied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true now, read under the shared lock of the order.

    ``keys`` holds the keys that were ever touched; any other is at revision 0.
    """

    now: datetime
    revision: int
    keys: Mapping[str, int]
    live_grants: frozenset[str]
    windows: Sequence[Window] = ()
    grounds: Mapping[str, Sequence[Ground]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Categories of one participant with the same outcome and kind; no participant: a look-up."""

    outcome: Outcome
    kind: str
    participant: str | None = None
    categories: tuple[str, ...] = ()
    count: int = 0
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one call, and what is to be recorded.

    In a released call, the parts that are withheld are what fell away.
    """

    verdict: Verdict
    parts: tuple[Part, ...]


def moved_keys(keys: Mapping[str, int], standing: Standing) -> list[str]:
    """Return the keys that have been touched after the revision relied on.

    Everything relies on ``policy``: a new policy, and the beginning of a timeline after a restore,
    leave nothing that was decided before.
    """
    everything = standing.keys.get(POLICY_KEY, 0)
    return [
        key
        for key, relied_on in keys.items()
        if max(standing.keys.get(key, 0), everything) > relied_on
    ]


def judge(call: Call, standing: Standing) -> Judgement:
    """Say whether a call may be released as things stand.

    Who asks must stand unchanged, and so must every list that was used, and the dates that records
    were chosen by; about single participants it is decided again, and what no longer holds falls
    away.
    """
    moved = moved_keys(call.keys, standing)
    has_run_out = call.valid_until is not None and standing.now >= call.valid_until
    if call.grant_id not in standing.live_grants or any(
        key.startswith(_PRINCIPAL_PREFIXES) for key in moved
    ):
        return _withheld(call, Verdict.PRINCIPAL_CHANGED)
    if call.stage is Stage.BEFORE_EFFECT:
        return Judgement(Verdict.RELEASED, (Part(Outcome.ATTEMPT, USE),))
    used_list = any(key.startswith(VISIBLE_PREFIX) for key in call.keys)
    if used_list and (has_run_out or any(key.startswith(VISIBLE_PREFIX) for key in moved)):
        return _withheld(call, Verdict.LIST_CHANGED)
    decider = Decider(call.asker, standing.windows, standing.now)
    if _has_rows_of_another_period(call, standing, decider, moved, has_run_out=has_run_out):
        return _withheld(call, Verdict.LIST_CHANGED)
    parts: list[Part] = []
    for record in call.records:
        decision = decider.decide(standing.grounds.get(record.participant, ()))
        parts += _standing_parts(record, decision)
        gone = tuple(c for c in record.categories if c not in decision.kinds)
        if gone:
            parts.append(Part(Outcome.WITHHELD, DISCLOSURE, record.participant, gone, record.count))
    parts += [Part(Outcome.ATTEMPT, USE, participant) for participant in call.denied]
    return Judgement(Verdict.RELEASED, tuple(parts) or (Part(Outcome.RELEASED, USE),))


def _has_rows_of_another_period(
    call: Call, standing: Standing, decider: Decider, moved: Sequence[str], *, has_run_out: bool
) -> bool:
    """Return whether rows may have been read under dates that are others now.

    A release that is narrowed to a period (D49) opens the same categories as before; only reading
    again shows which rows are left.
    """
    return any(
        (has_run_out or f"{PARTICIPANT_PREFIX}{record.participant}" in moved)
        and decider.is_limited(standing.grounds.get(record.participant, ()))
        for record in call.records
    )


def _standing_parts(record: Record, decision: Decision) -> list[Part]:
    parts = []
    for kind in (USE, DISCLOSURE):
        chosen = tuple(c for c in record.categories if decision.kinds.get(c) == kind)
        if chosen:
            sources = {c: decision.sources[c] for c in chosen if decision.sources.get(c)}
            parts.append(
                Part(Outcome.RELEASED, kind, record.participant, chosen, record.count, sources)
            )
    return parts


def _withheld(call: Call, verdict: Verdict) -> Judgement:
    parts = tuple(
        Part(Outcome.WITHHELD, DISCLOSURE, record.participant, record.categories, record.count)
        for record in call.records
    )
    return Judgement(verdict, parts or (Part(Outcome.WITHHELD, USE),))


@dataclass(slots=True)
class Chain:
    """The end of one lane: grows entry by entry, each tied to all before it.

    Attributes:
        rows: new entries, as the repository stores them.
        about: for each part about a participant: where it stands and whom it is about.
    """

    lane: str
    sequence: int
    hash: bytes
    rows: list[dict[str, Any]] = field(default_factory=list)
    about: list[dict[str, Any]] = field(default_factory=list)

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one entry (JSON values); lane and sequence are written into it."""
        self.sequence += 1
        whole = {**entry, "lane": self.lane, "sequence": self.sequence}
        text = canonical(whole)
        self.hash = link(self.hash, text)
        self.rows.append(
            {
                "sequence": self.sequence,
                "hash": self.hash.hex(),
                "release_id": whole["releaseId"],
                "recorded_at": whole["recordedAt"],
                "entry": orjson.Fragment(text),
            }
        )
        self.about += [
            {
                "pseudonym": part["participant"],
                "recorded_at": whole["recordedAt"],
                "sequence": self.sequence,
                "part": number,
            }
            for number, part in enumerate(whole["parts"])
            if part["participant"] is not None
        ]


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return an entry as JSON with sorted keys and no spaces."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


def link(previous: bytes, text: bytes) -> bytes:
    """Return the hash of an entry: SHA-256 of its canonical JSON and the hash before it."""
    return hashlib.sha256(text + previous).digest()


def entry_of(
    call: Call, judgement: Judgement, standing: Standing, pseudonyms: Mapping[str, str]
) -> dict[str, Any]:
    """Return the ledger entry of a judged call: names of fields and categories, never values."""
    asker = call.asker
    told = sorted({category for part in judgement.parts for category in part.categories})
    return {
        "releaseId": call.release_id,
        "stage": call.stage.value,
        "verdict": judgement.verdict.value,
        "subject": asker.subject,
        "agencyId": asker.agency_id,
        "siteId": call.site_id,
        "grantId": call.grant_id,
        "role": asker.role,
        "purpose": asker.purpose,
        "operationName": call.operation_name,
        "operationHash": call.operation_hash,
        "policyVersion": call.policy_version,
        "revision": standing.revision,
        "recordedAt": standing.now.isoformat(),
        "coordinates": {c: sorted(call.coordinates.get(c, ())) for c in told},
        "parts": [
            {
                "outcome": part.outcome.value,
                "kind": part.kind,
                "participant": pseudonyms[part.participant] if part.participant else None,
                "categories": part.categories,
                "sources": part.sources,
                "count": part.count,
            }
            for part in judgement.parts
        ],
    }


def verdict_of(entry: Mapping[str, Any], participants: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer to a call from its entry, so that a repetition gets the same.

    Args:
        entry: the ledger's entry.
        participants: pseudonym -> participant; one that was purged is left out.
    """
    is_released = entry["verdict"] == Verdict.RELEASED
    return {
        "releaseId": entry["releaseId"],
        "verdict": entry["verdict"],
        "revision": entry["revision"],
        "lapsed": [
            {
                "participant": participants[part["participant"]],
                "categories": list(part["categories"]),
            }
            for part in entry["parts"]
            if is_released
            and part["outcome"] == Outcome.WITHHELD
            and part["participant"] in participants
        ],
    }
