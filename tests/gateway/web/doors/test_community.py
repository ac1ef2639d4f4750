"""The community form, told that something is missing, comes back as it was filled in."""

from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from gateway.community_client import CommunityClient
from gateway.web.doors import community
from gateway.web.doors.community import CommunityDoor
from infra import clock

SITES = [("a-site", "Alder"), ("b-site", "Birch"), ("c-site", "Cedar")]


class Taker:
    """Takes in what names a person, and remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []

    async def sites(self) -> list[tuple[str, str]]:
        """Three sites."""
        return SITES

    async def submit(self, form: Mapping[str, Any]) -> bool:
        """Whether the form says whom it is about."""
        self.sent.append(form)
        return bool(form.get("alias"))


class Read(HTMLParser):
    """What a browser would send of a page, without a change."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.options: list[tuple[str, bool]] = []
        self.area = ""
        self.feed(page)
        if self.options:
            chosen = [value for value, is_selected in self.options if is_selected]
            assert len(chosen) < 2
            self.fields.append(("site", chosen[0] if chosen else self.options[0][0]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element would send."""
        given = dict(attrs)
        if tag == "option":
            self.options.append((str(given["value"]), "selected" in given))
        elif tag == "textarea":
            self.area = str(given["name"])
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.append((str(given["name"]), given.get("value") or ""))

    def handle_data(self, data: str) -> None:
        """Note what stands in the text field."""
        if self.area:
            self.fields.append((self.area, data))

    def handle_endtag(self, tag: str) -> None:
        """Leave the text field."""
        if tag == "textarea":
            self.area = ""


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def door(taker: Taker) -> CommunityDoor:
    return CommunityDoor(cast("CommunityClient", taker))


@pytest_asyncio.fixture(loop_scope="session")
async def http(door: CommunityDoor) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=door.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://form.test") as client:
        yield client


async def send(http: httpx2.AsyncClient, fields: list[tuple[str, str]]) -> httpx2.Response:
    plain = {"content-type": "application/x-www-form-urlencoded"}
    return await http.post("/refer", content=urlencode(fields), headers=plain)


def aged(door: CommunityDoor) -> tuple[str, str]:
    return "token", door.token(clock.epoch_seconds() - 60)


async def comes_back_as_it_was(http: httpx2.AsyncClient, door: CommunityDoor, taker: Taker) -> bool:
    """Send a form that lacks whom it is about, add that alone, and send it again."""
    filled = [
        aged(door), ("site", "b-site"), ("account", "Sleeps in a doorway."),
        ("need", "HOUSING"), ("need", "SAFETY"), ("soon", "1"), ("aware", "1"),
    ]  # fmt: skip
    page = await send(http, filled)
    assert page.status_code == 422
    mended = [each for each in Read(page.text).fields if each[0] not in ("token", "alias")]
    assert (await send(http, [*mended, aged(door), ("alias", "Red")])).status_code == 200
    first, second = taker.sent
    assert second["alias"] == "Red"
    kept = ("siteId", "needs", "urgency", "personIsAware", "account")
    return [first[each] for each in kept] == [second[each] for each in kept]


async def test_a_form_that_lacks_something_keeps_site_and_ticks(
    http: httpx2.AsyncClient, door: CommunityDoor, taker: Taker
) -> None:
    assert await comes_back_as_it_was(http, door, taker)


async def test_a_first_page_has_nothing_ticked(http: httpx2.AsyncClient) -> None:
    page = (await http.get("/refer")).text
    assert " checked" not in page
    assert " selected" not in page


@pytest.mark.parametrize("lost", ["site", "need", "soon", "aware"])
async def test_planted_form_that_forgets_is_caught(
    http: httpx2.AsyncClient,
    door: CommunityDoor,
    taker: Taker,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:
    real = community._form_html

    def forgets(sites: Any, given: Mapping[str, list[str]], token: str, said: str) -> str:
        left = {name: values for name, values in given.items() if name != lost}
        return real(sites, left, token, said)

    monkeypatch.setattr(community, "_form_html", forgets)
    assert not await comes_back_as_it_was(http, door, taker)
