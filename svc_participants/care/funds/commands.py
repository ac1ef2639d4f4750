"""Commands about flexible funds. Case managers ask, supervisors decide, the site sets limits."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_participants.care.funds import repository, rules
from svc_participants.care.funds.tables import FundLimitRow, FundSpendRow
from svc_participants.care.history.commands import move
from svc_participants.care.keeping import check_lines, keeper, locked, values_of
from svc_participants.people.commands import require_writable
from svc_participants.people.rules import check_version
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewSpend:
    """What a spending is made of."""

    participant_id: str
    purpose: rules.SpendPurpose
    amount_cents: int
    payee: str | None
    fund: str


@dataclass(frozen=True, slots=True)
class Step:
    """How a spending moves."""

    expected_version: int
    state: rules.SpendState
    happened_on: date
    remark: str | None


@dataclass(frozen=True, slots=True)
class NewLimits:
    """What a site allows from a day on."""

    expected_version: int
    each_cents: int
    year_cents: int
    effective_on: date


async def request_spend(session: WriteSession, caller: Caller, given: NewSpend) -> dict[str, Any]:
    """Ask for money; within the site's limit it is approved at once.

    Raises:
        RuleError: NOT_FOUND, FUND_NOT_SET_UP, FUND_LIMIT, or not acceptable.
    """
    found = await require_writable(session, caller, Category.INCOME, given.participant_id)
    check_lines({"payee": given.payee, "fund": given.fund})
    today = await today_at(session, caller)
    row = await repository.limits_on(session, await repository.site_of(session, found), today)
    limits = None if row is None else rules.Limits(row.each_cents, row.year_cents)
    counted = await repository.counted_cents(session, found, today)
    state = rules.state_of_new(limits, given.amount_cents, counted)
    spend = FundSpendRow(
        **keeper(caller, found), **values_of(given), asked_on=today, state=state.value
    )
    session.add(spend)
    return {"spend": str(spend.id)}


async def move_spend(
    session: WriteSession, caller: Caller, spend_id: str, step: Step
) -> dict[str, Any]:
    """Decide on a spending, or record that it was made or is not wanted any more.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, or not the caller's to decide.
    """
    row = await locked(
        session,
        caller,
        FundSpendRow,
        spend_id,
        seen=repository.spend_visible,
        category=Category.INCOME,
        field="spendId",
    )
    rules.check_decision(caller.role, caller.subject, row.recorded_by, step.state)
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
    return {"spend": str(row.id)}


async def set_limits(session: WriteSession, caller: Caller, given: NewLimits) -> dict[str, Any]:
    """Set what the caller's site allows from a day on; earlier versions stay.

    Raises:
        RuleError: not the project manager, VERSION_CONFLICT, or not acceptable.
    """
    site_id = parse_id(caller.site_id)
    if caller.role is not Role.PM or site_id is None:
        raise RuleError("NOT_ALLOWED", "The project manager sets the limits of the own site.")
    await repository.take_turn_of_site(session, site_id)
    latest = await repository.latest_limits(session, site_id)
    number = 0 if latest is None else latest.number
    check_version(given.expected_version, number)
    rules.check_limits(given.each_cents, given.year_cents)
    session.add(
        FundLimitRow(
            id=uuid4(),
            site_id=site_id,
            number=number + 1,
            each_cents=given.each_cents,
            year_cents=given.year_cents,
            effective_on=given.effective_on,
            set_at=clock.now(),
            set_by=caller.subject,
        )
    )
    return {"site": str(site_id)}
