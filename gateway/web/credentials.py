"""Who asks, as a request's headers show it: read alike at every door.

A header that decides something is taken once; a second one is refused instead of silently ignored.
"""

from typing import Final

from starlette.requests import Request

from gateway.errors import RequestRefusedError
from gateway.identity.possession import Possession, read_certificate
from gateway.limits.traffic import Traffic

_ONCE = ("authorization", "purpose-of-use", "acting-grant", "content-type")
_SCHEMES = ("bearer", "dpop")

CHALLENGE: Final = {"www-authenticate": 'Bearer realm="goldenthread"'}
"""How to authenticate, with every 401 that has no challenge of its own (RFC 6750)."""


class CredentialsReader:
    """Counts a request for its address, and reads its token with the proofs that go with it."""

    def __init__(
        self, certificate_header: str | None = None, traffic: Traffic | None = None
    ) -> None:
        """Make the reader.

        Args:
            certificate_header: the header in which the TLS terminator hands over the client's
                certificate (RFC 9440), where there is one that takes it from clients.
            traffic: counts requests by address.
        """
        self._certificate_header = certificate_header
        self._traffic = traffic

    def admit(self, request: Request) -> None:
        """Count a request.

        Raises:
            RequestRefusedError: 429, too many from this address.
        """
        if self._traffic is not None:
            self._traffic.from_address(request.client.host if request.client else "")

    def read(self, request: Request) -> tuple[str, Possession]:
        """Return the access token, and what shows that the client may use it.

        Raises:
            RequestRefusedError: 400, a header twice; 401, no token of a known scheme.
        """
        if any(len(request.headers.getlist(name)) > 1 for name in _ONCE):
            raise RequestRefusedError(400, "BAD_REQUEST")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in _SCHEMES or not token.strip():
            raise RequestRefusedError(401, "UNAUTHENTICATED")
        certificate = None
        if self._certificate_header is not None:
            certificate = read_certificate(request.headers.get(self._certificate_header))
        proofs = tuple(request.headers.getlist("dpop"))
        shown = Possession(scheme.lower(), request.method, request.url.path, proofs, certificate)
        return token.strip(), shown


def challenge_of(refused: RequestRefusedError) -> dict[str, str]:
    """Return the headers of a refusal: its own, and how to authenticate where that is missing."""
    return {**(CHALLENGE if refused.status == 401 else {}), **refused.headers}
