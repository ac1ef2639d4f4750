"""Privacy in a real browser: emergency access reviewed, attempts, misuse frozen and assessed."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
BUSINESS = "Main Street Example Business Association"
BREAK_GLASS = """mutation Look($input: BreakGlassInput!) {
  breakGlass(input: $input) { accessId endsAt userErrors { code message } }
}"""


async def look_without_consent(visitors: Visitors, person: str) -> None:
    answer = await visitors.platform.send(
        "medic",
        BREAK_GLASS,
        {
            "input": {
                "participantId": person,
                "recipientName": "Kai Sample-Field",
                "recipientFacility": "Medic unit 4",
                "discloser": "This platform",
                "natureOfEmergency": "Found without pulse",
                "attestsConsentCannotBeObtained": True,
                "unobtainableBecause": "Unconscious",
                "idempotencyKey": uuid4().hex,
            }
        },
        purpose="BTG",
    )
    assert answer.data["breakGlass"]["userErrors"] == [], answer.body


async def test_emergency_access_is_reviewed_and_its_duty_done(visitors: Visitors) -> None:
    person = visitors.platform.participant("p001")
    await look_without_consent(visitors, person)
    page = await start(visitors, "privacy_officer", "/console/privacy")
    await page.get_by_label("Id of the record").fill(person)
    await page.get_by_label("Why").fill("Emergency access yesterday.")
    await page.get_by_role("button", name="Open the review").click()
    await page.get_by_role("link", name="Emergency access").click()
    await expect(page.locator("table")).to_contain_text("Found without pulse")
    await expect(page.locator("table")).to_contain_text("Medic unit 4")
    await page.get_by_role("link", name="say that it is done").first.click()
    row = page.locator("li", has_text="Review whether emergency access was right").first
    await row.get_by_role("button", name="Done").click()
    await expect(page.locator("p.error").first).to_contain_text("Say what came of it")
    await row.get_by_label("What came of it").fill("Right: the run sheet agrees.")
    await row.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("status")).to_contain_text("Done")
    await page.goto(f"{visitors.platform.url}/console/privacy/{person}/emergencies")
    await page.locator("summary", has_text="Done").click()
    await expect(page.locator("details")).to_contain_text("the run sheet agrees")


async def test_denied_attempts_are_listed_by_recipient(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_none")
    document = "query Look($id: ID!) { participant(id: $id) { id name { given } } }"
    await visitors.platform.send("officer", document, {"id": person}, purpose="LEAD_COORD")
    page = await start(visitors, "privacy_officer", "/console/privacy")
    await page.get_by_label("Id of the record").fill(person)
    await page.get_by_label("Why").fill("Somebody asked often.")
    await page.get_by_role("button", name="Open the review").click()
    await page.get_by_role("link", name="Denied attempts").click()
    await expect(page.locator("table")).to_contain_text("Cedar Falls Example Police Department")
    await expect(
        page.locator("table .badge", has_text=re.compile("not told")).first
    ).to_be_visible()


async def test_misuse_freezes_an_agency_until_it_is_assessed(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_none")
    page = await start(visitors, "case_manager", f"/console/people/{person}")
    await page.get_by_role("link", name="Incidents").click()
    await page.get_by_label("Which agency").select_option(label=BUSINESS)
    await page.get_by_label("What has happened").fill("Told a neighbour.")
    await page.get_by_role("button", name="Report and freeze").click()
    await expect(page.locator("#e-sure")).to_contain_text("stops at once")
    await page.get_by_label("Freeze the agency's access").check()
    await page.get_by_role("button", name="Report and freeze").click()
    await expect(page.get_by_role("status")).to_contain_text("frozen")
    await expect(page.locator("li", has_text="Told a neighbour.").first).to_contain_text(
        "Access frozen"
    )
    await expect(page.get_by_text("Assess it")).to_have_count(0)  # somebody else does

    page = await start(visitors, "cm_supervisor", f"/console/people/{person}/incidents")
    row = page.locator("li", has_text="Told a neighbour.").first
    await row.get_by_text("Assess it").click()
    await row.get_by_label("Is it a breach?").select_option("yes")
    await row.get_by_role("button", name="Record the assessment").click()
    await expect(page.locator("#problems")).to_contain_text("Say what came of it")
    row = page.locator("li", has_text="Told a neighbour.").first
    await row.get_by_label("What came of it").fill("A breach; the neighbour was told in May.")
    await row.get_by_label("Lift the freeze").check()
    await row.get_by_role("button", name="Record the assessment").click()
    await expect(page.get_by_role("status")).to_contain_text("assessment is recorded")
    row = page.locator("li", has_text="Told a neighbour.").first
    await expect(row).to_contain_text("Freeze lifted")
    await expect(row.locator("table")).to_contain_text("CFR")


async def test_the_privacy_officer_checks_the_ledger_and_reads_its_signed_heads(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "privacy_officer", "/console/privacy")
    await page.get_by_role("link", name="The ledger").click()
    await expect(
        page.get_by_role("heading", name="Is the ledger as it was written?")
    ).to_be_visible()
    await expect(
        page.get_by_text("Nothing has been changed, taken away or put in.")
    ).to_be_visible()
    await expect(page.locator(".figure", has_text="entries checked")).to_be_visible()
    await expect(page.get_by_role("heading", name="Signed last")).to_be_visible()
