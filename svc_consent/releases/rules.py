"""Releases of information: what a form says, which state it is in, what it permits. Pure.

What a form needs is in ``elements``. A release is a ceiling, never a grant: roles and purposes
narrow it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from infra.authority.facts import VisibilityFact, agency_holder
from infra.errors import RuleError
from infra.vocabulary import ALWAYS_DENY_PURPOSES, PERSON_CATEGORIES, Basis, Category, Purpose


class ReleaseKind(StrEnum):
    """One kind to a form (42 CFR 2.31): what it covers may not be mixed."""

    GENERAL = "GENERAL"
    TPO = "TPO"
    COUNSELING_NOTES = "COUNSELING_NOTES"
    PROCEEDING = "PROCEEDING"
    CJ_CONDITIONAL_2_35 = "CJ_CONDITIONAL_2_35"
    RESEARCH = "RESEARCH"


class ReleaseStatus(StrEnum):
    """State of one version. EXPIRED is never stored: it follows from the clock."""

    DRAFT = "DRAFT"
    DEFECTIVE = "DEFECTIVE"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    SUPERSEDED = "SUPERSEDED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"


class ProvisionEffect(StrEnum):
    """Whether a provision opens or closes; what closes wins."""

    PERMIT = "permit"
    DENY = "deny"


class SignatureMethod(StrEnum):
    """How a form was signed; electronic signatures are allowed (42 CFR 2.31(a)(8))."""

    WET_INK = "WET_INK"
    ELECTRONIC = "ELECTRONIC"


class Capacity(StrEnum):
    """As what somebody signed (42 CFR 2.14, 2.15)."""

    SELF = "SELF"
    PARENT = "PARENT"
    GUARDIAN = "GUARDIAN"
    REPRESENTATIVE = "REPRESENTATIVE"


class Covers(StrEnum):
    """What a form may be about besides categories; each needs a form of its own (2.31(b), (d))."""

    COUNSELING_NOTES = "COUNSELING_NOTES"
    PROCEEDING = "PROCEEDING"


class ExpiryEvent(StrEnum):
    """An event that ends a release; somebody records that it has come about."""

    LEAVES_LEAD = "LEAVES_LEAD"
    CASE_CLOSED = "CASE_CLOSED"


class RevocationMethod(StrEnum):
    """How a release was taken back."""

    WRITTEN = "WRITTEN"
    ORAL = "ORAL"
    ELECTRONIC = "ELECTRONIC"


RELEASABLE = frozenset(PERSON_CATEGORIES) - {Category.AUDIT}
"""Categories that a form may name; who saw one's record is not for others."""

MAX_ROWS = 1000
"""Most visibility rows of one version: each recipient, category and purpose is one, all of them
are written under the one lock and go to every replica in one piece."""

NEVER_SIGNED = ALWAYS_DENY_PURPOSES | {Purpose.HSYSADMIN, Purpose.TRAINING_ADMIN}
"""Purposes that no form may name, of whatever kind."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One provision: what one recipient may, or must not, be told."""

    id: UUID
    recipient_agency_id: UUID
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    is_denial: bool = False
    data_from: date | None = None
    data_to: date | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseForm:
    """A form as it was filled in.

    Attributes:
        form_version: edition of the printed form; its statements are known by it.
        expiry_event: ends it when somebody records that it has come about.
        covers: what it is about besides categories.
        names_subject: whether the person's name stands on the form.
        capacity: as what the signer signed; ``authority`` says by which right, if not for self.
        age_at_signing: of the person whose information it is, where a parent or guardian signed.
        own_signature_at: when a young person signed beside the parent or guardian.
        authenticated_by: how the signer of an electronic form was known.
        document_sha256: hash of the signed document, in lower-case hexadecimal.
    """

    kind: ReleaseKind
    form_version: str | None
    disclosing_agency_id: UUID | None
    expires_at: datetime | None
    signed_at: datetime | None
    signature_method: SignatureMethod | None
    terms: tuple[Terms, ...]
    expiry_event: ExpiryEvent | None = None
    covers: frozenset[Covers] = frozenset()
    names_subject: bool = True
    capacity: Capacity = Capacity.SELF
    authority: str | None = None
    age_at_signing: int | None = None
    own_signature_at: datetime | None = None
    authenticated_by: str | None = None
    document_sha256: str | None = None


