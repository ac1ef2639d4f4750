"""Keys come and go, the issuer is slow, away or hostile: who gets in, and how often we ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from gateway.identity import AccessTokenError, AccessTokenVerifier, jwks
from tests.fixtures.clock_hands import Hands
from tests.fixtures.token_issuer import (
    EC_KEY,
    OTHER_RSA_KEY,
    RSA_KEY,
    TokenIssuer,
    good_claims,
    public,
    sign,
    token,
)


@asynccontextmanager
async def running(
    **changes: Any,
) -> AsyncIterator[tuple[TokenIssuer, AccessTokenVerifier]]:
    async with TokenIssuer(**changes).listening() as issuer:
        verifier = AccessTokenVerifier([issuer.settings()])
        try:
            yield issuer, verifier
        finally:
            await verifier.close()


async def accepted(verifier: AccessTokenVerifier, text: str) -> bool:
    try:
        await verifier.verify(text)
    except AccessTokenError:
        return False
    return True


async def settled() -> None:
    """Let a renewal in the background end."""
    for _ in range(100):
        await asyncio.sleep(0.002)


async def test_keys_are_fetched_once_for_many_requests() -> None:
    async with running() as (issuer, verifier):
        texts = [token(jti=f"j{number}") for number in range(50)]
        assert all(await asyncio.gather(*(accepted(verifier, each) for each in texts)))
        assert issuer.fetches == 1


async def test_rotation_with_overlap_refuses_no_good_token(hands: Hands) -> None:
    async with running(keys=[public(RSA_KEY)]) as (issuer, verifier):
        assert await accepted(verifier, token())
        issuer.keys = [public(RSA_KEY), public(OTHER_RSA_KEY)]
        assert await accepted(verifier, token(OTHER_RSA_KEY))
        assert await accepted(verifier, token(RSA_KEY, jti="j2"))
        issuer.keys = [public(OTHER_RSA_KEY)]
        hands.turn(61)
        assert await accepted(verifier, token(OTHER_RSA_KEY, jti="j3"))


async def test_removed_key_is_refused_within_a_minute(hands: Hands) -> None:
    async with running() as (issuer, verifier):
        remembered = token()
        assert await accepted(verifier, remembered)
        issuer.keys = [public(EC_KEY)]
        hands.turn(60)
        assert not await accepted(verifier, remembered)
        assert not await accepted(verifier, token(jti="j2"))
        assert await accepted(verifier, token(EC_KEY))


async def test_key_replaced_under_its_id_ends_remembered_tokens(hands: Hands) -> None:
    async with running() as (issuer, verifier):
        remembered = token()
        assert await accepted(verifier, remembered)
        issuer.keys = [public(OTHER_RSA_KEY, kid=RSA_KEY.kid)]
        hands.turn(60)
        assert not await accepted(verifier, remembered)
        assert await accepted(verifier, sign(good_claims(), OTHER_RSA_KEY, {"kid": RSA_KEY.kid}))


async def test_memory_that_forgets_to_ask_keeps_removed_keys(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: a memory of tokens that outlives their key fails the tests above."""

    async def always(*_: object) -> bool:
        return True

    async with running() as (issuer, verifier):
        remembered = token()
        assert await accepted(verifier, remembered)
        issuer.keys = [public(EC_KEY)]
        hands.turn(60)
        monkeypatch.setattr(jwks.KeySource, "still_has", always)
        assert await accepted(verifier, remembered)


async def test_random_key_ids_cause_one_fetch_per_cooldown(hands: Hands) -> None:
    async with running() as (issuer, verifier):
        assert await accepted(verifier, token())
        texts = [sign(good_claims(), RSA_KEY, {"kid": f"random-{n}"}) for n in range(300)]
        assert not any(await asyncio.gather(*(accepted(verifier, each) for each in texts)))
        assert issuer.fetches == 2
        assert await accepted(verifier, token(jti="j2"))
        hands.turn(jwks.COOLDOWN_SECONDS)
        assert not any(await asyncio.gather(*(accepted(verifier, each) for each in texts)))
        assert issuer.fetches == 3
        assert await accepted(verifier, token(jti="j3"))


