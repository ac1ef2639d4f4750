"""The one order of authority facts, and what decisions read. Every statement on these tables.

The lock of the order is taken exclusively by a change and shared by the release gate
(``svc_consent.disclosures``). Both hold it to their commit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import String, Uuid

from infra import clock
from infra.authority import changes
from infra.authority.changes import Operation
from infra.authority.tables import Visibility
from infra.database import AnySession, WriteSession
from svc_consent.authority.decision import Ground, Window
from svc_consent.authority.journalling import write_ahead
from svc_consent.authority.rules import ANY_HOLDER, ClearanceRow, FeedEntry, Touched, keys_of
from svc_consent.authority.tables import AcceptedFacts, Clearance
from svc_consent.hot_pool import Connection

# Two-part advisory lock: idempotency keys use the one-part kind, so the two never meet.
ORDER_LOCK = "20260216, 1"
CHANNEL = "authority"
MAX_CHANGES = 500
MAX_BATCH_OPERATIONS = 5000
"""About 2 MB of JSON: read, sent and applied within each party's limits."""

# Whoever holds the order and falls silent is cut off: until then no gate opens.
_SILENCE_MS = 3000
_LOCK = text(
    f"select set_config('idle_in_transaction_session_timeout', '{_SILENCE_MS}', true),"
    f" pg_advisory_xact_lock({ORDER_LOCK})"
)
# One statement, since each costs the processor time of a call: the number from the counter row, the
# keys that it moves, the entry of the feed, and the news, which leaves with the commit.
_CHANGE = text("""
with counted as (
  update authority_applied set revision = revision + 1 where id = 1 returning revision
), moved as (
  insert into authority_key (key, revision)
  select key, revision from counted, unnest(:keys) as touched (key)
  on conflict (key) do update set revision = excluded.revision
), told as (
  insert into authority_change (revision, keys, operations, at)
  select revision, :keys, :operations, clock_timestamp() from counted
)
select revision, pg_notify(:channel, revision::text) from counted
""").bindparams(bindparam("keys", type_=ARRAY(String)), bindparam("operations", type_=JSONB))
_HOLDERS = text(
    "select distinct participant_id::text, holder from authority_visibility"
    " where participant_id = any(:participants) and effect = 'permit'"
).bindparams(bindparam("participants", type_=ARRAY(Uuid)))


async def lock_order(session: WriteSession) -> None:
    """Take the lock of the order; needed before ``record_change`` only where what a change
    touches depends on the facts of others.
    """
    await session.execute(_LOCK)


async def record_change(
    session: WriteSession, keys: Iterable[str], operations: Sequence[Operation]
) -> int:
    """Give a change its place in the order; the lock is held until the transaction ends.

    Call it last in a transaction: what comes before is not done under the lock.

    Args:
        session: the transaction that makes the fact true.
        keys: what the change touches.
        operations: changes of visibility rows and agency windows; may be empty.

    Returns:
        The revision. Where there is a journal, the transaction ends with a line of it.
    """
    moved = sorted(set(keys))
    await session.flush()
    await lock_order(session)
    given = {"keys": moved, "operations": list(operations), "channel": CHANNEL}
    revision: int = (await session.execute(_CHANGE, given)).scalar_one()
    await changes.apply(session, list(operations), revision)
    write_ahead(session, revision)
    return revision


async def keys_touched(session: AnySession, touched: Sequence[Touched]) -> list[str]:
    """Return the keys that a change of these rows moves."""
    for_all = sorted({row.participant_id for row in touched if row.holder == ANY_HOLDER})
    holders: dict[str, list[str]] = {}
    if for_all:
        found = await session.execute(_HOLDERS, {"participants": [UUID(each) for each in for_all]})
        for participant_id, holder in found:
            holders.setdefault(participant_id, []).append(holder)
    return keys_of(touched, holders)


async def rows_named(session: AnySession, ids: Sequence[UUID]) -> list[tuple[Touched, str]]:
    """Return which rows of these ids exist, each with its basis."""
    found = await session.execute(
        select(Visibility.participant_id, Visibility.holder, Visibility.basis).where(
            Visibility.id.in_(ids)
        )
    )
    return [(Touched(str(row[0]), row[1]), row[2]) for row in found]


async def revision_of_hand_over(session: AnySession, issuer: str, hand_over: UUID) -> int | None:
    """Return the revision that a hand-over was given before, if it was."""
    revision: int | None = await session.scalar(
        select(AcceptedFacts.revision).where(
            AcceptedFacts.issuer == issuer, AcceptedFacts.id == hand_over
        )
    )
    return revision


def remember_hand_over(session: WriteSession, issuer: str, hand_over: UUID, revision: int) -> None:
    """Note in the same transaction that a hand-over has had its effect."""
    session.add(AcceptedFacts(issuer=issuer, id=hand_over, revision=revision, at=clock.now()))


