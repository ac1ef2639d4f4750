"""The demo's releases of information (ROI): one, two or no version per participant."""

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from uuid import UUID
from zoneinfo import ZoneInfo

from infra.dev.demo.directory import Agency
from infra.dev.demo.identifiers import demo_id
from infra.dev.demo.participants import Participant, RoiState, enrolled_on
from infra.vocabulary import AgencyType, Category, Purpose

_Templates = dict[str, tuple[tuple[Category, ...], tuple[Purpose, ...]]]

_LIFE = timedelta(days=365)
_ZONE = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Provision:
    """What one recipient may be told: always a permit, for these categories and purposes."""

    id: UUID
    recipient_agency_id: UUID
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    data_from: date | None
    data_to: date | None


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a participant's ROI. `missing_elements` are why it is defective.

    `superseded_by` is the version that took its place. The instants are aware, in UTC.
    """

    id: UUID
    participant_id: UUID
    site_id: UUID
    version: int
    kind: str
    signed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    superseded_by: UUID | None
    superseded_at: datetime | None
    missing_elements: tuple[str, ...]
    disclosing_agency_id: UUID
    provisions: tuple[Provision, ...]


# Types that a full release names. Courts get pushed documents only; the rest has no need to know.
_RECIPIENT_TYPES = (
    AgencyType.PMA,
    AgencyType.LE,
    AgencyType.PROS,
    AgencyType.DEF,
    AgencyType.PROB,
    AgencyType.SUD,
    AgencyType.MH,
    AgencyType.HOUS,
    AgencyType.CM,
)
# A form without these lacks an element that 42 CFR 2.31(a) requires, and is never effective.
_DEFECTS = ("signature", "right_to_revoke")


def build_releases(
    participants: tuple[Participant, ...], agencies: tuple[Agency, ...], on: date
) -> tuple[Release, ...]:
    """Return every version of every release, the older before the newer."""
    templates = _templates()
    return tuple(
        release
        for participant in participants
        for release in _releases(participant, agencies, templates, on)
    )


def _templates() -> _Templates:
    text = (resources.files(__package__) / "releases.toml").read_text(encoding="utf-8")
    return {
        kind: (
            tuple(Category(code) for code in row["categories"]),
            tuple(Purpose(code) for code in row["purposes"]),
        )
        for kind, row in tomllib.loads(text)["recipients"].items()
    }


def _releases(
    participant: Participant,
    agencies: tuple[Agency, ...],
    templates: _Templates,
    on: date,
) -> list[Release]:
    state = participant.roi_state
    if state is RoiState.NONE:
        return []
    signed_at = _at_ten(enrolled_on(participant, on))

    def version(number: int, signed: datetime, leaving_out: frozenset[AgencyType]) -> Release:
        key = f"{participant.handle}/{number}"
        return Release(
            id=demo_id("release", key),
            participant_id=participant.id,
            site_id=participant.site_id,
            version=number,
            kind="GENERAL",
            signed_at=signed,
            expires_at=signed + _LIFE,
            revoked_at=_at_ten(on - timedelta(days=12)) if state is RoiState.REVOKED else None,
            superseded_by=None,
            superseded_at=None,
            missing_elements=_DEFECTS if state is RoiState.DEFECTIVE else (),
            disclosing_agency_id=participant.serving_agency_id,
            provisions=_provisions(participant, agencies, templates, key, leaving_out),
        )

    if state is RoiState.SUPERSEDED:
        renewed_at = signed_at + timedelta(days=45)
        new = version(2, renewed_at, frozenset({AgencyType.LE}))
        old = version(1, signed_at, frozenset())
        return [replace(old, superseded_by=new.id, superseded_at=new.signed_at), new]
    out = frozenset({AgencyType.PROS}) if state is RoiState.PARTIAL else frozenset()
    return [version(1, signed_at, out)]


def _provisions(
    participant: Participant,
    agencies: tuple[Agency, ...],
    templates: _Templates,
    key: str,
    leaving_out: frozenset[AgencyType],
) -> tuple[Provision, ...]:
    rows = []
    for agency in agencies:
        if participant.site_key not in agency.site_keys or agency.type in leaving_out:
            continue
        if agency.type not in _RECIPIENT_TYPES:
            continue
        own = agency.key == participant.serving_agency_key
        categories, purposes = templates["OWN_CM" if own else agency.type.value]
        rows.append(
            Provision(
                id=demo_id("provision", f"{key}/{agency.key}"),
                recipient_agency_id=agency.id,
                categories=categories,
                purposes=purposes,
                data_from=None,
                data_to=None,
            )
        )
    return tuple(rows)


def _at_ten(day: date) -> datetime:
    """Return ten in the morning of that day at the sites, in UTC."""
    return datetime.combine(day, time(10), tzinfo=_ZONE).astimezone(UTC)
