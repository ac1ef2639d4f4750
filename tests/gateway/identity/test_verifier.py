"""Whom a verifier asks about which token, what it remembers, and for how long: without a network.

What the issuers would answer is in the tests' hands; form, key and signature are true.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.identity import AccessTokenError, AccessTokenVerifier, access_token
from gateway.identity.access_token import MAX_TOKEN_CHARACTERS
from gateway.identity.claims import Confirmation, VerifiedAccessToken
from gateway.identity.issuers import IntrospectionSettings, IssuerSettings
from gateway.identity.key_set import MAX_KEY_ID_LENGTH, VerificationKey, parse_key_set
from infra import clock
from infra.settings import Secret
from tests.fixtures.token_issuer import (
    AUDIENCE,
    ED_KEY,
    ISSUER,
    RSA_KEY,
    encoded,
    good_claims,
    public,
    sign,
    token,
)

OPAQUE = "an-opaque-token-of-some-length"
OTHER = "https://opaque.example"


@dataclass(slots=True)
class Outside:
    """What is beyond the verifier: keys by issuer, and what is said of tokens shown to an issuer.

    Attributes:
        keys: key sets by issuer.
        shown: tokens that an issuer was asked about.
        asked_for: key ids that were looked for among an issuer's keys.
        closed: who was taken leave of.
    """

    keys: dict[str, dict[str, VerificationKey]] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def said_of(issuer: str) -> VerifiedAccessToken:
    """Return what an issuer says of every token that it is shown."""
    return VerifiedAccessToken(
        issuer, "asked", "app", (), clock.epoch_seconds() + 60, None, None, Confirmation()
    )


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Stand in for key sets and introspection."""
    all_keys = json.dumps({"keys": [public(RSA_KEY), public(ED_KEY)]}).encode()
    there = Outside({ISSUER: dict(parse_key_set(all_keys)), OTHER: {}})

    class Keys:
        def __init__(self, issuer: IssuerSettings) -> None:
            assert issuer.jwks_uri
            self._name = issuer.issuer

        async def find(self, kid: str) -> VerificationKey | None:
            there.asked_for.append(kid)
            return there.keys[self._name].get(kid)

        async def still_has(self, kid: str, thumbprint: str) -> bool:
            found = there.keys[self._name].get(kid)
            return found is not None and found.thumbprint == thumbprint

        async def has_keys(self) -> bool:
            return bool(there.keys[self._name])

        async def close(self) -> None:
            there.closed.append(self._name)

    class Asked:
        def __init__(self, issuer: IssuerSettings) -> None:
            assert issuer.introspection
            self._name = issuer.alias

        async def verify(self, text: str) -> VerifiedAccessToken:
            there.shown.append(text)
            return said_of(self._name)

        async def close(self) -> None:
            there.closed.append(self._name)

    monkeypatch.setattr(access_token, "KeySource", Keys)
    monkeypatch.setattr(access_token, "Introspection", Asked)
    return there


def keyed(**changes: Any) -> IssuerSettings:
    """Return an issuer with keys."""
    given: dict[str, Any] = {
        "alias": "dev", "issuer": ISSUER, "jwks_uri": "https://issuer.example/keys",
        "audience": AUDIENCE, "algorithms": frozenset({"RS256", "EdDSA"}), **changes,
    }  # fmt: skip
    return IssuerSettings(**given)


def asked(**changes: Any) -> IssuerSettings:
    """Return an issuer that is asked about tokens, and has no keys unless stated."""
    how = IntrospectionSettings("https://opaque.example/ask", "gateway", Secret("s"))
    given = {"alias": "opaque", "issuer": OTHER, "jwks_uri": "", "introspection": how}
    return keyed(**{**given, **changes})


async def verified(verifier: AccessTokenVerifier, text: str) -> VerifiedAccessToken | None:
    """Return what a token says, or None where it is refused."""
    try:
        return await verifier.verify(text)
    except AccessTokenError:
        return None


