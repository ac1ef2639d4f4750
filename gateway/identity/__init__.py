"""Who is asking: strict verification of access tokens at the edge.

Roles in a token are a hint; which of them count is the directory's to say (``gateway.release``).
"""

from gateway.identity.access_token import AccessTokenVerifier
from gateway.identity.claims import AccessTokenError, ClaimedRole, VerifiedAccessToken
from gateway.identity.issuers import IssuerSettings, parse_issuers

__all__ = [
    "AccessTokenError",
    "AccessTokenVerifier",
    "ClaimedRole",
    "IssuerSettings",
    "VerifiedAccessToken",
    "parse_issuers",
]
