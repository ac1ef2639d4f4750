"""Forged, foreign, ended and misshapen tokens are refused; good ones of each algorithm pass."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import OctKey

from gateway.identity import AccessTokenError, AccessTokenVerifier, claims
from gateway.identity import access_token as access_token_module
from infra import clock
from tests.fixtures.token_issuer import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    TokenIssuer,
    encoded,
    good_claims,
    public,
    sign,
    signed,
    token,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issuer() -> AsyncIterator[TokenIssuer]:
    async with TokenIssuer().listening() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def verifier(issuer: TokenIssuer) -> AsyncIterator[AccessTokenVerifier]:
    made = AccessTokenVerifier([issuer.settings()])
    yield made
    await made.close()


said: set[tuple[str, str]] = set()
"""What all refusals of this module said."""


async def is_accepted(verifier: AccessTokenVerifier, text: str) -> bool:
    try:
        await verifier.verify(text)
    except AccessTokenError as error:
        said.add((error.code, str(error)))
        return False
    return True


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY, ED_KEY], ids=["RS256", "ES256", "EdDSA"])
async def test_good_token_says_who_asks(verifier: AccessTokenVerifier, key: Any) -> None:
    roles = [{"role": "LEO", "agency": "a-1", "site": "s-1"}]
    verified = await verifier.verify(token(key, gt_roles=roles))
    assert verified.issuer_alias == "dev"
    assert verified.subject == "persona:officer"
    assert verified.client_id == "goldenthread-dev"
    assert verified.claimed_roles == (claims.ClaimedRole("LEO", "a-1", "s-1"),)
    assert verified.acr == "urn:dev:picker"
    assert verified.auth_time is not None
    assert verified.expires_at > clock.epoch_seconds()


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", "none ", ""])
@pytest.mark.parametrize("signature", ["", "AA", "c2ln"])
async def test_unsigned_token_is_refused(
    verifier: AccessTokenVerifier, spelling: str, signature: str
) -> None:
    head = json.dumps({"alg": spelling, "typ": "at+jwt", "kid": RSA_KEY.kid}).encode()
    body = json.dumps(good_claims()).encode()
    assert not await is_accepted(verifier, f"{encoded(head)}.{encoded(body)}.{signature}")


def _hmac_secrets() -> dict[str, bytes]:
    pem = RSA_KEY.as_pem(private=False)
    return {
        "PEM": pem,
        "PEM without line end": pem.strip(),
        "DER": base64.b64decode(b"".join(pem.splitlines()[1:-1])),
        "JWK": json.dumps(public(RSA_KEY)).encode(),
        "modulus": str(public(RSA_KEY)["n"]).encode(),
    }


@pytest.mark.parametrize("form", list(_hmac_secrets()))
async def test_public_key_as_shared_secret_is_refused(
    verifier: AccessTokenVerifier, form: str
) -> None:
    head = json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": RSA_KEY.kid}).encode()
    text = f"{encoded(head)}.{encoded(json.dumps(good_claims()).encode())}"
    mac = hmac.new(_hmac_secrets()[form], text.encode(), hashlib.sha256).digest()
    assert not await is_accepted(verifier, f"{text}.{encoded(mac)}")


@pytest.mark.parametrize(
    "algorithm", ["ES256", "EdDSA", "RS384", "RS512", "PS256", "HS256", "rs256"]
)
async def test_algorithm_of_another_key_is_refused(
    verifier: AccessTokenVerifier, algorithm: str
) -> None:
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, {"alg": algorithm}))


async def test_algorithm_that_the_issuer_is_not_pinned_to_is_refused(issuer: TokenIssuer) -> None:
    pinned = AccessTokenVerifier([issuer.settings(algorithms=frozenset({"ES256"}))])
    assert not await is_accepted(pinned, token(RSA_KEY))
    assert await is_accepted(pinned, token(EC_KEY))
    await pinned.close()


def _with_signature(text: str, signature: bytes) -> str:
    return f"{text.rpartition('.')[0]}.{encoded(signature)}"


@pytest.mark.parametrize(
    "signature",
    [bytes(64), bytes(63) + b"\x01", bytes(63), bytes(65), b"\xff" * 64, b"\x30\x06\x02\x01\x01"],
    ids=["zero", "r zero", "short", "long", "too large", "DER start"],
)
async def test_forged_ecdsa_signature_is_refused(
    verifier: AccessTokenVerifier, signature: bytes
) -> None:
    assert not await is_accepted(verifier, _with_signature(token(EC_KEY), signature))


async def test_der_form_of_a_true_ecdsa_signature_is_refused(verifier: AccessTokenVerifier) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    good = token(EC_KEY)
    raw = base64.urlsafe_b64decode(good.rpartition(".")[2] + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    assert not await is_accepted(verifier, _with_signature(good, der))
    assert await is_accepted(verifier, good)


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_changed_part_is_refused(verifier: AccessTokenVerifier, part: int) -> None:
    mine, other = token().split("."), token(OTHER_RSA_KEY, sub="persona:pcg_member").split(".")
    mine[part] = other[part]
    assert not await is_accepted(verifier, ".".join(mine))


async def test_key_inside_the_token_is_not_used(verifier: AccessTokenVerifier) -> None:
    header = {"jwk": public(OTHER_RSA_KEY), "kid": RSA_KEY.kid}
    assert not await is_accepted(verifier, sign(good_claims(), OTHER_RSA_KEY, header))
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, {"jwk": public(RSA_KEY)}))


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_address_inside_the_token_is_never_fetched(
    verifier: AccessTokenVerifier, member: str
) -> None:
    async with TokenIssuer(keys=[public(OTHER_RSA_KEY)]).listening() as attacker:
        address = f"http://127.0.0.1:{attacker.port}/jwks.json"
        forged = sign(good_claims(), OTHER_RSA_KEY, {member: address})
        assert not await is_accepted(verifier, forged)
        assert attacker.fetches == 0


@pytest.mark.parametrize(
    "kid",
    [
        "../../etc/passwd",
        "' or 1=1 --",
        "k" * 10_240,
        ["rsa-1"],
        {"a": 1},
        7,
        None,
        "",
        ...,
        "rsa-1\x00",
    ],
)
async def test_odd_key_id_is_refused(verifier: AccessTokenVerifier, kid: Any) -> None:
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, {"kid": kid}))


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"x5c": ["MIIB"]},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"unknown": 1},
    ],
    ids=lambda members: "+".join(members),
)
async def test_further_header_members_are_refused(
    verifier: AccessTokenVerifier, members: dict[str, Any]
) -> None:
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, members))


async def test_encrypted_and_nested_tokens_are_refused(verifier: AccessTokenVerifier) -> None:
    assert not await is_accepted(verifier, "a.b.c.d.e")
    assert not await is_accepted(verifier, sign(token().encode(), RSA_KEY, {"cty": "JWT"}))
    assert not await is_accepted(verifier, sign(token().encode(), RSA_KEY))


@pytest.mark.parametrize(
    "kind", ["JWT", "AT+JWT", "At+jwt", "application/at+jwt", "at+jwt ", "id+jwt", "", None, ..., 1]
)
async def test_token_of_another_type_is_refused(verifier: AccessTokenVerifier, kind: Any) -> None:
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, {"typ": kind}))


@pytest.mark.parametrize(
    "other",
    [
        f"{ISSUER}/",
        "https://ISSUER.example",
        "http://issuer.example",
        "https://issuer.example/tenant",
        "https://issuer.example.evil",
        "",
        None,
        [ISSUER],
        ...,
    ],
)
async def test_other_issuer_is_refused(verifier: AccessTokenVerifier, other: Any) -> None:
    assert not await is_accepted(verifier, token(iss=other))


@pytest.mark.parametrize(
    "other",
    [
        "goldenthread",
        "goldenthread-api-2",
        f"{AUDIENCE} ",
        "training",
        [AUDIENCE],
        [AUDIENCE, "other"],
        {AUDIENCE: 1},
        None,
        ...,
    ],
)
async def test_other_audience_is_refused(verifier: AccessTokenVerifier, other: Any) -> None:
    assert not await is_accepted(verifier, token(aud=other))


def _in(seconds: float) -> float:
    return clock.epoch_seconds() + seconds


@pytest.mark.parametrize(
    "changes",
    [
        lambda: {"exp": _in(-1), "iat": _in(-60)},
        lambda: {"exp": _in(0), "iat": _in(-60)},
        lambda: {"exp": ...},
        lambda: {"exp": str(_in(60))},
        lambda: {"exp": float(_in(60))},
        lambda: {"exp": 1e300},
        lambda: {"exp": 10**30},
        lambda: {"exp": -1},
        lambda: {"exp": 0},
        lambda: {"exp": True},
        lambda: {"exp": None},
        lambda: {"exp": [_in(60)]},
        lambda: {"iat": ...},
        lambda: {"iat": _in(12), "exp": _in(300)},
        lambda: {"iat": _in(61), "exp": _in(300)},
        lambda: {"iat": float(_in(-1))},
        lambda: {"iat": 0, "exp": _in(60)},
        lambda: {"iat": _in(-1), "exp": _in(-1)},
        lambda: {"iat": _in(5), "exp": _in(2)},
        lambda: {"nbf": _in(12)},
        lambda: {"nbf": "0"},
        lambda: {"nbf": None},
        lambda: {"auth_time": _in(60)},
        lambda: {"auth_time": "yesterday"},
        lambda: {"exp": _in(602)},
        lambda: {"iat": _in(-590), "exp": _in(60)},
    ],
)
async def test_unacceptable_times_are_refused(verifier: AccessTokenVerifier, changes: Any) -> None:
    assert not await is_accepted(verifier, token(**changes()))


async def test_clock_that_runs_a_little_ahead_is_tolerated(verifier: AccessTokenVerifier) -> None:
    now = clock.epoch_seconds()
    assert await is_accepted(verifier, token(iat=now + 8, nbf=now + 8, exp=now + 300))


@pytest.mark.parametrize("name", ["sub", "jti", "client_id"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a b",
        "persona:officer ",
        "a\n",
        "persona:\u043efficer",
        "s" * 10_240,
        7,
        None,
        [],
        ...,
    ],
)
async def test_odd_identifiers_are_refused(
    verifier: AccessTokenVerifier, name: str, value: Any
) -> None:
    assert not await is_accepted(verifier, token(**{name: value}))


@pytest.mark.parametrize(
    "roles",
    [
        "TRM",
        7,
        {"role": "TRM"},
        None,
        ["TRM"],
        [{"agency": "a"}],
        [{"role": ["TRM"]}],
        [{"role": "TRM", "agency": {"id": 1}}],
        [{"role": "TRM", "agency": "a", "site": "s"}] * 101,
    ],
)
async def test_misshapen_roles_are_refused(verifier: AccessTokenVerifier, roles: Any) -> None:
    assert not await is_accepted(verifier, token(gt_roles=roles))


async def test_unknown_role_stays_a_hint(verifier: AccessTokenVerifier) -> None:
    verified = await verifier.verify(token(gt_roles=[{"role": "SUPERUSER"}]))
    assert verified.claimed_roles == (claims.ClaimedRole("SUPERUSER", None, None),)
    assert (await verifier.verify(token(gt_roles=...))).claimed_roles == ()


_DUPLICATES = [
    b'{"sub":"persona:officer","sub":"persona:privacy_officer"}',
    b'{"sub":"persona:officer","\\u0073ub":"persona:privacy_officer"}',
    b'{"acr":"a","acr":"a"}',
    b'{"gt_roles":[{"role":"LEO","role":"TRM"}]}',
]


def _spliced(members: bytes) -> bytes:
    claims_text = json.dumps(good_claims(sub=..., acr=..., gt_roles=...)).encode()
    if b"sub" not in members and b"ub" not in members:
        claims_text = json.dumps(good_claims(acr=..., gt_roles=...)).encode()
    return claims_text[:-1] + b"," + members[1:]


@pytest.mark.parametrize("members", _DUPLICATES)
async def test_claim_that_occurs_twice_is_refused(
    verifier: AccessTokenVerifier, members: bytes
) -> None:
    assert not await is_accepted(verifier, sign(_spliced(members)))


async def test_forgiving_parser_would_let_duplicate_claims_in(
    verifier: AccessTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: with the standard parser the assertion above fails."""
    monkeypatch.setattr(access_token_module, "parse_strictly", json.loads)
    assert all([await is_accepted(verifier, sign(_spliced(each))) for each in _DUPLICATES])


