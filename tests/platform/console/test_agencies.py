"""Administrators in a real browser: reviews, requests, agreements, seats, accounts shut out."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
JULES = "Jules Sample-Vega"


def police(visitors: Visitors) -> str:
    personas = visitors.platform.demo()["personas"]
    return str(next(row for row in personas if row["persona"] == "officer")["agency"]["id"])


async def test_an_administrator_reviews_every_role_and_closes(visitors: Visitors) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/reviews")
    await page.get_by_label("Title").fill("Autumn")
    await page.get_by_label("Last day").fill("2035-01-01")
    await page.get_by_role("button", name="Begin").click()
    await expect(page.locator("#e-deadline")).to_contain_text("within 90 days")
    soon = await page.evaluate("new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)")
    await page.get_by_label("Last day").fill(soon)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Autumn")
    review = page.url
    await page.get_by_role("link", name="Home", exact=True).click()
    reminder = page.locator("p.notice", has_text="Autumn")
    await expect(reminder).to_contain_text("undecided and end then by themselves")
    await reminder.get_by_role("link", name="Autumn").click()
    await expect(page).to_have_url(review.partition("?")[0])

    await page.get_by_role("button", name=re.compile("Keep the role")).first.click()
    await expect(page.locator("p.error").first).to_contain_text("Say why")
    await page.get_by_role("button", name="Close the review").click()
    await expect(page.locator("#problems")).to_contain_text("must be kept or removed")
    row = page.locator("li", has_text=JULES).filter(has=page.locator("form"))
    await row.get_by_label("Why").fill("Moved to another unit.")
    await row.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status")).to_contain_text("taken away")
    await keep_the_rest(page)
    await page.get_by_role("button", name="Close the review").click()
    await expect(page.get_by_role("status")).to_contain_text("closed")

    await page.get_by_role("link", name="People and roles").click()
    await page.get_by_role("link", name="Give a role", exact=True).first.click()
    await page.get_by_label("Who").select_option(label=JULES)
    await page.get_by_label("Which role").select_option("LEO")
    await page.get_by_label("Why").fill("Back on patrol.")
    await page.get_by_role("button", name="Give the role").click()
    await page.get_by_role("link", name="History").click()
    await expect(page.locator("table")).to_contain_text("Access review closed")
    await expect(page.locator("table")).to_contain_text("Moved to another unit.")


async def test_the_platform_reviews_an_agencys_administrators(visitors: Visitors) -> None:
    page = await start(visitors, "platform_admin", f"/console/agencies/{police(visitors)}")
    await page.get_by_role("link", name="Review its administrators").click()
    await expect(page.get_by_label("Administrators of")).to_have_value(police(visitors))
    await page.get_by_label("Administrators of").select_option("")
    soon = await page.evaluate("new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)")
    await page.get_by_label("Title").fill("Administrators in spring")
    await page.get_by_label("Last day").fill(soon)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.locator("#e-agency")).to_contain_text("Choose whose")
    await page.get_by_label("Administrators of").select_option(police(visitors))
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Administrators in spring")
    review = page.url.partition("?")[0].rpartition("/")[2]

    inside = await start(visitors, "agency_admin")
    await inside.locator("p.notice").get_by_role("link", name="Administrators in spring").click()
    await expect(inside.locator("main")).to_contain_text("The platform's administrator decides")
    await expect(inside.locator("main").get_by_role("button")).to_have_count(0)

    await keep_the_rest(page)
    await page.get_by_role("button", name="Close the review").click()
    await expect(page.get_by_role("status")).to_contain_text("closed")
    await page.get_by_role("link", name="Access reviews").first.click()
    row = page.locator("li", has=page.locator(f'a[href$="{review}"]'))
    await expect(row).to_contain_text("administrators")
    await expect(row).to_contain_text("Closed")


async def keep_the_rest(page: Page) -> None:
    forms = page.locator('form[action*="/items/"]')
    for _ in range(30):
        if await forms.count() == 0:
            return
        left = await forms.count()
        await forms.first.get_by_label("Why").fill("Still needed.")
        await forms.first.get_by_role("button", name="Keep").click()
        await expect(forms).to_have_count(left - 1)


async def test_a_sensitive_role_needs_a_second_person(visitors: Visitors) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/requests")
    await page.get_by_role("link", name="Ask for a role").click()
    who = page.get_by_label("Who would get it")
    assert "Lee Sample-Porter" not in await who.inner_text()
    await who.select_option(label=JULES)
    await page.get_by_label("Which role").select_option("LEL")
    await page.get_by_label("Why").fill("Leads the shift from May.")
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("second person")
    mine = page.locator("li", has_text=JULES)
    await expect(mine).to_contain_text("you asked for it")
    await expect(mine.get_by_role("button")).to_have_count(0)

    page = await start(visitors, "platform_admin", "/console/requests")
    row = page.locator("li", has_text=JULES)
    await expect(row).to_contain_text("Leads the shift from May.")
    await row.get_by_role("button", name="Decline").click()
    await expect(page.locator("p.error").first).to_contain_text("Say why")
    await row.get_by_label("Why").fill("The shift has a lead.")
    await row.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("status")).to_contain_text("declined")
    await expect(page.locator("table")).to_contain_text("The shift has a lead.")


async def test_a_role_that_is_none_is_refused_and_not_said_to_be_asked_for(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/requests/new")
    await page.get_by_label("Who would get it").select_option(index=1)
    await page.locator('select[name="role"]').evaluate(
        "list => { list.options[list.options.length - 1].value = 'KING'; list.selectedIndex = "
        "list.options.length - 1 }"
    )
    await page.get_by_label("Why").fill("A try.")
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.locator("#e-role")).to_contain_text("role of the list")


async def test_agreements_have_documents_and_leaving_is_asked_twice(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/agreements")
    paper = tmp_path / "memorandum.txt"
    paper.write_text("Signed in ink.", encoding="utf-8")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#e-file")).to_contain_text("Choose a file")
    await page.get_by_label("File").set_input_files(paper)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("added")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="memorandum.txt").first.click()
    kept = await (await started.value).path()
    assert kept.read_text(encoding="utf-8") == "Signed in ink."

    await page.get_by_label("What happens").select_option("WITHDRAWN")
    await page.get_by_label("Why").fill("Never meant.")
    await page.get_by_role("button", name="Do it").click()
    await expect(page.locator("#e-sure")).to_contain_text("it counts at once")
    await expect(page.get_by_text("Signed", exact=True)).to_be_visible()


async def test_what_an_agency_can_see_follows_the_agreement(visitors: Visitors) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/access")
    officer = page.locator("section", has_text="Law-enforcement officer")
    told = officer.locator("dt", has_text="With a release").first.locator("+ dd")
    await expect(told).to_contain_text("Name and date of birth")
    assert "Case notes" not in await told.inner_text()
    await officer.locator("summary").click()
    await expect(officer.locator("details")).to_contain_text("Case notes")
    await page.get_by_role("link", name="Not used lately").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Not used lately")


async def test_the_platform_gives_seats_and_shuts_accounts_out(visitors: Visitors) -> None:
    page = await start(visitors, "platform_admin", "/console/seats")
    await page.get_by_label("Table").select_option("PCG")
    await page.get_by_label("Who").fill("Pat Sample-Chair")
    await page.get_by_role("button", name="Give the seat").click()
    await expect(page.get_by_role("status")).to_contain_text("given")
    await page.get_by_role("button", name=re.compile("Pat Sample-Chair")).first.click()
    await expect(page.get_by_role("status")).to_contain_text("ends today")

    await page.goto(f"{visitors.platform.url}/console/agencies/{police(visitors)}")
    row = page.locator("li", has_text=JULES)
    await row.locator("summary").click()
    await row.get_by_label("Why").fill("A lost device.")
    await row.get_by_role("button", name="Shut out").click()
    await expect(page.get_by_role("status")).to_contain_text("shut out")
    row = page.locator("li", has_text=JULES)
    await row.locator("summary").click()
    await row.get_by_label("Why").fill("Found again.")
    await row.get_by_role("button", name="Let in again").click()
    await expect(page.get_by_role("status")).to_contain_text("let in again")


async def test_pages_of_administrators_are_for_them_alone(visitors: Visitors) -> None:
    page = await start(visitors, "officer")
    other = police(visitors)
    mine = ("agency/reviews", "agency/requests", "reviews", "seats", f"agencies/{other}/history")
    for path in mine:
        answer = await page.goto(f"{visitors.platform.url}/console/{path}")
        assert answer is not None
        assert answer.status == 403, path
