"""Meetings: their steps, invitations, the pledge, attendance, minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.vocabulary import Role
from svc_cases.conferences.commands.facts import put_on_screens
from svc_cases.conferences.rules import (
    MAX_ATTENDEES,
    MAX_ITEMS,
    SCREENS_STAY,
    ItemStatus,
    agenda_fact_id,
)
from svc_cases.conferences.tables import AgendaItem, Attendee, Meeting
from svc_consent.authority.rules import MAX_OPERATIONS
from tests.fixtures.cases_service import new_participant
from tests.fixtures.conferences import (
    STARTS_AT,
    care,
    chair,
    codes,
    counsel,
    liaison,
    meeting,
    move,
    pledge,
    police,
    run,
    version_of,
)
from tests.fixtures.service_app import ServiceApp

READ = """query($id: ID!) { owgMeeting(id: $id) {
  id status minutes pledgeVersion myInvitation { pledgedAt }
  attendees { id role agency { id } pledgedAt hasAttended } version } }"""


async def read(service: ServiceApp, asking: Any, meeting_id: str) -> Any:
    answer = await service.graphql(asking, READ, {"id": meeting_id})
    return answer.data["owgMeeting"]


async def test_a_meeting_goes_forward_only(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases)
    version = (await read(cases, chair(), meeting_id))["version"]
    given = {"meetingId": meeting_id, "expectedVersion": version}
    skipped = await run(cases, chair(), "moveMeeting", status="IN_SESSION", **given)
    assert codes(skipped) == ["ILLEGAL_STEP"]
    assert "AGENDA_LOCKED" in skipped["userErrors"][0]["message"]
    early = await run(cases, chair(), "moveMeeting", status="AGENDA_LOCKED", minutes="x", **given)
    assert codes(early) == ["TOO_EARLY"]
    await move(cases, meeting_id, "AGENDA_LOCKED", "IN_SESSION", "CLOSED")
    given["expectedVersion"] = (await read(cases, chair(), meeting_id))["version"]
    done = await run(
        cases, chair(), "moveMeeting", status="MINUTES_APPROVED", minutes="Rota agreed.", **given
    )
    assert codes(done) == []
    assert (await read(cases, chair(), meeting_id))["minutes"] == "Rota agreed."


async def test_only_the_chair_runs_meetings(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    for asking in (care(), police(), liaison()):
        given: dict[str, Any] = {"startsAt": STARTS_AT.isoformat(), "place": "x"}
        assert codes(await run(cases, asking, "scheduleMeeting", **given)) == ["NOT_ALLOWED"]
        given = {"meetingId": meeting_id, "status": "AGENDA_LOCKED", "expectedVersion": 1}
        assert codes(await run(cases, asking, "moveMeeting", **given)) == ["NOT_ALLOWED"]


async def test_who_is_not_invited_knows_of_no_meeting(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    assert (await read(cases, police(), meeting_id))["id"] == meeting_id
    assert await read(cases, liaison(), meeting_id) is None
    assert codes(await pledge(cases, liaison(), meeting_id)) == ["NOT_FOUND"]


async def test_the_pledge_is_one_s_own_and_of_the_present_wording(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police(), pledged=False)
    old = {"meetingId": meeting_id, "pledgeVersion": "OWG-PLEDGE@2020-01"}
    assert codes(await run(cases, police(), "signPledge", **old)) == ["PLEDGE_OUTDATED"]
    assert (await read(cases, police(), meeting_id))["myInvitation"] == {"pledgedAt": None}
    assert codes(await pledge(cases, police(), meeting_id)) == []
    assert (await read(cases, police(), meeting_id))["myInvitation"]["pledgedAt"]


async def test_attendance_is_recorded_while_in_session(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police(), counsel())
    (first, _) = (await read(cases, chair(), meeting_id))["attendees"]
    given = {"meetingId": meeting_id, "attendeeId": first["id"], "hasAttended": True}
    given["expectedVersion"] = await version_of(cases, meeting_id)
    assert codes(await run(cases, chair(), "recordAttendance", **given)) == ["NOT_IN_SESSION"]
    await move(cases, meeting_id, "AGENDA_LOCKED", "IN_SESSION")
    assert codes(await run(cases, chair(), "recordAttendance", **given)) == ["VERSION_CONFLICT"]
    given["expectedVersion"] = await version_of(cases, meeting_id)
    assert codes(await run(cases, chair(), "recordAttendance", **given)) == []
    (first, second) = (await read(cases, chair(), meeting_id))["attendees"]
    assert (first["hasAttended"], second["hasAttended"]) == (True, None)


@pytest.mark.parametrize("role", ["CRT", "PAR", "PCG", "nobody"])
async def test_who_does_not_confer_is_not_invited(cases: ServiceApp, role: str) -> None:
    meeting_id = await meeting(cases)
    given = {"accountId": police().subject, "agencyId": police().agency_id, "role": role}
    refused = await run(cases, chair(), "inviteAttendee", meetingId=meeting_id, **given)
    assert codes(refused) == ["ROLE_NOT_INVITED"]


async def test_nobody_is_invited_twice(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    given = {"accountId": police().subject, "agencyId": police().agency_id, "role": Role.LEL}
    refused = await run(cases, chair(), "inviteAttendee", meetingId=meeting_id, **given)
    assert codes(refused) == ["ALREADY_INVITED"]


# The fact behind an invitation.

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def made(count: int, status: ItemStatus = ItemStatus.ADMITTED) -> tuple[Meeting, Any, Any]:
    held = Meeting(id=new_participant(), site_id=new_participant(), starts_at=STARTS_AT)
    attendees = [
        Attendee(id=new_participant(), account=f"a{number}", pledged_at=NOW)
        for number in range(count)
    ]
    items = [
        AgendaItem(id=new_participant(), participant_id=new_participant(), status=status.value)
        for _ in range(count)
    ]
    return held, attendees, items


def test_a_full_agenda_fits_one_hand_over() -> None:
    assert MAX_ATTENDEES * MAX_ITEMS < MAX_OPERATIONS


def test_the_ground_ends_by_itself_after_the_meeting() -> None:
    held, attendees, items = made(1)
    (operation,) = put_on_screens(held, attendees, items, NOW)
    row: Any = operation["row"]
    assert row["ends_at"] == (STARTS_AT + SCREENS_STAY).isoformat()
    assert (row["basis"], row["category"], row["effect"]) == ("k", "OWG", "permit")
    assert row["id"] == str(agenda_fact_id(attendees[0].id, items[0].id))
    late = put_on_screens(held, attendees, items, STARTS_AT + timedelta(days=30))
    late_row: Any = late[0]["row"]
    assert late_row["ends_at"] > late_row["starts_at"]


@pytest.mark.parametrize(
    "status", [ItemStatus.PROPOSED, ItemStatus.REMOVED_CONSENT, ItemStatus.WITHDRAWN]
)
def test_what_is_not_on_the_agenda_is_before_nobody(status: ItemStatus) -> None:
    held, attendees, items = made(2, status)
    assert put_on_screens(held, attendees, items, NOW) == []


def test_without_a_pledge_nothing_is_before_anybody() -> None:
    held, attendees, items = made(2)
    for each in attendees:
        each.pledged_at = None
    assert put_on_screens(held, attendees, items, NOW) == []
