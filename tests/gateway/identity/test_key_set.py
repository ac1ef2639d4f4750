"""Which keys of a key set may verify a token."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from gateway.identity.key_set import MAX_KEYS, KeySetError, parse_key_set
from tests.fixtures.token_issuer import EC_KEY, ED_KEY, OTHER_RSA_KEY, RSA_KEY, encoded, public


def ids(*entries: Any) -> list[str]:
    return list(parse_key_set(json.dumps({"keys": list(entries)}).encode()))


def test_usable_keys_are_kept_with_their_algorithms() -> None:
    keys = parse_key_set(
        json.dumps({"keys": [public(k) for k in (RSA_KEY, EC_KEY, ED_KEY)]}).encode()
    )
    assert {kid: set(key.algorithms) for kid, key in keys.items()} == {
        "rsa-1": {"RS256"},
        "ec-1": {"ES256"},
        "ed-1": {"EdDSA", "Ed25519"},
    }


@pytest.mark.parametrize(
    "entry",
    [
        public(RSA_KEY, use="enc"),
        public(RSA_KEY, key_ops=["encrypt"]),
        public(RSA_KEY, key_ops="verify"),
        public(RSA_KEY, alg="RS512"),
        public(RSA_KEY, alg=["RS256"]),
        public(RSA_KEY, kid=None),
        public(RSA_KEY, kid=7),
        public(RSA_KEY, kid=""),
        public(RSA_KEY, kid="k" * 201),
        public(RSA_KEY, n="AQAB"),
        public(RSA_KEY, n=None),
        public(RSA_KEY, e=7),
        public(RSA_KEY, kty="EC"),
        public(EC_KEY, x="AA"),
        public(EC_KEY, crv="P-384"),
        public(ED_KEY, crv="X25519"),
        RSA_KEY.as_dict(private=True),
        {"kid": "shared", **OctKey.generate_key(256).as_dict()},
        {**public(RSA_KEY), "kid": "weak", "n": encoded(b"\xc5" * 128)},
        {"kid": "p521", **ECKey.generate_key("P-521").as_dict(private=False)},
        {"kid": "ed448", **OKPKey.generate_key("Ed448").as_dict(private=False)},
        {},
        "rsa-1",
        None,
    ],
)
def test_unusable_entry_is_left_out_and_others_stay(entry: Any) -> None:
    assert ids(entry, public(OTHER_RSA_KEY)) == ["rsa-2"]


def test_keys_that_share_an_id_are_all_left_out() -> None:
    twins = [public(RSA_KEY), public(OTHER_RSA_KEY, kid="rsa-1"), public(EC_KEY)]
    assert ids(*twins) == ["ec-1"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":1}', b"\xff", b"<html>"])
def test_document_that_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(KeySetError):
        parse_key_set(body)


def test_a_key_set_has_so_many_entries_at_most_usable_or_not() -> None:
    odd: list[Any] = [None] * (MAX_KEYS - 1)
    assert ids(*odd, public(RSA_KEY)) == ["rsa-1"]
    with pytest.raises(KeySetError):
        ids(*odd, None, public(RSA_KEY))


@pytest.mark.parametrize("kid", ["k", "k" * 200])
def test_a_key_id_may_be_short_and_it_may_be_long(kid: str) -> None:
    assert ids(public(EC_KEY, kid=kid)) == [kid]


def test_a_modulus_has_so_many_bits_at_least_and_at_most() -> None:
    sizes = {
        bits: encoded(((1 << (bits - 1)) | 1).to_bytes((bits + 7) // 8, "big"))
        for bits in (2047, 2048, 8192, 8193)
    }
    entries = [public(RSA_KEY, kid=str(bits), n=modulus) for bits, modulus in sizes.items()]
    assert ids(*entries) == ["2048", "8192"]