async def test_missing_cooldown_would_flood_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted bug: without the cooldown each unknown key id is a fetch."""
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0)
    async with running() as (issuer, verifier):
        for number in range(20):
            forged = sign(good_claims(), RSA_KEY, {"kid": f"random-{number}"})
            assert not await accepted(verifier, forged)
        assert issuer.fetches >= 20


async def test_known_keys_serve_while_the_issuer_is_away_until_the_hard_age(hands: Hands) -> None:
    async with running() as (issuer, verifier):
        assert await accepted(verifier, token())
        issuer.answer = Response("away", 503)
        for _ in range(5):
            hands.turn(600)
            assert await accepted(verifier, token(jti=f"j{issuer.fetches}"))
            await settled()
        hands.turn(700)
        assert not await accepted(verifier, token(jti="late"))
        issuer.answer = None
        hands.turn(jwks.COOLDOWN_SECONDS)
        assert await accepted(verifier, token(jti="back"))


async def test_away_issuer_is_asked_once_per_cooldown(hands: Hands) -> None:
    async with running(answer=Response("away", 503)) as (issuer, verifier):
        for number in range(20):
            assert not await accepted(verifier, token(jti=f"j{number}"))
        assert issuer.fetches == 1
        hands.turn(jwks.COOLDOWN_SECONDS)
        issuer.answer = None
        assert await accepted(verifier, token())


async def test_issuer_that_cannot_be_reached_is_an_ordinary_refusal() -> None:
    async with running() as (issuer, _):
        closed = issuer.settings(jwks_uri="http://127.0.0.1:1/jwks.json")
    verifier = AccessTokenVerifier([closed])
    assert not await accepted(verifier, token())
    await verifier.close()


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>sign in</html>", media_type="text/html"),
        Response("{}"),
        Response('{"keys": {}}'),
        Response('{"keys": [], "keys": []}'),
        Response('{"keys": [' + ",".join(["{}"] * 65) + "]}"),
        Response(" " * (10 * 1024 * 1024)),
        Response("", 204),
        Response("[" * 30_000),
    ],
    ids=["HTML", "no keys", "object", "twice", "too many", "10 MB", "204", "deep"],
)
async def test_unusable_answer_takes_no_known_key_away(hands: Hands, answer: Response) -> None:
    async with running() as (issuer, verifier):
        assert await accepted(verifier, token())
        issuer.answer = answer
        hands.turn(60)
        assert await accepted(verifier, token(jti="j2"))
        assert issuer.fetches == 2


async def test_redirect_is_not_followed() -> None:
    async with running() as (elsewhere, _):
        target = f"http://127.0.0.1:{elsewhere.port}/jwks.json"
        async with running(answer=RedirectResponse(target)) as (_issuer, verifier):
            assert not await accepted(verifier, token())
            assert elsewhere.fetches == 0


async def test_slow_issuer_holds_a_request_no_longer_than_its_deadline(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_TIMEOUT_SECONDS", 0.1)
    async with running() as (issuer, verifier):
        assert await accepted(verifier, token())
        issuer.goes_on.clear()
        hands.turn(60)
        assert await accepted(verifier, token(jti="j2")), "while the issuer still holds its answer"
        # And the next does not wait at all, for however long: the issuer is known to be slow.
        monkeypatch.setattr(jwks, "FETCH_TIMEOUT_SECONDS", 3600.0)
        hands.turn(jwks.COOLDOWN_SECONDS)
        assert await accepted(verifier, token(jti="j3")), "while it holds it still"
        issuer.goes_on.set()


async def test_request_that_goes_away_does_not_take_the_fetch_along() -> None:
    async with running(delay_seconds=0.1) as (issuer, verifier):
        first = asyncio.create_task(verifier.verify(token()))
        second = asyncio.create_task(verifier.verify(token(jti="j2")))
        await asyncio.sleep(0.03)
        first.cancel()
        assert (await second).subject == "persona:officer"
        assert issuer.fetches == 1
