"""Verifies logout tokens of OpenID Connect Back-Channel Logout 1.0, sections 2.4 to 2.6.

An issuer tells a client that somebody's session has ended. Whoever could forge that could sign
people out, and whoever could pass another token off as one could do so with what a browser holds;
so form, header, key and claims are checked as strictly as those of access tokens.
"""

import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.util import urlsafe_b64decode

from gateway.identity.claims import LEEWAY_SECONDS
from gateway.identity.issuers import IssuerSettings
from gateway.identity.jwks import KeySource
from gateway.identity.key_set import MAX_KEY_ID_LENGTH
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra import clock

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
MAX_TOKEN_CHARACTERS: Final = 8192
MAX_LIFETIME_SECONDS: Final = 600
_TYPES = frozenset({"logout+jwt", "JWT"})
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_LATEST_TIME = 253_402_300_799  # the last second of the year 9999
_MAX_TEXT = 255
_MAX_USED = 10_000


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """Whose session has ended; at least one of subject and sid is there.

    Attributes:
        issuer: who says so.
        subject: all sessions of this person, or the one that `sid` names.
        sid: the issuer's name of one session, as its id token had it.
    """

    issuer: str
    subject: str | None
    sid: str | None


class LogoutTokenVerifier:
    """Checks logout tokens for one client; a token is good once."""

    def __init__(self, issuers: Sequence[IssuerSettings], client_id: str) -> None:
        """Make the verifier; an issuer without published keys cannot end a session."""
        self._issuers = {each.issuer: (each, KeySource(each)) for each in issuers if each.jwks_uri}
        self._client_id = client_id
        self._used: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def close(self) -> None:
        """Drop the connections to the issuers."""
        for _, source in self._issuers.values():
            await source.close()

    async def verify(self, token: str) -> LogoutNotice | None:
        """Return whose session has ended, None for any token that is not acceptable now."""
        if len(token) > MAX_TOKEN_CHARACTERS or not _COMPACT.match(token):
            return None
        header, claims = (_decode(part) for part in token.split(".")[:2])
        named = claims.get("iss")
        issuer, source = self._issuers.get(named if isinstance(named, str) else "", (None, None))
        algorithm, kid = _read_header(header)
        if issuer is None or source is None or algorithm not in issuer.algorithms:
            return None
        key = await source.find(kid)
        if key is None or algorithm not in key.algorithms:
            return None
        if not _is_signed(token, key.key, algorithm):
            return None
        now = clock.epoch_seconds()
        notice = _read_claims(claims, issuer.issuer, self._client_id, now)
        if notice is None or not self._use(issuer.issuer, claims, now):
            return None
        return notice

    def _use(self, issuer: str, claims: Mapping[str, Any], now: int) -> bool:
        """Say whether a token comes for the first time, and remember it to its end."""
        name = issuer, claims["jti"]
        if self._used.get(name, 0) > now:
            return False
        self._used = OrderedDict((k, v) for k, v in self._used.items() if v > now)
        self._used[name] = claims["exp"]
        while len(self._used) > _MAX_USED:
            self._used.popitem(last=False)
        return True


def _decode(part: str) -> dict[str, Any]:
    """Return a part of a token; nothing for one that is no JSON object."""
    try:
        found = parse_strictly(urlsafe_b64decode(part.encode("ascii")))
    except (StrictJsonError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_header(header: Mapping[str, Any]) -> tuple[str, str]:
    """Return algorithm and key id, empty for a header that has what it may not have."""
    algorithm, kid = header.get("alg"), header.get("kid")
    is_acceptable = (
        not header.keys() - _HEADER_MEMBERS
        and header.get("typ", "JWT") in _TYPES
        and isinstance(algorithm, str)
        and isinstance(kid, str)
        and 0 < len(kid) <= MAX_KEY_ID_LENGTH
    )
    return (str(algorithm), str(kid)) if is_acceptable else ("", "")


def _is_signed(token: str, key: Any, algorithm: str) -> bool:
    try:
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519; issuers still write EdDSA (RFC 8037).
            warnings.simplefilter("ignore", SecurityWarning)
            jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _read_claims(
    claims: Mapping[str, Any], issuer: str, client_id: str, now: int
) -> LogoutNotice | None:
    """Return what acceptable claims say.

    A nonce is forbidden and the event demanded, so that an id token never passes for this.
    """
    events = claims.get("events")
    subject, sid = claims.get("sub"), claims.get("sid")
    is_acceptable = (
        claims.get("iss") == issuer
        and claims.get("aud") in (client_id, [client_id])
        and "nonce" not in claims
        and isinstance(events, dict)
        and isinstance(events.get(EVENT), dict)
        and _is_text(claims.get("jti"))
        and (subject is None or _is_text(subject))
        and (sid is None or _is_text(sid))
        and not (subject is None and sid is None)
        and _is_timely(claims.get("iat"), claims.get("exp"), now)
    )
    return LogoutNotice(issuer, subject, sid) if is_acceptable else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT


def _is_timely(issued_at: object, expires_at: object, now: int) -> bool:
    # A truth value is an int to Python, and a fraction or a text is no whole second.
    if type(issued_at) is not int or type(expires_at) is not int:
        return False
    is_in_range = 0 < issued_at <= now + LEEWAY_SECONDS and now < expires_at <= _LATEST_TIME
    return is_in_range and 0 < expires_at - issued_at <= MAX_LIFETIME_SECONDS
