"""Commands about arranged services. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.arrangements import repository, rules
from svc_participants.care.arrangements.tables import ArrangementRow
from svc_participants.care.history.commands import move
from svc_participants.care.keeping import check_lines, keeper, locked, values_of
from svc_participants.care.kinds import TELLING_HELP, HelpKind
from svc_participants.care.notes.rules import check_day
from svc_participants.people.commands import require_writable
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewArrangement:
    """What an arranged service is made of."""

    participant_id: str
    kind: HelpKind
    provider: str
    arranged_on: date


@dataclass(frozen=True, slots=True)
class Step:
    """How a record moves."""

    expected_version: int
    state: rules.ArrangementState
    happened_on: date
    remark: str | None


async def arrange(session: WriteSession, caller: Caller, given: NewArrangement) -> dict[str, Any]:
    """Record that a service was arranged.

    Raises:
        RuleError: NOT_FOUND, or a text or day that is not acceptable.
    """
    found = await require_writable(session, caller, Category.GOALS_PLAN, given.participant_id)
    if given.kind in TELLING_HELP:
        needed = TELLING_HELP[given.kind]
        await require_writable(session, caller, needed, given.participant_id)
    check_lines({"provider": given.provider})
    check_day(given.arranged_on, await today_at(session, caller), "arrangedOn")
    row = ArrangementRow(
        **keeper(caller, found), **values_of(given), state=rules.ArrangementState.ARRANGED.value
    )
    session.add(row)
    return {"service": str(row.id)}


async def record_step(
    session: WriteSession, caller: Caller, service_id: str, step: Step
) -> dict[str, Any]:
    """Record what became of a service.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or not acceptable.
    """
    row = await locked(
        session,
        caller,
        ArrangementRow,
        service_id,
        seen=repository.arrangement_visible,
        category=Category.GOALS_PLAN,
        field="serviceId",
    )
    await move(
        session,
        caller,
        row,
        step.state,
        steps=rules.STEPS,
        expected_version=step.expected_version,
        happened_on=step.happened_on,
        remark=step.remark,
    )
    return {"service": str(row.id)}
