"""Persisted operations: what an application may ask, agreed and signed before it is shipped."""

from gateway.persisted.documents import DocumentRequest, PersistedDocuments, UnknownOperationError
from gateway.persisted.manifest import Manifest, ManifestError, read_manifest, sign_manifest

__all__ = [
    "DocumentRequest",
    "Manifest",
    "ManifestError",
    "PersistedDocuments",
    "UnknownOperationError",
    "read_manifest",
    "sign_manifest",
]
