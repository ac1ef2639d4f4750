"""Scenario 23 in a real browser: who saw my record, whole, nameless, in the stored language."""

import re
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page, expect

from gateway.web.console.wording import catalogue
from infra.dev.screenshots.browser import open_page, sign_in
from tests.fixtures.browser import Visitors
from tests.platform.console.test_care import run
from tests.proof.processes import environment_of

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
SEEN = "/console/record/seen"
LOOK = "query Look($id: ID!) { participant(id: $id) { id name { given } housing { id } } }"
SAID = """query Said($id: ID!) { participant(id: $id) { demographics {
  race sex genderIdentity veteran disability version } } }"""
SAY = """mutation Say($input: RecordDemographicsInput!) { recordDemographics(input: $input) {
  participant { id } userErrors { code message } } }"""
REVIEW = """mutation Review($input: OpenReviewInput!) {
  openReview(input: $input) { reviewId userErrors { code message } } }"""
ABOUT = """select count(*) from ledger_about join participant_pseudonym using (pseudonym)
  where participant_id = cast($1 as uuid)"""
ROWS = """all => all.map(row => [...row.querySelectorAll("td")].map(each => each.innerText))"""


async def speaks(visitors: Visitors, person: str, language: str) -> None:
    """The case manager writes down which language somebody wants to speak."""
    answer = await visitors.platform.send("case_manager", SAID, {"id": person}, purpose="CAREMGT")
    said = answer.data["participant"]["demographics"]
    await run(
        visitors, "case_manager", SAY, "CAREMGT", **said | {"expectedVersion": said.pop("version")},
        participantId=person, preferredLanguageState="ANSWERED", preferredLanguage=language,
    )  # fmt: skip


async def entries(visitors: Visitors, person: str) -> int:
    """Return how many entries the ledger itself has about somebody."""
    dsn = environment_of(visitors.platform, "svc_consent")["GT_DATABASE_DSN"]
    ledger = await asyncpg.connect(dsn)
    try:
        return int(await ledger.fetchval(ABOUT, person))
    finally:
        await ledger.close()


async def shown(page: Page) -> int:
    """Return the total that the list has in its heading."""
    text = await page.locator("h2", has=page.locator(".quiet")).inner_text()
    return int(re.findall(r"\((\d+)\)", text)[0])


async def whole_list(page: Page) -> list[list[str]]:
    """Return what every row of every page says, cell by cell."""
    rows: list[list[str]] = []
    while True:
        rows += await page.locator("tbody tr").evaluate_all(ROWS)
        further = page.locator(".pager a")
        if await further.count() == 0:
            return rows
        await open_page(page, str(await further.evaluate("link => link.href")))


def wrong(rows: list[list[str]], total: int, names: set[str]) -> list[str]:
    """Return what the list does not do that it must."""
    english = {text for text in catalogue("es")["phrases"] if " " in text}
    found = [] if len(rows) == total else [f"{len(rows)} rows of {total}"]
    for row in rows:
        text = " | ".join(row)
        found += [f"a name: {text}" for name in names if name in text]
        found += [f"English: {text}" for phrase in english if phrase in text]
        at, who, what, why, how = row
        found += [] if re.search(r"20\d\d", at) and all((who, what, why, how)) else [text]
    return found


async def test_23_the_whole_list_names_agencies_and_nobody_in_the_language_of_the_record(
    visitors: Visitors,
) -> None:
    platform = visitors.platform
    person = platform.participant("roi_active")
    names = {row["name"] for row in platform.demo()["personas"]}
    await speaks(visitors, person, "es")
    try:
        await platform.send("housing_provider", LOOK, {"id": person}, purpose="COC")
        await run(
            visitors, "privacy_officer", REVIEW, "RECORDMGT",
            participantId=person, reason="A complaint.",
        )  # fmt: skip
        await platform.send("privacy_officer", LOOK, {"id": person}, purpose="RECORDMGT")
        for _ in range(5):  # nobody is kept out where a busy machine does not tell the language
            page = await visitors.window()
            await sign_in(page, platform.url, "participant", SEEN)
            if await page.locator("html").get_attribute("lang") == "es":
                break
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        for _ in range(10):  # a webhook's attempt may come in between
            in_ledger = await entries(visitors, person)
            await open_page(page, platform.url + SEEN)
            total = await shown(page)
            if total == in_ledger:
                break
        assert total == in_ledger
        rows = await whole_list(page)
        assert wrong(rows, in_ledger, names) == []
        told = " | ".join(next(row for row in rows if "Prestador de servicios" in row[1]))
        for text in ("Housing", "su vivienda", "para coordinar su atención", "Se dijo"):
            assert text in told
        assert re.search(r"por la autorización \d", told)
        assert any("Responsable de privacidad" in row[1] for row in rows)

        # What was chosen here comes first, at the next sign-in too; elsewhere the record does.
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        await sign_in(page, platform.url, "participant", SEEN)
        await expect(page.locator("html")).to_have_attribute("lang", "en")
    finally:
        await speaks(visitors, person, "en")


@pytest.mark.parametrize(
    "planted",
    [
        "row => row.remove()",
        "row => { row.cells[1].innerText += ' Noel Sample-Guard' }",
        "row => { row.cells[3].innerText = 'to coordinate your care' }",
        "row => { row.cells[2].innerText = '' }",
    ],
)
async def test_the_check_of_the_list_can_fail(visitors: Visitors, planted: str) -> None:
    """Planted twins: a row is missing, somebody is named, English is left, nothing is said."""
    page = await visitors.window(locale="es-US")
    table = """<table><tbody><tr><td>3 mar 2026</td><td>Agencia</td><td>su vivienda</td>
      <td>para coordinar su atención</td><td>Se dijo</td></tr></tbody></table>"""
    await page.set_content(table)
    names: Any = {"Noel Sample-Guard"}
    assert wrong(await whole_list(page), 1, names) == []
    await page.locator("tbody tr").evaluate(planted)
    assert wrong(await whole_list(page), 1, names) != []
