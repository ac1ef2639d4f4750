"""RSA signing keys, made on the first start, replaced by age, the old one kept for an overlap.

One private file per key, `rsa.<created_at>.<kid>.json`; the newest signs. A key that was replaced
stays in the published set for an hour: six times the life of the longest token.
"""

import json
from pathlib import Path
from uuid import uuid4

from joserfc.jwk import KeySet, RSAKey

from infra import clock
from infra.dev.private_files import private_directory, write_private

ROTATE_AFTER_SECONDS = 24 * 3600
RETIRE_AFTER_SECONDS = 3600
_BITS = 2048


class SigningKeys:
    """The issuer's keys, newest last."""

    def __init__(self, folder: Path, rotate_after_seconds: int = ROTATE_AFTER_SECONDS) -> None:
        self._folder = private_directory(folder)
        self._rotate_after = rotate_after_seconds
        self._keys: list[tuple[int, RSAKey]] = [
            (int(path.name.split(".")[1]), RSAKey.import_key(json.loads(path.read_bytes())))
            for path in sorted(folder.glob("rsa.*.json"))
        ]
        if not self._keys:
            self.rotate()

    def current(self) -> RSAKey:
        """Return the key to sign with now; an aged one is replaced first."""
        created_at, key = self._keys[-1]
        if clock.epoch_seconds() - created_at >= self._rotate_after:
            self.rotate()
            return self._keys[-1][1]
        return key

    def signing_set(self) -> KeySet:
        """Return the signing key alone, as a set, so that its id gets into the header."""
        return KeySet([self.current()])

    def verification_set(self) -> KeySet:
        """Return all keys whose signatures still count."""
        return KeySet([key for _, key in self._keys])

    def public_set(self) -> dict[str, object]:
        """Return the JSON Web Key Set (RFC 7517) that verifiers read."""
        self.current()
        return {"keys": [key.as_dict(private=False) for _, key in self._keys]}

    def rotate(self) -> None:
        """Make a new signing key and drop those whose overlap is over."""
        now = clock.epoch_seconds()
        kid = uuid4().hex
        key = RSAKey.generate_key(
            _BITS, parameters={"kid": kid, "use": "sig", "alg": "RS256"}, auto_kid=False
        )
        text = json.dumps(key.as_dict(private=True))
        # Two rotations within one second must still sort in order.
        created_at = max(now, self._keys[-1][0] + 1) if self._keys else now
        write_private(self._folder / f"rsa.{created_at:011d}.{kid}.json", text)
        self._keys.append((created_at, key))
        self._retire(now)

    def _retire(self, now: int) -> None:
        kept = []
        for index, (created_at, key) in enumerate(self._keys):
            is_last = index + 1 == len(self._keys)
            replaced_at = now if is_last else self._keys[index + 1][0]
            if is_last or now - replaced_at < RETIRE_AFTER_SECONDS:
                kept.append((created_at, key))
            else:
                for path in self._folder.glob(f"rsa.*.{key.kid}.json"):
                    path.unlink(missing_ok=True)
        self._keys = kept
