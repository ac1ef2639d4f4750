"""Logout tokens (TK-48): one form is good, once; whatever differs from it ends nobody's session."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from gateway.identity import logout_token
from gateway.identity.logout_token import EVENT, LogoutNotice, LogoutTokenVerifier
from infra import clock
from tests.fixtures.token_issuer import (
    AUDIENCE,
    EC_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    TokenIssuer,
    encoded,
    sign,
)

CONSOLE = "goldenthread-console"


@pytest_asyncio.fixture
async def verifier() -> AsyncIterator[LogoutTokenVerifier]:
    async with TokenIssuer().listening() as issuer:
        made = LogoutTokenVerifier([issuer.settings()], CONSOLE)
        yield made
        await made.close()


def claims(**changes: Any) -> dict[str, Any]:
    """Return claims that end a session, with changes (`...` takes one away, a call is made)."""
    now = clock.epoch_seconds()
    good = {
        "iss": ISSUER, "aud": CONSOLE, "iat": now, "exp": now + 120, "jti": "a-1",
        "sub": "persona:officer", "sid": "s-1", "events": {EVENT: {}}, **changes,
    }  # fmt: skip
    said = {name: value() if callable(value) else value for name, value in good.items()}
    return {name: value for name, value in said.items() if value is not ...}


def signed(key: Any = RSA_KEY, header: Any = None, **changes: Any) -> str:
    head = {"typ": "logout+jwt", **(header or {})} if not isinstance(header, bytes) else header
    return sign(claims(**changes), key, head)


@pytest.mark.parametrize(
    ("token", "notice"),
    [
        ({}, ("persona:officer", "s-1")),
        ({"sid": ...}, ("persona:officer", None)),
        ({"sub": ...}, (None, "s-1")),
        ({"aud": [CONSOLE]}, ("persona:officer", "s-1")),
        ({"header": {"typ": "JWT"}}, ("persona:officer", "s-1")),
        ({"header": {"typ": ...}}, ("persona:officer", "s-1")),
        ({"key": EC_KEY}, ("persona:officer", "s-1")),
    ],
    ids=["both", "subject", "sid", "list", "JWT", "no type", "EC"],
)
async def test_a_good_token_says_whose_session_ends(
    verifier: LogoutTokenVerifier, token: dict[str, Any], notice: tuple[str | None, str | None]
) -> None:
    assert await verifier.verify(signed(**token)) == LogoutNotice(ISSUER, *notice)


def moment(seconds: int) -> Callable[[], int]:
    """Return what says a moment so far from now, whenever in a long run that is asked."""
    return lambda: clock.epoch_seconds() + seconds


BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://other.example"},
    "no issuer": {"iss": ...},
    "an issuer that is a list": {"iss": [ISSUER]},
    "the API's audience": {"aud": AUDIENCE},
    "two audiences": {"aud": [CONSOLE, "other"]},
    "no audience": {"aud": ...},
    "a nonce, as id tokens have": {"nonce": "n"},
    "a nonce that is null": {"nonce": None},
    "no event": {"events": ...},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {EVENT: True}},
    "events that are a list": {"events": [EVENT]},
    "nobody": {"sub": ..., "sid": ...},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 5},
    "a sid that is a list": {"sid": ["s-1"]},
    "a sid too long": {"sid": "s" * 300},
    "no jti": {"jti": ...},
    "an empty jti": {"jti": ""},
    "ended": {"iat": moment(-200), "exp": moment(-1)},
    "no end": {"exp": ...},
    "an end as text": {"exp": lambda: str(moment(100)())},
    "an end as a fraction": {"exp": lambda: moment(100)() + 0.5},
    "an end that is true": {"exp": True},
    "too long a life": {"exp": moment(3_000)},
    "from the future": {"iat": moment(900), "exp": moment(1_000)},
    "no beginning": {"iat": ...},
    "ends before it begins": {"iat": moment(9), "exp": moment(9)},
    "another's key": {"key": OTHER_RSA_KEY},
    "an access token's type": {"header": {"typ": "at+jwt"}},
    "no key id": {"header": {"kid": ...}},
    "a key inside": {"header": {"jwk": {"kty": "RSA"}}},
    "crit": {"header": {"crit": ["exp"]}},
    "unsigned": {"header": {"alg": "none"}},
    "an algorithm of another key": {"header": {"alg": "ES256"}},
    "a shared secret": {"header": {"alg": "HS256"}},
}


@pytest.mark.parametrize("name", BAD)
async def test_any_other_token_ends_nothing(verifier: LogoutTokenVerifier, name: str) -> None:
    assert await verifier.verify(signed(**BAD[name])) is None


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "a.b.c.d", "x" * 9_000, "é.é.é"])
async def test_no_token_at_all_ends_nothing(verifier: LogoutTokenVerifier, text: str) -> None:
    assert await verifier.verify(text) is None


async def test_a_claim_twice_a_changed_signature_and_no_json_end_nothing(
    verifier: LogoutTokenVerifier,
) -> None:
    twice = b'{"iss": "' + ISSUER.encode() + b'", "sub": "a", "sub": "b"}'
    assert await verifier.verify(sign(twice, RSA_KEY, {"typ": "logout+jwt"})) is None
    assert await verifier.verify(sign(b"[1]", RSA_KEY, {"typ": "logout+jwt"})) is None
    head, body, _ = signed().split(".")
    assert await verifier.verify(f"{head}.{body}.{encoded(b'x' * 256)}") is None


async def test_a_token_is_good_once(
    verifier: LogoutTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed()
    assert await verifier.verify(token) is not None
    assert await verifier.verify(token) is None
    assert await verifier.verify(signed(jti="a-2")) is not None
    monkeypatch.setattr(logout_token, "_MAX_USED", 2)
    for number in range(5):
        assert await verifier.verify(signed(jti=f"b-{number}")) is not None
    assert len(verifier._used) == 2


async def test_an_unknown_issuer_is_never_asked(verifier: LogoutTokenVerifier) -> None:
    """Whoever sends a token decides about no address that is called."""
    token = signed(iss="https://other.example", header={"kid": "unknown"})
    assert await verifier.verify(token) is None
    (source,) = [source for _, source in verifier._issuers.values()]
    assert source._tried_at == float("-inf")


@pytest.mark.parametrize("name", ["a nonce, as id tokens have", "two audiences", "ended"])
async def test_a_verifier_that_reads_no_claims_would_be_noticed(
    verifier: LogoutTokenVerifier, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Planted twin: the signature is all that it looks at."""
    believing = LogoutNotice(ISSUER, "persona:officer", None)
    monkeypatch.setattr(logout_token, "_read_claims", lambda *_: believing)
    with pytest.raises(AssertionError):
        await test_any_other_token_ends_nothing(verifier, name)
