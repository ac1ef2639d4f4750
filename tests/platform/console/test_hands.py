"""Whole walks with the keyboard alone, and without scripts: a participant, an administrator.

Each walk is written once and taken with both pairs of hands. What is wrong with a form is where
the focus is, and each mistake is beside its field for who hears the page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from infra.dev.screenshots.browser import WAIT_MILLISECONDS
from tests.fixtures.browser import Visitors, violations
from tests.fixtures.whole_platform import Platform
from tests.platform.console.test_paths import settled, tab_to

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
JULES = "Jules Sample-Vega"
SOON = "new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)"


@dataclass
class Hands:
    """Somebody who has no mouse, or whose browser runs no scripts."""

    page: Page
    url: str
    keys_alone: bool
    patience: int = WAIT_MILLISECONDS

    async def come(self, persona: str, path: str) -> None:
        """Sign in, and be at a page."""
        await self.page.goto(f"{self.url}{path}")
        await self.press(f'button[value="{persona}"]')
        await self.page.wait_for_url(f"{self.url}{path}")
        await settled(self.page)

    async def reach(self, what: str) -> None:
        """Go on with the keyboard to something, unless it has the focus already."""
        here = "what => document.activeElement.matches(what)"
        if not await self.page.evaluate(here, what):
            await tab_to(self.page, what)

    async def press(self, what: str) -> None:
        """Follow a link, or press a button."""
        if self.keys_alone:
            await self.reach(what)
            await self.page.keyboard.press("Enter")
        else:
            await self.page.locator(what).filter(visible=True).first.click()

    async def go(self, what: str) -> None:
        """Press something that leads to another page."""
        async with self.page.expect_navigation():
            await self.press(what)
        await settled(self.page)

    async def write(self, what: str, text: str) -> None:
        """Write into a field, over what stands there."""
        if self.keys_alone:
            await self.reach(what)
            await self.page.keyboard.press("Control+A")
            await self.page.keyboard.type(text)
        else:
            await self.page.locator(what).first.fill(text)

    async def date(self, what: str, day: str) -> None:
        """Write a day, year first, into a field for days."""
        if self.keys_alone:
            year, month, number = day.split("-")
            await self.reach(what)
            await self.page.keyboard.type(f"{month}{number}{year}")
            await expect(self.page.locator(what)).to_have_value(day)
        else:
            await self.page.locator(what).fill(day)

    async def choose(self, what: str, text: str) -> None:
        """Choose from a list by what stands there."""
        if not self.keys_alone:
            await self.page.locator(what).select_option(label=text)
            return
        await self.reach(what)
        shown = "list => document.querySelector(list).selectedOptions[0].text"
        for _ in range(60):
            if (await self.page.evaluate(shown, what)).strip() == text:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{text} is not in {what}")

    async def attach(self, what: str, file: Path) -> None:
        """Choose a file; the window that asks which one is the system's, not the page's."""
        if self.keys_alone:
            await self.reach(what)
        await self.page.locator(what).set_input_files(file)

    async def told(self, text: str) -> None:
        """See that it is done."""
        await expect(self.page.get_by_role("status").first).to_contain_text(text)

    async def wrong(self, field: str, text: str) -> None:
        """See what is wrong: said at the top, where the focus is, and beside the field.

        From the top a link leads to the field, which names its mistake to who hears the page.
        """
        top, beside = self.page.locator("#problems"), self.page.locator(f"#e-{field}")
        await expect(top).to_be_focused(timeout=self.patience)
        await expect(beside).to_contain_text(text, timeout=self.patience)
        if self.keys_alone:  # the check itself is a script
            assert await violations(self.page) == []
        await self.press(f'#problems a[href="#f-{field}"]')
        told = self.page.locator(f"#f-{field}")
        await expect(told).to_be_focused()
        assert f"e-{field}" in str(await told.get_attribute("aria-describedby")).split()


async def signed_beside(platform: Platform) -> str:
    """The participant signs one more release, beside the one in force; returns its id."""
    shown = platform.operation("SignRoi")["variables"]["input"]
    given = {
        **shown, "participantId": platform.participant("roi_active"), "standsBeside": True,
        "idempotencyKey": uuid4().hex, "provisions": shown["provisions"][1:],
    }  # fmt: skip
    signed = await platform.run("SignRoi", {"input": given})
    return str(signed.data["signRelease"]["release"]["id"])


async def a_participants_walk(hands: Hands, visitors: Visitors, _folder: Path) -> None:
    """What I signed, who saw my record, and take it back."""
    release, page = await signed_beside(visitors.platform), hands.page
    await hands.come("participant", "/console/")
    if hands.keys_alone:
        await hands.press("a.skip")
        await expect(page.locator("main")).to_be_focused()
    await hands.go('main a[href="/console/record"]')
    first = "main details summary"
    await hands.press(first)
    await expect(page.locator("main details").first).to_have_attribute("open", "")
    await hands.go(f'a[href*="{release}/revoke"]')
    await hands.write("#f-reason", "   ")
    await hands.go("main form button")
    await hands.wrong("reason", "Please write")
    await hands.write("#f-reason", "I changed my mind.")
    await hands.go("main form button")
    await hands.told("You have taken it back")
    await expect(page.locator(f'a[href*="{release}"]')).to_have_count(0)

    await hands.go('nav a[href="/console/record/seen"]')
    await expect(page.locator("tbody tr").first).to_contain_text("You looked")
    if await page.locator(".pager a").count():
        await hands.go(".pager a")
        assert "?after=" in page.url
        await expect(page.locator("tbody tr").first).to_be_visible()
    await hands.go('nav a[href="/console/record/team"]')
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await hands.go('header form[action="/console/language"] button')
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await hands.go('header form[action="/console/language"] button')
    await hands.go('header form[action="/console/logout"] button')
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


async def an_administrators_walk(hands: Hands, visitors: Visitors, folder: Path) -> None:
    """People, a request for a role, a review of all roles, the memorandum."""
    await hands.come("agency_admin", "/console/agency")
    name = f"Kim Sample-{uuid4().hex[:6]}"
    await _a_person_is_added(hands, name)
    await _a_role_is_asked_for(hands, visitors, name)
    await _every_role_is_reviewed(hands)
    await _the_memorandum_is_kept(hands, folder)


async def _a_person_is_added(hands: Hands, name: str) -> None:
    page = hands.page
    await hands.write("#f-q", "vega")
    if hands.keys_alone:
        await page.keyboard.press("Enter")
    else:
        await page.get_by_role("button", name="Search").click()
    await page.wait_for_url("**?q=vega")
    await expect(page.locator("#results li")).to_have_count(1)
    await hands.go('a[href="/console/agency/people/new"]')
    await hands.write("#f-name", name)
    await hands.write("#f-login", "   ")
    await hands.write("#f-why", "Begins on Monday.")
    await hands.go("main form button")
    await hands.wrong("login", "Write the login's subject.")
    await hands.write("#f-login", f"login-{uuid4().hex}")
    await hands.go("main form button")
    await hands.told(f"{name} is added")
    await hands.choose("#f-role", "Law-enforcement officer")
    await hands.write("#f-reason", "Patrol.")
    await hands.go("main form button")
    await hands.told("The role is given")


async def _a_role_is_asked_for(hands: Hands, visitors: Visitors, name: str) -> None:
    page, why = hands.page, f"Leads the shift {uuid4().hex[:6]}."
    await hands.go('a[href="/console/agency/requests"]')
    await hands.go('a[href="/console/agency/requests/new"]')
    await hands.choose("#f-account", name)
    await hands.write("#f-reason", why)
    await hands.go("main form button")
    await hands.wrong("role", "Choose a role.")
    await hands.choose("#f-role", "Law-enforcement supervisor")
    await hands.go("main form button")
    await hands.told("A second person decides")
    mine = page.locator("li", has_text=why)
    await expect(mine).to_contain_text("you asked for it")
    await expect(mine.get_by_role("button")).to_have_count(0)

    decider = await _another(hands, visitors)
    await decider.come("platform_admin_two", "/console/requests")
    form = decider.page.locator("li", has_text=why).locator("form")
    action = f'form[action="{await form.get_attribute("action")}"]'
    await decider.go(f'{action} button[value="approve"]')
    field = str(await form.locator("input[type=text]").get_attribute("id")).removeprefix("f-")
    await decider.wrong(field, "Say why")
    await decider.write(f"#f-{field}", "Known to us.")
    await decider.go(f'{action} button[value="approve"]')
    await decider.told("The role is given")


async def _another(hands: Hands, visitors: Visitors) -> Hands:
    return Hands(
        await visitors.window(scripts=hands.keys_alone), visitors.platform.url, hands.keys_alone
    )


async def _every_role_is_reviewed(hands: Hands) -> None:
    page, title = hands.page, f"Winter {uuid4().hex[:6]}"
    await hands.go('a[href="/console/agency/reviews"]')
    await hands.write("#f-title", title)
    await hands.date("#f-deadline", "2035-01-01")
    await hands.go('main form[action="/console/agency/reviews"] button')
    await hands.wrong("deadline", "within 90 days")
    await hands.date("#f-deadline", await page.evaluate(SOON))
    await hands.go('main form[action="/console/agency/reviews"] button')
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)

    undecided = page.locator('form[action*="/items/"]')
    field = str(await undecided.first.locator("input[type=text]").get_attribute("id"))
    await hands.go('form[action*="/items/"] button[value="KEEP"]')
    await hands.wrong(field.removeprefix("f-"), "Say why")
    for _ in range(60):
        left = await undecided.count()
        if left == 0:
            break
        await hands.write('form[action*="/items/"] input[type=text]', "Still needed.")
        await hands.go('form[action*="/items/"] button[value="KEEP"]')
        await expect(undecided).to_have_count(left - 1)
    await hands.go('form[action$="/close"] button')
    await hands.told("The review is closed")


async def _the_memorandum_is_kept(hands: Hands, folder: Path) -> None:
    page, named = hands.page, f"memorandum-{uuid4().hex[:6]}.txt"
    (folder / named).write_text(f"Signed in ink, {named}.", encoding="utf-8")
    await hands.go('a[href="/console/agency/agreements"]')
    await hands.go('form[action$="/documents"] button')
    await hands.wrong("file", "Choose a file")
    await hands.attach("#f-file", folder / named)
    await hands.go('form[action$="/documents"] button')
    await hands.told("The document is added")
    await expect(page.get_by_role("link", name=named)).to_be_visible()

    # Leaving is asked twice, and nothing is lost by one key.
    await hands.choose("#f-status", "Leave for good")
    await hands.write("#f-why", "Never meant.")
    await hands.go('form[action$="/membership"] button')
    await hands.wrong("sure", "it counts at once")
    await expect(page.get_by_text("Signed", exact=True)).to_be_visible()


Walk = Callable[[Hands, Visitors, Path], Awaitable[None]]
WALKS: tuple[Walk, ...] = (a_participants_walk, an_administrators_walk)


@pytest.mark.parametrize("keys_alone", [True, False], ids=["keyboard", "no scripts"])
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_a_walk_with_these_hands(
    visitors: Visitors, tmp_path: Path, walk: Walk, keys_alone: bool
) -> None:
    page = await visitors.window(scripts=keys_alone)
    await walk(Hands(page, visitors.platform.url, keys_alone), visitors, tmp_path)


@pytest.mark.parametrize(
    "planted",
    [
        "document.querySelector('main').focus()",
        "document.querySelector('#f-why').removeAttribute('aria-describedby')",
        "document.querySelector('#e-why').remove()",
        "document.querySelector('#problems a[href$=why]').removeAttribute('href')",
    ],
)
async def test_planted_a_mistake_that_is_not_told(visitors: Visitors, planted: str) -> None:
    """Twins: the focus is elsewhere, the field does not name its mistake, it stands nowhere."""
    page = await visitors.window()
    hands = Hands(page, visitors.platform.url, keys_alone=True)
    await hands.come("agency_admin", "/console/agency/people/new")
    await hands.write("#f-why", "   ")
    await page.locator("main form").evaluate("form => { form.noValidate = true }")
    await hands.go("main form button")
    await expect(page.locator("#problems")).to_be_focused()
    await page.evaluate(planted)
    hands.patience = 2_000
    with pytest.raises(AssertionError):
        await hands.wrong("why", "Say why")
