"""What a document is, and when its bytes are all there. Pure.

A document is known by the SHA-256 of its bytes; there are no paths and no file names. Bytes come in
parts, because a request is small; nobody reads a document before it is whole and its hash is right.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Category

PART_BYTES = 32_768
MAX_BYTES = 4 * 1024 * 1024
_HEX = frozenset("0123456789abcdef")
_HASH_LENGTH = 64


class DocumentKind(StrEnum):
    """What sort of document it is."""

    IDENTITY_PAPER = "IDENTITY_PAPER"
    BENEFIT_LETTER = "BENEFIT_LETTER"
    LEASE = "LEASE"
    COURT_PAPER = "COURT_PAPER"
    TREATMENT_RECORD = "TREATMENT_RECORD"
    MENTAL_HEALTH_RECORD = "MENTAL_HEALTH_RECORD"
    MEDICAL_RECORD = "MEDICAL_RECORD"
    OTHER = "OTHER"


class DocumentState(StrEnum):
    """Whether all bytes are there."""

    AWAITING = "AWAITING"
    STORED = "STORED"
    WITHDRAWN = "WITHDRAWN"


class MediaType(StrEnum):
    """What the bytes are."""

    PDF = "PDF"
    JPEG = "JPEG"
    PNG = "PNG"
    TEXT = "TEXT"


_K = DocumentKind
KIND_MEANINGS = {
    _K.IDENTITY_PAPER: "A paper that says who somebody is; needs IDENTITY as well.",
    _K.BENEFIT_LETTER: "A letter about benefits; needs INCOME as well.",
    _K.LEASE: "A lease or a letter about housing; needs HOUSING as well.",
    _K.COURT_PAPER: "A paper of a court or office; needs LEGAL_COORD as well.",
    _K.TREATMENT_RECORD: "A record of substance use treatment; needs SUD as well.",
    _K.MENTAL_HEALTH_RECORD: "A record of mental health care; needs MENTAL_HEALTH as well.",
    _K.MEDICAL_RECORD: "Another medical record; needs HEALTH_HIV as well.",
    _K.OTHER: "Anything else.",
}
TELLING_KINDS: dict[DocumentKind, Category] = {
    _K.IDENTITY_PAPER: Category.IDENTITY,
    _K.BENEFIT_LETTER: Category.INCOME,
    _K.LEASE: Category.HOUSING,
    _K.COURT_PAPER: Category.LEGAL_COORD,
    _K.TREATMENT_RECORD: Category.SUD,
    _K.MENTAL_HEALTH_RECORD: Category.MENTAL_HEALTH,
    _K.MEDICAL_RECORD: Category.HEALTH_HIV,
}
"""The category that a document of this kind needs beside CASE_NOTES."""
STATE_MEANINGS = {
    DocumentState.AWAITING: "Parts are missing; nobody reads it yet.",
    DocumentState.STORED: "Whole, and its hash is right.",
    DocumentState.WITHDRAWN: "Not to be used; its bytes are no longer given out.",
}
STEPS: dict[DocumentState, frozenset[DocumentState]] = {
    DocumentState.AWAITING: frozenset({DocumentState.STORED, DocumentState.WITHDRAWN}),
    DocumentState.STORED: frozenset({DocumentState.WITHDRAWN}),
    DocumentState.WITHDRAWN: frozenset(),
}
"""What may follow on each state."""
MEDIA_MEANINGS = {
    MediaType.PDF: "application/pdf.",
    MediaType.JPEG: "image/jpeg.",
    MediaType.PNG: "image/png.",
    MediaType.TEXT: "text/plain, UTF-8.",
}
_BEGINS: dict[MediaType, bytes] = {
    MediaType.PDF: b"%PDF-",
    MediaType.JPEG: b"\xff\xd8\xff",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
}


def parts_of(size_bytes: int) -> int:
    """Return in how many parts so many bytes come."""
    return -(-size_bytes // PART_BYTES)


def check_new(size_bytes: int, sha256: str) -> None:
    """Check what is announced.

    Raises:
        RuleError: a size out of range, or no SHA-256 in lower-case hex.
    """
    if not 1 <= size_bytes <= MAX_BYTES:
        raise RuleError("NUMBER_RANGE", f"1 to {MAX_BYTES} bytes.", ("input", "sizeBytes"))
    if len(sha256) != _HASH_LENGTH or not set(sha256) <= _HEX:
        raise RuleError("HASH_FORM", "64 lower-case hex digits.", ("input", "sha256"))


def part_bytes(content_base64: str, number: int, size_bytes: int) -> bytes:
    """Return the bytes of a part.

    Args:
        content_base64: the part as it was sent.
        number: which part, from 1.
        size_bytes: size of the whole.

    Raises:
        RuleError: no such part, no base64, or not as long as that part must be.
    """
    count = parts_of(size_bytes)
    if not 1 <= number <= count:
        raise RuleError("NUMBER_RANGE", f"Parts 1 to {count}.", ("input", "number"))
    field = ("input", "contentBase64")
    try:
        found = base64.b64decode(content_base64, validate=True)
    except (binascii.Error, ValueError):
        raise RuleError("CONTENT_FORM", "Base64, nothing else.", field) from None
    expected = PART_BYTES if number < count else size_bytes - PART_BYTES * (count - 1)
    if len(found) != expected:
        raise RuleError("CONTENT_FORM", f"Part {number} has {expected} bytes.", field)
    return found


def check_whole(parts: Sequence[bytes], sha256: str, media: MediaType) -> None:
    """Check bytes that are all there.

    Raises:
        RuleError: another hash than was announced, or bytes of another kind.
    """
    digest = hashlib.sha256()
    for each in parts:
        digest.update(each)
    field = ("input", "contentBase64")
    if digest.hexdigest() != sha256:
        raise RuleError("HASH_DIFFERS", "These are not the bytes that were announced.", field)
    if media is MediaType.TEXT:
        try:
            b"".join(parts).decode("utf-8")
        except UnicodeDecodeError:
            raise RuleError("CONTENT_FORM", "Text is UTF-8.", field) from None
    elif not parts[0].startswith(_BEGINS[media]):
        raise RuleError("CONTENT_FORM", f"These bytes are no {media.value}.", field)
