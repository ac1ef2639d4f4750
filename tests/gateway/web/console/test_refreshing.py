"""A refresh token is spent once, however many requests carry it."""

import asyncio

import pytest

from gateway.web.console import refreshing
from gateway.web.console.asking import SignedOutError
from gateway.web.console.oidc import Provider, SignInError, Tokens
from gateway.web.console.refreshing import Refresher
from gateway.web.console.session import Session
from infra import clock
from tests.gateway.web.console.test_session import a_session, settings_of


class CountingProvider(Provider):
    """A provider whose answer waits until the test lets it go."""

    def __init__(self, failure: str = "") -> None:
        super().__init__(settings_of(), ["https://issuer.example"])
        self.spent: list[str] = []
        self.go = asyncio.Event()
        self.failure = failure

    async def refresh(self, refresh_token: str) -> Tokens:
        self.spent.append(refresh_token)
        await self.go.wait()
        if self.failure:
            raise SignInError(self.failure)
        return Tokens("new", clock.epoch_seconds() + 600, "next", None)


async def test_a_fresh_session_is_left_alone() -> None:
    provider = CountingProvider()
    session = a_session()
    assert await Refresher(provider).fresh(session) is session
    assert provider.spent == []


async def test_requests_at_once_and_right_after_share_one_refresh() -> None:
    provider = CountingProvider()
    refresher = Refresher(provider)
    old = a_session(access_ends_at=clock.epoch_seconds())
    waiting = [asyncio.create_task(refresher.fresh(old)) for _ in range(5)]
    provider.go.set()
    got = await asyncio.gather(*waiting)
    late = await refresher.fresh(old)
    assert {each.access_token for each in (*got, late)} == {"new"}
    assert {each.refresh_token for each in got} == {"next"}
    assert {each.id_token for each in got} == {old.id_token}
    assert provider.spent == ["r"]


async def test_a_refusal_is_not_kept() -> None:
    provider = CountingProvider("PROVIDER_UNAVAILABLE")
    provider.go.set()
    refresher = Refresher(provider)
    old = a_session(access_ends_at=clock.epoch_seconds())
    for _ in range(2):
        with pytest.raises(SignInError):
            await refresher.fresh(old)
    assert provider.spent == ["r", "r"]


class ForgetfulProvider(Provider):
    """A provider whose first answer is lost; what it says to a repetition is the test's to say."""

    def __init__(self, then: str) -> None:
        super().__init__(settings_of(), ["https://issuer.example"])
        self.then = then
        self.asked = 0

    async def refresh(self, refresh_token: str) -> Tokens:
        assert refresh_token == "r"
        self.asked += 1
        if self.asked == 1:
            raise SignInError("PROVIDER_UNAVAILABLE")
        if self.then:
            raise SignInError(self.then)
        return Tokens("new", clock.epoch_seconds() + 600, "next", None)


async def _goes_on_after_a_lost_answer(then: str, left_seconds: int) -> tuple[Session, Session]:
    refresher = Refresher(ForgetfulProvider(then))
    old = a_session(access_ends_at=clock.epoch_seconds() + left_seconds)
    first = await refresher.fresh(old)
    assert first is old  # nothing was asked of the person
    return old, await refresher.fresh(old)


async def test_a_lost_answer_is_asked_for_again_and_nobody_notices() -> None:
    _, second = await _goes_on_after_a_lost_answer("", 25)
    assert (second.access_token, second.refresh_token) == ("new", "next")


@pytest.mark.parametrize("then", ["TOKEN_REFUSED", "PROVIDER_UNAVAILABLE"])
async def test_a_repetition_that_is_refused_leaves_the_access_token_to_its_end(then: str) -> None:
    """Other issuers take the repetition for a copy: the page stays until the token ends."""
    old, second = await _goes_on_after_a_lost_answer(then, 25)
    assert second is old


async def test_planted_a_session_that_ends_with_a_lost_answer_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refreshing, "NO_ANSWER", "NEVER")
    with pytest.raises(SignInError):
        await _goes_on_after_a_lost_answer("", 25)


async def test_a_refusal_without_a_lost_answer_ends_the_session_at_once() -> None:
    provider = CountingProvider("TOKEN_REFUSED")
    provider.go.set()
    with pytest.raises(SignInError):
        await Refresher(provider).fresh(a_session(access_ends_at=clock.epoch_seconds() + 25))


async def test_a_slow_provider_holds_no_page_while_the_token_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refreshing, "_PATIENCE_SECONDS", 0.0)
    provider = CountingProvider()
    refresher = Refresher(provider)
    old = a_session(access_ends_at=clock.epoch_seconds() + 25)
    assert await refresher.fresh(old) is old
    provider.go.set()
    await asyncio.sleep(0)
    monkeypatch.setattr(refreshing, "_PATIENCE_SECONDS", 30.0)
    assert (await refresher.fresh(old)).access_token == "new"
    assert provider.spent == ["r"]


async def test_without_a_refresh_token_the_session_is_over() -> None:
    old = a_session(access_ends_at=clock.epoch_seconds(), refresh_token=None)
    with pytest.raises(SignedOutError):
        await Refresher(CountingProvider()).fresh(old)
