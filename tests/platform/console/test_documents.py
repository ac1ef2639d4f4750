"""A scanned memorandum through the console's form: as large as may be, and one byte larger."""

import hashlib
import random
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
MOST = 1_500_000


def scan(path: Path, size: int) -> Path:
    """Write a file that looks like a scan and cannot be made smaller."""
    head = b"%PDF-1.7\n"
    path.write_bytes(head + random.Random(size).randbytes(size - len(head)))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_the_largest_document_comes_back_as_it_was(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/agreements")
    paper = scan(tmp_path / f"memorandum-{uuid4().hex[:8]}.pdf", MOST)
    await page.get_by_label("File").set_input_files(paper)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("added")
    row = page.locator("li li", has_text=paper.name)
    await expect(row).to_contain_text(digest(paper)[:12])
    async with page.expect_download() as started:
        await row.get_by_role("link").click()
    kept = await (await started.value).path()
    assert (kept.stat().st_size, digest(kept)) == (MOST, digest(paper))


async def test_one_byte_more_is_refused_beside_the_field(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "agency_admin", "/console/agency/agreements")
    paper = scan(tmp_path / f"memorandum-{uuid4().hex[:8]}.pdf", MOST + 1)
    await page.get_by_label("File").set_input_files(paper)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#e-file")).to_have_text("A file has at most 1,500,000 bytes.")
    await expect(page.get_by_label("File")).to_have_attribute("aria-invalid", "true")
    await page.goto(f"{visitors.platform.url}/console/agency/agreements")
    await expect(page.get_by_text(paper.name)).to_have_count(0)
