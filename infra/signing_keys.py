"""Keys of the internal tokens: made on first start, rotated by age, published as JWK files.

Each program owns a private folder with its signing key. Public keys of all programs lie in one
folder that everybody reads, one file a key, named ``<issuer>.<kid>.json``; a key is only
believed for the issuer in its file name. Old public keys stay for ten minutes, ten times the
life of the longest token.

A clock that was wrong for a while leaves nothing behind: a key that was made further ahead than
keys are kept is replaced like one that is too old, and a public key that another program, by its
own clock, took for an old one is published again by the program that signs with it.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from infra import clock

ROTATE_AFTER_SECONDS = 24 * 3600
RETIRE_AFTER_SECONDS = 600
_RELOAD_COOLDOWN_SECONDS = 0.5
_PUBLISHED_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key with its id and birth time (epoch seconds)."""

    kid: str
    private: OKPKey
    created_at: int


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class SigningKeys:
    """The signing keys of one issuer."""

    def __init__(
        self,
        issuer: str,
        key_dir: Path,
        public_key_dir: Path,
        rotate_after_seconds: int = ROTATE_AFTER_SECONDS,
    ) -> None:
        self.issuer = issuer
        self._file = key_dir / f"{issuer}.signing.json"
        self._public_dir = public_key_dir
        self._rotate_after = rotate_after_seconds
        key_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        public_key_dir.mkdir(parents=True, exist_ok=True, mode=0o755)
        self._looked_at = clock.monotonic()
        self._current = self._load() or self._create()

    def current(self) -> SigningKey:
        """Return the key to sign with now; makes a new one when the present one is too old.

        One whose birth lies as far ahead was made by a clock that was wrong; it goes as well.
        """
        if abs(clock.epoch_seconds() - self._current.created_at) >= self._rotate_after:
            self._current = self._create()
            self._retire()
        elif clock.monotonic() - self._looked_at >= _PUBLISHED_LOOK_SECONDS:
            self._looked_at = clock.monotonic()
            # Where the folder cannot be written, the key that it lacks is the operator's to place.
            with contextlib.suppress(OSError):
                self._publish(self._current)
        return self._current

    def _load(self) -> SigningKey | None:
        try:
            stored = json.loads(self._file.read_text())
            key = SigningKey(stored["kid"], OKPKey.import_key(stored["jwk"]), stored["created_at"])
        except FileNotFoundError:
            return None
        self._publish(key)
        return key

    def _create(self) -> SigningKey:
        kid = uuid4().hex
        private = OKPKey.generate_key("Ed25519", parameters={"kid": kid})
        key = SigningKey(kid, private, clock.epoch_seconds())
        # Published before it is used: a verifier must never meet a key it cannot find.
        self._publish(key)
        document = {"kid": kid, "created_at": key.created_at, "jwk": private.as_dict(private=True)}
        _write_private(self._file, json.dumps(document))
        return key

    def _publish(self, key: SigningKey) -> None:
        target = self._public_dir / f"{self.issuer}.{key.kid}.json"
        if not target.exists():
            temporary = target.with_suffix(".part")
            temporary.write_text(json.dumps(key.private.as_dict(private=False)))
            temporary.replace(target)

    def _retire(self) -> None:
        for file in self._public_dir.glob(f"{self.issuer}.*.json"):
            age = clock.epoch_seconds() - file.stat().st_mtime
            if file.name != f"{self.issuer}.{self._current.kid}.json" and (
                age > self._rotate_after + RETIRE_AFTER_SECONDS
            ):
                file.unlink(missing_ok=True)


class VerificationKeys:
    """Everybody's public keys, re-read when an unknown key id turns up.

    That costs one ``stat`` where no file came or went; beyond that at most two reads a second.
    """

    def __init__(self, public_key_dir: Path) -> None:
        self._dir = public_key_dir
        self._keys: dict[str, tuple[str, OKPKey]] = {}
        self._read_at = float("-inf")
        self._read_stamp = 0

    def find(self, token: Any) -> OKPKey:
        """Return the public key that a token's header names; shaped for joserfc.

        Raises:
            ValueError: no such key.
        """
        kid = token.headers().get("kid")
        if not isinstance(kid, str):
            raise ValueError("the token names no key")  # noqa: TRY004 - joserfc expects ValueError
        if kid not in self._keys:
            self._reload()
        if kid not in self._keys:
            raise ValueError("unknown key")
        return self._keys[kid][1]

    def belongs_to(self, kid: str, issuer: str) -> bool:
        """Return whether the key was published by this issuer."""
        return kid in self._keys and self._keys[kid][0] == issuer

    def _reload(self) -> None:
        # A program that has just made its key must not wait for the pause to end.
        stamp = self._dir.stat().st_mtime_ns if self._dir.is_dir() else 0
        is_recent = clock.monotonic() - self._read_at < _RELOAD_COOLDOWN_SECONDS
        if is_recent and stamp == self._read_stamp:
            return
        self._read_at, self._read_stamp = clock.monotonic(), stamp
        keys: dict[str, tuple[str, OKPKey]] = {}
        for file in sorted(self._dir.glob("*.json")):
            issuer, _, kid = file.name.removesuffix(".json").rpartition(".")
            try:
                keys[kid] = (issuer, OKPKey.import_key(json.loads(file.read_text())))
            except (OSError, ValueError, JoseError):
                continue  # a half-written or foreign file is no key
        self._keys = keys
