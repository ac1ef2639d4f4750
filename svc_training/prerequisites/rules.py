"""How far a person is with a prerequisite, and which steps are allowed.

``UNMET -> DOCUMENT_SUBMITTED -> MET``, or from the document on to ``WAIVER_REQUESTED`` and then
``WAIVED`` or ``REJECTED``. A waiver needs a comment and is decided by somebody else than who asked
for it. Files are small and never hold a social security number where we can read them.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from infra.errors import RuleError
from svc_training.personnel.rules import holds_social_security_number

MAX_DOCUMENT_BYTES = 40_000
"""An operation's body is 64 KiB at most, and base64 takes a third more."""

MAX_TITLE_LENGTH = 200
_FILE_NAME = re.compile(r"^[^/\\\x00-\x1f]{1,120}$")
MEDIA_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "text/plain"})


class PrerequisiteKind(StrEnum):
    """By what a prerequisite is met."""

    COURSE = "COURSE"
    DOCUMENT = "DOCUMENT"


class FulfillmentStatus(StrEnum):
    """How far a person is with a prerequisite."""

    UNMET = "UNMET"
    DOCUMENT_SUBMITTED = "DOCUMENT_SUBMITTED"
    MET = "MET"
    WAIVER_REQUESTED = "WAIVER_REQUESTED"
    WAIVED = "WAIVED"
    REJECTED = "REJECTED"


_S = FulfillmentStatus

NEXT: dict[FulfillmentStatus, tuple[FulfillmentStatus, ...]] = {
    _S.UNMET: (_S.DOCUMENT_SUBMITTED,),
    _S.DOCUMENT_SUBMITTED: (_S.MET, _S.WAIVER_REQUESTED),
    _S.WAIVER_REQUESTED: (_S.WAIVED, _S.REJECTED),
    _S.MET: (),
    _S.WAIVED: (),
    _S.REJECTED: (),
}
"""Allowed steps."""

IS_CLEAR: frozenset[FulfillmentStatus] = frozenset({_S.MET, _S.WAIVED})
"""Statuses with which a person may be registered."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was sent."""

    file_name: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def check_step(present: FulfillmentStatus, wanted: FulfillmentStatus) -> None:
    """Let an allowed step pass.

    Raises:
        RuleError: the step is not allowed; the message names those that are.
    """
    allowed = NEXT[present]
    if wanted in allowed:
        return
    steps = ", ".join(status.value for status in allowed) or "none: it has ended"
    message = (
        f"A prerequisite that is {present.value} cannot become {wanted.value}; allowed: {steps}."
    )
    raise RuleError("ILLEGAL_STEP", message, ("input", "status"))


def check_decision(
    wanted: FulfillmentStatus, comment: str | None, *, decides: str, asked: str
) -> None:
    """Check what goes with a step: a waiver's comment, and that nobody decides the own waiver.

    Args:
        wanted: the step.
        comment: what is noted with it.
        decides: who takes the step.
        asked: who took the step before.

    Raises:
        RuleError: a waiver without comment, or decided by who asked for it.
    """
    if wanted in (_S.WAIVER_REQUESTED, _S.REJECTED) and not comment:
        message = "Say why, in a comment."
        raise RuleError("COMMENT_NEEDED", message, ("input", "comment"))
    if wanted in (_S.WAIVED, _S.REJECTED) and decides == asked:
        message = "Somebody else than who asked for the waiver decides it."
        raise RuleError("OWN_WAIVER", message, ("input", "status"))


def checked_title(title: str) -> str:
    """Return the title of a prerequisite with blanks squeezed.

    Raises:
        RuleError: empty or too long.
    """
    squeezed = " ".join(title.split())
    if not 1 <= len(squeezed) <= MAX_TITLE_LENGTH:
        message = f"A prerequisite has a title of 1 to {MAX_TITLE_LENGTH} characters."
        raise RuleError("BAD_TITLE", message, ("input", "title"))
    return squeezed


def read_document(file_name: str, media_type: str, content_base64: str) -> Document:
    """Return a file as it was sent.

    Raises:
        RuleError: no file name, another kind of file, too large, no base64, or a text in which
            there is what looks like a social security number.
    """
    if not _FILE_NAME.match(file_name) or holds_social_security_number(file_name):
        message = "A file has a name of 1 to 120 characters without slashes."
        raise RuleError("BAD_FILE_NAME", message, ("input", "fileName"))
    if media_type not in MEDIA_TYPES:
        message = f"Files are one of: {', '.join(sorted(MEDIA_TYPES))}."
        raise RuleError("BAD_MEDIA_TYPE", message, ("input", "mediaType"))
    try:
        content = base64.b64decode(content_base64, validate=True)
    except (binascii.Error, ValueError):
        message = "The content must be base64."
        raise RuleError("BAD_CONTENT", message, ("input", "contentBase64")) from None
    if not 1 <= len(content) <= MAX_DOCUMENT_BYTES:
        message = f"A file has 1 to {MAX_DOCUMENT_BYTES} bytes."
        raise RuleError("BAD_CONTENT", message, ("input", "contentBase64"))
    if media_type == "text/plain" and holds_social_security_number(
        content.decode("utf-8", errors="replace")
    ):
        message = "This looks like a social security number; never upload one."
        raise RuleError("SOCIAL_SECURITY_NUMBER", message, ("input", "contentBase64"))
    return Document(file_name, media_type, content)
