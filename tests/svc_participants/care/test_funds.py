"""Flexible funds: limits are the site's data, and above them a second person decides."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import RuleError
from infra.vocabulary import Category, Purpose, Role
from svc_participants.care.funds import rules
from svc_participants.care.funds.rules import Limits, SpendState
from tests.fixtures.participants_service import (
    PROJECT_AGENCY,
    SITE,
    account,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    project_manager,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
EACH, YEAR = 10_000, 25_000


async def limits(service: ServiceApp) -> int:
    """Set the limits that these tests rely on, whatever stands; returns their number."""
    found = (await service.graphql(project_manager(), "{ fundLimits { number } }")).data
    number = found["fundLimits"]["number"] if found["fundLimits"] else 0
    payload = await change(
        service, project_manager(), "setFundLimits", "limits { number eachCents yearCents }",
        expectedVersion=number, eachCents=EACH, yearCents=YEAR, effectiveOn=TODAY,
    )  # fmt: skip
    assert payload["limits"] == {"number": number + 1, "eachCents": EACH, "yearCents": YEAR}
    return int(number + 1)


async def ask(service: ServiceApp, who: str, cents: int, asking: Any = None) -> dict[str, Any]:
    return await change(
        service, asking or case_manager(), "requestFundSpend", "spend { id state version }",
        participantId=who, purpose="FOOD", amountCents=cents, fund="Example fund",
    )  # fmt: skip


async def move(
    service: ServiceApp, asking: Any, spend: dict[str, Any], state: str, version: int = 1
) -> dict[str, Any]:
    return await change(
        service, asking, "moveFundSpend", "spend { state version }",
        spendId=spend["id"], expectedVersion=version, state=state, happenedOn=TODAY,
    )  # fmt: skip


async def test_within_the_limit_nobody_else_is_asked(participants: ServiceApp) -> None:
    await limits(participants)
    who, _ = await enrolled(participants)
    spend = (await ask(participants, who, EACH))["spend"]
    assert spend["state"] == "APPROVED"
    spent = await move(participants, case_manager(), spend, "SPENT")
    assert spent["spend"] == {"state": "SPENT", "version": 2}
    assert codes(await move(participants, case_manager(), spend, "WITHDRAWN", 2)) == [
        "STEP_NOT_ALLOWED"
    ]


async def a_second_person_decides(service: ServiceApp) -> bool:
    """Above the limit: neither the case manager, nor a supervisor for the own request."""
    await limits(service)
    who, _ = await enrolled(service)
    asked = (await ask(service, who, EACH + 1))["spend"]
    own = (await ask(service, who, EACH + 2, supervisor()))["spend"]
    refused = [
        codes(await move(service, case_manager(), asked, "APPROVED")),
        codes(await move(service, supervisor(), own, "APPROVED")),
    ]
    approved = await move(service, supervisor(), asked, "APPROVED")
    return (
        asked["state"] == own["state"] == "REQUESTED"
        and refused == [["NOT_ALLOWED"], ["OWN_REQUEST"]]
        and bool(approved["spend"]["state"] == "APPROVED")
    )


async def test_above_the_limit_a_second_person_decides(participants: ServiceApp) -> None:
    assert await a_second_person_decides(participants)


async def test_planted_decision_by_anybody_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "check_decision", lambda *_given: None)
    assert not await a_second_person_decides(participants)


async def test_the_year_is_never_passed_though_two_ask_at_once(participants: ServiceApp) -> None:
    await limits(participants)
    who, _ = await enrolled(participants)
    asked = await asyncio.gather(*(ask(participants, who, EACH) for _ in range(4)))
    assert sorted(codes(each) for each in asked) == [[], [], ["FUND_LIMIT"], ["FUND_LIMIT"]]
    granted = [each["spend"] for each in asked if not each["userErrors"]]
    await move(participants, case_manager(), granted[0], "WITHDRAWN")
    assert codes(await ask(participants, who, EACH)) == []


async def test_limits_are_versions_that_the_project_manager_sets(
    participants: ServiceApp,
) -> None:
    number = await limits(participants)
    given = {"eachCents": 1, "yearCents": 2, "effectiveOn": TODAY}
    for asking, version, code in (
        (case_manager(), number, "NOT_ALLOWED"),
        (project_manager(), number - 1, "VERSION_CONFLICT"),
    ):
        payload = await change(
            participants, asking, "setFundLimits", "limits { number }",
            expectedVersion=version, **given,
        )  # fmt: skip
        assert codes(payload) == [code]
    wrong = await change(
        participants, project_manager(), "setFundLimits", "limits { number }",
        expectedVersion=number, **{**given, "eachCents": 3},
    )  # fmt: skip
    assert codes(wrong) == ["NUMBER_RANGE"]


async def test_a_site_without_limits_spends_nothing(participants: ServiceApp) -> None:
    with pytest.raises(RuleError, match="no limits"):
        rules.state_of_new(None, 1, 0)
    elsewhere = caller(
        Role.PM,
        {Category.IDENTITY: "r"},
        subject=account("project_manager"),
        agency_id=PROJECT_AGENCY,
        site_id=SITE.replace(SITE[0], "0", 1),
        purpose=Purpose.LEAD_COORD,
    )
    assert (await participants.graphql(elsewhere, "{ fundLimits { number } }")).data == {
        "fundLimits": None
    }
    assert codes(await ask(participants, SITE, 1, officer())) == ["NOT_FOUND"]


@given(
    st.integers(0, 50_000),
    st.integers(0, 50_000),
    st.lists(st.integers(1, 60_000), max_size=12),
)
def test_whatever_is_asked_for_the_year_is_never_passed(
    each: int, more: int, amounts: list[int]
) -> None:
    limits = Limits(each, each + more)
    counted = 0
    for amount in amounts:
        if counted + amount > limits.year_cents:
            with pytest.raises(RuleError, match="are left"):
                rules.state_of_new(limits, amount, counted)
            continue
        state = rules.state_of_new(limits, amount, counted)
        assert (state is SpendState.APPROVED) == (amount <= each)
        counted += amount
    assert counted <= limits.year_cents
