"""Signs the heads of the ledger's lanes: every thousand entries, and once a minute.

A signed head is evidence of how long a chain was and what it ended in. Keys rotate; each public
key stays in the ledger, and a copy outside the database (``ledger-keys`` in the key folder), so
that who can write the database cannot forge a key as well.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from infra.errors import GoldenThreadError
from infra.signing_keys import SigningKeys
from svc_consent.disclosures.repository import chains as repository
from svc_consent.disclosures.repository.chains import LaneHead
from svc_consent.hot_pool import HotPool

PINNED_KEYS = "ledger-keys"
ENTRIES_PER_HEAD = 1000
SECONDS_PER_HEAD = 60
_LOOK_SECONDS = 1.0

_log = structlog.get_logger(__name__)


def head_text(lane: str, sequence: int, hash_: bytes, signed_at: str) -> bytes:
    """Return the text that is signed for a head."""
    return json.dumps([lane, sequence, hash_.hex(), signed_at]).encode()


def verify_head(jwk: Mapping[str, Any], text: bytes, signature: bytes) -> bool:
    """Return whether a signature is that of this key over this text."""
    try:
        key = OKPKey.import_key(dict(jwk)).raw_value
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, text)
    except (InvalidSignature, JoseError, ValueError):
        return False
    return True


def pinned_keys(folder: Path) -> dict[str, Any]:
    """Return the public keys that were kept outside the database, by key id."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


class HeadSigner:
    """Background task of the service; the gate tells it when the ledger has grown."""

    def __init__(self, pool: HotPool, keys: SigningKeys, pin_dir: Path) -> None:
        self._pool = pool
        self._keys = keys
        self._pin_dir = pin_dir
        self._task: asyncio.Task[None] | None = None
        self._grown = asyncio.Event()
        self._entries = 0

    async def start(self) -> None:
        """Begin to sign."""
        self._task = asyncio.create_task(self._run(), name="ledger-heads")

    async def stop(self) -> None:
        """Stop, after signing what is there."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            with contextlib.suppress(GoldenThreadError):
                await self.sign_due(seconds=0)

    def note(self, entries: int) -> None:
        """Take note that the ledger has grown; wakes the task when a head is due by length."""
        self._entries += entries
        if self._entries >= ENTRIES_PER_HEAD:
            self._entries = 0
            self._grown.set()

    async def sign_due(
        self, *, entries: int = ENTRIES_PER_HEAD, seconds: float = SECONDS_PER_HEAD
    ) -> int:
        """Sign the heads of lanes that have grown enough, or some time ago; return how many.

        Raises:
            AuthorityUnavailableError: the database does not answer.
        """
        async with self._pool.connection() as connection:
            due = await repository.lanes_due(connection, entries, seconds)
            if due:
                await self._sign(connection, due)
        return len(due)

    async def _sign(self, connection: Any, due: list[LaneHead]) -> None:
        key = self._keys.current()
        jwk = key.private.as_dict(private=False)
        await asyncio.to_thread(self._pin, key.kid, jwk)
        await repository.publish_key(connection, key.kid, json.dumps(jwk))
        private = key.private.raw_value
        assert isinstance(private, Ed25519PrivateKey)  # noqa: S101 - SigningKeys makes no other
        for head in due:
            text = head_text(head.lane, head.sequence, head.hash, head.now.isoformat())
            await repository.add_signed_head(connection, head, key.kid, private.sign(text))

    def _pin(self, kid: str, jwk: Mapping[str, Any]) -> None:
        self._pin_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._pin_dir / f"{kid}.json"
        if not file.exists():
            temporary = file.with_suffix(".part")
            temporary.write_text(json.dumps(jwk))
            temporary.replace(file)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), _LOOK_SECONDS)
            self._grown.clear()
            try:
                await self.sign_due()
            except GoldenThreadError as error:
                _log.warning("ledger_head_not_signed", error_code=error.code)
