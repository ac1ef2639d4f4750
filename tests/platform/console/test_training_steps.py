"""From an assignment to a place, in a real browser: what is asked for first, and each step."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
COURSE = """\
Riding Along (Example Course {number})

An invented course: a day beside a case manager.

To register for the course, contact your Training Manager.

Who can attend our classes?

Law enforcement

Training sessions

Session Session Title Dates & Hours Location Status
{number}-1 Riding Along (Example Course {number}) 3/4/2031
Class Hours:
0900 - 1500
Cedar Falls Example Hall
Open
"""
TRAINING = "/console/training"


async def course_of_its_own(page: Page) -> str:
    """Take a course over that no other test knows; returns its number."""
    number = str(7000 + uuid4().int % 900)
    await page.get_by_label("The page's text").fill(COURSE.format(number=number))
    await page.get_by_role("button", name="Look first").click()
    await page.get_by_role("button", name="Store it").click()
    await expect(page.get_by_role("button", name="Store it")).to_have_count(0)
    return number


async def test_people_are_registered_once_what_is_asked_for_is_shown(
    visitors: Visitors, tmp_path: Path
) -> None:
    url = visitors.platform.url
    page = await start(visitors, "training_manager", f"{TRAINING}/import")
    number = await course_of_its_own(page)
    await page.goto(f"{url}{TRAINING}/courses/{number}")
    await counts_for_a_year(page)
    await page.get_by_role("link", name="Prerequisites").click()
    await page.get_by_label("What it is").fill("Approval of the chief")
    await page.get_by_label("Number of a course").fill("0000")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.locator("#e-course")).to_be_visible()
    await page.get_by_label("Number of a course").fill("")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("status")).to_contain_text("asked for from now on")
    await added_by_mistake(page)

    await page.goto(f"{url}{TRAINING}/sessions/{number}-1/assign")
    officer = next(
        each["name"] for each in visitors.platform.demo()["personas"]
        if each["persona"] == "officer"
    )  # fmt: skip
    await page.locator("label", has_text=officer).get_by_role("checkbox").check()
    others = page.locator("label:not(:has(:checked))", has=page.locator('input[name="people"]'))
    other = (await others.first.inner_text()).split(",")[0].strip().splitlines()[0]
    await others.first.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Assign", exact=True).click()
    await page.get_by_role("link", name="Keep, and open the session").click()
    await page.get_by_role("link", name="Register people").click()
    await page.get_by_role("button", name="Register").click()
    await expect(page.locator("#e-people")).to_contain_text("at least one person")
    await page.get_by_label("Everybody of your agency").check()
    await page.get_by_role("button", name="Register").click()
    lacking = page.locator("table .badge", has_text="Something is to be shown first")
    await expect(lacking).to_have_count(2)

    await page.get_by_role("link", name=other).click()
    await page.get_by_role("button", name="Note the step").click()
    await expect(page.locator("p.error")).to_contain_text("Choose the next step")
    await page.get_by_label("Next step").select_option("NOTIFIED")
    await page.get_by_label("Comment").fill("By telephone.")
    await page.get_by_role("button", name="Note the step").click()
    await expect(page.locator("ol.list")).to_contain_text("By telephone.")
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.locator("p.error")).to_contain_text("Choose a file")
    await page.get_by_label("Document").set_input_files(paper(tmp_path))
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.get_by_role("status")).to_contain_text("Handed in")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="approval.txt").click()
    assert (await (await started.value).path()).read_text() == "Approved. The chief."
    await page.get_by_role("button", name="Ask for a waiver").click()
    await expect(page.locator("p.error")).to_contain_text("Say why")
    await asked_to_waive(page)
    await page.get_by_role("button", name="Waive it").click()
    await expect(page.locator("p.error")).to_contain_text("Somebody else")

    await shown_by_oneself(visitors, paper(tmp_path))
    await page.goto(f"{url}{TRAINING}/sessions/{number}-1")
    await page.get_by_role("link", name=f"Steps of {officer}").click()
    await page.get_by_role("button", name="It is met").click()
    await expect(page.locator(".badge", has_text="Met")).to_be_visible()
    await page.get_by_role("link", name="Register", exact=True).click()
    await page.get_by_label("Everybody of your agency").check()
    await page.get_by_role("button", name="Register").click()
    await expect(lacking).to_have_count(1)
    await page.get_by_role("link", name=officer).click()
    choices = page.get_by_label("Next step").locator("option")
    await expect(choices).to_have_text(
        ["Choose …", "On the waiting list", "Alternate", "Has a place", "Refused", "Cancelled"]
    )
    for step in ("ACCEPTED", "CANCELLED"):
        await page.get_by_label("Next step").select_option(step)
        await page.get_by_role("button", name="Note the step").click()
        await expect(page.get_by_role("status")).to_contain_text("Done")
    await expect(page.get_by_label("Next step")).to_have_count(0)
    await expect(page.locator("h2 .badge")).to_have_text("Cancelled")


async def counts_for_a_year(page: Page) -> None:
    await page.get_by_role("link", name="How it counts").click()
    await page.get_by_label("A certificate holds").fill("121")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("#e-months")).to_contain_text("1 to 120 months")
    await page.get_by_label("A certificate holds").fill("12")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("status")).to_contain_text("counts so from now on")
    await expect(page.locator("dl.facts")).to_contain_text("12 months")


async def added_by_mistake(page: Page) -> None:
    await page.get_by_label("What it is").fill("Meant for another course")
    await page.get_by_role("button", name="Add it").click()
    row = page.locator("li", has_text="Meant for another course")
    await row.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_role("status")).to_contain_text("nobody is asked for it any more")
    await expect(row).to_have_count(0)
    await expect(page.locator("li", has_text="Approval of the chief")).to_have_count(1)


def paper(folder: Path) -> Path:
    (file := folder / "approval.txt").write_text("Approved. The chief.")
    return file


async def asked_to_waive(page: Page) -> None:
    await page.get_by_label(re.compile("^Comment on Approval")).fill("He rode along before.")
    await page.get_by_role("button", name="Ask for a waiver").click()
    await expect(page.locator(".badge", has_text="Waiver asked for")).to_be_visible()


async def shown_by_oneself(visitors: Visitors, file: Path) -> None:
    page = await start(visitors, "officer", f"{TRAINING}/mine")
    await page.get_by_label("Document").set_input_files(file)
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.get_by_role("status")).to_contain_text("Handed in")
    await expect(page.get_by_role("heading", name="To hand in")).to_have_count(0)
