"""Care in a real browser: a release on paper, letters to a court, the workbench, calls."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import settled, start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
SIGN = """mutation Sign($input: SignReleaseInput!) {
  signRelease(input: $input) { release { id status } userErrors { code message } } }"""
ASK_OFFICE = """mutation AskOffice($input: RequestCoordinationInput!) {
  requestCoordination(input: $input) { request { id } userErrors { code message } } }"""
LINKS = """query Links($id: ID!) { participant(id: $id) { legalCases(first: 25) {
  edges { node { id isEnded coordinationStatus case { caseNumber status } } } } } }"""
REFER = """mutation Refer($input: SubmitArrestDiversionInput!) {
  submitArrestDiversion(input: $input) { referral { id } userErrors { code message } } }"""
CALL = """mutation Call($input: RequestHandoffInput!) {
  requestHandoff(input: $input) { handoff { id } userErrors { code message } } }"""


async def run(visitors: Visitors, who: str, query: str, purpose: str, **given: Any) -> Any:
    """Run one mutation, again with the same key while a service does not answer in time."""
    sent = {"input": {**given, "idempotencyKey": uuid4().hex}}
    answer = await visitors.platform.send(who, query, sent, purpose=purpose)
    for _ in range(30):
        if "SERVICE_UNAVAILABLE" not in answer.codes:
            break
        await asyncio.sleep(1)
        answer = await visitors.platform.send(who, query, sent, purpose=purpose)
    assert answer.data is not None, answer.body
    (payload,) = answer.data.values()
    assert payload["userErrors"] == [], answer.body
    return payload


def agency(visitors: Visitors, persona: str) -> str:
    personas = visitors.platform.demo()["personas"]
    return str(next(row for row in personas if row["persona"] == persona)["agency"]["id"])


async def downloaded(page: Page, what: Any) -> bytes:
    async with page.expect_download() as started:
        await what.click()
    path: Path = await (await started.value).path()
    return path.read_bytes()


async def test_a_release_is_kept_on_paper_by_both(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_active")
    page = await start(visitors, "case_manager", f"/console/people/{person}")
    paper = await downloaded(page, page.get_by_role("link", name=re.compile("Copy on paper")).last)
    assert paper.startswith(b"%PDF-1.4")
    assert b"Ben Example-Beech" in paper
    assert b"Cedar Falls Example Police Department" in paper
    page = await start(visitors, "participant", "/console/record")
    own = await downloaded(page, page.get_by_role("link", name=re.compile("Copy on paper")).last)
    assert b"May be told:" in own
    # Somebody else's release is nothing, as everywhere.
    foreign = visitors.platform.demo()["participants"][2]["releases"][0]["id"]
    answer = await page.goto(f"{visitors.platform.url}/console/record/releases/{foreign}/copy.pdf")
    assert answer is not None
    assert answer.status == 404


async def test_a_letter_is_drafted_approved_by_another_and_handed_over(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_active")
    home = f"/console/people/{person}/letters"
    page = await start(visitors, "case_manager", home)
    await page.get_by_role("button", name="Draft it").click()
    await expect(page.locator("#e-link")).to_contain_text("Choose the case")
    await page.get_by_label("In which case").select_option(index=1)
    await page.get_by_role("button", name="Draft it").click()
    await expect(page.get_by_role("status")).to_contain_text("Drafted")
    await page.get_by_role("button", name=re.compile("^Approve")).first.click()
    await expect(page.locator("p.error").first).to_be_visible()  # not one's own

    page = await start(visitors, "cm_supervisor", home)
    await page.get_by_role("button", name=re.compile("^Approve")).first.click()
    await expect(page.get_by_role("status")).to_contain_text("Approved")
    await hand_over(page)
    await expect(page.locator("p.error").first).to_contain_text("No release in force names")

    await run(
        visitors, "case_manager", SIGN, "CAREMGT", participantId=person, standsBeside=True,
        kind="GENERAL", formVersion="GENERAL@2026-01",
        expiresAt=(datetime.now(UTC) + timedelta(days=90)).isoformat(),
        signature={"method": "WET_INK", "signedAt": datetime.now(UTC).isoformat()},
        provisions=[{
            "recipientAgencyId": agency(visitors, "court_clerk"),
            "categories": ["ENROLLMENT", "GOALS_PLAN", "LEGAL_COORD"],
            "purposes": ["LEAD_LEGAL_COORD"],
        }],
    )  # fmt: skip
    await page.goto(visitors.platform.url + home)
    await settled(page)
    paper = await downloaded(page, await hand_over(page, clicked=False))
    assert paper.startswith(b"%PDF-1.4")
    await page.goto(visitors.platform.url + home)
    await expect(page.locator("li", has_text="Handed over").first).to_contain_text("Clerk Sample")
    page = await start(visitors, "case_manager", f"/console/people/{person}/seen")
    await expect(page.locator("table")).to_contain_text("Municipal Court")


async def hand_over(page: Page, *, clicked: bool = True) -> Any:
    fold = page.locator("details", has_text="Hand it over").first
    if await fold.get_attribute("open") is None:
        await fold.locator("summary").click()
    await fold.get_by_label("Who takes it at the court").fill("Clerk Sample")
    await fold.get_by_label("How", exact=True).select_option("CLERK")
    button = fold.get_by_role("button", name=re.compile("Hand over"))
    if clicked:
        await button.click()
    return button


async def test_the_liaison_answers_and_decides(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_active")
    found = await visitors.platform.send("case_manager", LINKS, {"id": person}, purpose="CAREMGT")
    links = [edge["node"] for edge in found.data["participant"]["legalCases"]["edges"]]
    link = next(each for each in links if not each["isEnded"])
    words = f"The appointment is on that day ({uuid4().hex[:6]})."
    await run(
        visitors, "case_manager", ASK_OFFICE, "CAREMGT",
        linkId=link["id"], kind="CONTINUANCE", context=words,
    )  # fmt: skip
    page = await start(visitors, "prosecutor", "/console/liaison?kind=REQUESTED")
    row = page.locator(".asked", has_text=words)
    await row.get_by_role("button", name="Yes").click()
    await expect(page.locator("p.error").first).to_contain_text("answer in a sentence")
    row = page.locator(".asked", has_text=words)
    await row.get_by_label("Your answer").fill("Two weeks later is fine.")
    await row.get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("status")).to_contain_text("Answered")

    await page.goto(f"{visitors.platform.url}/console/liaison?kind=OPEN_CASES")
    card = page.locator("section.card").first
    await card.locator("summary").click()
    await card.get_by_role("button", name="Record the decision").click()
    await expect(page.locator("#problems")).to_contain_text("Say why")


async def test_a_colleague_who_is_not_the_liaison_sees_no_queue(visitors: Visitors) -> None:
    page = await start(visitors, "prosecutor_not_liaison", "/console/")
    answer = await page.goto(f"{visitors.platform.url}/console/liaison")
    assert answer is not None
    assert answer.status == 403


async def test_a_call_to_the_scene_shows_by_itself_and_ends_with_meeting(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "cm_supervisor", "/console/on-call/new")
    await page.get_by_role("button", name="Put on call").click()
    await page.get_by_label("Who").select_option(label="Avery Sample-Okafor")
    await page.get_by_label("Number to call").fill("abc")
    until = await page.evaluate("""() => {
      const field = document.querySelector("[name=starts_at]");
      return new Date(new Date(field.value + "Z").getTime() + 6 * 36e5).toISOString().slice(0, 16);
    }""")
    await page.get_by_label("Until").fill(until)
    await page.get_by_role("button", name="Put on call").click()
    await expect(page.locator("#e-phone")).to_contain_text("can be dialled")
    await page.get_by_label("Number to call").fill("206-555-0142")
    await page.get_by_role("button", name="Put on call").click()
    await expect(page.get_by_role("status")).to_contain_text("officers see the number")
    rota = page.locator("section", has_text="Your agency's rota")
    await expect(rota).to_contain_text("Avery Sample-Okafor")

    page = await start(visitors, "case_manager", "/console/on-call")
    place = f"Fourth and Main, {uuid4().hex[:6]}"
    await call(visitors, place)
    row = page.locator("#calls li", has_text=place)
    await expect(row).to_contain_text("Called")  # nobody has loaded the page again
    await row.get_by_role("button", name="On my way").click()
    await expect(page.get_by_role("status")).to_contain_text("Noted")
    row = page.locator("#calls li", has_text=place)
    await row.get_by_role("button", name="Not met").click()
    await expect(page.locator("p.error").first).to_contain_text("why nobody met")
    await page.locator("#calls li", has_text=place).get_by_role("button", name="We met").click()
    await expect(page.get_by_role("status")).to_contain_text("Noted")

    page = await start(visitors, "cm_supervisor", "/console/on-call")
    await page.get_by_role("button", name=re.compile("206-555-0142|2065550142")).first.click()
    await expect(page.get_by_role("status")).to_contain_text("shift has ended")


async def call(visitors: Visitors, place: str) -> None:
    form = {
        "person": {"givenName": "Sam", "description": "Red cap", "usualPlaces": []},
        "account": "Took food from a shop.", "urgency": "NOW",
        "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "WOULD_BOOK",
        "personIsAware": "YES", "personAgreed": "YES", "needs": [], "exclusionAnswers": [],
    }  # fmt: skip
    made = await run(
        visitors, "officer", REFER, "LEAD_REFERRAL", form=form,
        incidentNumber=f"26-{uuid4().int % 100000:05d}", offenceCode="23C", victimConsulted="YES",
    )  # fmt: skip
    await run(
        visitors, "officer", CALL, "LEAD_REFERRAL", referralId=made["referral"]["id"],
        requestedAt=datetime.now(UTC).isoformat(), place=place,
    )  # fmt: skip
