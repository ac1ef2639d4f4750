"""Turns the demo world's directory and releases into rows and authority facts.

The file's format is described by the program that writes it; ids are the demo's own.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from infra import clock
from infra.authority.facts import VisibilityFact, subject_holder
from infra.vocabulary import Basis, Category, Purpose
from svc_consent.agencies.tables import Account, AccountBinding, Agency, Membership, Mou, RoleGrant
from svc_consent.agencies.tables import Site as SiteRow
from svc_consent.releases.rules import ReleaseStatus, Terms
from svc_consent.releases.tables import Release

World = Mapping[str, Any]
ISSUER = "dev"
FORM_VERSION = "GENERAL@2026-01"
_BINDINGS = {"SELF": Basis.SELF, "REPRESENTATIVE": Basis.REPRESENTATIVE}


def midnight(day: str, time_zone: str) -> datetime:
    """Return the beginning of a day, written as a date, at a site."""
    return _midnight(date.fromisoformat(day), time_zone)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def accounts_by_subject(world: World) -> dict[str, UUID]:
    """Return the account of each token subject."""
    return {row["subject"]: UUID(row["id"]) for row in world["staff"]}


def directory_rows(world: World) -> Iterable[object]:
    """Yield sites, agencies, memberships, agreements, accounts and grants, parents first."""
    accounts = accounts_by_subject(world)
    zones = {row["id"]: row["time_zone"] for row in world["sites"]}
    for row in world["sites"]:
        yield SiteRow(
            id=UUID(row["id"]),
            name=row["name"],
            county=row["county"],
            time_zone=row["time_zone"],
            privacy_officer=accounts.get(row["privacy_officer_subject"]),
        )
    for row in world["agencies"]:
        yield Agency(
            id=UUID(row["id"]), name=row["name"], type=row["type"], part2_status=row["part2"]
        )
    for row in world["mous"]:
        zone = zones[row["site_id"]]
        starts_at = _midnight(date.fromisoformat(row["starts_on"]), zone)
        last_day = date.fromisoformat(row["ends_on"])
        # One agreement to a membership here, so the two share an id.
        yield Membership(
            id=UUID(row["id"]),
            agency_id=UUID(row["agency_id"]),
            site_id=UUID(row["site_id"]),
            status="MOU_SIGNED",
            since_at=starts_at,
        )
        yield Mou(
            id=UUID(row["id"]),
            membership_id=UUID(row["id"]),
            starts_at=starts_at,
            ends_at=_midnight(last_day + timedelta(days=1), zone),
        )
    for row in world["staff"]:
        yield Account(
            id=UUID(row["id"]),
            issuer=ISSUER,
            external_subject=row["subject"],
            name=row["name"],
            is_blocked=False,
            created_at=clock.now(),
        )
        starts_at = _midnight(date.fromisoformat(row["grant_starts_on"]), zones[row["site_id"]])
        yield RoleGrant(
            id=UUID(row["grant_id"]),
            account_id=UUID(row["id"]),
            agency_id=UUID(row["agency_id"]) if row["agency_id"] else None,
            site_id=UUID(row["site_id"]),
            role=row["role"],
            is_liaison=row["liaison"],
            service_field=row["service"],
            starts_at=starts_at,
            ends_at=None,
            reason="Demo world",
            approved_by=None,
            granted_at=starts_at,
            revoked_at=None,
            revoked_by=None,
            revocation_reason=None,
        )


def bindings(world: World) -> list[tuple[AccountBinding, VisibilityFact]]:
    """Return the accounts that speak for a participant, each with the ground that it gives."""
    accounts = accounts_by_subject(world)
    made = []
    for row in world["account_bindings"]:
        account_id = accounts[row["subject"]]
        starts_at = datetime.combine(date.fromisoformat(row["starts_on"]), time(), tzinfo=UTC)
        binding = AccountBinding(
            id=UUID(row["id"]),
            account_id=account_id,
            participant_id=UUID(row["participant_id"]),
            kind=row["kind"],
            starts_at=starts_at,
            ends_at=None,
        )
        fact = VisibilityFact(
            id=binding.id,
            participant_id=binding.participant_id,
            holder=subject_holder(str(account_id)),
            basis=_BINDINGS[row["kind"]],
            starts_at=starts_at,
        )
        made.append((binding, fact))
    return made


def release_rows(row: Mapping[str, Any]) -> tuple[Release, list[Terms]]:
    """Return one version of a release and its terms."""
    missing = list(row["missing_elements"])
    status = ReleaseStatus.ACTIVE
    if missing:
        status = ReleaseStatus.DEFECTIVE
    elif row["revoked_at"]:
        status = ReleaseStatus.REVOKED
    elif row["superseded_by"]:
        status = ReleaseStatus.SUPERSEDED
    signed_at = datetime.fromisoformat(row["signed_at"])
    release = Release(
        id=UUID(row["id"]),
        series_id=UUID(row["id"]),
        number=row["version"],
        participant_id=UUID(row["participant_id"]),
        disclosing_agency_id=UUID(row["disclosing_agency_id"]),
        site_id=UUID(row["site_id"]),
        kind=row["kind"],
        form_version=None if "right_to_revoke" in missing else FORM_VERSION,
        status=status.value,
        signed_at=signed_at,
        expires_at=_instant(row["expires_at"]),
        signature=None if "signature" in missing else {"method": "WET_INK"},
        missing_elements=missing,
        revoked_at=_instant(row["revoked_at"]),
        revoked_by=None,
        revocation_reason="Demo world" if row["revoked_at"] else None,
        superseded_by=UUID(row["superseded_by"]) if row["superseded_by"] else None,
        superseded_at=_instant(row["superseded_at"]),
        recorded_by=None,
        recorded_at=signed_at,
    )
    terms = [
        Terms(
            id=UUID(each["id"]),
            recipient_agency_id=UUID(each["recipient_agency_id"]),
            categories=tuple(Category(code) for code in each["categories"]),
            purposes=tuple(Purpose(code) for code in each["purposes"]),
            data_from=date.fromisoformat(each["data_from"]) if each["data_from"] else None,
            data_to=date.fromisoformat(each["data_to"]) if each["data_to"] else None,
        )
        for each in row["provisions"]
    ]
    return release, terms
