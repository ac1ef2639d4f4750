"""A session begins with a sign-in and with nothing else, and ends when the issuer says so."""

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from gateway.web.console import sign_in
from gateway.web.console.sealing import FormTokens
from gateway.web.console.session import SessionKeeper
from tests.fixtures.console_house import KEY, ConsoleHouse, console_house
from tests.fixtures.gateway_app import GatewayWorld

LOGOUT = "/console/backchannel-logout"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    gateway_house: GatewayWorld, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ConsoleHouse]:
    async with console_house(gateway_house, tmp_path_factory.mktemp("console")) as made:
        yield made


async def _a_planted_cookie_is_not_the_session(house: ConsoleHouse, planted: str) -> None:
    """What was in the browser before is not what it has afterwards, and opens nothing new."""
    async with house.browser() as victim, house.browser() as attacker:
        victim.cookies.set(house.cookie, planted, domain="127.0.0.1", path="/")
        attacker.cookies.set(house.cookie, planted, domain="127.0.0.1", path="/")
        before = house.session_of(attacker)
        session = await house.sign_in(victim, "ann")
        values = [each.value for each in victim.cookies.jar if each.name == house.cookie]
        assert planted not in values
        assert session.subject == "persona:ann"
        after = house.session_of(attacker)
        assert after == before  # whoever planted it is who they were
        if before is not None:
            assert session.id != before.id
            tokens = FormTokens(KEY)
            assert not tokens.is_of(session.id, tokens.token(before.id))


async def test_tk_46_a_cookie_of_before_never_becomes_the_session(house: ConsoleHouse) -> None:
    async with house.browser() as attacker:
        await house.sign_in(attacker, "bob")
        own = attacker.cookies[house.cookie]
    for planted in (own, own[:-4], "x", ""):
        await _a_planted_cookie_is_not_the_session(house, planted)


async def test_tk_46_a_sign_in_that_keeps_the_id_it_finds_would_be_noticed(
    house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    async with house.browser() as attacker:
        found = await house.sign_in(attacker, "bob")
        monkeypatch.setattr(sign_in, "uuid4", lambda: SimpleNamespace(hex=found.id))
        with pytest.raises(AssertionError):
            await _a_planted_cookie_is_not_the_session(house, attacker.cookies[house.cookie])


async def test_each_sign_in_has_a_session_of_its_own(house: ConsoleHouse) -> None:
    async with house.browser() as browser:
        first = await house.sign_in(browser, "ann")
        second = await house.sign_in(browser, "ann")
    assert first.id != second.id
    assert first.sid != second.sid


async def _an_end_at_the_issuer_ends_it_here(house: ConsoleHouse) -> None:
    async with house.browser() as here, house.browser() as there, house.browser() as other:
        session = await house.sign_in(here, "ann")
        await house.sign_in(there, "ann")
        await house.sign_in(other, "bob")
        assert session.sid is not None
        assert session.id_token is not None
        ended = await other.get(
            f"{house.issuer_url}/end-session", params={"id_token_hint": session.id_token}
        )
        assert ended.status_code == 200
        assert not await house.is_signed_in(here)
        assert await house.is_signed_in(there)  # another session of the same person
        assert await house.is_signed_in(other)
        await house.sign_in(here, "ann")
        assert await house.is_signed_in(here)


async def test_tk_48_a_session_that_ends_at_the_issuer_ends_here(house: ConsoleHouse) -> None:
    await _an_end_at_the_issuer_ends_it_here(house)


async def test_tk_48_a_console_that_does_not_listen_would_be_noticed(
    house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(SessionKeeper, "end_at_issuer", lambda *_: None)
    with pytest.raises(AssertionError):
        await _an_end_at_the_issuer_ends_it_here(house)


_FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("", _FORM),
        ("logout_token=", _FORM),
        ("logout_token=a.b.c", _FORM),
        ("logout_token={id_token}", _FORM),
        ("logout_token={access_token}", _FORM),
        ("logout_token=a.b.c&logout_token=a.b.c", _FORM),
        ("token=a.b.c", _FORM),
        ("logout_token=" + "x" * 20_000, _FORM),
        ("&" * 20, _FORM),
        ("%ff\xff", _FORM),
        (json.dumps({"logout_token": "a.b.c"}), {"content-type": "application/json"}),
        ("logout_token=a.b.c", {"content-type": "text/plain"}),
    ],
    ids=[
        "nothing", "empty", "no token", "an id token", "an access token", "twice", "another name",
        "too large", "no pairs", "no text", "JSON", "plain text",
    ],
)  # fmt: skip
async def test_tk_48_what_is_no_logout_token_ends_nothing(
    house: ConsoleHouse, body: str, headers: dict[str, str]
) -> None:
    async with house.browser() as browser:
        session = await house.sign_in(browser, "ann")
        filled = body.replace("{id_token}", session.id_token or "")
        filled = filled.replace("{access_token}", session.access_token)
        answer = await _sent(house, filled, headers)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
        assert answer.headers["cache-control"] == "no-store"
        assert await house.is_signed_in(browser)


async def _sent(house: ConsoleHouse, body: str, headers: dict[str, str]) -> Any:
    async with httpx2.AsyncClient(timeout=60) as http:
        return await http.post(house.url + LOGOUT, content=body.encode("latin-1"), headers=headers)


async def test_the_door_takes_posts_alone(house: ConsoleHouse) -> None:
    async with house.browser() as browser:
        assert (await browser.get(house.url + LOGOUT)).status_code in (303, 405)
