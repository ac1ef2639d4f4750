"""Take pictures of pages: ``python -m infra.dev.screenshots DATA_DIR TARGET_DIR [NAME ...]``.

All pages, or those named. The platform must be running on the data folder. Pictures show demo data
only.
"""

import asyncio
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from infra.dev.screenshots.browser import open_context, running_browser, sign_in
from infra.dev.screenshots.preparing import prepare
from infra.dev.screenshots.shots import SHOTS, Shot, resolved

WIDTH = 1120
HEIGHT = 720
DARK = frozenset({"home-case-manager", "who-saw-my-record", "who-can-see-what"})
PHONE = frozenset({"what-i-signed", "courses", "on-call", "compliance"})
MAX_BYTES = 150_000


async def take(
    url: str, demo: dict[str, Any], target: Path, names: Collection[str] = ()
) -> list[Path]:
    """Take all pictures, or those named; returns their files."""
    taken: list[Path] = []
    everybody = [shot for shot in SHOTS if not names or shot.name in names]
    async with running_browser() as browser:
        for persona in dict.fromkeys(shot.persona for shot in everybody):
            shots = [shot for shot in everybody if shot.persona == persona]
            taken += await _of(browser, url, demo, target, shots)
        if not names or "graphiql" in names:
            taken.append(await _explorer(browser, url, target))
    return taken


async def _of(
    browser: Browser, url: str, demo: dict[str, Any], target: Path, shots: Sequence[Shot]
) -> list[Path]:
    """Take one persona's pictures, each also in the other guises that are wanted of it."""
    taken: list[Path] = []
    context = await open_context(browser)
    page = await context.new_page()
    await sign_in(page, url, shots[0].persona)
    for shot in shots:
        guises = [("", WIDTH, False)]
        guises += [("-dark", WIDTH, True)] if shot.name in DARK else []
        guises += [("-phone", 390, False)] if shot.name in PHONE else []
        for suffix, width, is_dark in guises:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await page.emulate_media(color_scheme="dark" if is_dark else "light")
            address = await prepare(page, url, shot, resolved("{participant}", demo))
            await page.goto(address or url + resolved(shot.path, demo))
            await page.wait_for_load_state("networkidle")
            if shot.name == "release-form":
                await _fill_release(page)
            file = target / f"{shot.name}{suffix}.png"
            await page.screenshot(path=file)
            taken.append(file)
    await context.close()
    return taken


async def _fill_release(page: Any) -> None:
    """Show the form as it looks half-way."""
    police = page.locator("#f-recipients > details", has_text="Police Department")
    await police.locator("summary").click()
    await police.get_by_label("Name and date of birth").check()
    await police.get_by_label("That I take part, and since when").check()
    await page.locator("#check", has_text="2 kinds").wait_for()
    await page.locator("#check").evaluate("place => place.scrollIntoView({ block: 'center' })")


async def _explorer(browser: Browser, url: str, target: Path) -> Path:
    context = await open_context(browser)
    page = await context.new_page()
    await sign_in(page, url, "case_manager", "/graphiql")
    await page.locator(".graphiql-execute-button").click()
    await page.get_by_role("menuitem", name="OwnStanding").click()
    await page.locator(".result-window", has_text="Cedar Falls").wait_for()
    file = target / "graphiql.png"
    await page.screenshot(path=file)
    await context.close()
    return file


def main(words: list[str] | None = None) -> int:
    """Take the pictures; return the exit status."""
    given = sys.argv[1:] if words is None else words
    data_dir, target = Path(given[0]), Path(given[1])
    run = json.loads((data_dir / "run.json").read_text(encoding="utf-8"))
    demo = json.loads((data_dir / "demo.json").read_text(encoding="utf-8"))
    url = run["urls"]["graphql"].removesuffix("/graphql")
    target.mkdir(parents=True, exist_ok=True)
    try:
        taken = asyncio.run(take(url, demo, target, given[2:]))
    except FileNotFoundError as error:
        sys.stderr.write(f"screenshots: {error}\n")
        return 2
    large = [file.name for file in taken if file.stat().st_size > MAX_BYTES]
    sys.stdout.write(f"{len(taken)} pictures in {target}\n")
    if large:
        sys.stderr.write(f"screenshots: larger than {MAX_BYTES} bytes: {', '.join(large)}\n")
    return 1 if large else 0


if __name__ == "__main__":
    raise SystemExit(main())
