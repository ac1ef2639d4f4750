"""Every page as its persona sees it: accessible in light and dark, on a phone, zoomed in."""

import pytest
from playwright.async_api import Page, Response

from infra.dev.screenshots.browser import open_page
from infra.dev.screenshots.preparing import prepare
from infra.dev.screenshots.shots import SHOTS, Shot, resolved
from tests.fixtures.browser import Visitors, is_too_wide, violations

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]

STATUS = {"not-yours": 403, "nothing-here": 404}
MAX_FIRST_LOAD = 150_000
"""Bytes of a page with all that it links to, as they travel: files in gzip, pages as they are."""
WEIGH = """() => performance.getEntriesByType("navigation")
  .concat(performance.getEntriesByType("resource"))
  .map(each => [new URL(each.name).pathname, each.encodedBodySize])"""


async def weighed(page: Page) -> dict[str, int]:
    """Return the bytes of a page that was opened just now, and of all that it has fetched."""
    await page.evaluate("document.fonts.ready")
    return dict(await page.evaluate(WEIGH))


async def shown(visitors: Visitors, shot: Shot) -> tuple[Page, Response]:
    """Open a page as its persona sees it."""
    page = await visitors.signed_in(shot.persona)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.emulate_media(media="screen", color_scheme="light")
    url, demo = visitors.platform.url, visitors.platform.demo()
    prepared = await prepare(page, url, shot, resolved("{participant}", demo))
    visitors.complaints[shot.persona].clear()
    return page, await open_page(page, prepared or url + resolved(shot.path, demo))


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_a_page_is_accessible_in_every_guise(visitors: Visitors, shot: Shot) -> None:
    page, answer = await shown(visitors, shot)
    assert answer.status == STATUS.get(shot.name, 200)
    assert await page.locator("h1").count() == 1
    assert "{" not in await page.title()
    load = await weighed(page)
    assert sum(load.values()) < MAX_FIRST_LOAD, load
    assert await violations(page) == []
    assert not await is_too_wide(page)

    # In the dark on a phone; and 320 CSS pixels, which is 1280 at 400 % zoom (WCAG 2.2, 1.4.10).
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await violations(page) == []
    for width in (640, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert not await is_too_wide(page), width

    expected = [] if answer.status == 200 else [f"status of {answer.status}"]
    heard = visitors.complaints[shot.persona]
    assert [said for said in heard if not any(part in said for part in expected)] == []


async def test_the_checks_above_can_fail(visitors: Visitors) -> None:
    """Planted twin: a page with pale text, an image without text and a box that is too wide."""
    page = await visitors.signed_in("training_manager")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="light")
    await page.goto(f"{visitors.platform.url}/console/")
    await page.evaluate(
        """() => {
          document.querySelector("h1").style.color = "#eeeeee";
          document.querySelector("main").append(Object.assign(new Image(), {src: "/none.png"}));
          document.querySelector("main").style.width = "600px";
        }"""
    )
    found = await violations(page)
    assert any(each.startswith("color-contrast") for each in found)
    assert any(each.startswith("image-alt") for each in found)
    assert await is_too_wide(page)
    await page.evaluate(
        "url => fetch(url).then(each => each.blob())", "/console/static/vendor/graphiql.min.js"
    )
    assert sum((await weighed(page)).values()) > MAX_FIRST_LOAD


CUT = """() => [...document.querySelectorAll("main *")].filter(each => {
  const style = getComputedStyle(each);
  if (style.overflow === "visible" || style.clipPath !== "none") return false;
  return each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
}).map(each => `cut: ${each.outerHTML.slice(0, 80)}`)"""
PRINTED = (
    "what-i-signed", "certificate", "person", "ending-soon", "library", "resource",
)  # fmt: skip


async def printed_wrongly(page: Page) -> list[str]:
    """Return what is wrong with a page on paper (A4): navigation, something cut, no title."""
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 718, "height": 1047})
    wrong = [
        f"shown: {await each.get_attribute('class')}"
        for each in await page.locator("nav, .search, .actions, .pager").all()
        if await each.is_visible()
    ]
    wrong += await page.evaluate(CUT)
    wrong += ["too wide"] if await is_too_wide(page) else []
    wrong += [] if await page.locator("h1").is_visible() else ["no title"]
    await page.emulate_media(media="screen")
    return wrong


@pytest.mark.parametrize("name", PRINTED)
async def test_a_page_prints_without_the_frame(visitors: Visitors, name: str) -> None:
    page, answer = await shown(visitors, next(shot for shot in SHOTS if shot.name == name))
    assert answer.status == 200
    assert await page.locator("nav").count() > 0
    assert await printed_wrongly(page) == []


async def test_the_check_of_the_print_can_fail(visitors: Visitors) -> None:
    """Planted twin: a menu that stays, and a long text in a box that scrolls."""
    page, _ = await shown(visitors, next(shot for shot in SHOTS if shot.name == "library"))
    await page.evaluate(
        """() => {
          document.querySelector("nav.tabs").style.setProperty("display", "block", "important");
          const box = document.createElement("pre");
          box.style = "max-height: 3rem; overflow: auto";
          box.textContent = "line\\n".repeat(40);
          document.querySelector("main").append(box);
        }"""
    )
    wrong = await printed_wrongly(page)
    assert "shown: tabs" in wrong
    assert any(each.startswith("cut: <pre") for each in wrong)


async def test_the_scales_see_all_that_a_page_fetches(visitors: Visitors) -> None:
    """On the page that needs most: the one with the chart."""
    page, _ = await shown(visitors, next(s for s in SHOTS if s.name == "who-saw-my-record"))
    load = await weighed(page)
    for ending in ("console.css", "console.js", "uPlot.iife.min.js", ".woff2"):
        assert any(name.endswith(ending) for name in load), load
    assert all(load.values()), load
