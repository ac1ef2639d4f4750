"""What must have been done before a page can be seen: through the console's own forms."""

from datetime import timedelta

from playwright.async_api import Page

from infra import clock
from infra.dev.screenshots.browser import open_page
from infra.dev.screenshots.shots import Shot

_TAUGHT = "9102-1"
"""A session of the demo that is over, with results."""
_AHEAD = "9102-2"
"""One that is still to come, with people who are late for it."""
_PLANNED = "9101-2"
"""One that is still to come."""
_REVIEWED = "Cedar Falls Example Police Department"
"""An agency of the demo with an administrator."""


async def prepare(page: Page, url: str, shot: Shot, participant: str) -> str:
    """Do what a page needs; returns where it is when that is known only then, else nothing.

    Args:
        page: a window that is signed in as the page's persona.
        participant: whose record a review is opened of.
    """
    if shot.needs == "review":
        await _open_review(page, url, participant)
    if shot.needs == "access-review":
        return await _open_access_review(page, f"{url}{shot.path.partition('/{')[0]}")
    if shot.needs == "batch":
        return await _find_batch(page, url)
    if shot.needs == "on-session":
        return await _find_on_session(page, url)
    if shot.needs == "requirement":
        return await _find_requirement(page, url)
    if shot.needs in ("roster-person", "certificate"):
        return await _find_trained(page, url, shot.needs)
    return ""


async def _find_trained(page: Page, url: str, wanted: str) -> str:
    """Return where somebody of the roster is, or the certificate of a training that they had."""
    await open_page(page, f"{url}/console/training/sessions/{_TAUGHT}/results")
    links = page.locator('a[href*="/training/certificates/"]')
    if wanted == "certificate":
        return f"{url}{await links.first.get_attribute('href')}"
    await open_page(page, f"{url}/console/training/people")
    person = page.locator('ul.list a[href^="/console/training/people/"]').first
    return f"{url}{await person.get_attribute('href')}"


async def _find_on_session(page: Page, url: str) -> str:
    """Return where somebody of the agency is on a session."""
    await open_page(page, f"{url}/console/training/sessions/{_AHEAD}")
    links = page.locator(f'a[href^="/console/training/sessions/{_AHEAD}/people/"]')
    return f"{url}{await links.first.get_attribute('href')}"


async def _find_requirement(page: Page, url: str) -> str:
    """Return where a requirement of the agency's own is; the first one asks nobody for anything."""
    address = f"{url}/console/training/requirements"
    await open_page(page, address)
    known = page.locator('a[href^="/console/training/requirements/"]')
    if await known.count() == 0:
        await page.get_by_label("What is required").fill("Refresher in listening")
        await page.get_by_label("Courses of which").fill("9101")
        await page.get_by_label("Corrections officer").check()
        await page.get_by_label("Required from").fill(_in_days(300))
        await page.get_by_role("button", name="Add it").click()
        await known.first.wait_for()
    return f"{url}{await known.first.get_attribute('href')}"


async def _find_batch(page: Page, url: str) -> str:
    """Return where a batch is; the first one is taken back again, so that nobody is assigned."""
    await open_page(page, f"{url}/console/training/batches")
    known = page.locator('ul.list a[href^="/console/training/batches/"]')
    if await known.count():
        return f"{url}{await known.first.get_attribute('href')}"
    await open_page(page, f"{url}/console/training/sessions/{_PLANNED}/assign")
    await page.get_by_label("The whole agency").check()
    await page.get_by_label("Due", exact=True).fill(_in_days(60))
    await page.get_by_role("button", name="Assign", exact=True).click()
    await page.wait_for_url("**/console/training/batches/*")
    await page.get_by_role("button", name="Take it back").click()
    await page.locator("#progress", has_text="Taken back").wait_for()
    return page.url.partition("?")[0]


def _in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


async def _open_review(page: Page, url: str, participant: str) -> None:
    answer = await open_page(page, f"{url}/console/privacy/{participant}")
    if answer.status == 200:
        return  # it is open already
    await open_page(page, f"{url}/console/privacy")
    await page.get_by_label("Id of the record").fill(participant)
    await page.get_by_label("Why").fill("A question of the participant.")
    await page.get_by_role("button", name="Open the review").click()
    await page.wait_for_url(f"**/console/privacy/{participant}*")


async def _open_access_review(page: Page, reviews: str) -> str:
    name = "Winter review" if "/agency/" in reviews else "Administrators in winter"
    await open_page(page, reviews)
    known = page.get_by_role("link", name=name)
    if await known.count() == 0:
        await page.get_by_label("Title").fill(name)
        if name != "Winter review":
            await page.get_by_label("Administrators of").select_option(label=_REVIEWED)
        await page.get_by_label("Last day").fill(_in_days(60))
        await page.get_by_role("button", name="Begin").click()
        await page.wait_for_url(f"{reviews}/*")
        return page.url
    return f"{reviews}/{str(await known.first.get_attribute('href')).rpartition('/')[2]}"
