"""Who is asking: strict verification of access tokens at the edge.

Roles in a token are a hint; which of them count is the directory's to say (``gateway.release``).
"""

from gateway.identity.access_token import AccessTokenVerifier
from gateway.identity.claims import AccessTokenError, ClaimedRole, VerifiedAccessToken
from gateway.identity.dpop import DpopNonceError
from gateway.identity.issuers import IssuerSettings, parse_issuers
from gateway.identity.possession import Possession, PossessionCheck

__all__ = [
    "AccessTokenError",
    "AccessTokenVerifier",
    "ClaimedRole",
    "DpopNonceError",
    "IssuerSettings",
    "Possession",
    "PossessionCheck",
    "VerifiedAccessToken",
    "parse_issuers",
]
