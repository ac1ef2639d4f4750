"""What a newcomer looked for in the first hour, in a browser: files, people, agencies, alerts."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.async_api import Page, expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]


async def kept(page: Page, link: str) -> str:
    async with page.expect_download() as started:
        await page.get_by_role("link", name=link).click()
    path: Path = await (await started.value).path()
    return path.read_text(encoding="utf-8")


async def badge_keys(page: Page) -> KeySet:
    """Return the public keys that anybody checks a badge with."""
    answer = await page.request.get(page.url.partition("/console/")[0] + "/training/badge-keys")
    return KeySet.import_key_set(await answer.json())


async def test_lists_and_dates_are_kept_as_files(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/training/compliance?status=OVERDUE")
    lines = (await kept(page, "Download as CSV")).splitlines()
    assert lines[0].startswith("personnel_externalId,personnel_name,requirement_key")
    assert all(",OVERDUE," in line for line in lines[1:])
    await page.goto(f"{visitors.platform.url}/console/training/due")
    assert "session_number" in await kept(page, "Download as CSV")
    page = await start(visitors, "officer", "/console/training/courses")
    assert "BEGIN:VEVENT" in await kept(page, "Dates for your calendar")
    assert "8020" in await kept(page, "Courses as CSV")
    for path in ("training/files/compliance.csv", "training/catalogue/personnel.csv"):
        answer = await page.request.get(f"{visitors.platform.url}/console/{path}")
        assert answer.status in (403, 404), path
    page = await start(visitors, "training_manager", "/console/training/sessions/9102-1/results")
    await page.locator('a[href*="/training/certificates/"]').first.click()
    badge = await kept(page, "Open Badge as a file")
    assert jwt.decode(badge, await badge_keys(page), algorithms=["Ed25519"]).claims["name"]


async def test_a_person_of_the_roster_has_a_page(visitors: Visitors) -> None:
    family = f"Sample-{uuid4().hex[:6]}"
    page = await start(visitors, "training_manager", "/console/training/people")
    await page.get_by_label("Given name").fill("Robin")
    await page.get_by_label("Family name").fill(family)
    await page.get_by_label("Serves as").select_option("PEACE_OFFICER")
    await page.get_by_role("button", name="Add to the roster").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await page.get_by_role("link", name=re.compile(family)).first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(family)
    await page.get_by_label("Basic academy training finished on").fill("2023-05-04")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("status")).to_contain_text("says so now")
    field = page.get_by_label("Basic academy training finished on")
    await expect(field).to_have_value("2023-05-04")
    await page.get_by_label("Family name").fill("  ")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("#e-family_name")).to_contain_text("family name")


async def test_a_session_is_planned_and_its_places_are_kept(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/training/courses/9101")
    await page.get_by_role("link", name="Plan a session").click()
    await page.get_by_label("Session number").fill("77")
    await page.get_by_label("Begins").fill("2031-03-01T09:00")
    await page.get_by_label("Ends").fill("2031-03-01T08:00")
    await page.get_by_label("How it is attended").select_option("IN_PERSON")
    await page.get_by_label("Hours credited").fill("many")
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.locator("#e-hours")).to_contain_text("for example 1.5")
    await page.get_by_label("Hours credited").fill("")
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.locator("#e-number")).to_contain_text("8020-1")
    number = f"9101-{400 + uuid4().int % 500}"
    await page.get_by_label("Session number").fill(number)
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.locator("#e-ends_at")).to_contain_text("ends after it begins")
    await page.get_by_label("Ends").fill("2031-03-01T11:00")
    await page.get_by_label("Place", exact=True).fill("Room 4")
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.get_by_role("status")).to_contain_text("in the catalogue")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Session {number}")
    await page.get_by_role("link", name="Places and deadlines").click()
    await page.get_by_label("Places", exact=True).fill("12")
    await page.get_by_label("Registration closes").fill("2031-02-20T17:00")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("dl.facts")).to_contain_text("12")
    await expect(page.locator("dl.facts")).to_contain_text("20 Feb 2031")


async def test_what_is_required_of_oneself_stands_with_ones_training(visitors: Visitors) -> None:
    page = await start(visitors, "officer", "/console/training/mine")
    for name in ("What is required of you", "Assigned to", "What you have had"):
        await expect(page.get_by_role("heading", name=name)).to_be_visible()


async def test_an_administrator_adds_a_person_and_gives_the_role(visitors: Visitors) -> None:
    name = f"Kim Sample-{uuid4().hex[:6]}"
    page = await start(visitors, "agency_admin", "/console/agency")
    await page.get_by_role("link", name="Add a person").click()
    await page.get_by_role("button", name="Add the person").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Login").fill(f"login-{uuid4().hex}")
    await page.get_by_label("Why").fill("Begins on Monday.")
    await page.get_by_role("button", name="Add the person").click()
    await expect(page.get_by_role("status")).to_contain_text(f"{name} is added")
    await page.get_by_label("Which role").select_option("LEO")
    await page.get_by_label("Why").fill("Patrol.")
    await page.get_by_role("button", name="Give the role").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is given")
    await expect(page.locator("#results li", has_text=name)).to_contain_text("In force")


async def test_the_platform_adds_an_agency_with_its_agreement(visitors: Visitors) -> None:
    name = f"Harbor {uuid4().hex[:6]}"
    page = await start(visitors, "platform_admin", "/console/agencies")
    await page.get_by_role("link", name="Add an agency").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Kind").select_option("LE")
    await page.get_by_label("Why").fill("It joins in spring.")
    await page.get_by_role("button", name="Add the agency").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await page.get_by_label("First day").fill("2026-01-01")
    await page.get_by_label("Last day").fill("2025-01-01")
    await page.get_by_label("Where the signed paper is").fill("Drawer 3.")
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page.locator("#e-ends_on")).to_contain_text("before the first")


async def test_what_a_claim_means_is_kept_and_ended(visitors: Visitors) -> None:
    issuer = f"county-{uuid4().hex[:6]}"
    page = await start(visitors, "platform_admin", "/console/alerts")
    await page.get_by_label("Whose token").fill(issuer)
    await page.get_by_label("The role in its words").fill("patrol")
    await page.get_by_label("What it means here").select_option("LEO")
    await page.get_by_label("Why", exact=True).last.fill("Agreed with the county.")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("status")).to_contain_text("gives nobody a role")
    row = page.locator("tr", has_text=issuer)
    await row.locator("summary").click()
    await row.get_by_label("Why").fill("No longer.")
    await row.get_by_role("button", name="It means nothing any more").click()
    await expect(page.get_by_role("status")).to_contain_text("means nothing any more")


async def large_file(page: Page, folder: Path) -> Any:
    big = folder / "signed.pdf"
    big.write_bytes(b"%PDF-1.4" + b"x" * 1_700_000)
    await page.get_by_label("File").set_input_files(big)
    await page.get_by_role("button", name="Add", exact=True).click()


async def test_a_file_that_is_too_large_is_said_to_be(visitors: Visitors, tmp_path: Path) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/agreements")
    await large_file(page, tmp_path)
    await expect(page.get_by_role("heading", level=1)).to_have_text("That is too large")
