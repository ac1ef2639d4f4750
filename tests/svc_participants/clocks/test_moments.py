"""Clocks go by the moment that people name, and stand still where a person lets them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from infra.identity_token import Caller
from svc_participants.clocks import repository
from svc_participants.clocks.rules import ClockKind
from svc_participants.indicators import repository as figures
from svc_participants.indicators import rules as figure_rules
from svc_participants.referrals import rules
from tests.fixtures.participants_service import (
    CARE_PROVIDER,
    SECOND_PROVIDER,
    case_manager,
    change,
    codes,
    officer,
    plant,
    police_liaison,
    project_manager,
    refer,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

ONE = """query($id: ID!) { referral(id: $id) { status version decidedAt clocks {
  id kind state version startedAt metAt elapsedMinutes pauses { reason beganAt endedAt } } } }"""
STEPS = "select happened_at from referral_event where referral_id = :id and to_status = :status"


def ago(**given: float) -> str:
    return (datetime.now(UTC) - timedelta(**given)).isoformat()


async def seen(service: ServiceApp, referral_id: str) -> dict[str, Any]:
    found = (await service.graphql(project_manager(), ONE, {"id": referral_id})).data["referral"]
    return dict(found)


async def clock_of(service: ServiceApp, referral_id: str, kind: str) -> dict[str, Any]:
    found = await seen(service, referral_id)
    return next(each for each in found["clocks"] if each["kind"] == kind)


async def decide(service: ServiceApp, referral_id: str, decision: str, **given: Any) -> list[str]:
    version = (await seen(service, referral_id))["version"]
    if decision == "APPROVE":
        given["providerAgencyId"] = CARE_PROVIDER
        given.setdefault("exceptionReason", "Others wait before them in this test.")
    return codes(
        await change(
            service,
            project_manager(),
            "decideReferral",
            "referral { id }",
            referralId=referral_id,
            expectedVersion=version,
            decision=decision,
            **given,
        )
    )


async def waiting(service: ServiceApp, days_ago: float = 3, *, made: float = 4) -> str:
    referral_id = await refer(service, madeAt=ago(days=made))
    assert await decide(service, referral_id, "WAITLIST", decidedAt=ago(days=days_ago)) == []
    return referral_id


async def pause(
    service: ServiceApp, referral_id: str, kind: str, asking: Caller, **given: Any
) -> dict[str, Any]:
    clock = await clock_of(service, referral_id, kind)
    request = {"expectedVersion": clock["version"], "happenedAt": ago(days=1), **given}
    return await change(
        service, asking, "pauseClock", "referral { id }", clockId=clock["id"], **request
    )


async def waits_since_the_decision(service: ServiceApp) -> bool:
    clock = await clock_of(service, await waiting(service), ClockKind.WAITLIST)
    since = datetime.now(UTC) - datetime.fromisoformat(clock["startedAt"])
    return timedelta(days=3) <= since < timedelta(days=3, hours=1)


async def test_waiting_counts_from_the_decision_and_not_from_its_entry(
    participants: ServiceApp,
) -> None:
    assert await waits_since_the_decision(participants)


async def test_planted_clock_that_starts_when_it_is_typed_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "moment_of", lambda _named, _last, now, _field: now)
    assert not await waits_since_the_decision(participants)


async def test_decision_that_is_told_later_ends_the_wait_when_it_was_made(
    participants: ServiceApp,
) -> None:
    referral_id = await waiting(participants)
    decided_at = ago(days=1)
    assert await decide(participants, referral_id, "APPROVE", decidedAt=decided_at) == []
    found = await seen(participants, referral_id)
    assert datetime.fromisoformat(found["decidedAt"]) == datetime.fromisoformat(decided_at)
    clock = await clock_of(participants, referral_id, ClockKind.WAITLIST)
    assert clock["state"] == "MET"
    assert abs(clock["elapsedMinutes"] - 2 * 24 * 60) <= 1


async def refused_out_of_order(service: ServiceApp) -> list[list[str]]:
    referral_id = await waiting(service)
    return [
        await decide(service, referral_id, "APPROVE", decidedAt=at)
        for at in (ago(days=-1), ago(days=5), ago(days=3, hours=1))
    ]


async def test_nothing_is_decided_in_the_future_or_before_what_came_before(
    participants: ServiceApp,
) -> None:
    """Not before the referral, and of somebody who waits not before they were put on the list."""
    refused = await refused_out_of_order(participants)
    assert refused == [["DATE_IN_FUTURE"], ["DATE_TOO_EARLY"], ["DATE_TOO_EARLY"]]
    early = await refer(participants, madeAt=ago(hours=1))
    assert await decide(participants, early, "DECLINE", reason="OUTSIDE_AREA",
                        decidedAt=ago(hours=2)) == ["DATE_TOO_EARLY"]  # fmt: skip


async def test_planted_moment_that_is_not_checked_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "moment_of", lambda named, _last, now, _field: named or now)
    assert [] in await refused_out_of_order(participants)


async def test_moved_place_is_no_step_that_a_decision_must_follow(participants: ServiceApp) -> None:
    referral_id = await waiting(participants)
    moved = await change(
        participants, project_manager(), "adjustPriority", "referral { id }",
        referralId=referral_id, expectedVersion=4, points=1, reason="Sleeps outside.",
    )  # fmt: skip
    assert codes(moved) == []
    assert await decide(participants, referral_id, "APPROVE", decidedAt=ago(days=1)) == []
    async with participants.chassis.database.read() as session:
        key = UUID(referral_id)
        steps = await figures.referral_steps(session, [key], datetime.now(UTC))
    assert [each.to for each in steps[key]][2:] == ["WAITLISTED", "APPROVED"]
    assert figure_rules.wait("APPROVED", steps[key], datetime.now(UTC)) == "UP_TO_30_DAYS"


async def test_within_a_minute_steps_keep_their_order() -> None:
    last = datetime(2026, 11, 20, 9, 30, 12, tzinfo=UTC)
    named = last.replace(second=0)
    assert last < rules.moment_of(named, last, last + timedelta(days=1), "decidedAt")


async def test_place_lapses_by_the_moment_that_is_named(participants: ServiceApp) -> None:
    """It has run out yesterday or the day before: not yet on the day before that."""
    referral_id = await waiting(participants)
    async with participants.chassis.database.write() as session:
        await session.execute(
            text("update referral_clock set started_at ="
                 " started_at - (limit_days - 1) * interval '1 day'"
                 " where referral_id = :id and kind = 'WAITLIST'"),
            {"id": referral_id},
        )  # fmt: skip
    before = await decide(participants, referral_id, "EXPIRE", decidedAt=ago(days=2, hours=2))
    assert before == ["NOT_DUE"]
    assert await decide(participants, referral_id, "EXPIRE", decidedAt=ago(minutes=1)) == []


async def test_what_is_open_after_an_undone_mark_was_not_decided(participants: ServiceApp) -> None:
    first, second = await refer(participants), await refer(participants)
    assert await decide(participants, first, "MARK_DUPLICATE", duplicateOfId=second) == []
    undone = await change(
        participants, project_manager(), "undoDuplicate", "referral { decidedAt }",
        referralId=first, expectedVersion=4, reason="They are two people.",
    )  # fmt: skip
    assert undone["referral"] == {"decidedAt": None}


async def accepted(service: ServiceApp) -> str:
    """Somebody who was referred four days ago and wants to take part since yesterday."""
    referral_id = await refer(service, madeAt=ago(days=4))
    assert await decide(service, referral_id, "APPROVE", decidedAt=ago(days=3)) == []
    steps = ("OUTREACH", "CONTACTED", "ACCEPTED_BY_PERSON")
    for number, status in enumerate(steps):
        payload = await change(
            service, supervisor(), "recordOutreach", "referral { id }", referralId=referral_id,
            expectedVersion=4 + number, status=status, happenedAt=ago(hours=26 - number),
        )  # fmt: skip
        assert codes(payload) == []
    return referral_id


async def test_intake_began_when_it_is_said_to_have_begun(participants: ServiceApp) -> None:
    referral_id, started_at = await accepted(participants), ago(hours=2)
    given = {"referralId": referral_id, "expectedVersion": 7, "consentToContact": "YES"}
    for at, expected in (
        (ago(hours=-1), ["DATE_IN_FUTURE"]), (ago(days=2), ["DATE_TOO_EARLY"]), (started_at, []),
    ):  # fmt: skip
        payload = await change(
            participants, supervisor(), "startIntake", "enrollment { id }", startedAt=at, **given
        )
        assert codes(payload) == expected
        assert all(each["field"] == ["input", "startedAt"] for each in payload["userErrors"])
    async with participants.chassis.database.read() as session:
        at = await session.scalar(text(STEPS), {"id": referral_id, "status": "INTAKE_STARTED"})
    assert at == datetime.fromisoformat(started_at)


async def test_days_in_custody_do_not_count_on_the_waiting_list(participants: ServiceApp) -> None:
    """Whoever waits has no case manager: the project manager lets the time stand still."""
    referral_id = await waiting(participants)
    pm, kind = project_manager(), ClockKind.WAITLIST
    began, over = ago(days=2), ago(days=1)
    held = await pause(participants, referral_id, kind, pm, reason="CUSTODY", happenedAt=began)
    assert codes(held) == []
    assert (await clock_of(participants, referral_id, kind))["state"] == "PAUSED"
    twice = await pause(participants, referral_id, kind, pm, reason="HOSPITAL")
    assert codes(twice) == ["STEP_NOT_ALLOWED"]
    early = await pause(participants, referral_id, kind, pm, happenedAt=ago(days=2, hours=1))
    assert codes(early) == ["DATE_TOO_EARLY"]
    assert codes(await pause(participants, referral_id, kind, pm, happenedAt=over)) == []
    clock = await clock_of(participants, referral_id, kind)
    assert [each["reason"] for each in clock["pauses"]] == [None], "why is for case management"
    assert (clock["state"], abs(clock["elapsedMinutes"] - 2 * 24 * 60) <= 1) == ("RUNNING", True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"expectedVersion": 9}, "VERSION_CONFLICT"),
        ({"happenedAt": ago(hours=-2)}, "DATE_IN_FUTURE"),
        ({"happenedAt": ago(days=5)}, "DATE_TOO_EARLY"),
        ({"reason": None}, "STEP_NOT_ALLOWED"),
    ],
)
async def test_pause_that_cannot_be_leaves_no_trace(
    participants: ServiceApp, given: dict[str, Any], expected: str
) -> None:
    referral_id = await waiting(participants)
    request = {"reason": "HOSPITAL", **given}
    refused = await pause(participants, referral_id, "WAITLIST", project_manager(), **request)
    assert codes(refused) == [expected]
    clock = await clock_of(participants, referral_id, "WAITLIST")
    assert (clock["state"], clock["pauses"]) == ("RUNNING", [])


async def test_intake_stands_still_for_who_screens_and_for_who_works_with_the_person(
    participants: ServiceApp,
) -> None:
    referral_id = await accepted(participants)
    for asking, began, over in ((project_manager(), 60, 50), (supervisor(), 40, 30)):
        for reason, minutes in (("HOSPITAL", began), (None, over)):
            given = {"reason": reason, "happenedAt": ago(minutes=minutes)}
            assert codes(await pause(participants, referral_id, "INTAKE", asking, **given)) == []
    clock = await clock_of(participants, referral_id, "INTAKE")
    assert (clock["state"], len(clock["pauses"])) == ("RUNNING", 2)
    assert abs(clock["elapsedMinutes"] - (4 * 24 * 60 - 20)) <= 1


async def others_find_no_clock(service: ServiceApp) -> bool:
    referral_id = await waiting(service)
    others = (
        officer(), police_liaison(), case_manager("case_manager_unassigned"),
        supervisor(), supervisor(SECOND_PROVIDER),
    )  # fmt: skip
    refused = [
        codes(await pause(service, referral_id, "WAITLIST", each, reason="CUSTODY"))
        for each in others
    ]
    return refused == [["NOT_FOUND"]] * len(others)


async def test_nobody_else_lets_a_clock_stand_still(participants: ServiceApp) -> None:
    assert await others_find_no_clock(participants)


async def test_planted_clock_that_anybody_stops_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import true

    plant(monkeypatch, repository, "may_write", lambda *_: true())
    assert not await others_find_no_clock(participants)


async def called(service: ServiceApp) -> str:
    """A referral whose HANDOFF clock runs; written down here, since nobody may be on call."""
    referral_id = await refer(service)
    async with service.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into referral_clock (id, source_id, referral_id, participant_id, kind,"
                " time_zone, limit_minutes, started_at, version) select gen_random_uuid(),"
                " gen_random_uuid(), id, participant_id, 'HANDOFF', 'America/Los_Angeles', 30,"
                " now() - interval '2 days', 1 from referral where id = :id"
            ),
            {"id": referral_id},
        )
    return referral_id


async def way_to_the_scene_is_not_stopped_by_screening(service: ServiceApp) -> bool:
    referral_id = await called(service)
    refused = await pause(service, referral_id, "HANDOFF", project_manager(), reason="HOSPITAL")
    return codes(refused) == ["NOT_FOUND"]


async def test_way_to_the_scene_is_for_who_was_called(participants: ServiceApp) -> None:
    assert await way_to_the_scene_is_not_stopped_by_screening(participants)


async def test_planted_screening_that_stops_every_clock_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "_SCREENED", [each.value for each in ClockKind])
    assert not await way_to_the_scene_is_not_stopped_by_screening(participants)
