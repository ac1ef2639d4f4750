"""Thousands of tokens, each changed in one place: not one of them gets in."""

import base64
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from joserfc.jwk import Key

from gateway.identity import AccessTokenError, AccessTokenVerifier
from tests.fixtures.token_issuer import (
    EC_KEY,
    ED_KEY,
    RSA_KEY,
    TokenIssuer,
    encoded,
    good_claims,
    sign,
    signed,
)

MUTANTS = 3000
_KEYS: list[Key] = [RSA_KEY, EC_KEY, ED_KEY]
_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1e300, "", " ", "none", "HS256", "admin", [], {}, ["x"], 2**63,
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verifier() -> AsyncIterator[AccessTokenVerifier]:
    async with TokenIssuer().listening() as issuer:
        made = AccessTokenVerifier([issuer.settings()])
        yield made
        await made.close()


def _changed_text(chance: random.Random, good: str) -> str:
    """Change characters of a signed token; the signature no longer fits."""
    at = chance.randrange(len(good))
    match chance.randrange(4):
        case 0:
            return good[:at] + good[at + 1 :]
        case 1:
            return good[:at] + chance.choice("Aa0_-.=+/ \n") + good[at:]
        case 2:
            return good[:at] + chance.choice("Aa0_-.") + good[at + 1 :]
        case _:
            return good[:at] + good[at:].swapcase()


def _changed_header(chance: random.Random, claims: dict[str, Any]) -> str:
    """Change or add one header member, and sign what came of it."""
    key = chance.choice(_KEYS)
    name = chance.choice(["alg", "typ", "kid", "crit", "jwk", "jku", "b64", "x5c", "zip"])
    return sign(claims, key, {name: chance.choice(_VALUES)})


def _changed_claim(chance: random.Random, claims: dict[str, Any]) -> str:
    """Give one required claim a value that it must not have, and sign it."""
    name = chance.choice(["iss", "aud", "exp", "iat", "sub", "jti", "client_id"])
    bad = [value for value in _VALUES if not _is_good(name, value)]
    return sign({**claims, name: chance.choice(bad)}, chance.choice(_KEYS))


def _is_good(name: str, value: Any) -> bool:
    is_text = isinstance(value, str) and value != "" and value != " "
    return name in ("sub", "jti", "client_id") and is_text


def _reserialised(chance: random.Random, good: str) -> str:
    """Write the payload's JSON anew without signing it."""
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = f"persona:{chance.random()}"
    return f"{head}.{encoded(json.dumps(claims).encode())}.{signature}"


async def test_no_mutant_gets_in(verifier: AccessTokenVerifier) -> None:
    chance = random.Random(20261122)
    wrongly_accepted: list[str] = []
    good = sign(good_claims())
    for number in range(MUTANTS):
        claims = good_claims(jti=f"m{number}")
        match number % 8:
            case 0:
                mutant = _changed_header(chance, claims)
            case 1:
                mutant = _changed_claim(chance, claims)
            case 2:
                mutant = _reserialised(chance, good)
            case _:
                mutant = _changed_text(chance, good)
        if mutant == good:
            continue
        try:
            await verifier.verify(mutant)
        except AccessTokenError:
            continue
        wrongly_accepted.append(mutant)
    assert wrongly_accepted == []
    assert (await verifier.verify(good)).subject == "persona:officer"


async def test_signature_over_another_key_of_the_set_is_no_substitute(
    verifier: AccessTokenVerifier,
) -> None:
    """Each key verifies its own algorithm alone, whatever the header says."""
    body = encoded(json.dumps(good_claims()).encode())
    for key, algorithm in ((RSA_KEY, "RS256"), (EC_KEY, "ES256"), (ED_KEY, "EdDSA")):
        for other in (RSA_KEY, EC_KEY, ED_KEY):
            head = json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": other.kid}).encode()
            text = signed(f"{encoded(head)}.{body}", key, algorithm)
            try:
                await verifier.verify(text)
                accepted = True
            except AccessTokenError:
                accepted = False
            assert accepted is (key is other)