@pytest.mark.parametrize(
    "head",
    [
        b'{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"rsa-1"}',
        b'{"alg":"RS256","typ":"at+jwt","kid":"rsa-1","\\u006bid":"rsa-1"}',
        b'[{"alg":"RS256"}]',
        b'"RS256"',
        b'{"alg":"RS256","typ":"at+jwt","kid":"rsa-1"} x',
        b"\xff\xfe",
        b"{" * 4000,
        b"[" * 4000,
    ],
)
async def test_odd_header_is_refused(verifier: AccessTokenVerifier, head: bytes) -> None:
    assert not await is_accepted(verifier, sign(good_claims(), RSA_KEY, head))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b"\xff", b"{" * 3000, b'{"exp":NaN}'])
async def test_payload_that_is_no_object_is_refused(
    verifier: AccessTokenVerifier, body: bytes
) -> None:
    assert not await is_accepted(verifier, sign(body))


async def test_form_that_is_no_compact_token_is_refused(verifier: AccessTokenVerifier) -> None:
    good = token()
    head, body, signature = good.split(".")
    for text in (
        "",
        ".",
        "..",
        good + ".",
        "." + good,
        good + "\n",
        " " + good,
        good + "=",
        f"{head}=.{body}.{signature}",
        f"{head}.{body}+.{signature}",
        f"{head}..{body}",
        good.replace(".", "\uff0e"),
        json.dumps({"protected": head, "payload": body, "signature": signature}),
    ):
        assert not await is_accepted(verifier, text)
    assert await is_accepted(verifier, good)


