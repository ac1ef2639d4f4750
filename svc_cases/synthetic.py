"""Loads a batch of the synthetic world: a site's docket, the matches, the counsel of record."""

from typing import Any

from infra.batch_program import Batch, copy_visibility
from infra.bulk_copy import CopyRows, copy_all
from infra.subgraph_app import Chassis
from svc_cases.cases.tables import Charge, Court, Hearing, LegalCase
from svc_cases.coordination.tables import LeadLink
from svc_cases.counsel.tables import Counsel


async def load(chassis: Chassis, batch: Batch, facts: bytes) -> dict[str, Any]:
    """Load one site; a second time nothing changes."""
    agencies = {row["type"]: row for row in batch["agencies"]}
    court = agencies["COURT"]
    async with chassis.database.write() as session:
        if await session.get(Court, court["id"]) is not None:
            return {"loaded": 0}
        courts = CopyRows(Court, "id", "code", "name", "site_id", "time_zone")
        site = batch["site"]
        courts.add(court["id"], court["key"], court["name"], site["id"], site["time_zone"])
        record = _record(batch, court["id"], agencies["PROS"]["id"])
        await copy_all(session, [courts, *record, _counsel(batch, agencies["DEF"]["id"])])
        await copy_visibility(session, facts, batch["revision"])
    return {"loaded": len(batch["cases"])}


def _record(batch: Batch, court_id: str, prosecutor_id: str) -> list[CopyRows]:
    site_id = batch["site"]["id"]
    cases = CopyRows(
        LegalCase, "id", "number", "court_id", "site_id", "prosecutor_agency_id",
        "defendant_given_name", "defendant_family_name", "status", "incident_on", "filed_on",
        "closed_on",
    )  # fmt: skip
    charges = CopyRows(
        Charge, "id", "case_id", "position", "statute", "description", "nibrs", "charge_class",
        "status",
    )  # fmt: skip
    hearings = CopyRows(Hearing, "id", "case_id", "kind", "starts_at", "courtroom")
    links = CopyRows(
        LeadLink, "id", "case_id", "participant_id", "is_diverted_arrest", "coordination_status",
        "matched_by", "matched_on", "matched_at",
    )  # fmt: skip
    for row in batch["cases"]:
        cases.add(
            row["id"], row["number"], court_id, site_id, prosecutor_id, row["given"],
            row["family"], row["status"], row["incident_on"], row["filed_on"], row["closed_on"],
        )  # fmt: skip
        for position, charge in enumerate(row["charges"], start=1):
            charges.add(charge[0], row["id"], position, *charge[1:])
        if row["hearing"]:
            key, kind, starts_at = row["hearing"]
            hearings.add(key, row["id"], kind, starts_at, "Courtroom 1")
        match = row["match"]
        if match:
            status = "FILED" if row["filed_on"] else "UNDER_REVIEW"
            links.add(
                match["id"], row["id"], match["participant_id"], match["is_diverted"],
                "HELD_FOR_LEAD" if match["is_diverted"] else status, match["by"], match["on"],
                f"{match['on']} 00:00:00+00",
            )  # fmt: skip
    return [cases, charges, hearings, links]


def _counsel(batch: Batch, agency_id: str) -> CopyRows:
    rows = CopyRows(
        Counsel, "id", "participant_id", "defender", "agency_id", "starts_on", "confirmed_on",
        "recorded_by", "recorded_at",
    )  # fmt: skip
    for person in batch["people"]:
        if person.get("counsel_id"):
            on = person["enrolled_on"]
            rows.add(
                person["counsel_id"], person["id"], person["counsel"], agency_id, on, on,
                person["manager"], f"{on} 12:00:00+00",
            )  # fmt: skip
    return rows
