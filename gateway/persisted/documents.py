"""Which document a request means, and whether its application may send it.

An application with a manifest sends ids, and in production nothing else. Whatever is wrong - an id
that is unknown, of another application or of an older manifest, a text that is not the one of the
id, a text where only ids are taken - the refusal is the same.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.persisted.manifest import Manifest, ManifestError, read_manifest
from infra.errors import GoldenThreadError

SUFFIX = ".jws"
_log = structlog.get_logger(__name__)


class UnknownOperationError(GoldenThreadError):
    """No operation of this application; never says what was wrong."""

    code = "UNKNOWN_OPERATION"


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """How a request names its document.

    Attributes:
        text: the document itself, if it was sent.
        document_id: its id, if one was sent.
    """

    text: str | None
    document_id: str | None


class PersistedDocuments:
    """The manifests in one folder; ``refresh`` takes what has changed there."""

    def __init__(
        self, folder: Path | None = None, key: OKPKey | None = None, *, allows_texts: bool = True
    ) -> None:
        """Make the store; without a folder every application sends texts.

        Args:
            folder: where ``*.jws`` files are.
            key: public key that manifests are signed with.
            allows_texts: whether an application with a manifest may send texts beside ids.
        """
        self._folder = folder
        self._key = key
        self._allows_texts = allows_texts
        self._manifests: dict[str, Manifest] = {}
        self._seen: dict[Path, tuple[int, int]] = {}

    def document(self, client_id: str, wanted: DocumentRequest) -> str:
        """Return the document that a request of an application means.

        Raises:
            UnknownOperationError: there is none that this application may send.
        """
        manifest = self._manifests.get(client_id)
        if wanted.document_id is None:
            if wanted.text is None or (manifest is not None and not self._allows_texts):
                raise UnknownOperationError
            return wanted.text
        known = None if manifest is None else manifest.documents.get(wanted.document_id)
        if known is None or wanted.text not in (None, known):
            raise UnknownOperationError
        return known

    def refresh(self) -> tuple[str, ...]:
        """Load manifests that are new or changed; return the applications that have changed.

        A manifest that cannot be taken, or is not newer than the one in use, changes nothing: what
        was loaded before goes on. A file that is gone takes its manifest along only at a restart.
        """
        if self._folder is None or self._key is None:
            return ()
        changed = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                stamp = (path.stat().st_mtime_ns, path.stat().st_size)
                if self._seen.get(path) == stamp:
                    continue
                self._seen[path] = stamp
                manifest = read_manifest(path.read_text("ascii"), self._key)
                self._take(manifest)
            except (OSError, UnicodeDecodeError, ManifestError) as refused:
                _log.error(
                    "manifest_refused", file=path.name,
                    reason=str(refused) if isinstance(refused, ManifestError) else "unreadable",
                )  # fmt: skip
                continue
            changed.append(manifest.client_id)
            _log.info(
                "manifest_loaded", file=path.name, version=manifest.version,
                operations=len(manifest.documents),
            )  # fmt: skip
        return tuple(changed)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Return application and text of every operation, for the warm-up.

        May be read in a thread while manifests come.
        """
        for client_id, manifest in tuple(self._manifests.items()):
            for text in manifest.documents.values():
                yield client_id, text

    def _take(self, manifest: Manifest) -> None:
        current = self._manifests.get(manifest.client_id)
        if current is not None and manifest.version <= current.version:
            raise ManifestError(
                f"version {manifest.version} is not newer than {current.version}, which is in use"
            )
        self._manifests[manifest.client_id] = manifest


def read_key(path: Path) -> OKPKey:
    """Return the public key that manifests are signed with.

    Raises:
        ManifestError: the file holds no Ed25519 key as a JSON Web Key.
    """
    try:
        key = OKPKey.import_key(json.loads(path.read_text("utf-8")))
    except (OSError, JoseError, ValueError, TypeError, KeyError):
        raise ManifestError("GT_OPERATIONS_KEY must be a file with an Ed25519 key (JWK)") from None
    if key.curve_name != "Ed25519":
        raise ManifestError("GT_OPERATIONS_KEY must be an Ed25519 key")
    return key


def read_document_request(payload: Mapping[str, object]) -> DocumentRequest | None:
    """Return how a request body names its document; None when it is malformed.

    Ids are taken as ``documentId`` (GraphQL over HTTP, persisted documents), as Relay's ``doc_id``,
    and as Apollo's ``extensions.persistedQuery.sha256Hash``.
    """
    text = payload.get("query")
    named = [payload[name] for name in ("documentId", "doc_id") if name in payload]
    extensions = payload.get("extensions")
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        persisted = extensions["persistedQuery"]
        named.append(persisted.get("sha256Hash") if isinstance(persisted, dict) else None)
    if len(named) > 1 or not all(isinstance(each, str) for each in named):
        return None
    if not isinstance(text, str | None) or (text is None and not named):
        return None
    return DocumentRequest(text, str(named[0]) if named else None)
