"""A gateway is not ready before what it rests on has been there once, and stays ready (RL-17)."""

from starlette.responses import Response

from gateway.identity import AccessTokenVerifier, IssuerSettings, jwks
from gateway.readiness import Readiness
from tests.fixtures.clock_hands import Hands
from tests.fixtures.gateway_app import GatewayWorld, Instead, eventually
from tests.fixtures.token_issuer import TokenIssuer

CHANGES = "/internal/authority/changes"


class Feed:
    """A change feed, as far as readiness needs it."""

    def __init__(self, *, has_begun: bool) -> None:
        self.has_begun = has_begun


def _unlike(issuer: TokenIssuer, name: str) -> IssuerSettings:
    return issuer.settings(alias=name, issuer=f"https://{name}.example")


async def test_nobody_is_ready_before_consent_has_answered_and_everybody_stays_so(
    gateway_world: GatewayWorld,
) -> None:
    is_away = True

    async def away() -> Instead | None:
        return Instead(503) if is_away else None

    gateway_world.door.before[CHANGES] = away
    verifier = AccessTokenVerifier([gateway_world.issuer.settings()])
    async with gateway_world.gateway() as gateway:
        readiness = Readiness(gateway.feed, verifier)
        gateway.feed.start()
        await eventually(lambda: gateway_world.door.count(CHANGES) >= 2)
        assert not await readiness.is_ready()
        is_away = False
        await eventually(lambda: gateway.feed.has_begun)
        assert await readiness.is_ready()
        is_away = True
        asked = gateway_world.door.count(CHANGES)
        await gateway_world.consent.change([], [])  # lets the long poll go
        await eventually(lambda: gateway_world.door.count(CHANGES) > asked + 1)
        assert await readiness.is_ready()
    await verifier.close()


async def test_nobody_is_ready_before_an_issuer_has_given_its_keys(hands: Hands) -> None:
    async with TokenIssuer(answer=Response("away", 503)).listening() as issuer:
        verifier = AccessTokenVerifier([issuer.settings()])
        readiness = Readiness(Feed(has_begun=True), verifier)
        assert not await readiness.is_ready()
        issuer.answer = None
        hands.turn(jwks.FIRST_COOLDOWN_SECONDS)
        assert await readiness.is_ready()
        issuer.answer = Response("away", 503)
        hands.turn(jwks.HARD_AGE_SECONDS + 1)
        assert await readiness.is_ready()
        await verifier.close()


async def test_an_issuer_that_is_away_is_asked_twice_a_second_at_most(hands: Hands) -> None:
    hands.stop()
    async with TokenIssuer(answer=Response("away", 503)).listening() as issuer:
        verifier = AccessTokenVerifier([issuer.settings()])
        for _ in range(4):
            hands.turn(jwks.FIRST_COOLDOWN_SECONDS / 2)
            assert not await verifier.has_keys()
        assert issuer.fetches == 2
        await verifier.close()


async def test_one_issuer_of_several_is_enough(hands: Hands) -> None:
    async with (
        TokenIssuer(answer=Response("away", 503)).listening() as away,
        TokenIssuer().listening() as there,
    ):
        verifier = AccessTokenVerifier([_unlike(away, "away"), _unlike(there, "there")])
        assert await Readiness(Feed(has_begun=True), verifier).is_ready()
        await verifier.close()


async def test_an_issuer_that_hangs_lets_nobody_wait_for_long(hands: Hands) -> None:
    async with TokenIssuer().listening() as issuer:
        issuer.goes_on.clear()
        verifier = AccessTokenVerifier([issuer.settings()])
        assert not await verifier.has_keys()
        issuer.goes_on.set()
        await verifier.close()
