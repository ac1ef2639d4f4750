"""Statements of the participant's accounting: what the ledger holds about one participant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, func, literal, select, tuple_
from sqlalchemy.types import BigInteger, TypeEngine, Uuid

from infra.authority.predicate import visible
from infra.database import ReadSession
from infra.identity_token import Caller
from infra.pagination import Page, PaginationError
from infra.vocabulary import Category
from svc_consent.disclosures.tables import LedgerAbout, LedgerEntry, ParticipantPseudonym
from svc_consent.releases.repository import releases_by_id

_KEY = (LedgerAbout.recorded_at, LedgerAbout.lane, LedgerAbout.sequence, LedgerAbout.part)
_KEY_TYPES: tuple[TypeEngine[Any], ...] = (
    DateTime(timezone=True),
    String(),
    BigInteger(),
    BigInteger(),
)

Key = tuple[datetime, str, int, int]


@dataclass(frozen=True, slots=True)
class Told:
    """One part of a ledger entry, about one participant."""

    participant_id: UUID
    key: Key
    entry: dict[str, Any]

    @property
    def part(self) -> dict[str, Any]:
        """Return the part of the entry that is about this participant."""
        found: dict[str, Any] = self.entry["parts"][self.key[3]]
        return found

    @property
    def sources(self) -> set[UUID]:
        """Return the release versions that it rested on."""
        return {UUID(each) for ids in self.part["sources"].values() for each in ids}

    def cursor_key(self) -> list[Any]:
        """Return the key as JSON scalars."""
        return [self.key[0].isoformat(), *self.key[1:]]


def parse_key(key: Sequence[Any]) -> Key:
    """Read a key back from a cursor.

    Raises:
        PaginationError: the cursor holds something else.
    """
    try:
        recorded_at, lane, sequence, part = key
        return datetime.fromisoformat(recorded_at), str(lane), int(sequence), int(part)
    except (ValueError, TypeError):
        raise PaginationError("'after' is not a cursor of this list; start over") from None


async def page_of_accounting(
    session: ReadSession,
    caller: Caller,
    participant_id: UUID,
    first: int,
    after: Key | None,
    *,
    is_counted: bool,
) -> Page[Told]:
    """Return one page of what was told about a participant, newest first, as far as visible."""
    mine = (
        select(ParticipantPseudonym.pseudonym)
        .where(
            ParticipantPseudonym.participant_id == participant_id,
            visible(caller, Category.AUDIT, literal(participant_id, Uuid)),
        )
        .scalar_subquery()
    )
    rows = (
        select(*_KEY, LedgerEntry.entry)
        .join(
            LedgerEntry,
            (LedgerEntry.lane == LedgerAbout.lane) & (LedgerEntry.sequence == LedgerAbout.sequence),
        )
        .where(LedgerAbout.pseudonym == mine)
    )
    wanted = rows
    if after is not None:
        there = tuple_(*(literal(v, t) for v, t in zip(after, _KEY_TYPES, strict=True)))
        wanted = rows.where(tuple_(*_KEY) < there)
    found = (
        await session.execute(wanted.order_by(*(each.desc() for each in _KEY)).limit(first + 1))
    ).all()
    total = None
    if is_counted:
        count = select(func.count()).select_from(LedgerAbout).where(LedgerAbout.pseudonym == mine)
        total = await session.scalar(count)
    told = [Told(participant_id, (r[0], r[1], r[2], r[3]), r[4]) for r in found[:first]]
    return Page(told, len(found) > first, total)


async def release_numbers(
    session: ReadSession, caller: Caller, told: Sequence[Told]
) -> dict[UUID, int]:
    """Return the version numbers of the releases that a page rested on."""
    ids = sorted({each for one in told for each in one.sources})
    rows = await releases_by_id(session, caller, ids)
    return {release_id: row.number for release_id, row in rows.items()}
