"""Statements about clocks, narrowed by ELIGIBILITY."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Role
from svc_participants.clocks import rules
from svc_participants.clocks.tables import ClockPauseRow, ClockRow
from svc_participants.people.repository import may_write, under

_SCREENED = sorted((rules.ClockKind.INTAKE.value, rules.ClockKind.WAITLIST.value))


class ClocksOfReferral(BatchLoader[list[ClockRow]]):
    """Clocks by referral, in the order in which they started."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return (
            select(ClockRow)
            .where(
                ClockRow.referral_id == IDS,
                visible(caller, Category.ELIGIBILITY, ClockRow.participant_id),
            )
            .order_by(ClockRow.started_at, ClockRow.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[ClockRow]]:
        """By referral."""
        grouped: dict[UUID, list[ClockRow]] = {}
        for (row,) in rows:
            grouped.setdefault(row.referral_id, []).append(row)
        return grouped


class PausesOfClock(BatchLoader[list[ClockPauseRow]]):
    """Pauses by clock, in order."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return (
            select(ClockPauseRow)
            .where(
                ClockPauseRow.clock_id == IDS,
                visible(caller, Category.ELIGIBILITY, ClockPauseRow.participant_id),
            )
            .order_by(ClockPauseRow.began_at, ClockPauseRow.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[ClockPauseRow]]:
        """By clock."""
        grouped: dict[UUID, list[ClockPauseRow]] = {}
        for (row,) in rows:
            grouped.setdefault(row.clock_id, []).append(row)
        return grouped


def clock_of(row: ClockRow, pauses: Sequence[ClockPauseRow]) -> rules.Clock:
    """Return the value that the rules work on."""
    return rules.Clock(
        zone=row.time_zone,
        started_at=row.started_at,
        limit_minutes=row.limit_minutes,
        limit_days=row.limit_days,
        pauses=tuple(
            rules.Pause(rules.PauseReason(each.reason), each.began_at, each.ended_at)
            for each in pauses
        ),
        met_at=row.met_at,
        ended_at=row.ended_at,
    )


async def pauses_of(session: AnySession, clock_id: UUID) -> list[ClockPauseRow]:
    """Return the pauses of a clock; the right to the clock was checked before."""
    found = await session.scalars(
        select(ClockPauseRow)
        .where(ClockPauseRow.clock_id == clock_id)
        .order_by(ClockPauseRow.began_at, ClockPauseRow.id)
    )
    return list(found)


async def for_update(session: WriteSession, caller: Caller, clock_id: UUID) -> ClockRow | None:
    """Return a clock, locked, that the caller may let stand still.

    Those who work with the person, every one; the project manager, of referrals that they screen,
    those that measure the screening and the intake.
    """
    mine = may_write(caller, Category.ELIGIBILITY, ClockRow.participant_id)
    if caller.role is Role.PM and caller.access.get(Category.ELIGIBILITY):
        screening = under(caller, Category.ELIGIBILITY, Basis.SCREENING.value)
        mine = and_(
            visible(screening, Category.ELIGIBILITY, ClockRow.participant_id),
            ClockRow.kind.in_(_SCREENED),
        )
    row: ClockRow | None = await session.scalar(
        select(ClockRow).where(ClockRow.id == clock_id, mine).with_for_update(of=ClockRow)
    )
    return row


async def open_of(session: WriteSession, source_id: UUID, kind: rules.ClockKind) -> ClockRow | None:
    """Return a clock that was neither met nor ended; the right to its source was checked."""
    row: ClockRow | None = await session.scalar(
        select(ClockRow)
        .where(
            ClockRow.source_id == source_id,
            ClockRow.kind == kind.value,
            ClockRow.met_at.is_(None),
            ClockRow.ended_at.is_(None),
        )
        .with_for_update()
    )
    return row


async def latest_of(session: AnySession, source_id: UUID, kind: rules.ClockKind) -> ClockRow | None:
    """Return a clock by its source; the right to the source was checked before."""
    row: ClockRow | None = await session.scalar(
        select(ClockRow).where(ClockRow.source_id == source_id, ClockRow.kind == kind.value)
    )
    return row
