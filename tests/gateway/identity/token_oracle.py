"""Which token is acceptable, said a second time: slowly, plainly, and with nothing of the product.

Written from RFC 7515, RFC 7519, RFC 9068 and the profile in infra/docs/settings.md. Signatures are
checked with `cryptography` itself, base64 and JSON with rules of their own.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PRINTABLE = frozenset(chr(code) for code in range(0x21, 0x7F))


class RefusedError(Exception):
    """The token is not acceptable."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the tokens of one issuer must look like, with its public keys by id."""

    issuer: str
    audience: str
    longest_life: int
    keys: Mapping[str, tuple[str, Any]]


def is_acceptable(token: str, profile: Profile, now: int) -> bool:
    """Return whether a token is to be let in at an instant."""
    try:
        _check(token, profile, now)
    except RefusedError:
        return False
    return True


def _check(token: str, profile: Profile, now: int) -> None:
    parts = token.split(".")
    _need(len(token) <= 8192 and len(parts) == 3)
    header, claims = _object(_bytes(parts[0])), _object(_bytes(parts[1]))
    signature = _bytes(parts[2])
    _need(set(header) == {"alg", "typ", "kid"})
    _need(header["typ"] == "at+jwt" and isinstance(header["kid"], str))
    _need(header["kid"] in profile.keys)
    algorithm, key = profile.keys[header["kid"]]
    _need(header["alg"] == algorithm)
    _verify(algorithm, key, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)
    _claims(claims, profile, now)


def _claims(claims: dict[str, Any], profile: Profile, now: int) -> None:
    _need(claims.get("iss") == profile.issuer and claims.get("aud") == profile.audience)
    for name in ("sub", "client_id", "jti"):
        value = claims.get(name)
        _need(isinstance(value, str) and 1 <= len(value) <= 255 and set(value) <= PRINTABLE)
    _need(claims["sub"] != claims["client_id"])
    times = {name: claims[name] for name in ("iat", "exp", "nbf", "auth_time") if name in claims}
    _need({"iat", "exp"} <= set(times))
    for value in times.values():
        _need(type(value) is int and 0 < value < 253_402_300_800)
    _need(now < times["exp"] and 0 < times["exp"] - times["iat"] <= profile.longest_life)
    _need(all(times[name] <= now + 10 for name in ("iat", "nbf", "auth_time") if name in times))
    acr = claims.get("acr")
    _need(acr is None or (isinstance(acr, str) and 1 <= len(acr) <= 255))
    if "cnf" in claims:
        bound = claims["cnf"]
        _need(isinstance(bound, dict) and bool(bound) and set(bound) <= {"jkt", "x5t#S256"})
        _need(all(isinstance(one, str) and len(one) == 43 and set(one) <= set(ALPHABET)
                  for one in bound.values()))  # fmt: skip
    roles = claims.get("gt_roles", [])
    _need(isinstance(roles, list) and len(roles) <= 100)
    for role in roles:
        _need(isinstance(role, dict))
        name = role.get("role")
        _need(isinstance(name, str) and 1 <= len(name) <= 255 and set(name) <= PRINTABLE)
        for place in (role.get("agency"), role.get("site")):
            _need(place is None or (isinstance(place, str) and 1 <= len(place) <= 255))


def _need(holds: bool) -> None:
    if not holds:
        raise RefusedError


def _bytes(part: str) -> bytes:
    """Return the bytes of base64url without padding; each bytes have one spelling alone."""
    _need(bool(part) and len(part) % 4 != 1 and all(letter in ALPHABET for letter in part))
    bits = "".join(f"{ALPHABET.index(letter):06b}" for letter in part)
    whole = len(bits) // 8 * 8
    _need(set(bits[whole:]) <= {"0"})
    return bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))


def _object(raw: bytes) -> dict[str, Any]:
    """Return a JSON object in which no name occurs twice, nested 16 levels at most."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        _need(len({name for name, _ in found}) == len(found))
        return dict(found)

    def constant(_name: str) -> Any:
        raise RefusedError

    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        raise RefusedError from None
    _need(isinstance(value, dict))
    depth = deepest = 0
    for mark in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (mark in "{[") - (mark in "}]")
        deepest = max(deepest, depth)
    _need(deepest <= 16)
    found: dict[str, Any] = value
    return found


def _verify(algorithm: str, key: Any, signed: bytes, signature: bytes) -> None:
    try:
        if algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
            _need(len(signature) == 64)
            halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            encoded = utils.encode_dss_signature(*halves)
            digest = hashlib.sha256(signed).digest()
            key.verify(encoded, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        elif algorithm == "EdDSA" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise RefusedError
    except (InvalidSignature, ValueError):
        raise RefusedError from None
