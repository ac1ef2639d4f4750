"""A warm handoff: called, on the way, met; open to who was called, and to nobody for longer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_participants.handoffs import commands, rules
from svc_participants.handoffs.rules import FailureReason, HandoffState
from svc_participants.handoffs.tables import OnCallShiftRow
from tests.fixtures.participants_service import (
    SECOND_PROVIDER,
    account,
    business_partner,
    case_manager,
    change,
    codes,
    officer,
    plant,
    project_manager,
    refer,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

LEGAL = {
    "HANDOFF_REQUESTED": "HANDOFF_EN_ROUTE",
    "HANDOFF_EN_ROUTE": "HANDOFF_MET HANDOFF_FAILED",
    "HANDOFF_MET": "",
    "HANDOFF_FAILED": "",
}
"""The machine as the domain notes draw it, written down a second time."""
STATES = list(HandoffState)
CALLS = "{ handoffCalls { totalCount edges { node { id state referral { id account } } } } }"
ONE = """query($id: ID!) { referral(id: $id) { handoffs { id state version minutes isWithinTarget
  targetMinutes failureReason duty: dutyPhone } clocks { kind state isMetInTime } } }"""


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_step_is_possible_exactly_where_the_machine_has_it(
    current: HandoffState, wanted: HandoffState
) -> None:
    if wanted.value in LEGAL[current.value].split():
        rules.check_step(current, wanted)
        return
    with pytest.raises(RuleError) as refused:
        rules.check_step(current, wanted)
    named = refused.value.message.partition(": ")[2].rstrip(".")
    assert set(named.split(", ")) == set(LEGAL[current.value].split() or ["none"])


@given(st.lists(st.sampled_from(STATES), max_size=20))
def test_random_steps_end_met_or_not_met_and_nowhere_else(steps: list[HandoffState]) -> None:
    state = HandoffState.HANDOFF_REQUESTED
    for wanted in steps:
        if wanted in rules.STEPS[state]:
            rules.check_step(state, wanted)
            state = wanted
        else:
            with pytest.raises(RuleError):
                rules.check_step(state, wanted)
    assert bool(rules.STEPS[state]) == (state in rules.OPEN)


@pytest.mark.parametrize("role", list(Role))
def test_officers_call_and_case_management_comes(role: Role) -> None:
    for check, roles in (
        (rules.check_requester, {Role.LEO, Role.LEL}), (rules.check_recorder, {Role.CM, Role.SUP}),
    ):  # fmt: skip
        if role in roles:
            check(role)
        else:
            with pytest.raises(RuleError):
                check(role)


def test_only_a_failed_handoff_has_a_reason() -> None:
    rules.check_reason(HandoffState.HANDOFF_FAILED, FailureReason.PERSON_LEFT)
    rules.check_reason(HandoffState.HANDOFF_MET, None)
    for state, reason in (
        (HandoffState.HANDOFF_FAILED, None), (HandoffState.HANDOFF_MET, FailureReason.NOT_SAFE),
        (HandoffState.HANDOFF_FAILED, FailureReason.NOT_RECORDED),
    ):  # fmt: skip
        with pytest.raises(RuleError):
            rules.check_reason(state, reason)


def _at(minutes_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def somebody_on_call(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    if "participants" not in request.fixturenames:
        yield
        return
    service: ServiceApp = request.getfixturevalue("participants")
    async with service.chassis.database.write() as session:  # the demo's rota, put back below
        demo = (await session.execute(text("delete from on_call_shift returning *"))).mappings()
        rota = [dict(each) for each in demo]
    payload = await change(
        service, supervisor(), "putOnCall", "onCall { id dutyPhone }",
        accountId=account("case_manager"), dutyPhone="206-555-0142",
        startsAt=_at(60), endsAt=_at(-600),
    )  # fmt: skip
    assert payload["userErrors"] == [], payload
    yield
    async with service.chassis.database.write() as session:
        await session.execute(text("delete from on_call_shift"))
        await session.execute(insert(OnCallShiftRow), rota)


async def call(
    service: ServiceApp, referral_id: str, asking: Caller | None = None, **more: Any
) -> dict[str, Any]:
    request = {"referralId": referral_id, "requestedAt": _at(25), "place": "3rd and Pike", **more}
    return await change(
        service, asking or officer(), "requestHandoff", "handoff { id state version }", **request
    )


async def step(
    service: ServiceApp, handoff_id: str, version: int, state: str, at: float, **more: Any
) -> dict[str, Any]:
    asking = more.pop("asking", None) or case_manager()
    return await change(
        service, asking, "recordHandoff", "handoff { state version }",
        handoffId=handoff_id, expectedVersion=version, state=state, happenedAt=_at(at), **more,
    )  # fmt: skip


async def waiting_for(service: ServiceApp, asking: Caller) -> list[str]:
    found = (await service.graphql(asking, CALLS)).data["handoffCalls"]
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"]["referral"]["id"] for edge in found["edges"]]


async def test_called_at_four_past_met_at_twenty_nine_past(participants: ServiceApp) -> None:
    referral_id = await refer(participants)
    called = await call(participants, referral_id)
    handoff_id = called["handoff"]["id"]
    assert called["handoff"]["state"] == "HANDOFF_REQUESTED"
    assert referral_id in await waiting_for(participants, case_manager())
    assert referral_id in await waiting_for(participants, supervisor())
    assert referral_id not in await waiting_for(
        participants, case_manager("case_manager_unassigned")
    )
    early = await step(participants, handoff_id, 1, "HANDOFF_MET", 1)
    assert codes(early) == ["STEP_NOT_ALLOWED"]
    assert early["userErrors"][0]["message"].endswith("HANDOFF_EN_ROUTE.")
    assert codes(await step(participants, handoff_id, 1, "HANDOFF_EN_ROUTE", 19)) == []
    before = await step(participants, handoff_id, 2, "HANDOFF_MET", 20)
    assert codes(before) == ["DATE_TOO_EARLY"]
    assert codes(await step(participants, handoff_id, 2, "HANDOFF_MET", 0)) == []
    shown = (await participants.graphql(officer(), ONE, {"id": referral_id})).data["referral"]
    (handoff,) = shown["handoffs"]
    assert (handoff["state"], handoff["minutes"], handoff["isWithinTarget"]) == (
        "HANDOFF_MET", 25, True,
    )  # fmt: skip
    assert (handoff["targetMinutes"], shown["clocks"]) == (30, None)
    seen = (await participants.graphql(project_manager(), ONE, {"id": referral_id})).data
    kinds = {each["kind"]: each for each in seen["referral"]["clocks"]}
    assert kinds["HANDOFF"] == {"kind": "HANDOFF", "state": "MET", "isMetInTime": True}


async def test_what_a_call_opened_closes_when_it_comes_to_nothing(participants: ServiceApp) -> None:
    referral_id = await refer(participants)
    assert await opened_and_closed(participants, referral_id)


async def opened_and_closed(service: ServiceApp, referral_id: str) -> bool:
    handoff_id = (await call(service, referral_id))["handoff"]["id"]
    query = "query($id: ID!) { referral(id: $id) { account } }"
    opened = await service.graphql(case_manager(), query, {"id": referral_id})
    assert opened.data["referral"]["account"]
    await step(service, handoff_id, 1, "HANDOFF_EN_ROUTE", 10)
    given_ = {"failureReason": "PERSON_LEFT"}
    assert codes(await step(service, handoff_id, 2, "HANDOFF_FAILED", 5, **given_)) == []
    closed = await service.graphql(case_manager(), query, {"id": referral_id})
    again = await call(service, referral_id)
    assert again["userErrors"] == []
    return closed.data["referral"] is None


async def test_planted_ground_that_stays_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, commands, "closing_facts", lambda _row: [])
    assert not await opened_and_closed(participants, await refer(participants))


REQUESTED, EN_ROUTE = HandoffState.HANDOFF_REQUESTED, HandoffState.HANDOFF_EN_ROUTE


@pytest.mark.parametrize(
    ("state", "minutes", "becomes"),
    [
        (REQUESTED, 29.9, None),
        (REQUESTED, 30, FailureReason.NOBODY_AVAILABLE),
        (REQUESTED, 5_000, FailureReason.NOBODY_AVAILABLE),
        (EN_ROUTE, 30, None),
        (EN_ROUTE, 24 * 60, None),
        (EN_ROUTE, 24 * 60 + 1, FailureReason.NOT_RECORDED),
    ],
)
def test_a_call_is_given_up_when_nobody_took_it_in_time(
    state: HandoffState, minutes: float, becomes: FailureReason | None
) -> None:
    now = datetime.now(UTC)
    called_at = now - timedelta(minutes=minutes)
    if becomes is not None:
        assert rules.given_up(state, called_at, 30, now) is becomes
        return
    with pytest.raises(RuleError) as refused:
        rules.given_up(state, called_at, 30, now)
    assert refused.value.code == "HANDOFF_OPEN"


async def called_again(service: ServiceApp, state: HandoffState, minutes_ago: float) -> Any:
    """Call, let time pass, and call again; what the officer sees then, and who reads the form."""
    referral_id = await refer(service)
    handoff_id = (await call(service, referral_id))["handoff"]["id"]
    if state is EN_ROUTE:
        await step(service, handoff_id, 1, "HANDOFF_EN_ROUTE", 1)
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update handoff set requested_at = :at where id = :id"),
            {"at": datetime.now(UTC) - timedelta(minutes=minutes_ago), "id": handoff_id},
        )
    begun = len(service.consent.handed_over) if service.consent else 0
    again = await call(service, referral_id)
    assert service.consent is not None
    taken = [each for each in service.consent.handed_over[begun:] if "row" not in each]
    shown = (await service.graphql(officer(), ONE, {"id": referral_id})).data["referral"]
    return again, {each["id"]: each for each in shown["handoffs"]}[handoff_id], len(taken)


async def test_an_officer_calls_again_when_nobody_answers(participants: ServiceApp) -> None:
    again, former, taken = await called_again(participants, REQUESTED, 31)
    assert again["userErrors"] == []
    assert again["handoff"]["id"] != former["id"]
    assert (former["state"], former["failureReason"]) == ("HANDOFF_FAILED", "NOBODY_AVAILABLE")
    assert taken == 8  # what the first call opened
    again, former, _ = await called_again(participants, EN_ROUTE, 24 * 60 + 5)
    assert again["userErrors"] == []
    assert (former["state"], former["failureReason"]) == ("HANDOFF_FAILED", "NOT_RECORDED")


async def test_a_call_that_is_answered_or_young_stays(participants: ServiceApp) -> None:
    for state, minutes in ((REQUESTED, 20), (EN_ROUTE, 90)):
        again, former, taken = await called_again(participants, state, minutes)
        assert codes(again) == ["HANDOFF_OPEN"]
        assert (former["state"], taken) == (state.value, 0)


async def test_twin_a_call_given_up_that_stays_open_to_who_was_called_is_noticed(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, commands, "closing_facts", lambda _row: [])
    _, _, taken = await called_again(participants, REQUESTED, 31)
    assert taken != 8


async def test_facts_of_a_call_end_within_a_day_by_themselves(participants: ServiceApp) -> None:
    assert participants.consent is not None
    referral_id = await refer(participants)
    begun = len(participants.consent.handed_over)
    await call(participants, referral_id)
    rows: list[Any] = [each["row"] for each in participants.consent.handed_over[begun:]]
    assert len(rows) == 8
    for row in rows:
        assert row["category"] in {"REFERRAL", "ELIGIBILITY", "IDENTITY", "CONTACT"}
        lasts = datetime.fromisoformat(row["ends_at"]) - datetime.fromisoformat(row["starts_at"])
        assert lasts == rules.ACCESS


async def test_calls_that_nobody_may_make_or_hear_are_refused(participants: ServiceApp) -> None:
    referral_id = await refer(participants)
    other = officer("staff_officer_two")
    assert codes(await call(participants, referral_id, other)) == ["NOT_FOUND"]
    assert codes(await call(participants, referral_id, case_manager())) == ["NOT_ALLOWED"]
    nobody = await call(participants, referral_id, providerAgencyId=SECOND_PROVIDER)
    assert codes(nobody) == ["NOBODY_ON_CALL"]
    assert codes(await call(participants, referral_id, requestedAt=_at(-5))) == ["DATE_IN_FUTURE"]
    await call(participants, referral_id)
    assert codes(await call(participants, referral_id)) == ["HANDOFF_OPEN"]
    async with participants.chassis.database.write() as session:
        await session.execute(text("delete from on_call_shift"))
    later = await refer(participants)
    assert codes(await call(participants, later)) == ["NOBODY_ON_CALL"]
    with pytest.raises(RuleError):
        rules.check_door("COMMUNITY")


async def test_rota_is_kept_by_the_supervisor_and_tells_the_number_alone(
    participants: ServiceApp,
) -> None:
    query = "{ onCall { id dutyPhone version } }"
    for asking in (officer(), business_partner()):
        shown = (await participants.graphql(asking, query)).data["onCall"]
        assert [each["dutyPhone"] for each in shown] == ["206-555-0142"]
    given_ = {"shiftId": shown[0]["id"], "expectedVersion": shown[0]["version"]}
    for asking, expected in (
        (case_manager(), ["NOT_ALLOWED"]), (supervisor(SECOND_PROVIDER), ["NOT_FOUND"]),
        (supervisor(), []),
    ):  # fmt: skip
        payload = await change(participants, asking, "takeOffCall", "onCall { id }", **given_)
        assert codes(payload) == expected
    assert payload["onCall"] == []


@pytest.mark.parametrize(
    ("phone", "is_number"),
    [
        ("206-555-0142", True), ("(206) 555-0142", True), ("+1 206 555 0142", True),
        ("206.555.0142 ext. 12", True), ("555-0142 x7", True),
        ("abc", False), ("call me", False), ("555", False), ("206-555-0142; 206-555-0143", False),
        ("1" * 22, False), ("206-555-0142 ext", False),
    ],
)  # fmt: skip
def test_only_what_can_be_dialled_is_a_number(phone: str, is_number: bool) -> None:
    now = datetime.now(UTC)
    if is_number:
        rules.check_shift(now, now + timedelta(hours=1), phone)
        return
    with pytest.raises(RuleError) as refused:
        rules.check_shift(now, now + timedelta(hours=1), phone)
    assert (refused.value.code, refused.value.field) == ("BAD_PHONE", ("input", "dutyPhone"))


def staff(asking: Caller) -> Caller:
    """Return a caller as the matrix has them: everybody reads roles at the own agency, or own."""
    return replace(asking, access={**asking.access, Category.AGENCY_ROLES: "s"})


async def test_rota_names_who_comes_to_the_own_agency_alone(participants: ServiceApp) -> None:
    query = "{ rota { id accountId dutyPhone startsAt version } }"

    async def seen(asking: Caller) -> list[str]:
        answer = await participants.graphql(staff(asking), query)
        return [each["dutyPhone"] for each in answer.data["rota"]]

    payload = await change(
        participants, supervisor(), "putOnCall", "onCall { id }",
        accountId=account("case_manager"), dutyPhone="206-555-0177",
        startsAt=_at(-3000), endsAt=_at(-3600),
    )  # fmt: skip
    assert codes(payload) == []
    for asking in (supervisor(), case_manager()):
        assert await seen(asking) == ["206-555-0142", "206-555-0177"]
    for asking in (supervisor(SECOND_PROVIDER), officer()):
        assert await seen(asking) == []
    assert (await participants.graphql(replace(supervisor(), access={}), query)).data == {
        "rota": None
    }
    shown = (await participants.graphql(staff(supervisor()), query)).data["rota"][-1]
    assert shown["accountId"] == account("case_manager")
    given_ = {"shiftId": shown["id"], "expectedVersion": shown["version"]}
    await change(participants, supervisor(), "takeOffCall", "onCall { id }", **given_)
    assert await seen(supervisor()) == ["206-555-0142"]
