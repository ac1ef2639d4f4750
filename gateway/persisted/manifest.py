"""Manifests of persisted operations: read, checked, signed.

Two formats are taken as the tools of the field write them: Apollo's persisted query manifest and
the map that the Relay compiler writes. What the gateway loads is a JWS (RFC 7515, Ed25519) over one
of them together with the client it is for and a version that only grows, so that neither another
client's manifest nor an older one can be put in its place.
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra.errors import GoldenThreadError

APOLLO_FORMAT: Final = "apollo-persisted-query-manifest"
TYPE: Final = "goldenthread-operations"
ALGORITHM: Final = "EdDSA"
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_OPERATIONS: Final = 10_000
_MAX_ID = 256


class ManifestError(GoldenThreadError):
    """A manifest cannot be taken; the text says why, for who deploys it."""

    code = "MANIFEST"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The operations of one application.

    Attributes:
        client_id: which application may use them.
        version: grows with each manifest of this application.
        documents: GraphQL documents by id.
    """

    client_id: str
    version: int
    documents: Mapping[str, str]


def read_manifest(signed: str, key: OKPKey) -> Manifest:
    """Return a manifest whose signature is of this key.

    Raises:
        ManifestError: it is not signed by this key, or its content is not acceptable.
    """
    if len(signed) > MAX_BYTES:
        raise ManifestError("the manifest is larger than 16 MiB")
    try:
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519; tools still write EdDSA (RFC 8037).
            warnings.simplefilter("ignore", SecurityWarning)
            found = jws.deserialize_compact(signed.strip(), key, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError):
        raise ManifestError("the manifest's signature is not of the configured key") from None
    if found.headers() != {"alg": ALGORITHM, "typ": TYPE}:
        raise ManifestError("the signed text is no manifest of operations")
    return _read(bytes(found.payload))


def sign_manifest(manifest: object, client_id: str, version: int, key: OKPKey) -> str:
    """Return a manifest in either format as the gateway loads it.

    Raises:
        ManifestError: the content is not acceptable.
    """
    payload = json.dumps({"client_id": client_id, "version": version, "manifest": manifest})
    _read(payload.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        header = {"alg": ALGORITHM, "typ": TYPE}
        return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


def _read(payload: bytes) -> Manifest:
    try:
        content = parse_strictly(payload)
    except StrictJsonError:
        raise ManifestError("the manifest is no JSON, or a name occurs twice in it") from None
    if not isinstance(content, dict) or content.keys() != {"client_id", "version", "manifest"}:
        raise ManifestError("the manifest must have client_id, version and manifest")
    client_id, version = content["client_id"], content["version"]
    if not isinstance(client_id, str) or not client_id:
        raise ManifestError("client_id must be a text")
    if type(version) is not int or version < 1:
        raise ManifestError("version must be a whole number from 1")
    documents = _documents(content["manifest"])
    if not 0 < len(documents) <= MAX_OPERATIONS:
        raise ManifestError(f"a manifest has 1 to {MAX_OPERATIONS} operations")
    return Manifest(client_id, version, MappingProxyType(documents))


def _documents(manifest: object) -> dict[str, str]:
    if not isinstance(manifest, dict):
        raise ManifestError("the manifest must be an object")
    if "format" not in manifest:
        return dict(_entry(name, text) for name, text in manifest.items())
    if manifest["format"] != APOLLO_FORMAT or manifest.get("version") != 1:
        raise ManifestError(f"the only format with a name is {APOLLO_FORMAT}, version 1")
    operations = manifest.get("operations")
    if not isinstance(operations, list):
        raise ManifestError("operations must be a list")
    documents: dict[str, str] = {}
    for number, each in enumerate(operations, start=1):
        if not isinstance(each, dict):
            raise ManifestError(f"operation {number} is no object")
        name, text = _entry(each.get("id"), each.get("body"))
        if documents.setdefault(name, text) != text:
            raise ManifestError(f"operation {number} has an id that another one has")
    return documents


def _entry(name: Any, text: Any) -> tuple[str, str]:
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_ID or not name.isprintable():
        raise ManifestError("an operation's id must be a text of at most 256 characters")
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ManifestError("an operation's body must be a GraphQL document")
    return name, text
