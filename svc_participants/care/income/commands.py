"""Commands about income and benefits. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.history.commands import move
from svc_participants.care.income import repository, rules
from svc_participants.care.income.tables import BenefitRow, IncomeRow
from svc_participants.care.keeping import keeper, locked, values_of
from svc_participants.care.notes.rules import check_day
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import YesNo
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewIncome:
    """What somebody says about their income."""

    participant_id: str
    any_source: YesNo
    monthly_cents: int | None
    sources: list[rules.IncomeSource]
    as_of: date


@dataclass(frozen=True, slots=True)
class NewBenefit:
    """What a benefit is made of."""

    participant_id: str
    kind: rules.BenefitKind
    applied_on: date


@dataclass(frozen=True, slots=True)
class Step:
    """How a benefit moves."""

    expected_version: int
    state: rules.BenefitState
    happened_on: date
    remark: str | None


async def record_income(session: WriteSession, caller: Caller, given: NewIncome) -> dict[str, Any]:
    """Record income as of a day; what was recorded before stays.

    Raises:
        RuleError: NOT_FOUND, a day in the future, or answers that contradict each other.
    """
    found = await require_writable(session, caller, Category.INCOME, given.participant_id)
    check_day(given.as_of, await today_at(session, caller), "asOf")
    rules.check_income(given.any_source, given.monthly_cents, given.sources)
    row = IncomeRow(**keeper(caller, found), **values_of(given))
    session.add(row)
    return {"income": str(row.id)}


async def add_benefit(session: WriteSession, caller: Caller, given: NewBenefit) -> dict[str, Any]:
    """Record that a benefit is applied for.

    Raises:
        RuleError: NOT_FOUND, or a day in the future.
    """
    found = await require_writable(session, caller, Category.INCOME, given.participant_id)
    check_day(given.applied_on, await today_at(session, caller), "appliedOn")
    row = BenefitRow(
        **keeper(caller, found), **values_of(given), state=rules.BenefitState.APPLYING.value
    )
    session.add(row)
    return {"benefit": str(row.id)}


async def move_benefit(
    session: WriteSession, caller: Caller, benefit_id: str, step: Step
) -> dict[str, Any]:
    """Record how a benefit goes on.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or not acceptable.
    """
    row = await locked(
        session,
        caller,
        BenefitRow,
        benefit_id,
        seen=repository.benefit_visible,
        category=Category.INCOME,
        field="benefitId",
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
    return {"benefit": str(row.id)}
