"""A training manager's further pages in a real browser: files, results, compliance, library."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import expect

from svc_training.acadis.rules import COLUMNS, MANIFEST, write_csv, write_manifest
from tests.fixtures.browser import Visitors
from tests.platform.console.test_paths import start

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
HELD = {
    "session_number": "9101-7", "course_number": "9101", "title": "LEAD 101, held",
    "start_local": "2026-03-02T09:00", "end_local": "2026-03-02T12:00", "tz": "America/Los_Angeles",
    "hours": "3", "location_mode": "VIRTUAL", "location_text": "Zoom", "status": "OPEN",
}  # fmt: skip


def files(folder: Path) -> list[Path]:
    """Return a batch with one session that was held and one row that cannot be read."""
    rows = [HELD, {**HELD, "session_number": "9101-8", "start_local": "in spring"}]
    return batch(folder, "sessions.csv", rows)


def batch(folder: Path, table: str, rows: list[dict[str, str]]) -> list[Path]:
    """Return a batch of one file."""
    cells = [[row.get(column, "") for column in COLUMNS[table]] for row in rows]
    named = {table: write_csv(COLUMNS[table], cells)}
    texts = {**named, MANIFEST: write_manifest(f"console-{uuid4().hex}", named)}
    made = []
    for name, text in texts.items():
        made.append(folder / name)
        made[-1].write_bytes(text.encode())
    return made


async def test_files_are_taken_over_and_results_recorded(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "training_manager", "/console/training/exchange")
    await page.get_by_role("button", name="Look first").click()
    await expect(page.locator("#e-files")).to_contain_text("manifest.json")
    (big := tmp_path / "sessions.csv").write_bytes(b"x" * 200_001)
    await page.get_by_label("Files").set_input_files(big)
    await page.get_by_role("button", name="Look first").click()
    await expect(page.locator("#e-files")).to_contain_text("more than 200,000 bytes")
    await page.get_by_label("Files").set_input_files(files(tmp_path))
    await page.get_by_role("button", name="Look first").click()
    await expect(page.get_by_role("heading", name="What would come of it")).to_be_visible()
    await expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    await page.get_by_role("button", name="Take over the good rows").click()
    await expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
    await expect(page.locator("table caption")).to_have_text("Rows that were not taken")
    await expect(page.locator("table")).to_contain_text("start_local")

    url = visitors.platform.url
    await page.goto(f"{url}/console/training/sessions/9101-7/assign")
    boxes = page.locator('input[name="people"]:not([disabled])')
    if await boxes.count():
        await boxes.first.check()
        await page.get_by_role("button", name="Assign", exact=True).click()
    await page.goto(f"{url}/console/training/sessions/9101-7/results")
    there = page.get_by_label(re.compile("^Was .* there")).first
    await there.select_option("PARTIAL")
    await page.get_by_role("button", name="Record").click()
    await expect(page.locator("p.error").first).to_contain_text("hours to credit")
    await page.get_by_label(re.compile("^Hours credited")).first.fill("2")
    await page.get_by_role("button", name="Record").click()
    await expect(page.get_by_role("status")).to_contain_text("Recorded")
    await expect(page.locator("table")).to_contain_text("2 h")


async def test_an_organization_is_linked_before_its_people_are_taken(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "training_manager", "/console/training/exchange")
    organization = f"O-{uuid4().hex[:8]}"
    person = {
        "person_external_id": f"P-{uuid4().hex[:8]}", "last_name": "Sample", "first_name": "Ro",
        "organization_id": organization, "appointment_type": "PEACE_OFFICER", "certified": "Y",
        "active": "Y", "training_manager": "N",
    }  # fmt: skip
    looked_at = batch(tmp_path, "personnel.csv", [person])

    async def look() -> None:
        await page.get_by_label("Files").set_input_files(looked_at)
        await page.get_by_role("button", name="Look first").click()

    await look()
    await expect(page.locator("table")).to_contain_text("not linked to an agency")
    await page.get_by_label("The academy's id of it").fill("x" * 81)
    await page.get_by_role("button", name="Link", exact=True).click()
    await expect(page.locator("#e-organization")).to_contain_text("1 to 80 characters")
    await page.get_by_label("The academy's id of it").fill(organization)
    await page.get_by_role("button", name="Link", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Linked")
    await expect(page.locator("#organizations")).to_contain_text(organization)
    await look()
    await expect(page.get_by_text("Every row would be taken.")).to_be_visible()


async def test_compliance_by_number_and_name_with_an_exemption(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/training/compliance")
    await expect(page.locator("[data-chart] canvas")).to_have_count(1)
    await page.get_by_label("Where people stand").select_option("OVERDUE")
    await page.get_by_role("button", name="Look").click()
    row = page.locator("tr", has_text="Jules Sample-Vega")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Exempt").click()
    await expect(page.locator("p.error").first).to_contain_text("Say why")
    row = page.locator("tr", has=page.locator("p.error"))
    await row.get_by_label("Why").fill("On leave until spring.")
    await row.get_by_role("button", name="Exempt").click()
    await expect(page.get_by_role("status")).to_contain_text("exempt")
    await page.get_by_label("Where people stand").select_option("EXEMPT")
    await page.get_by_role("button", name="Look").click()
    await page.locator("tr", has_text="Jules").get_by_role("button", name="End").click()
    await expect(page.get_by_role("status")).to_contain_text("ended")


async def test_a_requirement_of_the_agency_is_kept_and_ended(visitors: Visitors) -> None:
    title = f"Listening refresher {uuid4().hex[:6]}"
    page = await start(visitors, "training_manager", "/console/training/compliance")
    await page.get_by_role("link", name="Requirements", exact=True).first.click()
    await page.get_by_label("What is required").fill(title)
    await page.get_by_label("Courses of which").fill("9101, 0000")
    await page.get_by_label("Corrections officer").check()  # nobody of the demo's is one
    await page.get_by_label("Required from").fill("2031-01-01")
    await page.get_by_label("Again after").fill("a year")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.locator("#e-renew_months")).to_contain_text("whole number")
    await page.get_by_label("Again after").fill("12")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.locator("#e-courses")).to_contain_text("0000")
    await page.get_by_label("Courses of which").fill("9101")
    await page.get_by_role("button", name="Add it").click()
    await page.get_by_role("link", name=title).click()
    await expect(page.get_by_label("Corrections officer")).to_be_checked()
    stale = page.url
    await page.get_by_label("Or within").fill("30")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("li", has_text=title)).to_contain_text("within 30 days")
    await page.goto(stale)
    await page.locator('form:has-text("Require it no more") [name="version"]').evaluate(
        "field => field.value = 1"
    )
    await page.get_by_role("button", name="Require it no more").click()
    await expect(page.locator("#problems")).to_be_visible()
    await page.get_by_role("button", name="Require it no more").click()
    await expect(page.get_by_role("status")).to_contain_text("required no more")
    await expect(page.locator("li", has_text=title)).to_have_count(0)

    page = await start(visitors, "lsb", "/console/")
    await page.get_by_role("link", name="Required training, statewide").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("statewide")
    page = await start(visitors, "training_manager", "/console/training/compliance")
    await page.get_by_role("link", name="The whole state").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("statewide")


async def test_outside_training_is_not_decided_by_who_reported_it(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/training/outside")
    await page.get_by_role("button", name="Report", exact=True).click()
    await page.get_by_label("Title").fill("Listening well")
    await page.get_by_label("What it was about").fill("Hearing people out.")
    await page.get_by_label("Who taught it").fill("County college")
    await page.get_by_label("First day").fill("2026-05-04")
    await page.get_by_label("Last day").fill("2026-05-04")
    await page.get_by_label("Hours").fill("four")
    await page.get_by_label("Category").fill("crisis intervention")
    await page.get_by_label("Jules Sample-Vega").check()
    await expect(page.get_by_label("Stands for the course").locator("option")).not_to_have_count(1)
    await page.get_by_role("button", name="Report", exact=True).click()
    await expect(page.locator("#e-hours")).to_contain_text("number of hours")
    await page.get_by_label("Hours").fill("4")
    await page.get_by_role("button", name="Report", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Another training manager decides")
    row = page.locator("li", has_text="Listening well").first
    await row.get_by_role("button", name="Approve").click()
    await expect(page.locator("p.error").first).to_contain_text("Somebody else")


ROSTER = "{ personnel(first: 100) { edges { node { externalId } } } }"


async def test_differences_with_the_academy_are_listed_and_settled(
    visitors: Visitors, tmp_path: Path
) -> None:
    """The academy knows of somebody whom nobody has assigned: both sides stand until settled."""
    platform, number = visitors.platform, "9101-6"
    answer = await platform.send("training_manager", ROSTER, purpose="TRAINING_ADMIN")
    nodes = [edge["node"] for edge in answer.data["personnel"]["edges"]]
    person = next(node["externalId"] for node in nodes if node["externalId"])
    session = {**HELD, "session_number": number, "title": "LEAD 101, elsewhere"}
    registered = {
        "assignment_id": "", "person_external_id": person, "session_number": number,
        "course_number": "9101", "training_category": "LEAD", "status": "REGISTERED",
        "status_date": "2026-02-20",
    }  # fmt: skip
    for table, row in (("sessions.csv", session), ("assignments.csv", registered)):
        page = await start(visitors, "training_manager", "/console/training/exchange")
        await page.get_by_label("Files").set_input_files(batch(tmp_path, table, [row]))
        await page.get_by_role("button", name="Look first").click()
        await page.get_by_role("button", name=re.compile("^Take over")).click()
        await expect(page.get_by_role("heading", name="What became of it")).to_be_visible()

    page = await start(visitors, "training_manager", "/console/training/import")
    await page.get_by_role("link", name="Differences").click()
    for name in ("Conflicts", "Only here", "Only there"):
        await expect(page.get_by_role("heading", name=re.compile(name), level=2)).to_be_visible()
    conflict = page.locator("li", has_text=f"Session {number}, person {person}")
    await expect(conflict).to_contain_text("Here: nothing · there: REGISTERED")
    await conflict.get_by_role("button", name="Settled").click()
    await expect(page.locator("p.error").first).to_contain_text("Say what was done about it")
    await conflict.get_by_label("What was done").fill("They will take part; nobody of ours.")
    await conflict.get_by_role("button", name="Settled").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await expect(conflict).to_have_count(0)


async def test_the_library_is_searched_and_the_bureau_is_asked(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/library")
    await page.get_by_role("searchbox", name="Find a resource").press_sequentially("roll call")
    await expect(page.locator("#results li")).to_have_count(1)
    await page.get_by_role("link", name="Outline for a roll call").click()
    await expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    await page.get_by_role("link", name="Technical assistance").click()
    await page.get_by_role("button", name="Ask", exact=True).click()
    question = f"Who trains the night shift? ({uuid4().hex[:6]})"
    await page.get_by_label("What it is about").select_option("TRAINING")
    await page.get_by_label("Your question").fill(question)
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Asked")

    page = await start(visitors, "lsb", "/console/assistance")
    row = page.locator("li", has_text=question)
    await row.get_by_role("button", name="I have seen it").click()
    await row.get_by_role("button", name="Answer").click()
    await expect(page.locator("p.error").first).to_be_visible()
    await row.get_by_label("Comment").fill("A trainer comes on Tuesday.")
    await row.get_by_role("button", name="Answer").click()
    await expect(page.get_by_role("status")).to_contain_text("Done")
    page = await start(visitors, "training_manager", "/console/assistance")
    await expect(page.locator("li", has_text=question)).to_contain_text("comes on Tuesday")
    await page.locator("li", has_text=question).get_by_role("button", name="That helped").click()
    await expect(page.locator("li", has_text=question)).to_contain_text("Closed")
    await expect(page.get_by_role("link", name="Publish a resource")).to_have_count(0)


async def test_the_bureau_publishes_a_new_version(visitors: Visitors) -> None:
    page = await start(visitors, "lsb", "/console/library/publish")
    slug = f"checklist-{uuid4().hex[:8]}"
    await page.get_by_label("Title").fill("First week checklist")
    await page.get_by_label("Short name").fill(slug)
    await page.get_by_label("Shelf").select_option("PROJECT_MANAGEMENT")
    await page.get_by_label("What it is about").fill("What to do first.")
    await page.get_by_label("Or its text").fill("1. Say hello.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status")).to_contain_text("Published")
    await page.get_by_role("link", name="New version").click()
    await page.get_by_label("Or its text").fill("1. Say hello.\n2. Listen.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator("pre")).to_contain_text("2. Listen.")
    await expect(page.get_by_text("Version 2")).to_be_visible()
    await page.get_by_role("button", name="Take it off the shelf").click()
    await expect(page.get_by_role("status")).to_contain_text("off the shelf")


async def test_a_person_is_looked_for_where_people_are_assigned(visitors: Visitors) -> None:
    page = await start(visitors, "training_manager", "/console/training/sessions/9101-2/assign")
    search = page.get_by_role("searchbox", name="Find a person")
    await search.press_sequentially("sample-vega")
    await expect(page.locator("#people")).to_contain_text("who answer “sample-vega”")
    await expect(page.locator("#people")).to_contain_text("Jules Sample-Vega")
    await search.fill("jules samplevgea")  # a slip: the list forgives it
    await expect(page.locator("#people")).to_contain_text("who answer “jules samplevgea”")
    await expect(page.locator("#people")).to_contain_text("Jules Sample-Vega")
    await search.fill("nobody at all")
    await expect(page.locator("#people")).to_contain_text("Nobody answers")


async def test_a_course_page_that_is_too_large_is_said_beside_the_field(
    visitors: Visitors, tmp_path: Path
) -> None:
    page = await start(visitors, "training_manager", "/console/training/import")
    (big := tmp_path / "page.txt").write_bytes(b"x" * 131_073)
    await page.get_by_label("Or a text file").set_input_files(big)
    await page.get_by_role("button", name="Look first").click()
    await expect(page.locator("#e-file")).to_contain_text("too large")
