"""A refresh token is spent once, however many requests carry it."""

import asyncio

import pytest

from gateway.web.console.asking import SignedOutError
from gateway.web.console.oidc import Provider, SignInError, Tokens
from gateway.web.console.refreshing import Refresher
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


async def test_without_a_refresh_token_the_session_is_over() -> None:
    old = a_session(access_ends_at=clock.epoch_seconds(), refresh_token=None)
    with pytest.raises(SignedOutError):
        await Refresher(CountingProvider()).fresh(old)
