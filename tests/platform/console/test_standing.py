"""Who may act is decided anew with each page: in windows that are open while it changes."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from infra.dev.screenshots.browser import open_page, sign_in
from tests.fixtures.browser import Visitors, is_too_wide, violations
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
JULES = "Jules Sample-Vega"
REFUSED = "You hold no role at the moment"


def persona(visitors: Visitors, handle: str) -> Any:
    return next(row for row in visitors.platform.demo()["personas"] if row["persona"] == handle)


@pytest_asyncio.fixture(loop_scope="session")
async def more_people(visitors: Visitors) -> AsyncIterator[None]:
    """Let the second officer sign in, with right claims and with claims of another agency."""
    officer = persona(visitors, "officer")
    jules = {**officer, "name": JULES, "subject": "persona:staff_officer_two"}
    elsewhere = persona(visitors, "defender")["agency"]
    added = [
        {**jules, "persona": "second_officer"},
        {**jules, "persona": "second_officer_elsewhere", "agency": elsewhere},
    ]
    file: Path = visitors.platform.data_dir / "synth.json"
    before = file.read_text(encoding="utf-8") if file.exists() else None
    known = json.loads(before)["personas"] if before else []
    file.write_text(json.dumps({"personas": [*known, *added]}), encoding="utf-8")
    yield
    if before is None:
        file.unlink()
    else:
        file.write_text(before, encoding="utf-8")


async def title_at(page: Page, visitors: Visitors, path: str) -> str:
    await open_page(page, f"{visitors.platform.url}/console/{path}")
    return await page.locator("h1").inner_text()


async def opens_again(page: Page, visitors: Visitors) -> None:
    """Load the page until it is there: what widens may come a moment after it is acknowledged."""
    for _ in range(60):
        if await title_at(page, visitors, "training/mine") == "Your training":
            return
        await page.wait_for_timeout(500)
    raise AssertionError(await page.locator("h1").inner_text())


async def test_a_role_that_is_taken_away_ends_an_open_window(
    visitors: Visitors, more_people: None
) -> None:
    """Scenario 14: the token lives on, the next page is refused. The role is given back after."""
    window = await visitors.window()
    await sign_in(window, visitors.platform.url, "second_officer")
    assert await title_at(window, visitors, "training/mine") == "Your training"

    page = await start(visitors, "agency_admin", "/console/agency?q=vega")
    await page.get_by_role("link", name=re.compile(f"Take away.*{JULES}")).click()
    await page.get_by_label("Why").fill("Moved to another unit.")
    await page.get_by_role("button", name="Take the role away").click()
    await expect(page.get_by_role("status")).to_contain_text("taken away")
    assert await title_at(window, visitors, "training/mine") == REFUSED

    await page.get_by_role("link", name="Give a role", exact=True).first.click()
    await page.get_by_label("Who").select_option(label=JULES)
    await page.get_by_label("Which role").select_option("LEO")
    await page.get_by_label("Why").fill("Back on patrol.")
    await page.get_by_role("button", name="Give the role").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is given")
    await opens_again(window, visitors)


async def test_who_holds_two_roles_is_asked_as_whom_to_act(
    visitors: Visitors, more_people: None
) -> None:
    """The page that nobody with one role sees is accessible, too."""
    page = await start(visitors, "agency_admin", "/console/agency/grant")
    await page.get_by_label("Who").select_option(label=JULES)
    await page.get_by_label("Which role").select_option("TRM")
    await page.get_by_label("Why").fill("Stands in for a month.")
    await page.get_by_role("button", name="Give the role").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is given")
    try:
        window = await visitors.window()
        await sign_in(window, visitors.platform.url, "second_officer")
        await window.wait_for_url("**/console/acting")
        assert await window.locator("h1").inner_text() == "As whom do you want to act?"
        assert await violations(window) == []
        await window.emulate_media(color_scheme="dark")
        await window.set_viewport_size({"width": 320, "height": 800})
        assert await violations(window) == []
        assert not await is_too_wide(window)
        await window.get_by_role("button", name="Law-enforcement officer").click()
        await expect(window.locator(".who")).to_contain_text("Law-enforcement officer")
    finally:
        await open_page(page, f"{visitors.platform.url}/console/agency?q=vega")
        away = re.compile(f"Take away the role Training manager of {JULES}")
        await page.get_by_role("link", name=away).click()
        await page.get_by_label("Why").fill("Done standing in.")
        await page.get_by_role("button", name="Take the role away").click()
        await expect(page.get_by_role("status")).to_contain_text("taken away")


async def test_a_claim_that_the_directory_has_not_is_refused_and_listed(
    visitors: Visitors, more_people: None
) -> None:
    """Scenario 20: refused at the sign-in, and both administrators find the alert."""
    window = await visitors.window()
    await sign_in(window, visitors.platform.url, "second_officer_elsewhere")
    assert await window.locator("h1").inner_text() == REFUSED
    claimed = f"LEO@{persona(visitors, 'defender')['agency']['id']}"
    for administrator, path in (("agency_admin", "agency/alerts"), ("platform_admin", "alerts")):
        page = await start(visitors, administrator, f"/console/{path}")
        row = page.locator("tr", has_text=claimed).filter(has_text=JULES)
        await expect(row).to_have_count(1)


async def test_an_agency_that_rests_has_no_page_and_comes_back(visitors: Visitors) -> None:
    """Scenario 13: what a withdrawal would stop is said before; a rest stops the next page."""
    probation = str(persona(visitors, "probation")["agency"]["id"])
    window = await start(visitors, "probation", "/console/training/mine")
    page = await start(visitors, "platform_admin", f"/console/agencies/{probation}/agreements")
    await expect(page.get_by_text(re.compile(r"^end \d+ roles? of \d+"))).to_be_visible()
    await step(visitors, page, probation, "SUSPENDED")
    try:
        assert await title_at(window, visitors, "training/mine") == REFUSED
    finally:
        await step(visitors, page, probation, "MOU_SIGNED")
    await opens_again(window, visitors)


async def step(visitors: Visitors, page: Page, agency: str, status: str) -> None:
    """Take the membership on; a machine that was too busy to say so is asked what has become."""
    for _ in range(10):
        await open_page(page, f"{visitors.platform.url}/console/agencies/{agency}/agreements")
        choice = page.get_by_label("What happens")
        if await choice.locator(f'option[value="{status}"]').count() == 0:
            return
        await choice.select_option(status)
        await page.get_by_label("Why", exact=True).last.fill("Asked for in writing.")
        await page.get_by_label("I mean it").check()
        await page.get_by_role("button", name="Do it").click()
        await page.wait_for_load_state()
