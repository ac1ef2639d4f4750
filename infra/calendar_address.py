"""The secret in the address of a personal calendar: how it is made, and by what it is known.

Whoever makes it and whoever is asked by it are two programs; only its hash passes between them.
"""

import hashlib
import re
import secrets
from typing import Final

SECRET_BYTES: Final = 32
"""256 bits: hashing it once is enough, since nobody can try them all."""
PATH: Final = "/internal/training/calendar"
"""Where ``svc_training`` tells the gateway what an address shows."""
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def new_secret() -> str:
    """Return a secret that nobody has had before."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Return whether a text can be a secret at all."""
    return _SECRET.fullmatch(text) is not None


def digest(secret: str) -> str:
    """Return by what a secret is stored and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_digest(text: object) -> bool:
    """Return whether a value is a secret's hash."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None
