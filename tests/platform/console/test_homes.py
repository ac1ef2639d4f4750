"""Every link of a role's start page opens for that role, walked with a signed-in browser."""

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browser import Visitors, is_too_wide, violations
from tests.platform.console.test_paths import settled, start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
PERSONAS = (
    "officer", "le_supervisor", "project_manager", "prosecutor", "prosecutor_not_liaison",
    "defender", "probation", "court_clerk", "sud_provider", "community_partner", "pcg_member",
    "clt_member", "evaluator", "platform_admin", "privacy_officer", "lsb", "medic",
    "agency_admin", "training_manager", "case_manager",
)  # fmt: skip


async def links(page: Page) -> list[str]:
    found: list[str] = await page.locator("main a[href^='/console']").evaluate_all(
        "all => [...new Set(all.map(each => each.getAttribute('href')))]"
    )
    return found


async def closed(page: Page, url: str, paths: list[str]) -> list[tuple[str, int]]:
    """Return which of these addresses do not open, with how they answer."""
    found = []
    for path in paths:
        answer = await page.request.get(f"{url}{path}")
        if answer.status == 503:  # the machine is too busy: ask once more
            await page.wait_for_timeout(1000)
            answer = await page.request.get(f"{url}{path}")
        if answer.status != 200:
            found.append((path, answer.status))
    return found


@pytest.mark.parametrize("persona", PERSONAS)
async def test_every_link_of_a_start_page_opens(visitors: Visitors, persona: str) -> None:
    page = await start(visitors, persona)
    await settled(page)
    paths = await links(page)
    assert paths
    assert await closed(page, visitors.platform.url, paths) == []
    assert await violations(page) == []
    assert not await is_too_wide(page)


async def test_planted_link_to_a_page_of_others_is_caught(visitors: Visitors) -> None:
    page = await start(visitors, "officer")
    await page.locator("main").evaluate(
        "main => main.insertAdjacentHTML('beforeend', '<a href=\"/console/requests\">Requests</a>')"
    )
    paths = await links(page)
    assert await closed(page, visitors.platform.url, paths) == [("/console/requests", 403)]


async def test_a_start_page_says_what_the_role_can_do(visitors: Visitors) -> None:
    page = await start(visitors, "privacy_officer")
    offers = page.locator("#offers")
    await expect(offers).to_contain_text("Check the ledger")
    await expect(page.locator(".figures")).to_contain_text("duties late")
    page = await start(visitors, "platform_admin")
    await expect(page.locator("#offers")).to_contain_text("Requests for roles")
    await expect(page.locator(".figures")).to_contain_text("wait for a decision")
    page = await start(visitors, "defender")
    await expect(page.locator("#offers")).to_contain_text("Conferences")
    await expect(page.locator("main")).to_contain_text("The people whose counsel you are")


async def test_only_the_liaison_is_offered_the_workbench(visitors: Visitors) -> None:
    page = await start(visitors, "prosecutor")
    await expect(page.locator("#offers")).to_contain_text("Workbench")
    page = await start(visitors, "prosecutor_not_liaison")
    await expect(page.locator("#offers")).to_contain_text("Conferences")
    await expect(page.locator("#offers")).not_to_contain_text("Workbench")
