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
from gateway.web.doors.community_page import (
    LANGUAGES,
    PERSON,
    REFERRER,
    TICKS,
    TRAP,
    form_html,
    words_of,
)
from infra import clock
from svc_participants.referrals.rules import Need

SITES = [("a-site", "Alder"), ("b-site", "Birch"), ("c-site", "Cedar")]


FILLED = {
    "bornOn": "1990-02-03", "personPhone": "206-555-0134", "usualPlace": "By the library",
    "referrerName": "Lou", "referrerUnit": "Demo Bakery", "referrerPhone": "206-555-0135",
    "referrerEmail": "lou@example.org",
}  # fmt: skip
"""What may be said of the person and of who writes, and need not be."""


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
        ("need", "HOUSING"), ("need", "SAFETY"), ("soon", "1"), ("aware", "1"), ("agreed", "1"),
        *FILLED.items(),
    ]  # fmt: skip
    page = await send(http, filled)
    assert page.status_code == 422
    mended = [each for each in Read(page.text).fields if each[0] not in ("token", "alias")]
    assert (await send(http, [*mended, aged(door), ("alias", "Red")])).status_code == 200
    first, second = taker.sent
    assert second["alias"] == "Red"
    kept = ("siteId", "needs", "urgency", "personIsAware", "personAgreed", "account", *FILLED)
    assert {each: first.get(each) for each in FILLED} == FILLED
    return [first[each] for each in kept] == [second.get(each) for each in kept]


async def test_a_form_that_lacks_something_keeps_site_and_ticks(
    http: httpx2.AsyncClient, door: CommunityDoor, taker: Taker
) -> None:
    assert await comes_back_as_it_was(http, door, taker)


async def test_a_first_page_has_nothing_ticked(http: httpx2.AsyncClient) -> None:
    page = (await http.get("/refer")).text
    assert " checked" not in page
    assert " selected" not in page


@pytest.mark.parametrize("lost", ["site", "need", "soon", "aware", "agreed", *FILLED])
async def test_planted_form_that_forgets_is_caught(
    http: httpx2.AsyncClient,
    door: CommunityDoor,
    taker: Taker,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:

    def forgets(
        language: str, sites: Any, given: Mapping[str, list[str]], token: str, said: str
    ) -> str:
        left = {name: values for name, values in given.items() if name != lost}
        return form_html(language, sites, left, token, said)

    monkeypatch.setattr(community, "form_html", forgets)
    assert not await comes_back_as_it_was(http, door, taker)


def keys_of(words: Mapping[str, Any]) -> set[str]:
    return {
        f"{name}.{inner}"
        for name, value in words.items()
        for inner in (value if isinstance(value, dict) else [""])
    }


def test_every_language_says_everything() -> None:
    said = {each: words_of(each) for each in LANGUAGES}
    assert {frozenset(keys_of(words)) for words in said.values()} == {
        frozenset(keys_of(said["en"]))
    }
    asked = {name for name, _, _ in (*PERSON, *REFERRER)}
    assert set(said["en"]["fields"]) == asked
    assert all(set(TICKS) <= set(words) for words in said.values())
    assert {str(each) for each in Need} == set(said["en"]["need"])


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/refer", "", "en"),
        ("/refer", "es-MX,es;q=0.9,en;q=0.5", "es"),
        ("/refer", "fr, es", "es"),
        ("/refer?lang=es", "en", "es"),
        ("/refer?lang=en", "es", "en"),
        ("/refer?lang=xx", "", "en"),
    ],
)
async def test_the_form_is_in_the_readers_language_from_first_to_last(
    http: httpx2.AsyncClient, door: CommunityDoor, path: str, accepted: str, language: str
) -> None:
    words, headers = words_of(language), {"accept-language": accepted}
    page = (await http.get(path, headers=headers)).text
    assert f'<html lang="{language}">' in page
    assert words["fields"]["usualPlace"] in page
    assert f'action="/refer?lang={language}"' in page
    plain = {**headers, "content-type": "application/x-www-form-urlencoded"}
    for alias, status, said in (("", 422, "missing"), ("Red", 200, "thanks")):
        fields = urlencode([aged(door), ("account", "Help."), ("alias", alias)])
        answer = await http.post(f"/refer?lang={language}", content=fields, headers=plain)
        assert answer.status_code == status
        assert words[said] in answer.text


@pytest.mark.parametrize("language", ["en", "es"])
async def test_what_is_dropped_is_thanked_for_in_the_same_words(
    http: httpx2.AsyncClient, door: CommunityDoor, taker: Taker, language: str
) -> None:
    good = [aged(door), ("account", "Help."), ("alias", "Red"), *FILLED.items()]
    plain = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/refer?lang={language}"
    taken, dropped = [
        await http.post(path, content=urlencode(fields), headers=plain)
        for fields in (good, [*good, (TRAP, "http://spam.example")])
    ]
    assert len(taker.sent) == 1
    assert (taken.status_code, taken.text) == (dropped.status_code, dropped.text)


async def test_what_is_no_day_is_not_sent_on(
    http: httpx2.AsyncClient, door: CommunityDoor, taker: Taker
) -> None:
    for born in ("soon", "2026-02-30"):
        await send(http, [aged(door), ("account", "x"), ("alias", "Red"), ("bornOn", born)])
        assert "bornOn" not in taker.sent[-1]
