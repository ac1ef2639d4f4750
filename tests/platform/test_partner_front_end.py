"""A partner's own front end, built as a partner would, in a browser against the real stack.

Types by graphql-codegen from ``GET /schema.graphql``, checked by TypeScript; Apollo Client with
pages, a mutation with an optimistic line, errors and null told apart, and a stream of events. urql
and the Relay compiler as smoke tests. Sources: ``tests/partner_front_end``.
"""

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from infra.dev.screenshots.browser import WAIT_MILLISECONDS, open_context
from tests.fixtures.site_days import SITE_ZONE
from tests.fixtures.whole_platform import (
    OUTAGES_TO_BEAR,
    ROOT,
    Platform,
    free_ports,
    start_platform,
    stop_platform,
)
from tests.platform.partner_parts import NEEDS_NODE, SOURCES, have_packages, run

PAGE = "/partner/index.html"
expect.set_options(timeout=WAIT_MILLISECONDS)

pytestmark = [
    pytest.mark.walk,
    pytest.mark.timeout(900),
    pytest.mark.skipif(NEEDS_NODE, reason="needs Node and npm"),
]


def _installed(folder: Path) -> None:
    """Have the packages of the lock file in a folder of sources."""
    have_packages()
    left = ("node_modules", "generated.ts", "__generated__", "app.js", "schema.graphql")
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns(*left), dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(SOURCES / "node_modules")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_platform() -> AsyncIterator[Platform]:
    """Run a platform that these tests may change."""
    with tempfile.TemporaryDirectory(prefix="gt-partner-") as name:
        data_dir, port = Path(name) / "data", free_ports()
        process = await asyncio.to_thread(start_platform, data_dir, port, Path(name) / "up.log")
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                yield Platform(data_dir, port, process, Path(name) / "up.log", client)
        finally:
            await asyncio.to_thread(stop_platform, process)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def built(
    own_platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Path]:
    """Return the front end, with types of the case manager's own schema, bundled."""
    folder = tmp_path_factory.mktemp("partner") / "front-end"
    await asyncio.to_thread(_installed, folder)
    token = await own_platform.token("case_manager")
    answer = await own_platform.client.get(
        f"{own_platform.url}/schema.graphql", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    (folder / "schema.graphql").write_text(answer.text)
    await asyncio.to_thread(run, folder, "node", "codegen.mjs")
    await asyncio.to_thread(
        run, folder, "node_modules/.bin/esbuild", "src/main.ts", "--bundle", "--outfile=app.js"
    )
    yield folder


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, built: Path, own_platform: Platform) -> AsyncIterator[Page]:
    """Return a window in which the front end is served beside the API."""
    context = await open_context(browser, zone=SITE_ZONE.key)
    page = await context.new_page()

    async def serve(route: Route) -> None:
        await route.fulfill(path=built / Path(route.request.url.partition("#")[0]).name)

    await page.route(f"{own_platform.url}/partner/*", serve)
    yield page
    await context.close()


async def _open(window: Page, platform: Platform, persona: str, purpose: str, who: str) -> None:
    asked = {
        "token": await platform.token(persona),
        "purpose": purpose,
        "participant": platform.participant(who),
    }
    await window.goto(f"{platform.url}{PAGE}#{urlencode(asked)}", timeout=WAIT_MILLISECONDS)


async def test_the_types_hold(built: Path) -> None:
    await asyncio.to_thread(run, built, "node_modules/.bin/tsc")


async def test_forgetting_that_a_field_may_be_null_is_a_type_error(built: Path) -> None:
    """Planted twin of the test above: null is in the types, so that nobody forgets it."""
    careless = built / "src" / "careless.ts"
    careless.write_text(
        'import type { PersonQuery } from "./generated";\n'
        "export const given = (read: PersonQuery): string => read.participant.name.given;\n"
    )
    try:
        with pytest.raises(AssertionError, match="possibly 'null'"):
            await asyncio.to_thread(run, built, "node_modules/.bin/tsc")
    finally:
        careless.unlink()


async def test_people_come_in_pages(window: Page, own_platform: Platform) -> None:
    await _open(window, own_platform, "case_manager", "CAREMGT", "roi_active")
    lines = window.locator("#people li")
    await expect(lines).to_have_count(2)
    total = int(await window.locator("#total").inner_text())
    assert total > 2
    seen = 2
    while seen < total:
        await window.locator("#more").click()
        seen = min(seen + 2, total)
        await expect(lines).to_have_count(seen)
    await expect(window.locator("#more")).to_be_disabled()
    assert len(set(await lines.all_inner_texts())) > 2
    await expect(window.locator("#problems li")).to_have_count(0)


