"""Every page as its persona sees it: accessible in light and dark, on a phone, zoomed in."""

import pytest

from infra.dev.screenshots.browser import open_page
from infra.dev.screenshots.preparing import prepare
from infra.dev.screenshots.shots import SHOTS, Shot, resolved
from tests.fixtures.browser import Visitors, is_too_wide, violations

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]

STATUS = {"not-yours": 403, "nothing-here": 404}


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_a_page_is_accessible_in_every_guise(visitors: Visitors, shot: Shot) -> None:
    page = await visitors.signed_in(shot.persona)
    visitors.complaints[shot.persona].clear()
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.emulate_media(color_scheme="light")
    url, demo = visitors.platform.url, visitors.platform.demo()
    prepared = await prepare(page, url, shot, resolved("{participant}", demo))
    visitors.complaints[shot.persona].clear()
    address = prepared or url + resolved(shot.path, demo)
    answer = await open_page(page, address)
    assert answer.status == STATUS.get(shot.name, 200)
    assert await page.locator("h1").count() == 1
    assert "{" not in await page.title()
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


async def test_a_page_prints_without_the_frame(visitors: Visitors) -> None:
    page = await visitors.signed_in("participant")
    await page.goto(f"{visitors.platform.url}/console/record")
    await page.emulate_media(media="print")
    assert not await page.locator("nav.tabs").is_visible()
    assert await page.locator("h1").is_visible()
    await page.emulate_media(media="screen")


WEIGH = """() => performance.getEntriesByType("navigation")
  .concat(performance.getEntriesByType("resource"))
  .map(each => [new URL(each.name).pathname, each.decodedBodySize])"""


async def test_a_first_load_is_light(visitors: Visitors) -> None:
    """Less than 150 KB, uncompressed, on the page that needs most: the one with the chart."""
    page = await visitors.signed_in("participant")
    await page.goto(f"{visitors.platform.url}/console/record/seen")
    await page.wait_for_load_state("networkidle")
    weighed = dict(await page.evaluate(WEIGH))
    assert any(name.endswith("htmx.min.js") for name in weighed), weighed
    assert any(name.endswith(".woff2") for name in weighed), weighed
    assert all(weighed.values()), weighed
    assert sum(weighed.values()) < 150_000, weighed
