"""A conference in a real browser: pledge, agenda, who must step out, attendance, minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from infra.dev.demo.identifiers import demo_id
from tests.fixtures.browser import Visitors, is_too_wide, violations
from tests.platform.console.test_care import SIGN, agency
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
PROSECUTOR = "Cedar County Example Prosecuting Attorney"
POLICE = "Cedar Falls Example Police Department"
QUESTION = "What would help with the next court date?"
NOTE = "Everybody would rather have it in the morning."
ACTION = "Ask the clinic for an earlier day."
MINUTES = "One person was talked about; one thing is to be done."


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


async def scheduled(chair: Page) -> str:
    """The chair schedules a meeting and opens its agenda; returns its id."""
    day = datetime.now(UTC) + timedelta(days=2)
    await chair.get_by_label("Begins").fill(f"{day:%Y-%m-%d}T09:30")
    await chair.get_by_label("Place").fill(f"Room {uuid4().hex[:6]}")
    await chair.get_by_role("button", name="Schedule it").click()
    await expect(chair.get_by_role("status")).to_contain_text("The meeting is planned")
    await expect(chair.get_by_role("heading", level=1)).to_contain_text("9:30 AM")
    meeting = chair.url.partition("?")[0].rpartition("/")[2]
    await bring_on(chair, "Open the agenda", "Close the agenda")
    return meeting


async def bring_on(chair: Page, step: str, following: str) -> None:
    """The chair brings the meeting a step on."""
    await chair.get_by_role("button", name=step).click()
    await expect(chair.get_by_role("button", name=following)).to_be_visible()


async def put_on_agenda(chair: Page, person: str, name: str) -> None:
    """The chair finds somebody by name, proposes them and puts them on the agenda."""
    await chair.get_by_text("Propose somebody for the agenda").click()
    await chair.get_by_label("Whom, by name").fill(name)
    await chair.get_by_role("button", name="Search").click()
    await chair.wait_for_url("**?q=*")
    who = chair.locator(f'select[name="person"] option[value="{person}"]')
    for _ in range(60):  # until the release of just now has arrived
        if await who.count():
            break
        await chair.wait_for_timeout(1000)
        await chair.reload()
    await chair.get_by_label("Who", exact=True).select_option(person)
    await chair.get_by_label("What the group is asked").fill(QUESTION)
    await chair.get_by_label("Why").select_option("CONCERN")
    await chair.get_by_role("button", name="Propose", exact=True).click()
    await expect(chair.get_by_role("status")).to_contain_text("Proposed")
    await chair.get_by_role("button", name="Put on the agenda").click()
    await expect(chair.locator("ol .badge")).to_have_text("On the agenda")


async def invited(visitors: Visitors, chair: Page) -> None:
    """The chair invites the police by account, and the prosecutor as somebody who came before."""
    await chair.get_by_role("link", name="Invite somebody").click()
    await chair.get_by_label("Account").fill(str(demo_id("staff", "le_supervisor")))
    await chair.get_by_label("Agency", exact=True).select_option(agency(visitors, "le_supervisor"))
    await chair.get_by_label("In which role").select_option("LEL")
    await chair.get_by_role("button", name="Invite").click()
    await expect(chair.get_by_role("status")).to_contain_text("Invited")
    await chair.get_by_role("link", name="Invite somebody").click()
    office = f"{demo_id('staff', 'prosecutor')}:PRO:{agency(visitors, 'prosecutor')}"
    await chair.get_by_label("Who", exact=True).select_option(office)
    await chair.get_by_role("button", name="Invite").click()
    await expect(chair.locator("main")).to_contain_text(f"{PROSECUTOR}, prosecutor")


async def held(chair: Page) -> None:
    """The chair begins the meeting, records who came, what was said and what is to be done."""
    await bring_on(chair, "Close the agenda", "Begin the meeting")
    await bring_on(chair, "Begin the meeting", "End the meeting")
    office = chair.locator("li", has_text=PROSECUTOR).last
    await office.get_by_role("button", name="Was not there").click()
    await expect(office.locator(".line")).to_contain_text("was not there")
    await chair.get_by_text("Write down what was said").click()
    await chair.get_by_text("Record an action").click()
    assert await violations(chair) == []
    assert not await is_too_wide(chair)
    await chair.get_by_label("What was said").fill(NOTE)
    await chair.get_by_role("button", name="Keep the note").click()
    await expect(chair.locator("ol")).to_contain_text(NOTE)
    await chair.get_by_text("Record an action").click()
    await chair.get_by_label("What is to be done").fill(ACTION)
    await chair.get_by_role("button", name="Record the action").click()
    await expect(chair.locator("ol p.error")).to_contain_text("Choose who does it")
    await chair.get_by_label("Who does it").select_option(label=POLICE)
    await chair.get_by_role("button", name="Record the action").click()
    await expect(chair.locator("ol li li").last).to_contain_text(ACTION)
    await chair.get_by_role("button", name="Talked about").click()
    await expect(chair.locator("ol .badge").first).to_have_text("Talked about")
    await bring_on(chair, "End the meeting", "Approve the minutes")
    await chair.get_by_label("Minutes").fill(MINUTES)
    await chair.get_by_role("button", name="Approve the minutes").click()
    await expect(chair.get_by_role("heading", name="Minutes")).to_be_visible()


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
    return any(each in text for each in (QUESTION, NOTE, ACTION, "must step out"))


async def test_a_conference_from_the_pledge_to_the_minutes(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_none")
    people = visitors.platform.demo()["participants"]
    name = next(row["name"] for row in people if row["id"] == person)
    release = await released(visitors, person)
    chair = await start(visitors, "project_manager", "/console/conferences")
    assert await violations(chair) == []
    meeting = await scheduled(chair)
    await put_on_agenda(chair, person, name)
    await invited(visitors, chair)
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
    text = await said(chair, visitors, meeting, QUESTION)
    assert f"1 agency must step out: {PROSECUTOR}" in text
    assert "must step out" not in await said(police, visitors, meeting, QUESTION)

    await held(chair)
    for page in (police, chair):
        text = await said(page, visitors, meeting, ACTION, MINUTES, "was not there")
        assert f"{POLICE}, law-enforcement supervisor" in text
        assert (NOTE in text) is (page is chair)
    assert not tells_of_the_item(await said(office, visitors, meeting, MINUTES, nothing))
    await police.get_by_role("button", name="Done").click()
    await expect(police.locator("ol li li .badge")).to_have_text("Done")

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
    """Planted twins: question, note, action, or who must leave shows to whom it must not."""
    for planted in (QUESTION, NOTE, ACTION, f"1 agency must step out: {PROSECUTOR}"):
        assert tells_of_the_item(f"Agenda\n{planted}\nWho is invited")
    assert not tells_of_the_item("Agenda\nNothing on the agenda for you")
