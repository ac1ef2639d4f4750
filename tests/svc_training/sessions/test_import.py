"""Importing a course page through the API: stored, kept, repeatable, reported, refused."""

import asyncio
from pathlib import Path
from typing import Any

import pytest_asyncio
from sqlalchemy import func, select

from infra.vocabulary import Category, Role
from svc_training.catalogue.tables import CoursePageText
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller, new_key
from tests.fixtures.training_service import training_manager

PAGE = (Path(__file__).parents[3] / "infra/dev/demo/course_page.txt").read_text()

IMPORT = """
mutation Import($input: ImportCoursePageInput!) {
  importCoursePage(input: $input) {
    course { number version title contact { name phone rawPhone } audience authority }
    outcome
    sessions { line outcome session { number version hours location { mode platform raw } } }
    rowErrors { line code text }
    userErrors { code field }
  }
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def service(service_app: ServiceAppFactory) -> Any:
    """An empty service for each test: imports are about what was there before."""
    async with service_app("svc_training") as running:
        yield running


async def import_page(service: ServiceApp, page: str, key: str | None = None) -> dict[str, Any]:
    variables = {"input": {"text": page, "idempotencyKey": key or new_key()}}
    answer = await service.graphql(training_manager(), IMPORT, variables)
    payload: dict[str, Any] = answer.data["importCoursePage"]
    return payload


async def pages_kept(service: ServiceApp) -> int:
    async with service.chassis.database.read() as session:
        return await session.scalar(select(func.count()).select_from(CoursePageText)) or 0


async def test_course_page_is_stored_once_however_often_it_is_imported(service: ServiceApp) -> None:
    first = await import_page(service, PAGE)
    assert first["userErrors"] == first["rowErrors"] == []
    assert first["outcome"] == "CREATED"
    assert first["course"]["number"] == "8020"
    assert first["course"]["contact"] == {
        "name": "Becky Starnes",
        "phone": "(206) 793-2615",
        "rawPhone": "(206) 793- 2615",
    }
    assert first["course"]["authority"] == ["ESB 5476", "RCW 43.101.205"]
    (imported,) = first["sessions"]
    assert (imported["line"], imported["outcome"]) == (24, "CREATED")
    assert imported["session"] == {
        "number": "8020-1",
        "version": 1,
        "hours": 1.5,
        "location": {"mode": "VIRTUAL", "platform": "ZOOM", "raw": "Virtual- Zoom"},
    }
    again = await import_page(service, PAGE)
    assert again["outcome"] == again["sessions"][0]["outcome"] == "UNCHANGED"
    assert again["course"]["version"] == again["sessions"][0]["session"]["version"] == 1
    assert await pages_kept(service) == 1


async def test_changed_page_gives_what_changed_a_new_version(service: ServiceApp) -> None:
    await import_page(service, PAGE)
    moved = await import_page(service, PAGE.replace("0800 - 0930", "0900 - 1030"))
    assert moved["outcome"] == "UNCHANGED"
    assert moved["sessions"][0]["outcome"] == "UPDATED"
    assert moved["sessions"][0]["session"]["version"] == 2
    back = await import_page(service, PAGE)
    assert back["sessions"][0]["outcome"] == "UPDATED"
    assert back["sessions"][0]["session"]["version"] == 3
    assert await pages_kept(service) == 3


async def test_text_is_kept_as_it_stood(service: ServiceApp) -> None:
    odd = PAGE.replace("\n", "\r\n") + "\r\n%%%\r\n"
    assert len((await import_page(service, odd))["rowErrors"]) == 1
    async with service.chassis.database.read() as session:
        (kept,) = (await session.scalars(select(CoursePageText))).all()
    assert kept.text == odd
    assert kept.imported_by == training_manager().subject
    assert [error["line"] for error in kept.row_errors] == [28]


async def test_broken_rows_are_reported_and_good_ones_stored(service: ServiceApp) -> None:
    page = (
        PAGE + "\n8020-2 Broken 5/32/2023 0800 - 0930 Hall\n8020-3 Good 6/1/2023 0800 - 0930 Hall"
    )
    payload = await import_page(service, page)
    assert [each["session"]["number"] for each in payload["sessions"]] == ["8020-1", "8020-3"]
    assert payload["rowErrors"] == [
        {"line": 28, "code": "BAD_DATE", "text": "8020-2 Broken 5/32/2023 0800 - 0930 Hall"}
    ]
    assert payload["userErrors"] == []


async def test_same_key_gives_the_same_report_and_another_page_under_it_is_refused(
    service: ServiceApp,
) -> None:
    key = new_key()
    page = PAGE + "\n%%%"
    first = await import_page(service, page, key)
    await import_page(service, PAGE.replace("0930", "1000"))
    again = await import_page(service, page, key)
    assert [s["outcome"] for s in again["sessions"]] == [s["outcome"] for s in first["sessions"]]
    assert again["rowErrors"] == first["rowErrors"] != []
    other = await import_page(service, PAGE, key)
    assert [error["code"] for error in other["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_page_without_a_course_is_kept_and_reported(service: ServiceApp) -> None:
    key = new_key()
    for _ in range(2):
        payload = await import_page(service, "Just a title", key)
        assert payload["course"] is None
        assert [error["code"] for error in payload["rowErrors"]] == ["NO_COURSE"]
    assert await pages_kept(service) == 1


async def test_what_is_no_page_is_one_clear_error(service: ServiceApp) -> None:
    for text, code in (
        ("", "PAGE_UNREADABLE"),
        ("   \n", "PAGE_UNREADABLE"),
        ("a\u0000b", "CHARACTER_NOT_ALLOWED"),
    ):
        payload = await import_page(service, text)
        assert payload["userErrors"] == [{"code": code, "field": ["input", "text"]}]
    assert await pages_kept(service) == 0


async def test_only_a_training_manager_imports(service: ServiceApp) -> None:
    variables = {"input": {"text": PAGE, "idempotencyKey": new_key()}}
    for asking in (
        caller(Role.LEO, {Category.TRAINING: "s"}),
        caller(Role.AGA, {Category.TRAINING: "o"}),
        caller(Role.PLA, {Category.TRAINING: "*"}),
        training_manager(access={}),
        training_manager(access={Category.TRAINING: "s"}),
        training_manager(agency_id=""),
    ):
        payload = (await service.graphql(asking, IMPORT, variables)).data["importCoursePage"]
        assert payload["userErrors"] == [{"code": "FORBIDDEN", "field": None}]
        assert payload["course"] is None
    assert await pages_kept(service) == 0


async def test_imports_at_the_same_time_do_not_meet(service: ServiceApp) -> None:
    payloads = await asyncio.gather(*(import_page(service, PAGE) for _ in range(4)))
    assert sorted(payload["outcome"] for payload in payloads) == ["CREATED"] + ["UNCHANGED"] * 3
    assert await pages_kept(service) == 1


async def test_a_dry_run_says_what_would_come_of_it_and_stores_nothing(service: ServiceApp) -> None:
    bad = PAGE + "\n%%%\n"
    given = {"text": bad, "dryRun": True, "idempotencyKey": new_key()}
    answer = await service.graphql(training_manager(), IMPORT, {"input": given})
    tried = answer.data["importCoursePage"]
    assert (tried["userErrors"], tried["outcome"]) == ([], "CREATED")
    assert tried["course"]["number"] == "8020"
    assert tried["sessions"][0]["session"]["number"] == "8020-1"
    assert await pages_kept(service) == 0
    stored = await service.graphql(training_manager(), '{ course(number: "8020") { id } }')
    assert stored.data["course"] is None
    again = await service.graphql(training_manager(), IMPORT, {"input": given})
    repeated = again.data["importCoursePage"]
    assert (repeated["outcome"], repeated["rowErrors"]) == ("CREATED", tried["rowErrors"])
    done = await import_page(service, bad)
    assert done == tried
