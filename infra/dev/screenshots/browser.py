"""Debian's Chromium under Playwright: started quietly, signed in as a demo persona."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Error, Page, Response, async_playwright

WAIT_MILLISECONDS = 60_000
"""How long anything may take to come about; slow machines are slow."""
BUSY = frozenset({429, 503})
BUSY_TRIES = 30
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
)


def chromium() -> str | None:
    """Return where Chromium is, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run one headless browser. Raises FileNotFoundError without Chromium."""
    path = chromium()
    if path is None:
        message = "chromium is not installed; on Debian: apt-get install chromium"
        raise FileNotFoundError(message)
    arguments = [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=arguments, timeout=WAIT_MILLISECONDS
        )
        try:
            yield browser
        finally:
            await browser.close()


async def open_context(
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 800,
    dark: bool = False,
    scripts: bool = True,
    locale: str = "en-US",
    zone: str = "UTC",
) -> BrowserContext:
    """Return a fresh profile: no cookies, one size, light or dark, at a place (a time zone)."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        locale=locale,
        timezone_id=zone,
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    return context


async def sign_in(page: Page, url: str, persona: str, path: str = "/console/") -> None:
    """Sign in through the issuer's page, as a person does, and end on a page of the console.

    A machine that is too busy to answer is asked again.
    """
    await page.goto(f"{url}{path}")
    await page.locator(f'button[name="persona"][value="{persona}"]').click()
    await page.wait_for_url(f"{url}/**")
    await open_page(page, f"{url}{path}")


async def open_page(page: Page, address: str) -> Response:
    """Return the answer at an address; a machine that is too busy to answer is asked again.

    So is one that was still on its way to the page before.
    """
    for _ in range(BUSY_TRIES):
        try:
            answer = await page.goto(address)
        except Error:
            answer = None
        if answer is not None and answer.status not in BUSY:
            return answer
        await page.wait_for_timeout(1000)
    message = f"too busy for {address}"
    raise TimeoutError(message)
