"""Commands about clocks: what happens starts and meets them, people let them stand still."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock as wall
from infra.database import WriteSession
from infra.identity_token import Caller
from svc_participants.clocks import repository, rules
from svc_participants.clocks.tables import ClockPauseRow, ClockRow
from svc_participants.people.rules import check_version, not_found


@dataclass(frozen=True, slots=True)
class Measured:
    """What a clock is about."""

    source_id: UUID
    referral_id: UUID
    participant_id: UUID
    zone: str


def start(
    session: WriteSession,
    measured: Measured,
    kind: rules.ClockKind,
    started_at: datetime,
    *,
    minutes: int | None = None,
    days: int | None = None,
) -> None:
    """Start a clock at the moment that somebody has named."""
    session.add(
        ClockRow(
            id=uuid4(),
            source_id=measured.source_id,
            referral_id=measured.referral_id,
            participant_id=measured.participant_id,
            kind=kind.value,
            time_zone=measured.zone,
            limit_minutes=minutes,
            limit_days=days,
            started_at=started_at,
        )
    )


async def state(
    session: WriteSession, source_id: UUID, kind: rules.ClockKind, now: datetime
) -> rules.ClockState | None:
    """Return how a clock stands, None where there is none; the right to its source was checked."""
    row = await repository.latest_of(session, source_id, kind)
    if row is None:
        return None
    return rules.state_of(
        repository.clock_of(row, await repository.pauses_of(session, row.id)), now
    )


async def meet(session: WriteSession, source_id: UUID, kind: rules.ClockKind, at: datetime) -> None:
    """Record that what a clock measures is done; without an open clock nothing happens."""
    row = await repository.open_of(session, source_id, kind)
    if row is not None:
        await _close(session, row, at)
        row.met_at = at


async def meet_on(
    session: WriteSession, source_id: UUID, kind: rules.ClockKind, day: date, now: datetime
) -> None:
    """Record that what a clock measures was done on a day, which may be told later."""
    row = await repository.open_of(session, source_id, kind)
    if row is not None:
        row.met_at = rules.met_on(row.time_zone, row.started_at, day, now)
        await _close(session, row, row.met_at)


async def correct_met(
    session: WriteSession, source_id: UUID, kind: rules.ClockKind, day: date, now: datetime
) -> None:
    """Put right on which day what a clock measures was done; one that was not met stays so."""
    row = await repository.latest_of(session, source_id, kind)
    if row is not None and row.met_at is not None:
        row.met_at = rules.met_on(row.time_zone, row.started_at, day, now)
        row.version += 1


async def end(session: WriteSession, source_id: UUID, kind: rules.ClockKind, at: datetime) -> None:
    """Stop measuring; without an open clock nothing happens."""
    row = await repository.open_of(session, source_id, kind)
    if row is not None:
        await _close(session, row, at)
        row.ended_at = at


async def reopen(session: WriteSession, source_id: UUID, kind: rules.ClockKind) -> None:
    """Measure on what was ended by mistake; what was met stays met."""
    row = await repository.latest_of(session, source_id, kind)
    if row is not None and row.ended_at is not None:
        row.ended_at = None
        row.version += 1


async def _close(session: WriteSession, row: ClockRow, at: datetime) -> None:
    row.version += 1
    for pause in await repository.pauses_of(session, row.id):
        if pause.ended_at is None:
            pause.ended_at = max(at, pause.began_at)


@dataclass(frozen=True, slots=True)
class PauseRequest:
    """A clock stands still, or goes on again."""

    expected_version: int
    happened_at: datetime
    reason: rules.PauseReason | None


async def pause(
    session: WriteSession, caller: Caller, clock_id: UUID | None, request: PauseRequest
) -> dict[str, Any]:
    """Let a clock stand still while the person is in custody or in hospital, or go on.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or a moment out of order.
    """
    row = None if clock_id is None else await repository.for_update(session, caller, clock_id)
    if row is None:
        raise not_found("clockId")
    check_version(request.expected_version, row.version)
    now = wall.now()
    pauses = await repository.pauses_of(session, row.id)
    known = repository.clock_of(row, pauses)
    step = rules.ClockStep.PAUSE if request.reason else rules.ClockStep.RESUME
    rules.check_step(rules.state_of(known, now), step)
    rules.check_moment(known, request.happened_at, now)
    row.version += 1
    if request.reason is None:
        pauses[-1].ended_at = request.happened_at
    else:
        session.add(
            ClockPauseRow(
                id=uuid4(),
                clock_id=row.id,
                participant_id=row.participant_id,
                reason=request.reason.value,
                began_at=request.happened_at,
                recorded_by=caller.subject,
            )
        )
    return {"referral": str(row.referral_id)}
