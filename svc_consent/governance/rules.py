"""Two-person approval, seats, access reviews and documents of agreements. Pure."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies.rules import CEILING

MAX_DOCUMENT_BYTES = 1_500_000
"""A signed memorandum as it comes from a scanner; in base64 it still fits into one request."""
MAX_REVIEW_DAYS = 90
DORMANT_DAYS = 90
_FILE_NAME = re.compile(r"^[^/\\\x00-\x1f]{1,120}$")
MEDIA_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "text/plain"})

BY_PLATFORM = frozenset({Role.AGA, Role.PRV})
"""Roles that the platform's administrator asks for: nobody inside an agency makes another one."""


def check_reviewer(acting: Role, reviewer: Role) -> None:
    """Check that a review is decided in the role that it is for.

    Raises:
        RuleError: in another one.
    """
    if acting is not reviewer:
        message = "The platform reviews administrators and privacy officers, they the others."
        raise RuleError("NOT_THE_REVIEWER", message, ("input", "reviewId"))


def check_not_own(subject: str, holder: str) -> None:
    """Check that nobody decides about a role of their own.

    Raises:
        RuleError: it is one's own.
    """
    if subject == holder:
        message = "Somebody else reviews your own role."
        raise RuleError("OWN_GRANT", message, ("input", "grantId"))


def outlives_review(role: Role, holder: str, closing: str) -> bool:
    """Return whether a role that nobody has decided about outlives the end of its review.

    A platform administrator's own does, where it is he who closes: nobody takes away one's own.
    """
    return role is Role.PLA and holder == closing


class RequestStatus(StrEnum):
    """Where a request for a role stands."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


class SeatBody(StrEnum):
    """The three tables of a site."""

    PCG = "PCG"
    OWG = "OWG"
    CLT = "CLT"


class ReviewDecision(StrEnum):
    """What a review decides about a grant."""

    KEEP = "KEEP"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What an agency's withdrawal from a site concerns, counted.

    Attributes:
        roles: that end.
        people: who hold them.
        agreements: that no longer count.
        role_requests: that wait and stay.
        seats: that stay.
    """

    roles: int
    people: int
    agreements: int
    role_requests: int
    seats: int


def check_requestable(
    asking: Role, agency_type: AgencyType, role: Role, *, is_own_agency: bool
) -> None:
    """Check that a role may be asked for: the agency's within its ceiling, or the platform's.

    Raises:
        RuleError: above the ceiling of who asks.
    """
    if asking is Role.PLA and role in BY_PLATFORM:
        return
    if asking is Role.AGA and is_own_agency and role in CEILING[agency_type]:
        return
    message = "You cannot ask for this role at this agency."
    raise RuleError("ROLE_NOT_ALLOWED", message, ("input", "role"))


def check_approver(*, approver: str, requested_by: str, account_id: str) -> None:
    """Check that a second person decides: neither who asked nor who would get the role.

    Raises:
        RuleError: it is one of the two.
    """
    if approver in (requested_by, account_id):
        message = "A second person decides: neither who asked nor who gets the role."
        raise RuleError("SECOND_PERSON_NEEDED", message, ("input", "requestId"))


def checked_deadline(deadline_at: datetime, now: datetime) -> datetime:
    """Return a review's deadline.

    Raises:
        RuleError: past, or too far away.
    """
    if not now < deadline_at <= now + timedelta(days=MAX_REVIEW_DAYS):
        message = f"A review ends within {MAX_REVIEW_DAYS} days."
        raise RuleError("BAD_DEADLINE", message, ("input", "deadlineAt"))
    return deadline_at


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


def read_document(file_name: str, media_type: str, content_base64: str) -> Document:
    """Return a file as it was sent.

    Raises:
        RuleError: no file name, another kind of file, too large, or no base64.
    """
    if not _FILE_NAME.match(file_name):
        message = "A file has a name of 1 to 120 characters without slashes."
        raise RuleError("BAD_FILE_NAME", message, ("input", "fileName"))
    if media_type not in MEDIA_TYPES:
        message = f"Files are one of: {', '.join(sorted(MEDIA_TYPES))}."
        raise RuleError("BAD_MEDIA_TYPE", message, ("input", "mediaType"))
    try:
        content = base64.b64decode(content_base64, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not 1 <= len(content) <= MAX_DOCUMENT_BYTES:
        message = f"The content is base64 of 1 to {MAX_DOCUMENT_BYTES} bytes."
        raise RuleError("BAD_CONTENT", message, ("input", "contentBase64"))
    return Document(file_name, media_type, content)


def checked_name(text: str | None, field: str, *, needed: bool) -> str | None:
    """Return a name or title with blanks squeezed.

    Raises:
        RuleError: missing or too long.
    """
    squeezed = " ".join((text or "").split())
    if len(squeezed) > 200 or (needed and not squeezed):
        raise RuleError("BAD_TEXT", "1 to 200 characters.", ("input", field))
    return squeezed or None