async def test_a_goal_is_shown_before_it_is_acknowledged(
    window: Page, own_platform: Platform
) -> None:
    held, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        if "AddGoal" in (route.request.post_data or ""):
            held.set()
            await goes_on.wait()
        await route.continue_()

    await window.route(f"{own_platform.url}/graphql", hold)
    await _open(window, own_platform, "case_manager", "CAREMGT", "roi_active")
    goals = window.locator("#goals li")
    await expect(window.locator("#person")).not_to_be_empty()
    before = await goals.count()
    await window.locator("#words").fill("A door of my own")
    await window.locator("#add").click()
    await held.wait()
    await expect(window.locator("#goals li.pending")).to_have_text("A door of my own")
    goes_on.set()
    await expect(window.locator("#goals li.pending")).to_have_count(0)
    await expect(goals).to_have_count(before + 1)
    await expect(goals.last).to_have_text("A door of my own")
    await window.unroute_all(behavior="ignoreErrors")


async def test_what_the_caller_can_put_right_takes_the_line_back(
    window: Page, own_platform: Platform
) -> None:
    await _open(window, own_platform, "case_manager", "CAREMGT", "roi_active")
    await expect(window.locator("#person")).not_to_be_empty()
    before = await window.locator("#goals li").count()
    await window.locator("#words").fill("")
    await window.locator("#add").click()
    await expect(window.locator("#refused li")).to_have_count(1)
    await expect(window.locator("#goals li")).to_have_count(before)


async def test_a_refused_field_is_told_from_one_that_is_withheld(
    window: Page, own_platform: Platform
) -> None:
    await _open(window, own_platform, "housing_provider", "COC", "roi_revoked")
    await expect(window.locator("#person")).to_have_text("nothing, or not released to you")
    await window.locator("#notes").click()
    problems = window.locator("#problems li")
    await expect(problems).to_have_count(1)
    await expect(problems).to_have_text("FIELD_NOT_ALLOWED Participant.notes")


async def test_a_token_that_is_none_is_an_error_and_not_an_empty_page(
    window: Page, own_platform: Platform
) -> None:
    await window.goto(f"{own_platform.url}{PAGE}#token=none&purpose=CAREMGT")
    await expect(window.locator("#problems li")).to_have_text(["UNAUTHENTICATED"])


async def test_news_of_a_release_arrive_in_the_open_page(
    window: Page, own_platform: Platform
) -> None:
    await _open(window, own_platform, "case_manager", "CAREMGT", "roi_none")
    await expect(window.locator("#stream")).to_have_text("open")
    signed = 0
    news = window.locator("#releases li")
    while await news.count() == 0:  # the stream may open after the first signature
        signed += 1
        assert signed < 20
        answer = await own_platform.run("SignRoi")
        assert answer.codes == []
        await window.wait_for_timeout(1_000)
    assert set(await news.all_inner_texts()) <= {"ACTIVE", "SUPERSEDED"}


async def test_urql_reads_the_same_api(built: Path, own_platform: Platform) -> None:
    token = await own_platform.token("case_manager")
    url = f"{own_platform.url}/graphql"
    for _ in range(OUTAGES_TO_BEAR):
        said = await asyncio.to_thread(run, built, "node", "urql.mjs", url, token, "CAREMGT")
        found = json.loads(said)
        if found["error"] is None:
            break
    assert found["count"] == 2
    assert "participants.edges.node.name" in found["governed"]
    assert found["error"] is None
    assert found["refused"] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_the_typescript_example_of_the_api_guide_runs(
    built: Path, own_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (ROOT / "infra" / "docs" / "api.md").read_text()
    (example,) = re.findall(r"```typescript\n(.*?)```", guide, flags=re.DOTALL)
    (built / "example.mts").write_text(example)
    words = ["node_modules/.bin/esbuild", "example.mts", "--format=esm", "--outfile=example.mjs"]
    await asyncio.to_thread(run, built, *words)
    monkeypatch.setenv("GRAPHQL_URL", f"{own_platform.url}/graphql")
    monkeypatch.setenv("TOKEN", await own_platform.token("case_manager"))
    for _ in range(OUTAGES_TO_BEAR):
        said = await asyncio.to_thread(run, built, "node", "example.mjs")
        if said:
            break
    assert len(said.splitlines()) == 3


async def test_the_relay_compiler_takes_the_schema(built: Path) -> None:
    (built / "relay" / "__generated__").mkdir(exist_ok=True)
    await asyncio.to_thread(run, built, "node_modules/.bin/relay-compiler")
    made = {each.name for each in (built / "relay" / "__generated__").iterdir()}
    assert "PeoplePageQuery.graphql.ts" in made  # paging works without a word from the author
    wrong = built / "relay" / "Wrong.ts"
    wrong.write_text(
        'import { graphql } from "relay-runtime";\n'
        "export const query = graphql`query WrongQuery { participants(first: 1) { nobody } }`;\n"
    )
    try:
        with pytest.raises(AssertionError, match="nobody"):
            await asyncio.to_thread(run, built, "node_modules/.bin/relay-compiler")
    finally:
        wrong.unlink()
