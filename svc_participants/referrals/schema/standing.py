"""What the protocol says of a referral, its place in the order, and its clocks."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import strawberry
from strawberry.types import Info

from infra import clock as wall
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Role
from svc_participants.clocks import repository, rules
from svc_participants.clocks.tables import ClockPauseRow, ClockRow
from svc_participants.protocols import judgement
from svc_participants.referrals.tables import ReferralRow

_STRUCTURE = [category(Category.STRUCTURE)]
_OUTCOME = [category(Category.ELIGIBILITY)]
_CLOCK_READERS = (Role.PM, Role.CM, Role.SUP, Role.PAR, Role.REP)
"""Whose work the clocks are. Others with a release learn whether the intake is complete."""

described_enum(rules.ClockKind, "What a clock measures.", rules.KIND_MEANINGS)
described_enum(rules.ClockState, "How a clock stands.", rules.STATE_MEANINGS)
described_enum(rules.PauseReason, "Why time does not count.", rules.REASON_MEANINGS)


class IntakeStanding(StrEnum):
    """How far the intake is, and nothing about why."""

    UNDER_WAY = "UNDER_WAY"
    COMPLETED = "COMPLETED"
    NOT_COMPLETED = "NOT_COMPLETED"


described_enum(
    IntakeStanding,
    "How far the intake is; never why.",
    {
        IntakeStanding.UNDER_WAY: "The time of the protocol has not run out.",
        IntakeStanding.COMPLETED: "The intake is complete.",
        IntakeStanding.NOT_COMPLETED: "Not complete in the protocol's time; can be taken up again.",
    },
)


@strawberry.type(directives=_OUTCOME, description="One thing that the protocol has found.")
class ProtocolFinding:
    """A finding."""

    aspect: judgement.Aspect | None = strawberry.field(description="What it is about.")
    is_open: bool | None = strawberry.field(
        description="Still to be asked; otherwise it speaks against the referral."
    )
    text: str | None = strawberry.field(description="The finding in words.")


@strawberry.type(directives=_OUTCOME, description="What the protocol says; it never decides.")
class ReferralJudgement:
    """A judgement."""

    judged_as: judgement.JudgedAs | None = strawberry.field(description="In one word.")
    findings: list[ProtocolFinding] | None = strawberry.field(description="What it rests on.")
    points: int | None = strawberry.field(description="Points for the order of the waiting list.")
    reasons: list[str] | None = strawberry.field(description="Reasons for the points.")


def judgement_of(stored: dict[str, Any]) -> ReferralJudgement | None:
    """Return the GraphQL object of a stored judgement; None for a referral without one."""
    if "judged_as" not in stored:
        return None
    return ReferralJudgement(
        judged_as=judgement.JudgedAs(stored["judged_as"]),
        findings=[
            ProtocolFinding(
                aspect=judgement.Aspect(each["aspect"]), is_open=each["is_open"], text=each["text"]
            )
            for each in stored["findings"]
        ],
        points=stored["points"],
        reasons=list(stored["reasons"]),
    )


@strawberry.type(directives=_OUTCOME, description="A stretch of time that does not count.")
class ClockPause:
    """A pause."""

    reason: rules.PauseReason | None = strawberry.field(
        description="Why; for those who work with the person.",
        directives=[category(Category.CASE_NOTES)],
    )
    began_at: datetime | None = strawberry.field(description="From when.")
    ended_at: datetime | None = strawberry.field(description="Until when; null while it lasts.")


@strawberry.type(
    directives=[category(Category.ELIGIBILITY), about("participantId")],
    description="A clock of a referral, in the site's own time. When it runs out, nothing happens.",
)
class ReferralClock:
    """A clock."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=_STRUCTURE, inaccessible=True
    )
    kind: rules.ClockKind | None = strawberry.field(description="What it measures.")
    state: rules.ClockState | None = strawberry.field(description="How it stands now.")
    started_at: datetime | None = strawberry.field(description="When what it measures began.")
    due_at: datetime | None = strawberry.field(description="When it runs out, as of now.")
    met_at: datetime | None = strawberry.field(description="When what it measures was done.")
    is_met_in_time: bool | None = strawberry.field(description="Whether that was in time.")
    elapsed_minutes: int | None = strawberry.field(description="Minutes that count.")
    pauses: list[ClockPause] | None = strawberry.field(description="What does not count.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


def clock_of(row: ClockRow, pauses: list[ClockPauseRow]) -> ReferralClock:
    """Return the GraphQL object of a clock."""
    known, now = repository.clock_of(row, pauses), wall.now()
    return ReferralClock(
        id=strawberry.ID(str(row.id)),
        participant_id=strawberry.ID(str(row.participant_id)),
        kind=rules.ClockKind(row.kind),
        state=rules.state_of(known, now),
        started_at=row.started_at,
        due_at=rules.due_at(known, row.met_at or now),
        met_at=row.met_at,
        is_met_in_time=rules.is_met_in_time(known),
        elapsed_minutes=rules.elapsed(known, now) // timedelta(minutes=1),
        pauses=[
            ClockPause(
                reason=rules.PauseReason(each.reason),
                began_at=each.began_at,
                ended_at=each.ended_at,
            )
            for each in pauses
        ],
        version=row.version,
    )


async def clocks_of(info: Info, referral: ReferralRow) -> list[ReferralClock] | None:
    """Return the clocks of a referral for those whose work they are."""
    context = context_of(info)
    if context.caller.role not in _CLOCK_READERS:
        return None
    rows = await context.loader(repository.ClocksOfReferral).load(referral.id) or []
    pauses = await context.loader(repository.PausesOfClock).load_many([row.id for row in rows])
    return [clock_of(row, found or []) for row, found in zip(rows, pauses, strict=True)]


async def intake_standing_of(info: Info, referral: ReferralRow) -> IntakeStanding | None:
    """Return how far the intake is; None where no clock measures it."""
    context = context_of(info)
    rows = await context.loader(repository.ClocksOfReferral).load(referral.id) or []
    row = next((each for each in rows if each.kind == rules.ClockKind.INTAKE.value), None)
    if row is None or row.ended_at is not None:
        return None
    pauses = await context.loader(repository.PausesOfClock).load(row.id) or []
    match rules.state_of(repository.clock_of(row, pauses), wall.now()):
        case rules.ClockState.MET:
            return IntakeStanding.COMPLETED
        case rules.ClockState.OVERDUE:
            return IntakeStanding.NOT_COMPLETED
        case _:
            return IntakeStanding.UNDER_WAY
