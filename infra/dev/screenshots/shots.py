"""Every page of the console, by the persona who sees it: pictures and page tests go through it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shot:
    """One page.

    Attributes:
        name: of the picture.
        persona: who looks.
        path: with `{participant}`, `{release}`, `{grant}` and `{police}` for ids of the demo.
        is_pictured: whether its picture is kept.
    """

    name: str
    persona: str
    path: str
    is_pictured: bool = True


SHOTS = (
    Shot("home-training-manager", "training_manager", "/console/"),
    Shot("courses", "training_manager", "/console/training/courses?q=menal"),
    Shot("course", "training_manager", "/console/training/courses/8020"),
    Shot("session", "training_manager", "/console/training/sessions/9101-1"),
    Shot("assign", "training_manager", "/console/training/sessions/9101-2/assign"),
    Shot("due", "training_manager", "/console/training/due"),
    Shot("roster", "training_manager", "/console/training/people"),
    Shot("import", "training_manager", "/console/training/import"),
    Shot("home-agency-admin", "agency_admin", "/console/"),
    Shot("agency", "agency_admin", "/console/agency"),
    Shot("give-role", "agency_admin", "/console/agency/grant"),
    Shot("take-role-away", "agency_admin", "/console/agency/grants/{grant}/revoke"),
    Shot("home-case-manager", "case_manager", "/console/"),
    Shot("people", "case_manager", "/console/people"),
    Shot("person", "case_manager", "/console/people/{participant}"),
    Shot("person-seen", "case_manager", "/console/people/{participant}/seen"),
    Shot(
        "preview",
        "case_manager",
        "/console/people/{participant}/preview?who={police}:LEO:LE",
    ),
    Shot("conferences", "le_supervisor", "/console/conferences", is_pictured=False),
    Shot(
        "conference",
        "project_manager",
        "/console/conferences/e4009def-aed1-5cd2-b804-5c75d1b0b639",
        is_pictured=False,
    ),
    Shot(
        "conference-to-pledge",
        "defender",
        "/console/conferences/e4009def-aed1-5cd2-b804-5c75d1b0b639",
        is_pictured=False,
    ),
    Shot("release-form", "case_manager", "/console/people/{participant}/releases/new"),
    Shot(
        "release-revoke",
        "case_manager",
        "/console/people/{participant}/releases/{release}/revoke",
    ),
    Shot("ending-soon", "case_manager", "/console/releases/expiring"),
    Shot("home-participant", "participant", "/console/"),
    Shot("what-i-signed", "participant", "/console/record"),
    Shot("who-saw-my-record", "participant", "/console/record/seen"),
    Shot("take-back", "participant", "/console/record/releases/{release}/revoke"),
    Shot("privacy", "privacy_officer", "/console/privacy"),
    Shot("home-officer", "officer", "/console/"),
    Shot("my-training", "officer", "/console/training/mine"),
    Shot("agencies", "officer", "/console/agencies"),
    Shot("not-yours", "officer", "/console/agency"),
    Shot("nothing-here", "officer", "/console/nowhere", is_pictured=False),
    Shot("developer", "case_manager", "/console/developer"),
)


def resolved(path: str, demo: Mapping[str, Any]) -> str:
    """Return a path with ids of the demo world, as its `demo.json` has them."""
    person = next(row for row in demo["participants"] if row["handle"] == "roi_active")
    officer = next(row for row in demo["personas"] if row["persona"] == "officer")
    return path.format(
        participant=person["id"],
        release=person["releases"][-1]["id"],
        grant=officer["grant_id"],
        police=officer["agency"]["id"],
    )