async def test_an_opaque_token_is_shown_to_the_issuer_that_reads_it(outside: Outside) -> None:
    verifier = AccessTokenVerifier([keyed(), asked()])
    found = await verified(verifier, OPAQUE)
    assert found is not None
    assert found.issuer_alias == "opaque"
    signed = await verified(verifier, token())
    assert signed is not None
    assert signed.issuer_alias == "dev"
    assert outside.shown == [OPAQUE]


async def test_without_such_an_issuer_an_opaque_token_is_refused(outside: Outside) -> None:
    verifier = AccessTokenVerifier([keyed()])
    assert await verified(verifier, OPAQUE) is None
    assert outside.asked_for == []


async def test_a_signed_token_is_shown_to_its_issuer_alone(outside: Outside) -> None:
    """Not those of an issuer with keys, and of the one without keys only its own."""
    verifier = AccessTokenVerifier([keyed(), asked()])
    mine = token(iss=OTHER)
    assert await verified(verifier, mine) is not None
    assert outside.shown == [mine]
    for text in (token(iss="https://third.example"), token(iss=None), sign(b"[]"), sign(b"7")):
        assert await verified(verifier, text) is None
    assert outside.shown == [mine]


async def test_an_issuer_with_keys_reads_its_signed_tokens_by_them(outside: Outside) -> None:
    """One that is asked about opaque tokens may sign others."""
    outside.keys[OTHER] = {str(ED_KEY.kid): outside.keys[ISSUER][str(ED_KEY.kid)]}
    verifier = AccessTokenVerifier([keyed(), asked(jwks_uri="https://opaque.example/keys")])
    assert await verified(verifier, token(ED_KEY, iss=OTHER)) is not None
    assert await verified(verifier, token(RSA_KEY, iss=OTHER)) is None
    assert await verified(verifier, token(iss=...)) is None
    assert await verified(verifier, token(iss=None)) is None
    assert outside.shown == []
    assert await verified(verifier, OPAQUE) is not None
    assert outside.shown == [OPAQUE]


async def test_no_key_is_looked_for_before_form_issuer_and_algorithm_are_right(
    outside: Outside,
) -> None:
    verifier = AccessTokenVerifier([keyed()])
    for text in (
        sign(good_claims(), RSA_KEY, {"typ": "JWT"}),
        sign(good_claims(), RSA_KEY, {"more": 1}),
        sign(good_claims(), RSA_KEY, {"kid": "k" * (MAX_KEY_ID_LENGTH + 1)}),
        sign(good_claims(), RSA_KEY, {"kid": ""}),
        sign(good_claims(), RSA_KEY, {"kid": 7}),
        sign(good_claims(), RSA_KEY, {"alg": "ES256"}),
        sign(good_claims(), RSA_KEY, {"alg": 7}),
        sign(good_claims(), RSA_KEY, {"alg": ["RS256"]}),
        sign(good_claims(), RSA_KEY, {"alg": {}}),
        token(iss=OTHER),
        token(iss=7),
    ):
        assert await verified(verifier, text) is None
    assert outside.asked_for == []
    for kid in ("k", "k" * 200):
        assert await verified(verifier, sign(good_claims(), RSA_KEY, {"kid": kid})) is None
    assert outside.asked_for == ["k", "k" * 200]


async def test_a_key_serves_its_own_algorithms_alone(outside: Outside) -> None:
    """The issuer is pinned to both; the key that the token names is for one of them."""
    verifier = AccessTokenVerifier([keyed()])
    checked: list[str] = []
    real = access_token._check_signature

    def noted(text: str, key: VerificationKey, algorithm: str) -> None:
        checked.append(algorithm)
        real(text, key, algorithm)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            access_token,
            "_check_signature",
            noted,
        )
        assert await verified(verifier, sign(good_claims(), RSA_KEY, {"alg": "EdDSA"})) is None
        assert await verified(verifier, token()) is not None
    assert checked == ["RS256"]
    assert len(outside.asked_for) == 2


async def test_the_longest_token_is_read_and_a_longer_one_is_not(outside: Outside) -> None:
    verifier = AccessTokenVerifier([keyed(), asked()])
    assert await verified(verifier, "." * MAX_TOKEN_CHARACTERS) is not None
    assert await verified(verifier, "." * (MAX_TOKEN_CHARACTERS + 1)) is None
    assert [len(each) for each in outside.shown] == [MAX_TOKEN_CHARACTERS]


