"""Each persona's main path through the console, in a real browser, from the sign-in on."""

import re
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Page, expect

from infra.dev.screenshots.browser import WAIT_MILLISECONDS, open_page, sign_in
from tests.fixtures.browser import Visitors
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import environment_of

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
expect.set_options(timeout=WAIT_MILLISECONDS)


async def start(visitors: Visitors, persona: str, path: str = "/console/") -> Page:
    page = await visitors.signed_in(persona)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.emulate_media(color_scheme="light")
    await open_page(page, visitors.platform.url + path)
    if not page.url.startswith(visitors.platform.url):
        # The session has ended: its refresh went unanswered on a machine that was too busy.
        await sign_in(page, visitors.platform.url, persona, path)
    return page


async def settled(page: Page) -> None:
    """Load a page that only looks again, as long as the machine is too busy to answer it."""
    busy = page.get_by_role("heading", name=re.compile("does not answer|is busy|a lot at once"))
    for _ in range(30):
        await page.wait_for_load_state()
        if await busy.count() == 0:
            return
        await page.wait_for_timeout(1000)
        await page.reload()


async def test_a_training_manager_finds_a_course_assigns_people_and_undoes_it(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "training_manager")
    await page.get_by_role("link", name="Courses", exact=True).click()
    search = page.get_by_role("searchbox", name="Find a course")
    await search.press_sequentially("colaborative")  # a slip of the finger; the list follows live
    await expect(page.locator("#results h2")).to_have_count(1)
    await expect(page.locator("#results")).to_contain_text("Building a Collaborative Response")
    await search.fill("lead 101")
    await expect(page.locator("#results h2").first).to_contain_text("LEAD 101")
    await page.get_by_role("link", name=re.compile("Session 9101-1")).click()
    await page.get_by_role("link", name="Assign people").first.click()

    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(page.locator("#problems")).to_contain_text("Choose at least one person")
    boxes = page.locator('input[name="people"]:not([disabled])')
    await boxes.nth(0).check()
    await boxes.nth(1).check()
    await page.get_by_label("Due", exact=True).fill("2027-03-01")
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 assigned")
    await page.get_by_role("button", name="Undo the 2 new assignments").click()
    await expect(page.get_by_role("status")).to_contain_text("Undone")
    await expect(page.locator("table .badge", has_text="Cancelled")).to_have_count(2)


async def test_a_training_manager_assigns_the_whole_agency_and_takes_it_back(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "training_manager", "/console/training/sessions/9101-2/assign")
    await page.get_by_label(re.compile("The whole agency")).check()
    await page.get_by_label("Due", exact=True).fill("2027-04-01")
    await page.get_by_role("button", name="Assign", exact=True).click()
    await page.wait_for_url("**/console/training/batches/*")
    await expect(page.locator("#progress")).to_contain_text("Done")  # it follows by itself
    await page.get_by_role("link", name="Due", exact=True).click()
    await expect(page.locator("table").last).to_contain_text("9101-2")
    await page.go_back()
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_role("status")).to_contain_text("Undone")
    await expect(page.locator("#progress")).to_contain_text("Taken back")


async def test_a_training_manager_imports_a_page_and_reads_what_was_not_understood(
    visitors: Visitors,
) -> None:
    page = await start(visitors, "training_manager", "/console/training/import")
    from tests.platform.test_walk import COURSE_PAGE

    await page.get_by_label("The page's text").fill(COURSE_PAGE.read_text(encoding="utf-8"))
    await page.get_by_role("button", name="Look first").click()
    await expect(page.get_by_role("heading", name="What would come of it")).to_be_visible()
    await expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Store")).click()
    await expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
    await expect(page.locator("table caption").first).to_have_text("Sessions")
    await expect(page.get_by_role("link", name="8020-1")).to_be_visible()


async def unused_for_long(platform: Platform, name: str) -> None:
    """Let somebody's role be an old one that nobody has used, whatever other tests did with it."""
    database = await asyncpg.connect(environment_of(platform, "svc_consent")["GT_DATABASE_DSN"])
    try:
        await database.execute(
            """update role_grant set granted_at = granted_at - interval '90 days'
            where account_id = (select id from account where name = $1)""",
            name,
        )
        await database.execute(
            """update account_activity set last_seen_on = last_seen_on - 90
            where account_id = (select id from account where name = $1)""",
            name,
        )
    finally:
        await database.close()


