"""Tokens that only their owner can use: bound to a key (DPoP) or a certificate (mTLS).

A token that says what it is bound to (``cnf``, RFC 7800) is refused without it, also as a plain
bearer token. A client whose issuer entry demands it is refused with a token that is bound to
nothing.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.identity.claims import AccessTokenError, VerifiedAccessToken
from gateway.identity.dpop import DpopVerifier
from gateway.identity.issuers import IssuerSettings


@dataclass(frozen=True, slots=True)
class Possession:
    """What a request shows beside its token.

    Attributes:
        scheme: of the ``Authorization`` header, in lower case: ``bearer`` or ``dpop``.
        method: HTTP method.
        path: path of the request, without query.
        proofs: every ``DPoP`` header.
        certificate: DER of the client's certificate, as the TLS terminator verified it.
    """

    scheme: str
    method: str
    path: str
    proofs: tuple[str, ...] = ()
    certificate: bytes | None = None


class PossessionCheck:
    """Checks that whoever sends a token is whom it was issued to."""

    def __init__(self, public_url: str | None, issuers: Iterable[IssuerSettings]) -> None:
        """Make the check.

        Args:
            public_url: where clients reach the gateway; without it no DPoP proof can be right.
            issuers: which of their clients must use bound tokens.
        """
        self._dpop = None if public_url is None else DpopVerifier(public_url)
        self._bound_clients = {each.alias: each.bound_clients for each in issuers}

    def check(self, verified: VerifiedAccessToken, token: str, shown: Possession) -> None:
        """Check one request.

        Raises:
            DpopNonceError: the client must repeat its proof with a nonce.
            AccessTokenError: the token is bound and what it is bound to is not shown, or the other
                way round, or it is not bound and had to be.
        """
        bound_to = verified.confirmation
        if bound_to.certificate is not None:
            _check_certificate(bound_to.certificate, shown.certificate)
        if bound_to.key is not None:
            if shown.scheme != "dpop" or self._dpop is None:
                raise AccessTokenError
            self._dpop.check(
                shown.proofs,
                method=shown.method,
                path=shown.path,
                token=token,
                thumbprint=bound_to.key,
            )
        elif shown.scheme == "dpop" or shown.proofs:
            raise AccessTokenError
        if bound_to.certificate is None and bound_to.key is None and self._must_bind(verified):
            raise AccessTokenError

    def _must_bind(self, verified: VerifiedAccessToken) -> bool:
        clients = self._bound_clients.get(verified.issuer_alias, frozenset())
        return verified.client_id in clients or "*" in clients


def _check_certificate(expected: str, certificate: bytes | None) -> None:
    """Compare with ``x5t#S256`` (RFC 8705, 3.1)."""
    if certificate is None:
        raise AccessTokenError
    digest = base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(digest, expected):
        raise AccessTokenError


def read_certificate(header: str | None) -> bytes | None:
    """Return the certificate in a ``Client-Cert`` header (RFC 9440), or None.

    Only a header that the TLS terminator sets, and takes from clients, may be given here.
    """
    if header is None or len(header) < 3 or header[0] != ":" or header[-1] != ":":
        return None
    try:
        return base64.b64decode(header[1:-1], validate=True)
    except (binascii.Error, ValueError):
        return None
