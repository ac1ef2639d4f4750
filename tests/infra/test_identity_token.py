"""Internal tokens: who signed, for whom, for how long, and what is refused."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from infra import clock, identity_token
from infra.identity_token import (
    ALGORITHM,
    GATEWAY_ISSUER,
    MAX_LIFETIME_SECONDS,
    TOKEN_TYPE,
    Caller,
    IdentityTokenError,
    TokenMinter,
    TokenVerifier,
)
from infra.signing_keys import SigningKeys, VerificationKeys
from infra.vocabulary import Category, Form, Purpose, Role

FROM_GATEWAY = frozenset({GATEWAY_ISSUER})
AUDIENCE = "participants"
CALLER = Caller(
    subject="dev|officer",
    agency_id="agency",
    site_id="site",
    grant_id="grant",
    role=Role.SVC,
    purpose=Purpose.TREAT,
    access=MappingProxyType({Category.SUD: "r", Category.LEGAL_COORD: "a|rc"}),
    forms=MappingProxyType({Category.LEGAL_COORD: Form.SUMMARY}),
    aggregates=frozenset({Category.HOUSING}),
    min_revision=17,
    permit="permit",
    service_field="SUD",
    is_liaison=True,
    policy_version="7",
)


@dataclass
class Programs:
    """The keys of two programs and the public folder that both publish in."""

    gateway: SigningKeys
    cases: SigningKeys
    public_dir: Path

    def verifier(self, audience: str = AUDIENCE) -> TokenVerifier:
        return TokenVerifier(VerificationKeys(self.public_dir), audience)

    def sign(self, keys: SigningKeys | None = None, header: Any = None, **claims: Any) -> str:
        """Return a token with single claims or header fields changed (None leaves one out)."""
        key = (keys or self.gateway).current()
        now = clock.epoch_seconds()
        body = {
            "iss": GATEWAY_ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 30,
            "sub": "dev|officer",
            **claims,
        }
        head = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid, **(header or {})}
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None},
            {name: value for name, value in body.items() if value is not None},
            key.private,
            algorithms=[ALGORITHM],
        )


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    public_dir = tmp_path / "public"
    return Programs(
        SigningKeys(GATEWAY_ISSUER, tmp_path / "gateway", public_dir),
        SigningKeys("cases", tmp_path / "cases", public_dir),
        public_dir,
    )


def assert_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(IdentityTokenError):
        verifier.verify(token, FROM_GATEWAY)


def test_a_caller_arrives_as_it_was_sent(programs: Programs) -> None:
    token = TokenMinter(programs.gateway).for_caller(CALLER, AUDIENCE)
    assert programs.verifier().verify(token, FROM_GATEWAY).caller() == CALLER


def test_a_service_speaks_for_itself_and_is_no_caller(programs: Programs) -> None:
    token = TokenMinter(programs.cases).for_service("consent")
    verified = programs.verifier("consent").verify(token, frozenset({"cases"}))
    assert (verified.issuer, verified.claims["sub"]) == ("cases", "service:cases")
    with pytest.raises(IdentityTokenError):
        verified.caller()


def test_a_lifetime_is_never_longer_than_a_minute(programs: Programs) -> None:
    token = TokenMinter(programs.gateway).for_caller(CALLER, AUDIENCE, lifetime_seconds=3600)
    verified = programs.verifier().verify(token, FROM_GATEWAY)
    assert verified.expires_at - clock.epoch_seconds() <= MAX_LIFETIME_SECONDS


def assert_only_its_audience_accepts(verifier: TokenVerifier, programs: Programs) -> None:
    assert_refused(verifier, TokenMinter(programs.gateway).for_caller(CALLER, "training"))
    for other in ([AUDIENCE], ["training", AUDIENCE], "", None):
        assert_refused(verifier, programs.sign(aud=other))


def test_a_token_for_another_program_is_refused(programs: Programs) -> None:
    assert_only_its_audience_accepts(programs.verifier(), programs)


class _EqualToAll:
    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False

    __hash__ = object.__hash__


def test_a_verifier_that_skips_the_audience_is_caught(programs: Programs) -> None:
    careless: Any = _EqualToAll()
    with pytest.raises(pytest.fail.Exception):
        assert_only_its_audience_accepts(programs.verifier(careless), programs)


def assert_time_ends_it(programs: Programs, move_clock: Callable[[int], None]) -> None:
    verifier, token = programs.verifier(), programs.sign()
    verifier.verify(token, FROM_GATEWAY)  # remembered from here on
    move_clock(31)
    assert_refused(verifier, token)
    assert_refused(programs.verifier(), token)


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    right = clock.epoch_seconds

    def move(seconds: int) -> None:
        monkeypatch.setattr(clock, "epoch_seconds", lambda: right() + seconds)

    return move


def test_an_expired_token_is_refused_also_when_remembered(
    programs: Programs, move_clock: Callable[[int], None]
) -> None:
    assert_time_ends_it(programs, move_clock)


def test_a_verifier_without_a_clock_is_caught(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_clock(_seconds: int) -> None:
        monkeypatch.setattr(clock, "epoch_seconds", lambda: 0)

    with pytest.raises(pytest.fail.Exception):
        assert_time_ends_it(programs, stop_clock)


def assert_keys_belong_to_their_issuer(programs: Programs) -> None:
    """A service cannot pose as the gateway, though everybody trusts its key for itself."""
    assert_refused(programs.verifier(), programs.sign(programs.cases))


def test_a_key_of_another_issuer_is_refused(programs: Programs) -> None:
    assert_keys_belong_to_their_issuer(programs)


def test_a_verifier_that_trusts_any_known_key_is_caught(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VerificationKeys, "belongs_to", lambda *_: True)
    with pytest.raises(pytest.fail.Exception):
        assert_keys_belong_to_their_issuer(programs)


def test_an_issuer_that_may_not_call_here_is_refused_also_when_remembered(
    programs: Programs,
) -> None:
    verifier, token = programs.verifier(), programs.sign(programs.cases, iss="cases")
    verifier.verify(token, frozenset({"cases"}))
    assert_refused(verifier, token)


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_unsigned_and_symmetric_tokens_are_refused(programs: Programs) -> None:
    good = programs.sign()
    head, body, _ = good.split(".")
    unsigned = _segment({"alg": "none", "typ": TOKEN_TYPE, "kid": programs.gateway.current().kid})
    assert_refused(programs.verifier(), f"{unsigned}.{body}.")
    assert_refused(programs.verifier(), f"{head}.{body}.")
    # The public key as an HMAC secret: the classic confusion of algorithms.
    public = json.dumps(programs.gateway.current().private.as_dict(private=False))
    header = {"alg": "HS256", "typ": TOKEN_TYPE, "kid": programs.gateway.current().kid}
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = jwt.encode(header, claims, OctKey.import_key(public), algorithms=["HS256"])
    assert_refused(programs.verifier(), forged)


def test_a_key_that_nobody_published_is_refused(programs: Programs) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    now = clock.epoch_seconds()
    for kid in ("unknown", programs.gateway.current().kid):
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": kid}
        claims = {"iss": GATEWAY_ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 30}
        token = jwt.encode(header, claims, stranger, algorithms=[ALGORITHM])
        assert_refused(programs.verifier(), token)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "JWT"}, {}),
        ({"typ": None}, {}),
        ({"kid": None}, {}),
        ({}, {"iss": None}),
        ({}, {"iss": ["gateway"]}),
        ({}, {"exp": None}),
        ({}, {"iat": None}),
        ({}, {"exp": 9_999_999_999}),
        ({}, {"exp": 9_999_999_999.5}),
        ({}, {"iat": True}),
        ({}, {"iat": 0}),
        ({}, {"iat": 9_999_999_990, "exp": 9_999_999_999}),
    ],
    ids=str,
)
def test_a_misshapen_token_is_refused(programs: Programs, header: Any, claims: Any) -> None:
    assert_refused(programs.verifier(), programs.sign(header=header, **claims))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "é.é.é", "a" * 100_000])
def test_what_is_no_token_is_refused(programs: Programs, token: str) -> None:
    assert_refused(programs.verifier(), token)


def test_every_changed_character_of_the_body_is_found(programs: Programs) -> None:
    head, body, signature = programs.sign().split(".")
    for place in range(0, len(body), 7):
        other = "A" if body[place] != "A" else "B"
        changed = f"{body[:place]}{other}{body[place + 1 :]}"
        assert_refused(programs.verifier(), f"{head}.{changed}.{signature}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "KING"},
        {"purpose": "FUN"},
        {"access": {"GOSSIP": "r"}},
        {"access": ["SUD"]},
        {"forms": {"SUD": "WHOLE"}},
        {"aggregates": ["GOSSIP"]},
        {"min_revision": "many"},
        {"agency": None},
    ],
    ids=str,
)
def test_claims_with_unknown_words_describe_nobody(programs: Programs, wrong: Any) -> None:
    claims: dict[str, Any] = {
        "agency": "a",
        "site": "s",
        "grant": "g",
        "role": "CM",
        "access": {},
        "min_revision": 0,
    }
    good = programs.verifier().verify(programs.sign(**claims), FROM_GATEWAY)
    assert good.caller().role is Role.CM
    bad = programs.verifier().verify(programs.sign(**claims | wrong), FROM_GATEWAY)
    with pytest.raises(IdentityTokenError):
        bad.caller()


def test_the_memory_of_verified_tokens_is_bounded(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_token, "_VERIFIED_CACHE_SIZE", 3)
    verifier = programs.verifier()
    for _ in range(6):
        verifier.verify(programs.sign(jti=str(_)), FROM_GATEWAY)
    assert len(verifier._verified) == 3


def test_tokens_that_have_ended_are_not_remembered(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change has a token of its own: a busy hour would leave thousands of them behind."""
    verifier, begun = programs.verifier(), clock.epoch_seconds()
    monkeypatch.setattr(clock, "epoch_seconds", lambda: begun)
    for number in range(5):
        verifier.verify(programs.sign(jti=str(number)), FROM_GATEWAY)
    assert len(verifier._verified) == 5
    monkeypatch.setattr(clock, "epoch_seconds", lambda: begun + MAX_LIFETIME_SECONDS)
    now = clock.epoch_seconds()
    lasting = programs.sign(iat=now, exp=now + MAX_LIFETIME_SECONDS)
    verifier.verify(lasting, FROM_GATEWAY)
    assert list(verifier._verified) == [lasting]


def test_a_token_made_while_the_clock_was_ahead_is_made_anew(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be sent, and refused, for as long as the clock had been ahead."""
    minter, now = TokenMinter(programs.cases), clock.epoch_seconds()
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now + 3600)
    early = minter.for_service("consent")
    assert minter.for_service("consent") == early
    monkeypatch.setattr(clock, "epoch_seconds", lambda: now)
    assert minter.for_service("consent") != early
