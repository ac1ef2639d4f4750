"""A conference in a real browser: pledge, agenda, who must step out, attendance, minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from infra.dev.demo.identifiers import demo_id
from tests.fixtures.browser import Visitors
from tests.platform.console.test_care import SIGN, agency
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
PROSECUTOR = "Cedar County Example Prosecuting Attorney"
POLICE = "Cedar Falls Example Police Department"
QUESTION = "What would help with the next court date?"
ACTION = "Ask the clinic for an earlier day."
MINUTES = "One person was talked about; one thing is to be done."
MEETING = "meeting { id version attendees { id role } }"
ITEM = "item { id version }"
PURPOSES = {"project_manager": "LEAD_COORD", "case_manager": "CAREMGT"}


async def do(
    visitors: Visitors, who: str, name: str, selection: str = "", **given: Any
) -> dict[str, Any]:
    """Run a mutation that no page has; nothing may be refused."""
    query = f"""mutation Run($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      {selection} userErrors {{ code message }} }} }}"""
    sent = {"input": {**given, "idempotencyKey": uuid4().hex}}
    answer = await visitors.platform.send(who, query, sent, purpose=PURPOSES[who])
    payload: dict[str, Any] = answer.data[name]
    assert payload["userErrors"] == [], answer.body
    return payload


async def move(visitors: Visitors, meeting: str, status: str, **given: Any) -> dict[str, Any]:
    """The chair brings a meeting on."""
    query = "query Stands($id: ID!) { owgMeeting(id: $id) { version } }"
    chair = "project_manager"
    read = await visitors.platform.send(chair, query, {"id": meeting}, purpose="LEAD_COORD")
    version = read.data["owgMeeting"]["version"]
    moved = await do(
        visitors, chair, "moveMeeting", MEETING, meetingId=meeting, status=status,
        expectedVersion=version, **given,
    )  # fmt: skip
    found: dict[str, Any] = moved["meeting"]
    return found


async def released(visitors: Visitors, person: str) -> dict[str, Any]:
    """The person signs for project office and police, beside what there is."""
    provisions = [
        {
            "recipientAgencyId": agency(visitors, each), "categories": ["IDENTITY", "OWG"],
            "purposes": ["LEAD_COORD"],
        }
        for each in ("project_manager", "le_supervisor")
    ]  # fmt: skip
    now = datetime.now(UTC)
    given = {
        "participantId": person, "kind": "GENERAL", "formVersion": "GENERAL@2026-01",
        "expiresAt": (now + timedelta(days=30)).isoformat(), "standsBeside": True,
        "signature": {"signedAt": (now - timedelta(minutes=1)).isoformat(), "method": "WET_INK"},
        "provisions": provisions, "idempotencyKey": uuid4().hex,
    }  # fmt: skip
    signed = await visitors.platform.send("case_manager", SIGN, {"input": given}, purpose="CAREMGT")
    release: dict[str, Any] = signed.data["signRelease"]["release"]
    assert release["status"] == "ACTIVE", signed.body
    return release


async def on_agenda(visitors: Visitors, person: str) -> tuple[str, str]:
    """Plan a meeting with one item, police and prosecutor invited; returns meeting and item."""
    made = await do(
        visitors, "project_manager", "scheduleMeeting", MEETING, place=f"Room {uuid4().hex[:6]}",
        startsAt=(datetime.now(UTC) + timedelta(days=2)).isoformat(),
    )  # fmt: skip
    meeting = made["meeting"]["id"]
    await move(visitors, meeting, "AGENDA_OPEN")
    for persona, role in (("le_supervisor", "LEL"), ("prosecutor", "PRO")):
        await do(
            visitors, "project_manager", "inviteAttendee", meetingId=meeting, role=role,
            accountId=str(demo_id("staff", persona)), agencyId=agency(visitors, persona),
        )  # fmt: skip
    proposed = await do(
        visitors, "case_manager", "proposeAgendaItem", ITEM, meetingId=meeting,
        participantId=person, topic="CONCERN", question=QUESTION,
    )  # fmt: skip
    item = proposed["item"]["id"]
    await step(visitors, item, "ADMITTED", proposed["item"]["version"])
    return meeting, item


async def step(visitors: Visitors, item: str, status: str, version: int) -> int:
    """The chair brings an item on; returns its version."""
    moved = await do(
        visitors, "project_manager", "moveAgendaItem", ITEM, itemId=item, status=status,
        expectedVersion=version,
    )  # fmt: skip
    return int(moved["item"]["version"])


async def said(page: Page, visitors: Visitors, meeting: str, *texts: str) -> str:
    """Load the conference until it says all this; returns what the page says."""
    for _ in range(60):
        await page.goto(f"{visitors.platform.url}/console/conferences/{meeting}")
        found = await page.locator("main").inner_text()
        if all(text in found for text in texts):
            return found
        await page.wait_for_timeout(1000)
    raise AssertionError(f"{texts} are not in:\n{found}")


def tells_of_the_item(text: str) -> bool:
    """Say whether a page gives anything of the item away."""
    return any(each in text for each in (QUESTION, ACTION, "must step out"))


async def test_a_conference_from_the_pledge_to_the_minutes(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_none")
    release = await released(visitors, person)
    meeting, item = await on_agenda(visitors, person)
    nothing = "Nothing on the agenda for you"

    # Before the pledge nobody sees anything; after it, whom the release names.
    police = await start(visitors, "le_supervisor", "/console/conferences")
    await police.locator(f'a[href$="{meeting}"]').click()
    assert not tells_of_the_item(await police.locator("main").inner_text())
    await police.get_by_role("button", name="I pledge this").click()
    await expect(police.get_by_role("status")).to_be_visible()
    await said(police, visitors, meeting, QUESTION, "has pledged", "no pledge yet")
    office = await start(visitors, "prosecutor", f"/console/conferences/{meeting}")
    await office.get_by_role("button", name="I pledge this").click()
    assert not tells_of_the_item(await said(office, visitors, meeting, nothing))

    # The chair is told who must step out, and never what they would have heard.
    chair = await start(visitors, "project_manager", f"/console/conferences/{meeting}")
    text = await said(chair, visitors, meeting, QUESTION)
    assert f"1 agency must step out: {PROSECUTOR}" in text
    assert "must step out" not in await said(police, visitors, meeting, QUESTION)

    await move(visitors, meeting, "AGENDA_LOCKED")
    attendees = (await move(visitors, meeting, "IN_SESSION"))["attendees"]
    for each in attendees:
        if each["role"] in ("LEL", "PRO"):
            await do(
                visitors, "project_manager", "recordAttendance", meetingId=meeting,
                attendeeId=each["id"], hasAttended=each["role"] == "LEL",
            )  # fmt: skip
    await step(visitors, item, "DISCUSSED", 2)
    await do(
        visitors, "project_manager", "addConferenceAction", itemId=item, what=ACTION,
        responsibleAgencyId=agency(visitors, "le_supervisor"),
    )  # fmt: skip
    await move(visitors, meeting, "CLOSED")
    await move(visitors, meeting, "MINUTES_APPROVED", minutes=MINUTES)
    for page in (police, chair):
        text = await said(page, visitors, meeting, ACTION, MINUTES, "was not there")
        assert f"{POLICE}, law-enforcement supervisor" in text
    assert not tells_of_the_item(await said(office, visitors, meeting, MINUTES, nothing))

    # What is taken back is gone from partners' screens, minutes or not.
    query = """mutation Back($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
      release { status } userErrors { code } } }"""
    back = {
        "releaseId": release["id"], "expectedVersion": 1, "reason": "Changed my mind.",
        "method": "ORAL", "idempotencyKey": uuid4().hex,
    }  # fmt: skip
    answer = await visitors.platform.send("case_manager", query, {"input": back}, purpose="CAREMGT")
    assert answer.data["revokeRelease"]["release"]["status"] == "REVOKED", answer.body
    for page in (police, chair):
        assert not tells_of_the_item(await said(page, visitors, meeting, nothing))


def test_what_gives_an_item_away_is_noticed() -> None:
    """Planted twins: the question, an action, or who must leave shows to whom it must not."""
    for planted in (QUESTION, ACTION, f"1 agency must step out: {PROSECUTOR}"):
        assert tells_of_the_item(f"Agenda\n{planted}\nWho is invited")
    assert not tells_of_the_item("Agenda\nNothing on the agenda for you")
