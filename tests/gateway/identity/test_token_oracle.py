"""The verifier against a second opinion: tokens made at random of right and wrong parts.

Each mutant is signed rightly or not, whole or cut, with claims and headers from a grammar that
knows where verifiers go wrong. What the oracle refuses must not get in; what it accepts must.
"""

import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import Key

from gateway.identity import AccessTokenError, AccessTokenVerifier, access_token
from infra import clock
from tests.fixtures.token_issuer import (
    ALGORITHM_OF,
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    TokenIssuer,
    encoded,
    good_claims,
    sign,
    signed,
)
from tests.gateway.identity.token_oracle import Profile, is_acceptable

KEYS: list[Key] = [RSA_KEY, EC_KEY, ED_KEY]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 1.5, 1e300, "", " ", "x", "a b", "\u00e9", "x" * 300,
    "none", [], {}, ["x"], [[]], {"x": 1}, {"role": "LEO"}, [{"role": "LEO"}], "0", "1e9",
    "\u202e", "\x00", AUDIENCE, ISSUER, [AUDIENCE], f"{ISSUER}/", "A" * 43, {"jkt": "A" * 43},
]  # fmt: skip
CLAIMS = ["iss", "aud", "exp", "iat", "nbf", "sub", "jti", "client_id", "acr", "auth_time", "cnf",
          "gt_roles", "scope", "padding"]  # fmt: skip
HEADERS = ["alg", "typ", "kid", "crit", "jwk", "jku", "b64", "x5c", "zip", "cty"]
HEADER_VALUES: list[Any] = [
    *ODD, "RS256", "ES256", "EdDSA", "HS256", "none", "Ed25519", "at+jwt", "JWT", "AT+JWT",
    "rsa-1", "ec-1", "ed-1", "rsa-2",
]  # fmt: skip


def _profile() -> Profile:
    keys = {str(key.kid): (ALGORITHM_OF[str(key.key_type)], _public(key)) for key in KEYS}
    return Profile(ISSUER, AUDIENCE, 600, keys)


def _public(key: Key) -> Any:
    return key.public_key  # of cryptography, which the oracle checks with


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verifier() -> AsyncIterator[AccessTokenVerifier]:
    async with TokenIssuer().listening() as issuer:
        made = AccessTokenVerifier([issuer.settings()])
        yield made
        await made.close()


def _some_claims(chance: random.Random, number: int) -> dict[str, Any]:
    claims = good_claims(jti=f"m{number}")
    now = clock.epoch_seconds()
    for _ in range(chance.choice([0, 0, 1, 1, 1, 2, 3])):
        name = chance.choice(CLAIMS)
        match chance.randrange(4):
            case 0:
                claims.pop(name, None)
            case 1 if name in ("exp", "iat", "nbf", "auth_time"):
                claims[name] = now + chance.choice([-700, -601, -600, -60, 5, 60, 590, 600, 601])
            case _:
                claims[name] = chance.choice(ODD)
    return claims


def _payload(chance: random.Random, claims: dict[str, Any]) -> bytes:
    text = json.dumps(claims)
    match chance.randrange(12):
        case 0:  # a name twice, once in another spelling
            name = chance.choice(list(claims) or ["x"])
            twin = chance.choice([name, f"\\u{ord(name[0]):04x}{name[1:]}"])
            text = f'{text[:-1]}, "{twin}": {json.dumps(chance.choice(ODD))}}}'
        case 1:
            text = chance.choice([" ", "\n", "\ufeff", ""]) + text + chance.choice([" ", "x", ","])
        case 2:
            text = text.replace('": ', '":', 1)
        case 3:
            depth = chance.choice([1, 10, 14, 15, 16, 17, 40])
            text = f'{text[:-1]}, "deep": {"[" * depth}{"]" * depth}}}'
    return text.encode("utf-8", "surrogatepass")


def _header(chance: random.Random, key: Key) -> bytes:
    members: dict[str, Any] = {
        "alg": ALGORITHM_OF[str(key.key_type)], "typ": "at+jwt", "kid": key.kid
    }  # fmt: skip
    if chance.random() < 0.3:
        name = chance.choice(HEADERS)
        if chance.random() < 0.2:
            members.pop(name, None)
        else:
            members[name] = chance.choice(HEADER_VALUES)
    return json.dumps(members).encode()


def _mutant(chance: random.Random, number: int) -> str:
    key = chance.choice(KEYS)
    signer = key if chance.random() < 0.9 else chance.choice([*KEYS, OTHER_RSA_KEY])
    body = _payload(chance, _some_claims(chance, number))
    head = _header(chance, key)
    text = signed(f"{encoded(head)}.{encoded(body)}", signer, ALGORITHM_OF[str(signer.key_type)])
    match chance.randrange(10):
        case 0:
            at = chance.randrange(len(text))
            return text[:at] + chance.choice("Aa0_-.=+/ ~") + text[at + chance.randrange(2) :]
        case 1:
            parts = text.split(".")
            part = chance.randrange(3)
            parts[part] = chance.choice([parts[part] + "=", "", parts[part][:-1], parts[part] * 2])
            return ".".join(parts)
        case _:
            return text


async def _compare(verifier: AccessTokenVerifier, seed: int, mutants: int) -> tuple[int, list[str]]:
    """Return how many were accepted by both, and the tokens over which they differ."""
    chance, profile = random.Random(seed), _profile()
    accepted, differing = 0, []
    for number in range(mutants):
        mutant = _mutant(chance, number)
        expected = is_acceptable(mutant, profile, clock.epoch_seconds())
        try:
            await verifier.verify(mutant)
            found = True
        except AccessTokenError:
            found = False
        accepted += found and expected
        if found is not expected:
            differing.append(mutant)
    return accepted, differing


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look at one instant; a token that ends between the two looks would differ."""
    now = clock.epoch_seconds()
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now)


async def test_verifier_and_oracle_agree(verifier: AccessTokenVerifier) -> None:
    accepted, differing = await _compare(verifier, 20261122, 2_000)
    assert differing == []
    assert accepted > 200  # refusing everything would agree with nobody


@pytest.mark.soak
@pytest.mark.timeout(14_400)
async def test_verifier_and_oracle_agree_for_long(verifier: AccessTokenVerifier) -> None:
    accepted, differing = await _compare(verifier, 1, 100_000)
    assert differing == []
    assert accepted > 10_000


@pytest.mark.parametrize(
    ("name", "careless"),
    [
        ("_check_signature", lambda *_: None),
        ("_read_header", lambda header: (header["alg"], header["kid"])),
        ("parse_strictly", json.loads),
    ],
)
async def test_a_careless_verifier_would_be_noticed(
    verifier: AccessTokenVerifier,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    careless: Callable[..., Any],
) -> None:
    """Planted twins of the test above."""
    monkeypatch.setattr(access_token, name, careless)
    try:
        _, differing = await _compare(verifier, 20261122, 2_000)
    except (KeyError, TypeError, ValueError):
        return  # it broke on a mutant instead of refusing it: noticed as well
    assert differing


def test_the_oracle_accepts_what_is_good() -> None:
    now, profile = clock.epoch_seconds(), _profile()
    for key in KEYS:
        assert is_acceptable(sign(good_claims(), key), profile, now)
        assert not is_acceptable(sign(good_claims(exp=now), key), profile, now)
