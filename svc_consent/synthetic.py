"""Loads a batch of the synthetic world: its directory, releases and authority facts, in one change.

The feed tells replicas of the agencies' periods only. Facts about participants are copied into
every replica by its own loader, under the revision that the batch has here: a replica that has
not loaded them yet shows less, never more.
"""

from typing import Any

import orjson
from sqlalchemy import select

from infra.authority.changes import put_agency_window
from infra.authority.follower import applied_revision
from infra.authority.tables import AgencyWindow
from infra.batch_program import Batch, copy_visibility
from infra.bulk_copy import CopyRows, array, copy_all
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_consent.agencies.tables import Account, Agency, Membership, Mou, RoleGrant, Site
from svc_consent.authority import repository
from svc_consent.authority.rules import agency_key
from svc_consent.demo_world import FORM_VERSION, ISSUER, midnight
from svc_consent.releases.tables import Provision, Release

_REASON = "Synthetic world"


async def load(chassis: Chassis, batch: Batch, facts: bytes) -> dict[str, Any]:
    """Load one site; returns its revision, and whether it was there already."""
    async with chassis.database.write() as session:
        if await session.get(Site, batch["site"]["id"]) is not None:
            return {"revision": await _revision(session, batch), "loaded": 0}
        await copy_all(session, [*_directory(batch), *_releases(batch)])
        windows = [
            put_agency_window(
                row["id"],
                row["agency_id"],
                batch["site"]["id"],
                midnight(row["starts_on"], batch["site"]["time_zone"]),
                midnight(row["ends_on"], batch["site"]["time_zone"]),
            )
            for row in batch["mous"]
        ]
        # The revision in the rows says when they came; it is given out last, under the lock.
        await copy_visibility(session, facts, await applied_revision(session) + 1)
        keys = {agency_key(row["id"]) for row in batch["agencies"]}
        revision = await repository.record_change(session, keys, windows)
    return {"revision": revision, "loaded": batch["size"]}


async def _revision(session: WriteSession, batch: Batch) -> int:
    found: int | None = await session.scalar(
        select(AgencyWindow.revision).where(AgencyWindow.agency_id == batch["agencies"][0]["id"])
    )
    return found or 0


def _directory(batch: Batch) -> list[CopyRows]:
    site, on = batch["site"], f"{batch['on']} 00:00:00+00"
    sites = CopyRows(Site, "id", "name", "county", "time_zone", "privacy_officer")
    sites.add(site["id"], site["name"], site["county"], site["time_zone"], site["privacy_officer"])
    agencies = CopyRows(Agency, "id", "name", "type", "part2_status")
    for row in batch["agencies"]:
        agencies.add(row["id"], row["name"], row["type"], row["part2"])
    memberships = CopyRows(Membership, "id", "agency_id", "site_id", "status", "since_at")
    mous = CopyRows(Mou, "id", "membership_id", "starts_at", "ends_at")
    for row in batch["mous"]:
        starts_at = midnight(row["starts_on"], site["time_zone"])
        memberships.add(row["id"], row["agency_id"], site["id"], "MOU_SIGNED", starts_at)
        mous.add(row["id"], row["id"], starts_at, midnight(row["ends_on"], site["time_zone"]))
    accounts = CopyRows(
        Account, "id", "issuer", "external_subject", "name", "is_blocked", "created_at"
    )
    grants = CopyRows(
        RoleGrant, "id", "account_id", "agency_id", "site_id", "role", "is_liaison",
        "service_field", "starts_at", "reason", "granted_at",
    )  # fmt: skip
    for row in batch["staff"]:
        accounts.add(row["id"], ISSUER, row["subject"], row["name"], False, on)
        starts_at = midnight(row["starts_on"], site["time_zone"])
        grants.add(
            row["grant_id"], row["id"], row["agency_id"], site["id"], row["role"], row["liaison"],
            row["service"], starts_at, _REASON, starts_at,
        )  # fmt: skip
    return [sites, agencies, memberships, mous, accounts, grants]


def _releases(batch: Batch) -> list[CopyRows]:
    site_id = batch["site"]["id"]
    releases = CopyRows(
        Release, "id", "series_id", "number", "participant_id", "disclosing_agency_id", "site_id",
        "kind", "form_version", "status", "signed_at", "expires_at", "signature",
        "missing_elements", "revoked_at", "revocation_reason", "superseded_by", "superseded_at",
        "recorded_at",
    )  # fmt: skip
    provisions = CopyRows(
        Provision, "id", "release_id", "recipient_agency_id", "effect", "categories", "purposes"
    )
    ink = orjson.dumps({"method": "WET_INK"}).decode()
    for person in batch["people"]:
        versions = person.get("releases", ())
        for number, row in enumerate(versions, start=1):
            signed = f"{row['signed_on']} 17:00:00+00"
            ended = f"{row['ended_on']} 17:00:00+00" if row["ended_on"] else None
            is_defective, is_revoked = row["status"] == "DEFECTIVE", row["status"] == "REVOKED"
            releases.add(
                row["id"], versions[0]["id"], number, person["id"], person["provider"], site_id,
                "GENERAL", FORM_VERSION, row["status"], signed,
                f"{row['expires_on']} 17:00:00+00", None if is_defective else ink,
                array(["signature"] if is_defective else []), ended if is_revoked else None,
                _REASON if is_revoked else None, row["by"], ended if row["by"] else None, signed,
            )  # fmt: skip
            for each in row["provisions"]:
                provisions.add(
                    each["id"], row["id"], each["agency_id"], "permit", array(each["categories"]),
                    array([each["purpose"]]),
                )  # fmt: skip
    return [releases, provisions]