async def test_an_administrator_takes_a_role_away_and_gives_it_back(visitors: Visitors) -> None:
    name = "Jules Sample-Vega"
    await unused_for_long(visitors.platform, name)
    page = await start(visitors, "agency_admin", "/console/agency")
    await page.get_by_role("link", name="Not used lately").click()
    await page.get_by_label("Not used for").select_option("30")
    await page.get_by_role("button", name="Look").click()
    away = page.get_by_role("link", name=re.compile(f"Take away.*{name}"))
    await away.click()
    await page.get_by_label("Why").fill("   ")
    await page.get_by_role("button", name="Take the role away").click()
    await expect(page.locator("#e-reason")).to_contain_text("Say why")
    await expect(page.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Why").fill("Moved to another unit.")
    await page.get_by_role("button", name="Take the role away").click()
    await expect(page.get_by_role("status")).to_contain_text("taken away")
    await expect(page.locator("table tr", has_text=name).first).to_contain_text("Taken away")

    await page.get_by_role("link", name="Give a role", exact=True).first.click()
    await page.get_by_label("Who").select_option(label=name)
    offered = (
        await page.get_by_label("Which role")
        .locator("option")
        .evaluate_all("all => all.map(each => each.value).sort()")
    )
    assert offered == ["", "LEL", "LEO", "PCG", "TRM"]  # what a police department may have
    await page.get_by_label("Why").fill("Back on patrol.")
    await page.get_by_label("Which role").select_option("LEO")
    await page.get_by_role("button", name="Give the role").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is given")
    await expect(page.locator("#results li", has_text=name)).to_contain_text("In force")

    # The history has both, with who and why.
    await page.get_by_role("link", name="History", exact=True).click()
    for why in ("Moved to another unit.", "Back on patrol."):
        row = page.locator("tr", has_text=why).first
        await expect(row).to_contain_text(name)
        await expect(row.locator("td").nth(3)).to_contain_text("Sample-")


async def officer_sees(platform: Platform, person: str) -> Any:
    answer = await platform.run(
        "ParticipantOverview", {"id": person}, persona="officer", purpose="LEAD_COORD"
    )
    return answer.data["participant"]


async def test_a_case_manager_captures_a_release_and_takes_it_back(visitors: Visitors) -> None:
    platform = visitors.platform
    person = platform.participant("roi_none")
    page = await start(visitors, "case_manager", f"/console/people/{person}/releases/new")
    assert await officer_sees(platform, person) is None
    police = page.locator(
        "#f-recipients > details", has_text="Cedar Falls Example Police Department"
    )
    await police.locator("summary").click()
    await police.get_by_label("Name and date of birth").check()
    check = page.locator("#check")
    await expect(check).to_contain_text("Cedar Falls Example Police Department")
    await expect(check).to_contain_text("Say how it was signed.")
    await police.get_by_label("That I take part, and since when").check()
    await expect(check).to_contain_text("2 kinds")
    await police.get_by_label("My case manager's notes").check()
    for text in ("What each would be told", "Law-enforcement officer", "Not, although ticked"):
        await expect(check).to_contain_text(text)
    await police.get_by_label("My case manager's notes").uncheck()
    await page.get_by_label("How", exact=True).select_option("WET_INK")
    await expect(check).to_contain_text("Nothing is missing")
    await page.get_by_role("button", name="Record as signed").click()
    await expect(page.get_by_role("status")).to_contain_text("The release is in force")
    assert (await officer_sees(platform, person))["name"]["given"]

    await page.get_by_role("link", name=re.compile("Take back")).click()
    await page.get_by_label("Why").fill("Changed my mind.")
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_role("status")).to_contain_text("taken back")
    assert await officer_sees(platform, person) is None
    await page.get_by_role("link", name="Who saw this record").click()
    was_told = page.locator("tr", has=page.get_by_text("Told", exact=True))
    told = was_told.filter(has_text="Cedar Falls Example Police Department").first
    await expect(told).to_contain_text("because of release")


