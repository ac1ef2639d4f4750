"""Sealed texts for cookies: readable and changeable by nobody but this gateway.

AES-256-GCM with a key for each use (HKDF, RFC 5869), so that a text sealed for one use never opens
as another. Nonces are random; a session is sealed again once a minute at most, far from any limit.
"""

import base64
import binascii
import hmac
import os
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.settings import Secret, SettingsError

_NONCE_BYTES = 12
_KEY_BYTES = 32
_MAX_OPENED_BYTES = 16_384


def read_key(secret: Secret) -> bytes:
    """Return the console's key.

    Raises:
        SettingsError: not 32 bytes in base64.
    """
    try:
        key = base64.b64decode(secret.reveal(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError("GT_CONSOLE_KEY must be 32 bytes in base64")
    return key


def derive(key: bytes, use: str) -> bytes:
    """Return the key for one use."""
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"console:{use}".encode()).derive(key)


class Seal:
    """Seals and opens texts for one use."""

    def __init__(self, key: bytes, use: str) -> None:
        self._cipher = AESGCM(derive(key, use))
        self._use = use.encode()

    def seal(self, payload: bytes) -> str:
        """Return a sealed text, safe in a cookie."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, zlib.compress(payload, 9), self._use)
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, text: str) -> bytes | None:
        """Return what was sealed, or None for anything that was not sealed here for this use."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            packed = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._use)
        except (InvalidTag, ValueError):
            return None
        return zlib.decompressobj().decompress(packed, _MAX_OPENED_BYTES)


class FormTokens:
    """Tokens against forged forms: bound to one session, good as long as it lives."""

    def __init__(self, key: bytes) -> None:
        self._key = derive(key, "form")

    def token(self, session_id: str) -> str:
        """Return the token of a session."""
        return hmac.new(self._key, session_id.encode(), "sha256").hexdigest()

    def is_of(self, session_id: str, token: object) -> bool:
        """Say whether a form carries the session's token; compared in constant time."""
        return isinstance(token, str) and hmac.compare_digest(
            self.token(session_id).encode(), token.encode()
        )