async def holders_of_clearances(session: WriteSession, ids: Sequence[UUID]) -> list[str]:
    """Return to whom these clearances belong, as far as they are known."""
    return list(await session.scalars(select(Clearance.subject).where(Clearance.id.in_(ids))))


async def put_clearances(
    session: WriteSession, rows: Sequence[ClearanceRow], gone: Sequence[UUID]
) -> None:
    """Store what training opens, and take away what it no longer does."""
    if gone:
        await session.execute(delete(Clearance).where(Clearance.id.in_(gone)))
    for row in rows:
        await session.merge(
            Clearance(
                id=row.id,
                subject=row.subject,
                agency_id=row.agency_id,
                kind=row.kind,
                ends_at=row.ends_at,
            )
        )
    await session.flush()


@dataclass(frozen=True, slots=True)
class Facts:
    """What decisions read, from one snapshot."""

    now: datetime
    revision: int
    windows: list[Window]
    grounds: dict[str, list[Ground]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be decided about: the parameters $1 to $4 of ``FACTS_COLUMNS``.

    Attributes:
        participants: well-formed participant ids.
        holders: whose grounds matter, without ``any``, which always does.
        agencies: whose live periods matter.
        purposes: purposes asked for.
    """

    participants: Sequence[str]
    holders: Sequence[str]
    agencies: Sequence[str]
    purposes: Sequence[str]

    def parameters(self) -> tuple[Sequence[str], ...]:
        """Return the parameters in order."""
        return self.participants, [*self.holders, ANY_HOLDER], self.agencies, self.purposes


# The parts of one statement are one snapshot, so rows and revision belong together. Rows that
# ended before the statement began are left out; what ends later is judged by the instant read.
# As JSON: a list of a hundred people costs a fifth of the time that it takes row by row.
FACTS_COLUMNS = """
clock_timestamp(), (select revision from authority_applied where id = 1),
  (select coalesce(json_agg(json_build_array(agency_id, starts_at, ends_at, site_id)), '[]')
     from authority_agency_window where agency_id = any($3)),
  (select coalesce(json_agg(json_build_array(v.participant_id, v.holder, v.basis,
       v.effect = 'deny', v.category, v.purpose, v.starts_at, v.ends_at, v.source_id,
       v.data_from is not null or v.data_to is not null)), '[]')
     from authority_visibility v
     where v.participant_id = any($1::uuid[]) and v.holder = any($2)
       and (v.purpose is null or v.purpose = any($4))
       and (v.ends_at is null or v.ends_at > statement_timestamp()))
"""
_FACTS = f"select {FACTS_COLUMNS}"


async def read_facts(connection: Connection, wanted: Wanted) -> Facts:
    """Read what decisions about participants rest on, as it is now."""
    return parse_facts(await connection.fetchrow(_FACTS, *wanted.parameters()))


def parse_facts(columns: Sequence[Any]) -> Facts:
    """Read ``FACTS_COLUMNS``, the first four of a row."""
    windows = [
        Window(agency, datetime.fromisoformat(starts), _moment(ends), site)
        for agency, starts, ends, site in orjson.loads(columns[2])
    ]
    grounds: dict[str, list[Ground]] = {}
    rows = orjson.loads(columns[3])
    for who, holder, basis, denies, category, purpose, starts, ends, source, limited in rows:
        grounds.setdefault(who, []).append(
            Ground(
                who,
                holder,
                basis,
                denies,
                category,
                purpose,
                datetime.fromisoformat(starts),
                _moment(ends),
                source,
                limited,
            )
        )
    return Facts(columns[0], columns[1], windows, grounds)


def _moment(text_: str | None) -> datetime | None:
    return None if text_ is None else datetime.fromisoformat(text_)


# Cut by the stored count: operations that do not go into this answer are not even read. The join
# says itself between which revisions it is, or its plan walks the past from the first change on.
_FEED = """
with entry as materialized (
  select revision, operation_count
  from authority_change where revision > $1 order by revision limit $2
), sized as (
  select revision, sum(operation_count) over (order by revision) as size from entry
), part as (
  select c.revision, c.keys, c.operations::text as operations
  from sized join authority_change c using (revision)
  where c.revision > $1 and c.revision <= (select max(revision) from entry)
    and (sized.size <= $3 or c.revision = $1 + 1)
)
select head.revision, part.revision, part.keys, part.operations
from authority_applied head left join part on true
where head.id = 1 order by part.revision
"""


async def changes_after(connection: Connection, after: int) -> tuple[int, list[FeedEntry]]:
    """Return the newest revision, and changes after a revision, in order, from one snapshot.

    As many as fit in one answer, at least one if there is any.
    """
    rows = await connection.fetch(_FEED, after, MAX_CHANGES, MAX_BATCH_OPERATIONS)
    return rows[0][0], [FeedEntry(*row[1:]) for row in rows if row[1] is not None]
