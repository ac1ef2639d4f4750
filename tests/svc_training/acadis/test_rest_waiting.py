"""A provider that is slow, busy, or gives no token: asked again, in bounds, and without waiting."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from infra import clock
from infra.http_connection import HttpResponse
from svc_training.acadis.rest_v1 import MAX_PAUSE_SECONDS, MAX_TRIES, ProviderError, RestV1
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.svc_training.acadis.speaking import Caught, speaking

TIMEOUT = 0.5


async def test_answer_that_takes_too_long_is_asked_for_again(acadis: AcadisStandIn) -> None:
    acadis.misbehave("slow")
    caught = Caught()
    async with speaking(acadis, caught=caught, timeout_seconds=TIMEOUT) as provider:
        assert (await provider.changes_since(None)).changes == []
    assert (len(caught.pauses), acadis.requests.count("GET /v1/changes")) == (1, 2)


async def test_provider_that_is_always_slow_is_given_up(acadis: AcadisStandIn) -> None:
    acadis.misbehave(*["slow"] * (MAX_TRIES + 1))
    caught = Caught()
    async with speaking(acadis, caught=caught, timeout_seconds=0.2) as provider:
        await provider._access_token()
        with pytest.raises(ProviderError):
            await provider.changes_since(None)
    assert acadis.requests.count("GET /v1/changes") == MAX_TRIES
    assert len(caught.pauses) == MAX_TRIES - 1  # none after the last
    assert max(caught.pauses) <= MAX_PAUSE_SECONDS


async def enrolled_slowly(acadis: AcadisStandIn, adapter: type[RestV1] = RestV1) -> list[str]:
    """Ask for a place, the answer to which comes only the second time; returns the bodies sent."""
    acadis.misbehave("slow")
    async with speaking(acadis, adapter=adapter, timeout_seconds=TIMEOUT) as provider:
        await provider.enroll("P1", "9101-1", "test", "key-1")
    return [each for each in acadis.sent if each.startswith("POST")]


async def test_slow_answer_to_a_wish_has_no_second_effect(acadis: AcadisStandIn) -> None:
    first, second = await enrolled_slowly(acadis)
    assert first == second
    assert acadis.enrolled == {"key-1": ("P1", "9101-1")}


@pytest.mark.parametrize(
    ("asked", "paused"), [("7", 7.0), ("100000", MAX_PAUSE_SECONDS), ("0", None), ("-5", None)]
)
async def test_retry_after_is_kept_to_and_capped(
    acadis: AcadisStandIn, asked: str, paused: float | None
) -> None:
    acadis.misbehave(f"429:{asked}")
    caught = Caught()
    async with speaking(acadis, caught=caught) as provider:
        await provider.changes_since(None)
    (pause,) = caught.pauses
    assert pause == paused if paused is not None else 0 < pause <= 1


async def test_retry_after_may_be_a_date(
    acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    later = [format_datetime(now + timedelta(seconds=each), usegmt=True) for each in (12, -60)]
    acadis.misbehave(*[f"429:{each}" for each in later], "429:next Tuesday")
    caught = Caught()
    async with speaking(acadis, caught=caught) as provider:
        await provider.changes_since(None)
    assert caught.pauses[0] == 12.0
    assert max(caught.pauses[1:]) <= 2  # a date that is over, and no date at all, ask for nothing


class Hasty(RestV1):
    """An adapter with a planted bug: it does not look at what pause was asked for."""

    async def _pause(self, attempt: int, _response: HttpResponse | None) -> None:
        await super()._pause(attempt, None)


async def test_planted_haste_is_caught(acadis: AcadisStandIn) -> None:
    acadis.misbehave("429:7")
    caught = Caught()
    async with speaking(acadis, adapter=Hasty, caught=caught) as provider:
        await provider.changes_since(None)
    assert caught.pauses != [7.0]


@pytest.mark.parametrize("way", ["500", "429:3", "slow", "half"])
async def test_token_that_does_not_come_at_once_is_asked_for_again(
    acadis: AcadisStandIn, way: str
) -> None:
    acadis.misbehave_token(way)
    caught = Caught()
    async with speaking(acadis, caught=caught, timeout_seconds=TIMEOUT) as provider:
        await provider.changes_since(None)
    assert (len(caught.pauses), acadis.requests.count("token")) == (1, 2)
    assert caught.pauses == [3.0] or way != "429:3"


@pytest.mark.parametrize("way", ["nonsense", "empty", "number", "401", "404"])
async def test_answer_that_is_no_token_ends_the_run(acadis: AcadisStandIn, way: str) -> None:
    acadis.misbehave_token(way)
    async with speaking(acadis) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.changes_since(None)
    assert acadis.requests == ["token"]
    assert acadis.address not in str(caught.value)


async def test_token_endpoint_that_is_always_down_is_given_up(acadis: AcadisStandIn) -> None:
    acadis.misbehave_token(*["503"] * (MAX_TRIES + 1))
    async with speaking(acadis) as provider:
        with pytest.raises(ProviderError):
            await provider.changes_since(None)
    assert acadis.requests == ["token"] * MAX_TRIES


@pytest.mark.parametrize(("way", "seconds"), [("", 3600), ("forever", 60)])
async def test_token_is_renewed_before_it_ends(
    acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch, way: str, seconds: int
) -> None:
    at = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: at[0])
    acadis.misbehave_token(*[each for each in (way,) if each])
    async with speaking(acadis) as provider:
        for later, tokens in ((0, 1), (seconds - 31, 1), (2, 2)):
            at[0] += later
            await provider.changes_since(None)
            assert acadis.tokens_given == tokens


async def test_token_that_is_refused_anew_is_not_asked_for_without_end(
    acadis: AcadisStandIn,
) -> None:
    acadis.misbehave("401", "401", "401")
    async with speaking(acadis) as provider:
        with pytest.raises(ProviderError):
            await provider.changes_since(None)
    assert (acadis.tokens_given, acadis.requests.count("GET /v1/changes")) == (2, 2)