async def test_a_participant_reads_and_takes_back_in_spanish(visitors: Visitors) -> None:
    platform = visitors.platform
    person = platform.participant("roi_active")
    shown = platform.operation("SignRoi")["variables"]["input"]
    beside = {
        **shown,
        "participantId": person,
        "standsBeside": True,
        "idempotencyKey": uuid4().hex,
        "provisions": shown["provisions"][1:],
    }
    signed = await platform.run("SignRoi", {"input": beside})
    release = signed.data["signRelease"]["release"]["id"]
    page = await start(visitors, "participant")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello, ")
    await page.get_by_role("button", name="Español").click()
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await page.get_by_role("link", name="Lo que firmé", exact=True).click()
    away = page.locator(f'a[href*="{release}/revoke"]')
    await expect(away).to_contain_text("Retirarla")
    await away.click()
    await page.get_by_label("¿Por qué quiere retirarla?").fill("Ya no quiero.")
    await page.get_by_role("button", name="Retirarla").click()
    await expect(page.get_by_role("status")).to_contain_text("La ha retirado")
    await page.get_by_role("link", name="Quién vio mi expediente").click()
    await expect(page.locator("table")).to_contain_text("Usted miró")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_a_case_manager_previews_what_an_officer_would_see(visitors: Visitors) -> None:
    person = visitors.platform.participant("roi_active")
    page = await start(visitors, "case_manager", f"/console/people/{person}")
    await page.get_by_role("link", name="What would they see?").click()
    officer = "Cedar Falls Example Police Department: Law-enforcement officer"
    await page.get_by_label("Who asks").select_option(label=officer)
    await page.get_by_role("button", name="Look").click()
    await settled(page)
    told = page.locator("section", has_text="They would see")
    await expect(told).to_contain_text("Name and date of birth")
    await expect(told).not_to_contain_text("Case notes")
    kept = page.locator("section", has_text="Not (")
    await expect(kept).to_contain_text("Case notes")


async def test_a_privacy_officer_opens_a_review_and_has_a_decision_explained(
    visitors: Visitors,
) -> None:
    person = visitors.platform.participant("roi_partial_no_prosecutor")
    page = await start(visitors, "privacy_officer", f"/console/privacy/{person}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    await page.get_by_role("link", name="Privacy", exact=True).click()
    await page.get_by_label("Id of the record").fill(person)
    await page.get_by_label("Why").fill("A complaint of last week.")
    await page.get_by_role("button", name="Open the review").click()
    await expect(page.get_by_role("status")).to_contain_text("The review is open")
    await expect(page.get_by_role("heading", name="Who saw this record")).to_be_visible()
    prosecutor = "Cedar County Example Prosecuting Attorney: Prosecutor"
    await page.get_by_label("Who asks").select_option(label=prosecutor)
    await page.get_by_label("About what").select_option("Participant.name")
    await page.get_by_role("button", name="Explain").click()
    await settled(page)
    await expect(page.get_by_role("status")).to_contain_text("It may not be seen")
    await expect(page.get_by_role("status")).to_contain_text("No release in force covers it")


async def test_an_officer_sees_courses_and_no_participant_anywhere(visitors: Visitors) -> None:
    page = await start(visitors, "officer")
    menu = await page.locator("nav.tabs a").all_inner_texts()
    assert not {"Your people", "Ending soon", "Roster", "Agency"} & set(menu)
    await page.goto(f"{visitors.platform.url}/console/people")
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "This page is not for your role"
    )


async def test_without_scripts_the_main_paths_work(visitors: Visitors) -> None:
    page = await visitors.window(scripts=False)
    url = visitors.platform.url
    await sign_in(page, url, "training_manager", "/console/training/courses")
    await page.get_by_role("searchbox", name="Find a course").fill("lead 101 diversoin")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name=re.compile("Session 9101-2")).click()
    await page.get_by_role("link", name="Assign people").first.click()
    await expect(page.get_by_label("Everybody listed below")).to_be_hidden()
    await page.locator('input[name="people"]:not([disabled])').first.check()
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("1 of 1 assigned")
    await page.get_by_role("button", name="Undo the 1 new assignment").click()
    await expect(page.get_by_role("status")).to_contain_text("Undone")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


