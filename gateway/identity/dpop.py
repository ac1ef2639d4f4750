"""Proofs of possession for tokens that are bound to a key (RFC 9449, DPoP).

Each proof is used once. What makes that true with several gateways and no shared memory is the
nonce: a proof must carry one that this process gave out, so a proof that another gateway took
is refused here, and one that this gateway took is remembered until its nonce has ended.
"""

import base64
import hashlib
import hmac
import secrets
import warnings
from collections import OrderedDict
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.util import urlsafe_b64decode

from gateway.identity.claims import LEEWAY_SECONDS, AccessTokenError
from gateway.identity.key_set import VerificationKey, read_public_key
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra import clock

MAX_PROOF_CHARACTERS: Final = 4096
NONCE_SECONDS: Final = 120
"""How long a nonce is current; it is accepted for one such period more."""

MAX_REMEMBERED: Final = 100_000
_HEADER_MEMBERS = frozenset({"typ", "alg", "jwk"})
_MAX_ID = 255


class DpopNonceError(AccessTokenError):
    """The proof may be good, but carries no nonce of this process (RFC 9449, 8).

    Attributes:
        nonce: what the next proof must carry.
    """

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce


class Nonces:
    """Nonces that this process gives out: made from the time and a key that nobody else has."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def current(self) -> str:
        """Return the nonce of this moment."""
        return self._of(self._period())

    def accepts(self, nonce: object) -> bool:
        """Return whether a nonce is of this process, and of this period or the one before."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        period = self._period()
        known = (self._of(period), self._of(period - 1))
        return any(hmac.compare_digest(nonce, each) for each in known)

    def _period(self) -> int:
        return clock.epoch_seconds() // NONCE_SECONDS

    def _of(self, period: int) -> str:
        mac = hmac.digest(self._key, str(period).encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:18]).decode()


class DpopVerifier:
    """Checks proofs; one for the life of the process."""

    def __init__(self, public_url: str) -> None:
        """Make a verifier.

        Args:
            public_url: scheme, host and port under which clients reach this gateway.
        """
        self._public_url = public_url.rstrip("/")
        self._nonces = Nonces()
        self._taken: OrderedDict[bytes, int] = OrderedDict()

    def check(
        self, proofs: tuple[str, ...], *, method: str, path: str, token: str, thumbprint: str
    ) -> None:
        """Check the proof of one request.

        Args:
            proofs: every ``DPoP`` header of the request.
            method: HTTP method.
            path: path of the request, without query.
            token: the access token that the proof is for.
            thumbprint: the key that the token is bound to (``cnf.jkt``).

        Raises:
            DpopNonceError: the proof has no nonce of this process; everything else is right.
            AccessTokenError: anything else is wrong.
        """
        if len(proofs) != 1 or len(proofs[0]) > MAX_PROOF_CHARACTERS:
            raise AccessTokenError
        proof = proofs[0]
        parts = proof.split(".")
        if len(parts) != 3:
            raise AccessTokenError
        key, algorithm = _key_of(_decode(parts[0]))
        if not hmac.compare_digest(key.thumbprint, thumbprint):
            raise AccessTokenError
        _check_signature(proof, key, algorithm)
        claims = _decode(parts[1])
        digest = hashlib.sha256(token.encode("ascii")).digest()
        expected = {
            "htm": method,
            "htu": self._public_url + path,
            "ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        if not isinstance(claims, dict) or any(claims.get(k) != v for k, v in expected.items()):
            raise AccessTokenError
        issued_at, proof_id = claims.get("iat"), claims.get("jti")
        now = clock.epoch_seconds()
        if type(issued_at) is not int or not isinstance(proof_id, str):
            raise AccessTokenError
        if not 0 < len(proof_id) <= _MAX_ID or issued_at > now + LEEWAY_SECONDS:
            raise AccessTokenError
        if not self._nonces.accepts(claims.get("nonce")):
            raise DpopNonceError(self._nonces.current())
        self._take(hashlib.sha256(f"{thumbprint}.{proof_id}".encode()).digest(), now)

    def _take(self, proof: bytes, now: int) -> None:
        while self._taken and next(iter(self._taken.values())) <= now:
            self._taken.popitem(last=False)
        if proof in self._taken or len(self._taken) >= MAX_REMEMBERED:
            raise AccessTokenError
        # A nonce is good for two periods at most; after that it refuses the proof by itself.
        self._taken[proof] = now + 2 * NONCE_SECONDS


def _key_of(header: object) -> tuple[VerificationKey, str]:
    """Return the key inside a proof's header; ``key_set`` refuses private and weak ones."""
    if not isinstance(header, dict) or header.keys() != _HEADER_MEMBERS:
        raise AccessTokenError
    algorithm, embedded = header["alg"], header["jwk"]
    if header["typ"] != "dpop+jwt" or not isinstance(embedded, dict):
        raise AccessTokenError
    key = read_public_key(embedded)
    if key is None or not isinstance(algorithm, str) or algorithm not in key.algorithms:
        raise AccessTokenError
    return key, algorithm


def _check_signature(proof: str, key: VerificationKey, algorithm: str) -> None:
    try:
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519; clients still write EdDSA (RFC 8037).
            warnings.simplefilter("ignore", SecurityWarning)
            jws.deserialize_compact(proof, key.key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError):
        raise AccessTokenError from None


def _decode(part: str) -> Any:
    try:
        return parse_strictly(urlsafe_b64decode(part.encode("ascii")))
    except (StrictJsonError, ValueError):
        raise AccessTokenError from None
