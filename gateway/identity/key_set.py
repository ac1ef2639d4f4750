"""A JSON Web Key Set (RFC 7517) reduced to the keys that may verify access tokens.

Left out: symmetric keys, keys with private parts (they are not secret any more), keys for
encryption, keys without id, weak keys, other curves, and all keys that share an id.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import base64_to_int

from gateway.identity.strict_json import StrictJsonError, parse_strictly

MAX_KEYS: Final = 64
MAX_KEY_ID_LENGTH: Final = 200
_MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 8192
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = RSAKey | ECKey | OKPKey


class KeySetError(ValueError):
    """A document is no usable key set."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key, the algorithms that it may verify, and what tells it from every other."""

    key: PublicKey
    algorithms: frozenset[str]
    thumbprint: str


def parse_key_set(body: bytes) -> Mapping[str, VerificationKey]:
    """Return the usable keys of a key set by key id.

    Raises:
        KeySetError: not a key set, or with more than ``MAX_KEYS`` keys.
    """
    try:
        document = parse_strictly(body)
    except StrictJsonError:
        raise KeySetError("the key set is not JSON") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise KeySetError("the document is no key set of acceptable size")
    rows = [entry for entry in entries if isinstance(entry, dict)]
    ids = Counter(str(entry.get("kid")) for entry in rows)
    keys: dict[str, VerificationKey] = {}
    for entry in rows:
        kid = entry.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KEY_ID_LENGTH or ids[kid] > 1:
            continue
        key = read_public_key(entry)
        if key is not None:
            keys[kid] = key
    return MappingProxyType(keys)


def read_public_key(entry: dict[str, Any]) -> VerificationKey | None:
    """Return one JSON Web Key if it may verify signatures: public, of a kind and size in use."""
    if _PRIVATE_MEMBERS & entry.keys() or entry.get("use", "sig") != "sig":
        return None
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        key, algorithms = _import(entry)
        stated = entry.get("alg")
        if stated is not None:
            algorithms &= {stated}
        thumbprint = key.thumbprint()
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return VerificationKey(key, algorithms, thumbprint) if algorithms else None


def _import(entry: dict[str, Any]) -> tuple[PublicKey, frozenset[str]]:
    match entry.get("kty"), entry.get("crv"):
        case "RSA", None:
            # Measured before the import, which only warns of a weak key and is slow for a huge one.
            if not _MIN_RSA_BITS <= base64_to_int(entry["n"]).bit_length() <= _MAX_RSA_BITS:
                raise ValueError("an RSA key of unacceptable size")
            return RSAKey.import_key(_public(entry, "n", "e")), frozenset({"RS256"})
        case "EC", "P-256":
            return ECKey.import_key(_public(entry, "crv", "x", "y")), frozenset({"ES256"})
        case "OKP", "Ed25519":
            okp = OKPKey.import_key(_public(entry, "crv", "x"))
            return okp, frozenset({"EdDSA", "Ed25519"})
    raise ValueError("a key of unacceptable type")


def _public(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return only the members that make the public key; all others were judged already."""
    return {"kty": entry["kty"], **{name: entry[name] for name in names}}