async def test_without_scripts_a_release_is_signed_and_taken_back(visitors: Visitors) -> None:
    page, person = await visitors.window(scripts=False), visitors.platform.participant("roi_none")
    path = f"/console/people/{person}/releases/new"
    await sign_in(page, visitors.platform.url, "case_manager", path)
    police = page.locator(
        "#f-recipients > details", has_text="Cedar Falls Example Police Department"
    )
    await police.locator("summary").click()
    await police.get_by_label("Name and date of birth").check()
    await page.get_by_role("button", name="Record as signed").click()
    await expect(page.locator("#e-method")).to_be_visible()  # it says what is missing, and keeps
    await expect(police.get_by_label("Name and date of birth")).to_be_checked()
    await page.get_by_label("How", exact=True).select_option("WET_INK")
    await page.get_by_role("button", name="Record as signed").click()
    await expect(page.get_by_role("status")).to_contain_text("The release is in force")
    await page.get_by_role("link", name=re.compile("Take back")).click()
    await page.get_by_label("Why").fill("Changed my mind.")
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_role("status")).to_contain_text("taken back")


async def test_without_scripts_a_role_is_asked_for_and_declined(visitors: Visitors) -> None:
    page, why = await visitors.window(scripts=False), f"Leads the night shift {uuid4().hex[:6]}."
    await sign_in(page, visitors.platform.url, "agency_admin", "/console/agency/requests/new")
    await page.get_by_label("Who would get it").select_option(label="Jules Sample-Vega")
    await page.get_by_label("Which role").select_option("LEL")
    await page.get_by_label("Why").fill(why)
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("second person")
    page = await visitors.window(scripts=False)
    await sign_in(page, visitors.platform.url, "platform_admin", "/console/requests")
    row = page.locator("li", has_text=why)
    await row.get_by_label("Why").fill("The shift has a lead.")
    await row.get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("status")).to_contain_text("declined")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, and see that the focus shows."""
    for _ in range(150):
        await page.keyboard.press("Tab")
        if await page.evaluate("what => document.activeElement.matches(what)", selector):
            break
    else:
        raise AssertionError(f"the keyboard never reaches {selector}")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", selector


async def test_with_the_keyboard_alone_a_person_is_assigned(visitors: Visitors) -> None:
    page = await visitors.window()
    await page.goto(f"{visitors.platform.url}/console/training/sessions/9101-2")
    await tab_to(page, 'button[value="training_manager"]')
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/training/sessions/9101-2")
    await tab_to(page, "a.skip")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await tab_to(page, 'a[href$="/assign"]')
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/assign")
    await tab_to(page, 'input[name="people"]:not([disabled])')
    await page.keyboard.press("Space")
    await tab_to(page, "button.main")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("1 of 1 assigned")
    await tab_to(page, 'form[action$="/undo"] button')
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Undone")


async def test_with_the_keyboard_alone_a_release_is_signed_and_taken_back(
    visitors: Visitors,
) -> None:
    page, person = await visitors.window(), visitors.platform.participant("roi_none")
    await page.goto(f"{visitors.platform.url}/console/people/{person}/releases/new")
    await tab_to(page, 'button[value="case_manager"]')
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/releases/new")
    await tab_to(page, "#f-recipients summary")
    await page.keyboard.press("Enter")
    await tab_to(page, '#f-recipients input[value="IDENTITY"]')
    await page.keyboard.press("Space")
    await tab_to(page, "#f-method")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#check")).to_contain_text("Nothing is missing")
    await tab_to(page, "form#release button.main")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("The release is in force")
    await tab_to(page, 'a[href$="/revoke"]')
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/revoke")
    await tab_to(page, 'textarea[name="reason"]')
    await page.keyboard.type("Changed my mind.")
    await tab_to(page, "main form button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("taken back")


async def test_graphiql_asks_as_the_person_who_is_signed_in(visitors: Visitors) -> None:
    page = await start(visitors, "case_manager", "/graphiql")
    await expect(page.locator(".graphiql-query-editor .CodeMirror")).to_be_visible()
    await page.locator(".graphiql-execute-button").click()
    choice = page.get_by_role("menuitem", name="OwnStanding")
    await choice.click()
    await expect(page.locator(".result-window")).to_contain_text("Cedar Falls LEAD")
    assert "eyJ" not in await page.content()
