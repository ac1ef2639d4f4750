"""A synthetic site: its agencies, their memoranda, and who works there."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from infra.bulk_copy import StableIds
from infra.dev.synth.draws import Draws

CASELOAD = 18
"""Participants of one case manager when the site is made; the standard is at most 20."""

_AGENCIES: tuple[tuple[str, str, str, str], ...] = (
    ("cm", "CM", "NOT_PROGRAM", "Synthetic Outreach"),
    ("pma", "PMA", "NOT_PROGRAM", "Synthetic Project Office"),
    ("police", "LE", "NOT_PROGRAM", "Synthetic Police Department"),
    ("prosecutor", "PROS", "NOT_PROGRAM", "Synthetic Prosecuting Attorney"),
    ("defender", "DEF", "NOT_PROGRAM", "Synthetic Public Defender"),
    ("court", "COURT", "NOT_PROGRAM", "Synthetic District Court"),
    ("sud", "SUD", "PROGRAM", "Synthetic Treatment Centre"),
    ("housing", "HOUS", "NOT_PROGRAM", "Synthetic Housing Association"),
    ("business", "COMM", "NOT_PROGRAM", "Synthetic Business Association"),
)
# Who can sign in, of the first site: handle, role, agency, liaison, field of service, purposes.
_PERSONAS: tuple[tuple[str, str, str, bool, str | None, tuple[str, ...]], ...] = (
    ("officer", "LEO", "police", False, None, ("LEAD_REFERRAL", "LEAD_COORD")),
    ("le_supervisor", "LEL", "police", True, None, ("LEAD_REFERRAL", "LEAD_COORD")),
    ("case_manager", "CM", "cm", False, None, ("CAREMGT", "COC", "LEAD_COORD")),
    ("cm_supervisor", "SUP", "cm", False, None, ("CAREMGT", "HQUALIMP")),
    ("project_manager", "PM", "pma", False, None, ("LEAD_COORD", "LEAD_REFERRAL", "HPRGRP")),
    ("prosecutor", "PRO", "prosecutor", True, None, ("LEAD_LEGAL_COORD",)),
    ("defender", "DEF", "defender", False, None, ("LEAD_LEGAL_COORD",)),
    ("housing_provider", "SVC", "housing", False, "HOUSING", ("COC",)),
    ("sud_provider", "SVC", "sud", False, "SUD", ("TREAT", "COC")),
    ("community_partner", "COM", "business", False, None, ("LEAD_REFERRAL", "LEAD_COORD")),
    ("privacy_officer", "PRV", "pma", False, None, ("RECORDMGT",)),
)
_GIVEN = ("Alex", "Bo", "Cam", "Dale", "Eden", "Flynn", "Gray", "Hollis", "Indy", "Jess", "Kit")
_FAMILY = ("Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gum", "Hazel", "Ivy", "Juniper")


@dataclass(frozen=True, slots=True)
class Places:
    """A site's own rows, and the accounts that people of the site are drawn to."""

    site: dict[str, Any]
    agencies: list[dict[str, Any]]
    mous: list[dict[str, Any]]
    staff: list[dict[str, Any]]
    agency_ids: dict[str, str]
    officers: list[str]
    managers: list[str]
    defenders: list[str]
    partner: str
    liaison: str


def build_places(draws: Draws, ids: StableIds, key: str, size: int, on: date) -> Places:
    """Return a site for this many participants, as of the day `on`."""
    site_id = ids.next()
    agencies = [
        {"id": ids.next(), "key": f"{key}-{short}", "short": short, "type": kind, "part2": part2,
         "name": f"{name} {key}"}
        for short, kind, part2, name in _AGENCIES
    ]  # fmt: skip
    by_short = {row["short"]: row["id"] for row in agencies}
    rows: list[tuple[str, str, str, bool, str | None, tuple[str, ...]]] = list(_PERSONAS)
    extra = (
        ("officer", "LEO", "police", size // 80),
        ("case_manager", "CM", "cm", max(0, -(-size // CASELOAD) - 1)),
        ("defender", "DEF", "defender", size // 100),
    )
    rows += [
        (f"{handle}_{number}", role, short, False, None, ())
        for handle, role, short, count in extra
        for number in range(2, count + 2)
    ]
    staff: list[dict[str, Any]] = [
        {
            "id": ids.next(), "subject": f"synth:{key}:{handle}", "handle": handle, "role": role,
            "name": f"{draws.pick(_GIVEN)} Sample-{draws.pick(_FAMILY)}",
            "agency_id": by_short[short], "liaison": liaison, "service": service,
            "purposes": list(purposes), "grant_id": ids.next(),
            "starts_on": (on - timedelta(days=900)).isoformat(),
        }
        for handle, role, short, liaison, service, purposes in rows
    ]  # fmt: skip
    mous = [
        {"id": ids.next(), "agency_id": row["id"],
         "starts_on": (on - timedelta(days=1000)).isoformat(),
         "ends_on": (on + timedelta(days=1500)).isoformat()}
        for row in agencies
    ]  # fmt: skip
    by_handle = {row["handle"]: row["id"] for row in staff}

    def of(role: str) -> list[str]:
        return [row["id"] for row in staff if row["role"] == role]

    site = {
        "id": site_id, "key": key, "name": f"Synthetic LEAD {key}",
        "county": "Synthetic County (fictional)", "time_zone": "America/Los_Angeles",
        "privacy_officer": by_handle["privacy_officer"],
    }  # fmt: skip
    return Places(
        site=site,
        agencies=agencies,
        mous=mous,
        staff=staff,
        agency_ids=by_short,
        officers=of("LEO"),
        managers=of("CM"),
        defenders=of("DEF"),
        partner=by_handle["community_partner"],
        liaison=by_handle["prosecutor"],
    )


def personas(places: Places) -> list[dict[str, Any]]:
    """Return who can sign in, in the form of `demo --json`, with handles that begin `synth_`."""
    agencies = {row["id"]: row for row in places.agencies}
    site = {name: places.site[name] for name in ("id", "key", "name")}
    return [
        {
            "persona": f"synth_{row['handle']}",
            "name": row["name"],
            "subject": row["subject"],
            "role": row["role"],
            "agency": {n: agencies[row["agency_id"]][n] for n in ("id", "key", "name", "type")},
            "site": site,
            "purposes": row["purposes"],
            "liaison": row["liaison"],
            "service": row["service"],
            "grant_id": row["grant_id"],
            "participant": None,
        }
        for row in places.staff
        if row["purposes"]
    ]
