"""Issuers of access tokens: can their keys be had, and do they fit the pinned algorithms."""

import email.utils
import json
import urllib.error
import urllib.request
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from infra import clock
from infra.cli.doctor.deployment import GATEWAY, Deployment, issuers_of
from infra.cli.doctor.findings import Finding, fail, ok, warn

_TIMEOUT_SECONDS = 5.0
_MOST_BYTES = 1_000_000
_LEAST_RSA_BITS = 2048
SKEW_WARN_SECONDS = 2.0
SKEW_FAIL_SECONDS = 30.0
_FAMILY = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}


@dataclass(frozen=True, slots=True)
class _Fetched:
    body: Any
    sent_at: datetime | None


def reachable(deployment: Deployment) -> list[Finding]:
    """Fetch each issuer's keys and metadata, as the gateway does."""
    gateway = deployment.program(GATEWAY)
    if gateway is None:
        return []
    return [finding for entry in issuers_of(gateway) for finding in _issuer(entry)]


def _issuer(entry: dict[str, Any]) -> Iterator[Finding]:
    alias = str(entry.get("alias", "?"))
    subject = alias
    try:
        keys = _get(str(entry.get("jwks_uri", "")))
    except (OSError, ValueError) as error:
        yield fail(
            "issuer", subject, f"its keys cannot be had: {_reason(error)}",
            "nobody of this issuer can sign in: check jwks_uri, network policy and the issuer",
        )  # fmt: skip
        return
    wanted = [name for name in entry.get("algorithms", []) if name in _FAMILY]
    problems = list(_unfit(keys.body, wanted))
    for problem in problems:
        yield fail(
            "issuer", subject, problem,
            "publish a signing key of that kind, or pin the algorithm that the issuer uses",
        )  # fmt: skip
    if not problems:
        yield ok("issuer", subject, f"reachable, with keys for {', '.join(wanted)}")
    yield from _metadata(entry, subject)
    if keys.sent_at is not None:
        yield skew("clock", f"issuer {alias}", (clock.now() - keys.sent_at).total_seconds() - 0.5)


def skew(check: str, subject: str, seconds: float) -> Finding:
    """Judge how far a clock is from this machine's."""
    advice = "run chrony or another time service on both machines"
    if abs(seconds) >= SKEW_FAIL_SECONDS:
        return fail(check, subject, f"{seconds:+.0f} s apart from this machine's clock", advice)
    if abs(seconds) >= SKEW_WARN_SECONDS:
        return warn(check, subject, f"{seconds:+.0f} s apart from this machine's clock", advice)
    return ok(check, subject, "agrees with this machine's clock")


def _get(url: str) -> _Fetched:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("not a web address")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
        text = response.read(_MOST_BYTES)
        date = response.headers.get("date")
    sent_at = None if date is None else email.utils.parsedate_to_datetime(date)
    return _Fetched(json.loads(text), sent_at)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, urllib.error.URLError):
        return type(error.reason).__name__
    return type(error).__name__


def _unfit(body: Any, wanted: list[str]) -> Iterator[str]:
    given = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given:
        yield "its key set holds no keys"
        return
    signing = [each for each in given if isinstance(each, dict) and each.get("use") != "enc"]
    for algorithm in wanted:
        fitting = [
            each
            for each in signing
            if each.get("kty") == _FAMILY[algorithm] and each.get("alg") in (None, algorithm)
        ]
        if not fitting:
            yield f"no key for the pinned algorithm {algorithm}"
        elif not any(_is_sound(each) for each in fitting):
            yield f"no usable key for {algorithm}: damaged, without kid, or too short"


def _is_sound(jwk: dict[str, Any]) -> bool:
    if not jwk.get("kid"):
        return False
    try:
        match jwk["kty"]:
            case "RSA":
                bits = int.from_bytes(urlsafe_b64decode(f"{jwk['n']}==")).bit_length()
                return bits >= _LEAST_RSA_BITS and bool(RSAKey.import_key(jwk).public_key)
            case "EC":
                return bool(ECKey.import_key(jwk).public_key)
            case _:
                return bool(OKPKey.import_key(jwk).public_key)
    except (JoseError, ValueError, TypeError, KeyError):
        return False


def _metadata(entry: dict[str, Any], subject: str) -> Iterator[Finding]:
    """Compare with the issuer's published metadata, where there is any (OIDC Discovery 4)."""
    issuer = str(entry.get("issuer", ""))
    try:
        found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration").body
    except (OSError, ValueError):
        yield warn(
            "issuer", subject, "publishes no metadata at its identifier",
            "harmless where the identifier is only a name; else check it in GT_ISSUERS",
        )  # fmt: skip
        return
    said = found if isinstance(found, dict) else {}
    for field, ours in (("issuer", issuer), ("jwks_uri", str(entry.get("jwks_uri", "")))):
        if said.get(field) != ours:
            yield fail(
                "issuer", subject, f"its metadata names another {field} than GT_ISSUERS",
                "copy the value from the issuer's metadata; tokens are compared with it exactly",
            )  # fmt: skip
