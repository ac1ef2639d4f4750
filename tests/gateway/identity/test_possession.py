"""Bound tokens: only who has the key or the certificate can use them (TK-27 to TK-34)."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.identity import AccessTokenError, DpopNonceError, IssuerSettings, VerifiedAccessToken
from gateway.identity import dpop as dpop_module
from gateway.identity.claims import Confirmation, read_claims
from gateway.identity.possession import Possession, PossessionCheck, read_certificate
from infra import clock
from tests.fixtures.token_issuer import AUDIENCE, ISSUER, good_claims, public, sign

URL = "https://gateway.example"
TOKEN = "an.access.token"
KEY = ECKey.generate_key("P-256")
OTHER_KEY = ECKey.generate_key("P-256")
ISSUER_SETTINGS = IssuerSettings(
    alias="dev",
    issuer=ISSUER,
    jwks_uri="https://issuer.example/jwks",
    audience=AUDIENCE,
    algorithms=frozenset({"ES256"}),
)


def thumbprint(certificate: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()


def verified(**bound_to: str) -> VerifiedAccessToken:
    token = read_claims(good_claims(), ISSUER_SETTINGS, clock.epoch_seconds())
    return replace(token, confirmation=Confirmation(**bound_to))


BOUND = verified(key=KEY.thumbprint())


def proof(key: ECKey = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a proof that is right but for its nonce, with changes (`...` takes away)."""
    digest = hashlib.sha256(TOKEN.encode()).digest()
    claims = {
        "jti": "proof-1",
        "htm": "POST",
        "htu": f"{URL}/graphql",
        "iat": clock.epoch_seconds(),
        "ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not ...}
    head = {"typ": "dpop+jwt", "kid": ..., "jwk": public(key), **(header or {})}
    return sign(claims, key, head)


def shown(*proofs: str, scheme: str = "dpop") -> Possession:
    return Possession(scheme, "POST", "/graphql", proofs)


def nonce_of(check: PossessionCheck, token: VerifiedAccessToken = BOUND) -> str:
    """Return the nonce that the gateway asks for."""
    with pytest.raises(DpopNonceError) as wanted:
        check.check(token, TOKEN, shown(proof()))
    return wanted.value.nonce


def accepts(
    check: PossessionCheck, possession: Possession, token: VerifiedAccessToken = BOUND
) -> bool:
    try:
        check.check(token, TOKEN, possession)
    except AccessTokenError:
        return False
    return True


@pytest.fixture
def check() -> PossessionCheck:
    return PossessionCheck(URL, [ISSUER_SETTINGS])


def test_proof_with_the_nonce_of_the_gateway_is_accepted(check: PossessionCheck) -> None:
    """TK-33."""
    nonce = nonce_of(check)
    assert accepts(check, shown(proof(nonce=nonce)))
    assert accepts(check, shown(proof(nonce=nonce, jti="proof-2")))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("TK-28 another key", lambda n: shown(proof(OTHER_KEY, nonce=n))),
        (
            "TK-28 another key in the header",
            lambda n: shown(proof(OTHER_KEY, {"jwk": public(KEY)}, nonce=n)),
        ),
        ("TK-29 method", lambda n: shown(proof(nonce=n, htm="GET"))),
        ("TK-29 method in another case", lambda n: shown(proof(nonce=n, htm="post"))),
        ("TK-29 port", lambda n: shown(proof(nonce=n, htu=f"{URL}:8443/graphql"))),
        ("TK-29 path", lambda n: shown(proof(nonce=n, htu=f"{URL}/console"))),
        ("TK-29 host", lambda n: shown(proof(nonce=n, htu="https://other.example/graphql"))),
        ("TK-29 query", lambda n: shown(proof(nonce=n, htu=f"{URL}/graphql?x=1"))),
        ("TK-30 for another token", lambda n: shown(proof(nonce=n, ath=thumbprint(b"other")))),
        ("TK-30 for no token", lambda n: shown(proof(nonce=n, ath=...))),
        ("TK-32 from the future", lambda n: shown(proof(nonce=n, iat=clock.epoch_seconds() + 60))),
        ("TK-32 time as text", lambda n: shown(proof(nonce=n, iat=str(clock.epoch_seconds())))),
        ("no id", lambda n: shown(proof(nonce=n, jti=...))),
        ("long id", lambda n: shown(proof(nonce=n, jti="x" * 256))),
        (
            "TK-33 made-up nonce",
            lambda n: shown(proof(nonce=n[:-1] + ("A" if n[-1] != "A" else "B"))),
        ),
        ("TK-33 nonce as number", lambda n: shown(proof(nonce=5))),
        ("TK-27 no proof", lambda n: shown()),
        ("two proofs", lambda n: shown(proof(nonce=n), proof(nonce=n, jti="b"))),
        ("not a token", lambda n: shown("x.y.z")),
        ("two parts", lambda n: shown("x.y")),
        ("too long", lambda n: shown(proof(nonce=n, more="x" * 5000))),
        ("TK-11 another type", lambda n: shown(proof(header={"typ": "JWT"}, nonce=n))),
        ("unknown header", lambda n: shown(proof(header={"crit": ["x"]}, nonce=n))),
        (
            "private key inside",
            lambda n: shown(proof(header={"jwk": KEY.as_dict(private=True)}, nonce=n)),
        ),
        ("TK-34 as bearer", lambda n: shown(proof(nonce=n), scheme="bearer")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_proof_is_refused(
    check: PossessionCheck, name: str, wrong: Callable[[str], Possession]
) -> None:
    nonce = nonce_of(check)
    assert not accepts(check, wrong(nonce)), name
    assert accepts(check, shown(proof(nonce=nonce))), "and only the wrong one was"


def test_symmetric_and_weak_keys_prove_nothing(check: PossessionCheck) -> None:
    nonce = nonce_of(check)
    symmetric = OctKey.generate_key(256)
    weak = RSAKey.import_key(public(RSAKey.generate_key(2048)))
    for key, embedded in ((KEY, symmetric.as_dict()), (KEY, public(weak, n="AQAB"))):
        assert not accepts(check, shown(proof(key, {"jwk": embedded}, nonce=nonce)))


def _proof_is_good_once(check: PossessionCheck) -> None:
    one = proof(nonce=nonce_of(check))
    assert accepts(check, shown(one))
    assert not accepts(check, shown(one))


def test_proof_is_good_once(check: PossessionCheck) -> None:
    """TK-31, at one gateway."""
    _proof_is_good_once(check)


def test_gateway_without_memory_would_be_noticed(
    check: PossessionCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(dpop_module.DpopVerifier, "_take", lambda *_: None)
    with pytest.raises(AssertionError):
        _proof_is_good_once(check)


def _proof_is_good_at_one_gateway(first: PossessionCheck, second: PossessionCheck) -> None:
    one = proof(nonce=nonce_of(first))
    assert accepts(first, shown(one))
    assert not accepts(second, shown(one))


def test_proof_that_one_gateway_took_is_refused_at_another(check: PossessionCheck) -> None:
    """TK-31, over two processes: their nonces differ."""
    _proof_is_good_at_one_gateway(check, PossessionCheck(URL, [ISSUER_SETTINGS]))


def test_nonces_that_gateways_share_would_be_noticed(
    check: PossessionCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(dpop_module.Nonces, "accepts", lambda *_: True)
    monkeypatch.setattr(dpop_module.Nonces, "current", lambda _: "same")
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _proof_is_good_at_one_gateway(check, PossessionCheck(URL, [ISSUER_SETTINGS]))


def test_nonce_ends_and_with_it_what_is_remembered(
    check: PossessionCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TK-32: an old proof is refused because its nonce has ended."""
    now = clock.epoch_seconds()
    start = now - now % dpop_module.NONCE_SECONDS
    moment = [start]
    monkeypatch.setattr(clock, "epoch_seconds", lambda: moment[0])
    nonce = nonce_of(check)
    moment[0] = start + dpop_module.NONCE_SECONDS
    assert accepts(check, shown(proof(nonce=nonce))), "for one period more"
    moment[0] = start + 2 * dpop_module.NONCE_SECONDS
    assert not accepts(check, shown(proof(nonce=nonce, jti="late")))
    assert nonce_of(check) != nonce


def test_full_memory_refuses_instead_of_forgetting(
    check: PossessionCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dpop_module, "MAX_REMEMBERED", 2)
    nonce = nonce_of(check)
    taken = [accepts(check, shown(proof(nonce=nonce, jti=f"p{number}"))) for number in range(4)]
    assert taken == [True, True, False, False]


def test_bound_token_without_a_public_url_is_refused() -> None:
    assert not accepts(PossessionCheck(None, []), shown(proof()))


def test_proof_for_a_token_that_is_bound_to_nothing_is_refused(check: PossessionCheck) -> None:
    assert not accepts(check, shown(proof()), verified())
    assert not accepts(check, shown(proof(), scheme="bearer"), verified())
    assert accepts(check, shown(scheme="bearer"), verified())


CERTIFICATE = b"the certificate's DER"


def test_token_bound_to_a_certificate_needs_it(check: PossessionCheck) -> None:
    """TK-28 and TK-34 for RFC 8705."""
    bound = verified(certificate=thumbprint(CERTIFICATE))
    plain = Possession("bearer", "POST", "/graphql")
    assert accepts(check, replace(plain, certificate=CERTIFICATE), bound)
    assert not accepts(check, replace(plain, certificate=b"another"), bound)
    assert not accepts(check, plain, bound)


def test_token_bound_to_both_needs_both(check: PossessionCheck) -> None:
    bound = verified(key=KEY.thumbprint(), certificate=thumbprint(CERTIFICATE))
    nonce = None
    with pytest.raises(DpopNonceError) as wanted:
        check.check(bound, TOKEN, replace(shown(proof()), certificate=CERTIFICATE))
    nonce = wanted.value.nonce
    assert not accepts(check, shown(proof(nonce=nonce)), bound)
    assert accepts(check, replace(shown(proof(nonce=nonce)), certificate=CERTIFICATE), bound)


@pytest.mark.parametrize("clients", [{"goldenthread-dev"}, {"*"}], ids=["named", "all"])
def test_client_that_must_bind_cannot_use_bearer_tokens(clients: set[str]) -> None:
    issuer = replace(ISSUER_SETTINGS, bound_clients=frozenset(clients))
    check = PossessionCheck(URL, [issuer])
    assert not accepts(check, shown(scheme="bearer"), verified())
    assert accepts(check, shown(proof(nonce=nonce_of(check))))


def test_client_that_is_not_named_may_use_bearer_tokens() -> None:
    issuer = replace(ISSUER_SETTINGS, bound_clients=frozenset({"another"}))
    assert accepts(PossessionCheck(URL, [issuer]), shown(scheme="bearer"), verified())


@pytest.mark.parametrize(
    "cnf",
    [
        None, [], {}, "x", {"jkt": 5}, {"jkt": "short"}, {"kid": "k"}, {"jwk": {}},
        {"jkt": "A" * 43, "jku": "https://issuer.example"}, {"jkt": "A" * 43 + "\n"},
    ],
    ids=repr,
)  # fmt: skip
def test_binding_that_cannot_be_checked_is_refused(cnf: object) -> None:
    with pytest.raises(AccessTokenError):
        read_claims(good_claims(cnf=cnf), ISSUER_SETTINGS, clock.epoch_seconds())


def test_binding_is_read_from_the_token() -> None:
    claims = good_claims(cnf={"jkt": "A" * 43, "x5t#S256": "B" * 43})
    token = read_claims(claims, ISSUER_SETTINGS, clock.epoch_seconds())
    assert token.confirmation == Confirmation("A" * 43, "B" * 43)


def test_claims_that_an_issuer_must_state_are_demanded() -> None:
    strict = replace(ISSUER_SETTINGS, required_claims=frozenset({"acr", "cnf"}))
    now = clock.epoch_seconds()
    read_claims(good_claims(cnf={"jkt": "A" * 43}), strict, now)
    for missing in (good_claims(), good_claims(cnf={"jkt": "A" * 43}, acr=...)):
        with pytest.raises(AccessTokenError):
            read_claims(missing, strict, now)


def test_certificate_comes_as_a_structured_header() -> None:
    encoded = base64.b64encode(CERTIFICATE).decode()
    assert read_certificate(f":{encoded}:") == CERTIFICATE
    for wrong in (None, "", ":", "::", encoded, f":{encoded}", ":not base64!:"):
        assert read_certificate(wrong) is None
