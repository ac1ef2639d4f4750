"""Commands about goals. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.goals import repository, rules
from svc_participants.care.goals.tables import GoalProgressRow, GoalRow
from svc_participants.care.notes.rules import check_day, check_text
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewGoal:
    """What a goal is made of."""

    participant_id: str
    own_words: str
    area: rules.GoalArea
    stage: rules.StageOfChange
    set_on: date


@dataclass(frozen=True, slots=True)
class NewProgress:
    """What a step is made of; a stage only where it has changed."""

    expected_version: int
    marker: rules.ProgressMarker
    noted_on: date
    own_words: str | None
    stage: rules.StageOfChange | None


async def add_goal(session: WriteSession, caller: Caller, goal: NewGoal) -> dict[str, Any]:
    """Record what a participant wants.

    Raises:
        RuleError: NOT_FOUND, or a text or day that is not acceptable.
    """
    participant_id = await require_writable(
        session, caller, Category.GOALS_PLAN, goal.participant_id
    )
    now = clock.now()
    check_text(goal.own_words, "ownWords")
    check_day(goal.set_on, await today_at(session, caller), "setOn")
    row = GoalRow(
        id=uuid4(),
        participant_id=participant_id,
        agency_id=own_agency(caller),
        own_words=goal.own_words,
        area=goal.area.value,
        stage=goal.stage.value,
        state=rules.GoalState.OPEN.value,
        set_on=goal.set_on,
        created_at=now,
    )
    session.add(row)
    return {"goal": str(row.id)}


async def record_progress(
    session: WriteSession, caller: Caller, goal_id: UUID | None, progress: NewProgress
) -> dict[str, Any]:
    """Record a step towards a goal.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, GOAL_REACHED, or a day in the future.
    """
    row = None if goal_id is None else await repository.for_update(session, caller, goal_id)
    if row is None:
        raise not_found("goalId")
    check_version(progress.expected_version, row.version)
    now = clock.now()
    check_day(progress.noted_on, await today_at(session, caller), "notedOn")
    if progress.own_words is not None:
        check_text(progress.own_words, "ownWords")
    row.state = rules.state_after(rules.GoalState(row.state), progress.marker).value
    if progress.stage is not None:
        row.stage = progress.stage.value
    row.version += 1
    session.add(
        GoalProgressRow(
            id=uuid4(),
            goal_id=row.id,
            participant_id=row.participant_id,
            agency_id=row.agency_id,
            marker=progress.marker.value,
            own_words=progress.own_words,
            noted_on=progress.noted_on,
            recorded_at=now,
            recorded_by=caller.subject,
        )
    )
    return {"goal": str(row.id)}
