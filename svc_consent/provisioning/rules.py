"""What an identity provider may say about its people, and what came of a membership. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from infra.errors import RuleError

MAX_TEXT = 200
MAX_MEMBERS_AT_ONCE = 100
MAX_PAGE = 200


class Outcome(StrEnum):
    """What a membership of a group came to."""

    UNMAPPED = "UNMAPPED"
    GRANTED = "GRANTED"
    HELD = "HELD"
    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"


class SubjectAttribute(StrEnum):
    """Which of a provider's attributes is the subject of its access tokens."""

    EXTERNAL_ID = "EXTERNAL_ID"
    USER_NAME = "USER_NAME"


@dataclass(frozen=True, slots=True)
class UserTerms:
    """A person as the provider has them. Names beyond this are neither asked for nor kept."""

    user_id: str | None
    expected_version: int | None
    user_name: str
    external_id: str | None
    display_name: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class GroupTerms:
    """A group as the provider has it, and how its members change."""

    group_id: str | None
    expected_version: int | None
    display_name: str
    external_id: str | None
    add: tuple[str, ...]
    remove: tuple[str, ...]
    is_whole: bool
    """Whether ``add`` is all of its members: everybody else leaves."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a membership came to, and what it made."""

    outcome: Outcome
    code: str | None = None
    grant_id: str | None = None
    request_id: str | None = None
    at: datetime | None = None


def checked_text(text: str | None, field: str, *, needed: bool) -> str | None:
    """Return a text with blanks squeezed.

    Raises:
        RuleError: missing or too long.
    """
    squeezed = " ".join((text or "").split())
    if len(squeezed) > MAX_TEXT or (needed and not squeezed):
        raise RuleError("BAD_TEXT", f"1 to {MAX_TEXT} characters.", ("input", field))
    return squeezed or None


def subject_of(attribute: SubjectAttribute, user_name: str, external_id: str | None) -> str:
    """Return which token subject a person will come with.

    Raises:
        RuleError: the provider's agreement names ``externalId``, and there is none.
    """
    if attribute is SubjectAttribute.USER_NAME:
        return user_name
    if external_id is None:
        message = "externalId is the subject of this provider's tokens: it is needed."
        raise RuleError("SUBJECT_NEEDED", message, ("input", "externalId"))
    return external_id


def check_members(terms: GroupTerms) -> None:
    """Check how many memberships one change is about.

    Raises:
        RuleError: too many; each may be a role, given under the lock of the order.
    """
    if len(terms.add) + len(terms.remove) > MAX_MEMBERS_AT_ONCE:
        message = f"One change is about {MAX_MEMBERS_AT_ONCE} members or fewer."
        raise RuleError("TOO_MANY_MEMBERS", message, ("input", "addMembers"))