async def test_token_above_8_kib_is_refused(verifier: AccessTokenVerifier) -> None:
    assert not await is_accepted(verifier, token(padding="p" * 8192))
    assert await is_accepted(verifier, token(padding="p" * 4096))


async def test_other_spelling_of_the_same_bytes_is_refused(verifier: AccessTokenVerifier) -> None:
    """Base64url with loose last bits would give one token many spellings."""
    good = sign(good_claims(), EC_KEY)
    last = good[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(last) ^ 1]
    assert not await is_accepted(verifier, good[:-1] + twin)


async def test_remembered_token_ends_with_its_time(
    verifier: AccessTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = token()
    assert await is_accepted(verifier, good)
    assert await is_accepted(verifier, good)
    later = clock.epoch_seconds() + 600
    monkeypatch.setattr(clock, "epoch_seconds", lambda: later)
    assert not await is_accepted(verifier, good)


async def test_memory_of_tokens_is_bounded(
    verifier: AccessTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token_module, "_REMEMBERED_TOKENS", 4)
    for number in range(8):
        assert await is_accepted(verifier, token(ED_KEY, jti=f"j{number}"))
    assert len(verifier._remembered) == 4


async def test_two_issuers_with_the_same_key_id_are_kept_apart() -> None:
    first_key = public(RSA_KEY)
    second_key = public(OTHER_RSA_KEY, kid=RSA_KEY.kid)
    async with (
        TokenIssuer(keys=[first_key]).listening() as first,
        TokenIssuer(keys=[second_key]).listening() as second,
    ):
        other = "https://other.example"
        verifier = AccessTokenVerifier(
            [first.settings(), second.settings(alias="other", issuer=other)]
        )
        by_second = {"kid": RSA_KEY.kid}
        assert (await verifier.verify(token())).issuer_alias == "dev"
        good = sign(good_claims(iss=other), OTHER_RSA_KEY, by_second)
        assert (await verifier.verify(good)).issuer_alias == "other"
        assert not await is_accepted(verifier, sign(good_claims(), OTHER_RSA_KEY, by_second))
        assert not await is_accepted(verifier, token(iss=other))
        await verifier.close()


async def test_unchecked_signature_would_let_anybody_in(
    verifier: AccessTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: without the signature check a forged token passes."""
    forged = sign(good_claims(), OTHER_RSA_KEY, {"kid": RSA_KEY.kid})
    assert not await is_accepted(verifier, forged)
    monkeypatch.setattr(access_token_module, "_check_signature", lambda *_: None)
    assert await is_accepted(verifier, forged)


async def test_token_signed_with_a_shared_secret_in_the_key_set_is_refused() -> None:
    secret = OctKey.generate_key(256, parameters={"kid": "shared", "alg": "HS256"})
    async with TokenIssuer(keys=[secret.as_dict()]).listening() as issuer:
        verifier = AccessTokenVerifier([issuer.settings()])
        head = json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": "shared"}).encode()
        body = f"{encoded(head)}.{encoded(json.dumps(good_claims()).encode())}"
        assert not await is_accepted(verifier, signed(body, secret, "HS256"))
        await verifier.close()


async def test_refusals_never_say_why(verifier: AccessTokenVerifier) -> None:
    for text in ("", token(exp=1), token(aud="other"), token(OTHER_RSA_KEY)):
        assert not await is_accepted(verifier, text)
    assert said == {("UNAUTHENTICATED", "A valid access token is required.")}