def forbidden_words(terms: Iterable[Terms]) -> list[str]:
    """Return codes that no form may name: purposes that are always denied, non-data categories."""
    found = {
        *(p.value for each in terms for p in each.purposes if p in NEVER_SIGNED),
        *(c.value for each in terms for c in each.categories if c not in RELEASABLE),
    }
    return sorted(found)


STEPS: dict[ReleaseStatus, frozenset[ReleaseStatus]] = {
    ReleaseStatus.DRAFT: frozenset({ReleaseStatus.SUPERSEDED, ReleaseStatus.ENTERED_IN_ERROR}),
    ReleaseStatus.DEFECTIVE: frozenset({ReleaseStatus.ENTERED_IN_ERROR}),
    ReleaseStatus.ACTIVE: frozenset(
        {ReleaseStatus.REVOKED, ReleaseStatus.SUPERSEDED, ReleaseStatus.ENTERED_IN_ERROR}
    ),
}
"""From where to where a stored version goes; nothing comes back into force."""


def check_step(before: ReleaseStatus, after: ReleaseStatus) -> None:
    """Check a step of a version.

    Raises:
        RuleError: there is no such step; only what is in force can be taken back.
    """
    if after not in STEPS.get(before, frozenset()):
        raise RuleError(
            "NOT_IN_FORCE",
            f"A release that is {before.value} does not become {after.value}.",
            ("input", "releaseId"),
        )


def status_at(status: ReleaseStatus, expires_at: datetime | None, now: datetime) -> ReleaseStatus:
    """Return the state of a version at an instant; an active one past its end has expired."""
    if status is ReleaseStatus.ACTIVE and expires_at is not None and expires_at <= now:
        return ReleaseStatus.EXPIRED
    return status


def grounds(
    release_id: UUID,
    participant_id: UUID,
    starts_at: datetime,
    expires_at: datetime | None,
    terms: Sequence[Terms],
    site_id: UUID | None = None,
) -> list[VisibilityFact]:
    """Return the visibility rows of a version in force: one for each recipient, category, purpose.

    Each names the site under whose agreement the recipient takes part: a recipient of two sites
    keeps nothing of the one whose agreement ends.

    The rows of one version have stable ids, so that the version can be taken back without a look.
    """
    rows: list[VisibilityFact] = []
    for each in terms:
        ends = [at for at in (expires_at, each.expires_at) if at is not None]
        row = VisibilityFact(
            id=each.id,
            participant_id=participant_id,
            holder=agency_holder(str(each.recipient_agency_id), str(site_id) if site_id else ""),
            basis=Basis.RELEASE,
            starts_at=starts_at,
            ends_at=min(ends, default=None),
            is_denial=each.is_denial,
            data_from=each.data_from,
            data_to=each.data_to,
            source_id=release_id,
        )
        rows += [
            replace(row, id=row_id, category=category, purpose=purpose)
            for category, purpose, row_id in _row_ids(each)
        ]
    return rows


def row_ids(terms: Iterable[Terms]) -> list[UUID]:
    """Return the ids of the visibility rows that these provisions have while in force."""
    return [row_id for each in terms for _, _, row_id in _row_ids(each)]


def row_count(terms: Iterable[Terms]) -> int:
    """Return how many visibility rows these provisions have while in force, without making any."""
    return sum(len(set(each.categories)) * len(set(each.purposes)) for each in terms)


def _row_ids(terms: Terms) -> list[tuple[Category, Purpose, UUID]]:
    return [
        (category, purpose, uuid5(terms.id, f"{category.value}/{purpose.value}"))
        for category in dict.fromkeys(terms.categories)
        for purpose in dict.fromkeys(terms.purposes)
    ]
