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
from gateway.web.console.session import Session, SessionKeeper
from gateway.web.console.shared_ends import Ends
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

    async def forget(*_: object) -> bool:
        return True

    monkeypatch.setattr(SessionKeeper, "end_at_issuer", forget)
    with pytest.raises(AssertionError):
        await _an_end_at_the_issuer_ends_it_here(house)


class Deaf:
    """Planted: a gateway that hears of no other's sign-outs."""

    async def session_has_ended(
        self, _ended: list[str], _session: list[str], _started_at: int
    ) -> bool:
        return False


async def _signed_in_at_both(
    house: ConsoleHouse,
    second: ConsoleHouse,
    browser: httpx2.AsyncClient,
    copies: httpx2.AsyncClient,
) -> Session:
    """Sign in at one gateway, and give another browser copies of the cookie for both."""
    session = await house.sign_in(browser, "ann")
    for each in (house, second):
        each.hand_over(browser.cookies[house.cookie], copies)
        assert await each.is_signed_in(copies)
    return session


async def _sign_out(house: ConsoleHouse, browser: httpx2.AsyncClient, session: Session) -> None:
    answer = await browser.post(
        f"{house.url}/console/logout",
        data={"form_token": FormTokens(KEY).token(session.id)},
        headers={"origin": house.url},
    )
    assert answer.status_code == 303
    assert "signed-out" in answer.headers["location"]


async def _end_at_issuer(house: ConsoleHouse, session: Session) -> None:
    async with house.browser() as other:
        ended = await other.get(
            f"{house.issuer_url}/end-session", params={"id_token_hint": session.id_token or ""}
        )
    assert ended.status_code == 200


async def _a_sign_out_counts_at_every_gateway(house: ConsoleHouse, ends: Ends | None) -> None:
    async with house.another(ends) as second, house.browser() as browser, house.browser() as copies:
        session = await _signed_in_at_both(house, second, browser, copies)
        await _sign_out(house, browser, session)
        assert not await house.is_signed_in(copies)
        assert not await second.is_signed_in(copies)


async def _the_issuers_word_counts_at_every_gateway(house: ConsoleHouse, ends: Ends | None) -> None:
    async with house.another(ends) as second, house.browser() as browser, house.browser() as copies:
        session = await _signed_in_at_both(house, second, browser, copies)
        await _end_at_issuer(house, session)
        assert not await house.is_signed_in(copies)
        assert not await second.is_signed_in(copies)
        again = await house.sign_in(copies, "ann")
        assert again.id != session.id
        second.hand_over(copies.cookies[house.cookie], copies)
        assert await second.is_signed_in(copies)


_EVERYWHERE = pytest.mark.parametrize(
    "walk", [_a_sign_out_counts_at_every_gateway, _the_issuers_word_counts_at_every_gateway]
)


@_EVERYWHERE
async def test_tk_48_what_ends_at_one_gateway_ends_at_all(house: ConsoleHouse, walk: Any) -> None:
    await walk(house, None)


@_EVERYWHERE
async def test_tk_48_a_gateway_that_hears_nothing_would_be_noticed(
    house: ConsoleHouse, walk: Any
) -> None:
    """Planted twin of the test above."""
    with pytest.raises(AssertionError):
        await walk(house, Deaf())


async def test_tk_48_while_nobody_knows_what_has_ended_no_page_is_shown(
    house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be told at once is told before the next page is shown."""
    async with (
        house.another() as second,
        house.browser() as browser,
        house.browser() as copies,
        house.browser() as other,
    ):
        session = await _signed_in_at_both(house, second, browser, copies)
        await house.sign_in(other, "bob")
        with monkeypatch.context() as outage:
            outage.setattr(house.ends, "is_away", True)
            for path in ("/console/", "/console/acting", "/console/training/courses"):
                page = await copies.get(second.url + path)
                assert page.status_code == 503, path
            await _sign_out(house, browser, session)
            await _end_at_issuer(house, session)
        assert await house.is_signed_in(other)
        assert not await second.is_signed_in(copies)


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