async def test_a_token_that_passed_is_not_verified_twice(outside: Outside) -> None:
    verifier = AccessTokenVerifier([keyed()])
    text = token()
    first = await verified(verifier, text)
    assert first is not None
    assert await verified(verifier, text) == first
    assert len(outside.asked_for) == 1
    assert await verified(verifier, token(jti="another")) is not None
    assert len(outside.asked_for) == 2


async def test_a_remembered_token_lasts_no_longer_than_its_key(outside: Outside) -> None:
    """Gone, or another key under its id; and it is verified afresh when the key is back."""
    verifier = AccessTokenVerifier([keyed()])
    text, kid = token(), str(RSA_KEY.kid)
    true = outside.keys[ISSUER][kid]
    for other in (None, outside.keys[ISSUER][str(ED_KEY.kid)]):
        assert await verified(verifier, text) is not None
        before = len(outside.asked_for)
        if other is None:
            del outside.keys[ISSUER][kid]
        else:
            outside.keys[ISSUER][kid] = other
        assert await verified(verifier, text) is None
        outside.keys[ISSUER][kid] = true
        assert await verified(verifier, text) is not None
        assert len(outside.asked_for) == before + 1


async def test_a_remembered_token_ends_at_its_last_second(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = AccessTokenVerifier([keyed()])
    now = clock.epoch_seconds()
    text = token(iat=now, exp=now + 60)
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now + 59)
    assert await verified(verifier, text) is not None
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now + 60)
    assert await verified(verifier, text) is None
    assert not verifier._remembered, "what has ended is kept"
    assert len(outside.asked_for) == 1


async def test_memory_forgets_the_oldest_first(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "_REMEMBERED_TOKENS", 2)
    verifier = AccessTokenVerifier([keyed()])
    texts = [token(ED_KEY, jti=name) for name in ("a", "b", "c")]
    for text in texts:
        assert await verified(verifier, text) is not None
    for text in (texts[2], texts[1]):
        assert await verified(verifier, text) is not None
    assert len(outside.asked_for) == 3
    assert await verified(verifier, texts[0]) is not None
    assert len(outside.asked_for) == 4


async def test_tokens_can_be_checked_with_keys_of_one_issuer_or_by_asking(outside: Outside) -> None:
    third = keyed(alias="third", issuer="https://third.example")
    outside.keys[third.issuer] = {}
    assert await AccessTokenVerifier([keyed(), third]).has_keys() is True
    assert await AccessTokenVerifier([third]).has_keys() is False
    assert await AccessTokenVerifier([asked()]).has_keys() is True
    assert await AccessTokenVerifier([third, asked()]).has_keys() is True


async def test_whoever_is_asked_is_taken_leave_of(outside: Outside) -> None:
    await AccessTokenVerifier([keyed(), asked()]).close()
    assert outside.closed == [ISSUER, "opaque"]
    await AccessTokenVerifier([keyed()]).close()
    assert outside.closed == [ISSUER, "opaque", ISSUER]


@pytest.mark.parametrize("part", ["a", "4pyT", encoded(b'{"a":1,"a":2}'), encoded(b"\xff")])
async def test_a_part_that_cannot_be_read_is_a_refusal_and_no_fault(
    outside: Outside, part: str
) -> None:
    head, body, signature = token().split(".")
    verifier = AccessTokenVerifier([keyed(), asked()])
    assert await verified(verifier, f"{part}.{body}.{signature}") is None
    assert await verified(verifier, f"{head}.{part}.{signature}") is None
    assert outside.asked_for == []


async def test_a_memory_that_outlives_its_key_would_be_seen(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: the memory believes in a key that is gone."""

    async def yes(*_: object) -> bool:
        return True

    monkeypatch.setattr(f"{access_token.__name__}.KeySource.still_has", yes)
    verifier = AccessTokenVerifier([keyed()])
    text = token()
    assert await verified(verifier, text) is not None
    outside.keys[ISSUER].clear()
    assert await verified(verifier, text) is not None
