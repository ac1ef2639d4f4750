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
        path: with `{participant}`, `{release}`, `{grant}` and `{police}` for ids of the demo; any
            other name in braces is known only to `preparing`, which returns the whole address.
        needs: what must have been done before, by its name in `preparing`.
    """

    name: str
    persona: str
    path: str
    needs: str = ""

    @property
    def is_found(self) -> bool:
        """Whether `preparing` must look for the address."""
        return self.needs in FOUND


FOUND = frozenset(
    {"access-review", "batch", "certificate", "on-session", "requirement", "roster-person"}
)
MEETING = "e4009def-aed1-5cd2-b804-5c75d1b0b639"
_POLICE = "/console/agencies/{police}"

SHOTS = (
    Shot("home-training-manager", "training_manager", "/console/"),
    Shot("courses", "training_manager", "/console/training/courses?q=menal"),
    Shot("course", "training_manager", "/console/training/courses/8020"),
    Shot("session", "training_manager", "/console/training/sessions/9101-1"),
    Shot("assign", "training_manager", "/console/training/sessions/9101-2/assign"),
    Shot("due", "training_manager", "/console/training/due"),
    Shot("roster", "training_manager", "/console/training/people"),
    Shot(
        "roster-person",
        "training_manager",
        "/console/training/people/{person}",
        needs="roster-person",
    ),
    Shot(
        "certificate",
        "training_manager",
        "/console/training/certificates/{certificate}",
        needs="certificate",
    ),
    Shot("prerequisites", "training_manager", "/console/training/courses/9101/prerequisites"),
    Shot("plan-session", "training_manager", "/console/training/courses/9101/plan"),
    Shot("change-course", "training_manager", "/console/training/courses/9101/change"),
    Shot("session-places", "training_manager", "/console/training/sessions/9101-2/places"),
    Shot("register", "training_manager", "/console/training/sessions/9102-2/register"),
    Shot(
        "on-session",
        "training_manager",
        "/console/training/sessions/9102-2/people/{person}",
        needs="on-session",
    ),
    Shot("import", "training_manager", "/console/training/import"),
    Shot("compliance", "training_manager", "/console/training/compliance"),
    Shot("gates", "training_manager", "/console/training/gates"),
    Shot("requirements", "training_manager", "/console/training/requirements"),
    Shot(
        "requirement",
        "training_manager",
        "/console/training/requirements/{key}",
        needs="requirement",
    ),
    Shot("training-elsewhere", "training_manager", "/console/training/outside"),
    Shot("whole-agency", "training_manager", "/console/training/batches"),
    Shot("batch", "training_manager", "/console/training/batches/{batch}", needs="batch"),
    Shot("academy-files", "training_manager", "/console/training/exchange"),
    Shot("differences", "training_manager", "/console/training/reconcile"),
    Shot("results", "training_manager", "/console/training/sessions/9101-1/results"),
    Shot("library", "training_manager", "/console/library"),
    Shot("resource", "training_manager", "/console/library/roll-call-outline"),
    Shot("assistance", "training_manager", "/console/assistance"),
    Shot("publish", "lsb", "/console/library/publish"),
    Shot("home-agency-admin", "agency_admin", "/console/"),
    Shot("agency", "agency_admin", "/console/agency"),
    Shot("give-role", "agency_admin", "/console/agency/grant"),
    Shot("add-person", "agency_admin", "/console/agency/people/new"),
    Shot("take-role-away", "agency_admin", "/console/agency/grants/{grant}/revoke"),
    Shot("role-requests", "agency_admin", "/console/agency/requests"),
    Shot("ask-for-role", "agency_admin", "/console/agency/requests/new"),
    Shot("access-reviews", "agency_admin", "/console/agency/reviews"),
    Shot(
        "access-review", "agency_admin", "/console/agency/reviews/{review}", needs="access-review"
    ),
    Shot("who-can-see-what", "agency_admin", "/console/agency/access"),
    Shot("not-used-lately", "agency_admin", "/console/agency/dormant"),
    Shot("agreements", "agency_admin", "/console/agency/agreements"),
    Shot("agency-history", "agency_admin", "/console/agency/history"),
    Shot("agency-alerts", "agency_admin", "/console/agency/alerts"),
    Shot("platform-requests", "platform_admin", "/console/requests"),
    Shot("platform-reviews", "platform_admin", "/console/reviews"),
    Shot("platform-review", "platform_admin", "/console/reviews/{review}", needs="access-review"),
    Shot("platform-agency", "platform_admin", _POLICE),
    Shot("platform-agreements", "platform_admin", f"{_POLICE}/agreements"),
    Shot("platform-ask", "platform_admin", f"{_POLICE}/ask"),
    Shot("platform-add-person", "platform_admin", f"{_POLICE}/people/new"),
    Shot("platform-access", "platform_admin", f"{_POLICE}/access"),
    Shot("platform-dormant", "platform_admin", f"{_POLICE}/dormant"),
    Shot("platform-history", "platform_admin", f"{_POLICE}/history"),
    Shot("statewide", "lsb", "/console/training/statewide"),
    Shot("seats", "platform_admin", "/console/seats"),
    Shot("add-agency", "platform_admin", "/console/agencies/new"),
    Shot("sign-in-alerts", "platform_admin", "/console/alerts"),
    Shot("home-case-manager", "case_manager", "/console/"),
    Shot("people", "case_manager", "/console/people"),
    Shot("person", "case_manager", "/console/people/{participant}"),
    Shot("person-seen", "case_manager", "/console/people/{participant}/seen"),
    Shot("preview", "case_manager", "/console/people/{participant}/preview?who={police}:LEO:LE"),
    Shot("conferences", "le_supervisor", "/console/conferences"),
    Shot("conference", "project_manager", f"/console/conferences/{MEETING}"),
    Shot("conference-invite", "project_manager", f"/console/conferences/{MEETING}/invite"),
    Shot("conference-to-pledge", "defender", f"/console/conferences/{MEETING}"),
    Shot("incidents", "case_manager", "/console/people/{participant}/incidents"),
    Shot("letters", "case_manager", "/console/people/{participant}/letters"),
    Shot("on-call", "cm_supervisor", "/console/on-call"),
    Shot("on-call-new", "cm_supervisor", "/console/on-call/new"),
    Shot("duties", "cm_supervisor", "/console/duties"),
    Shot("workbench", "prosecutor", "/console/liaison?kind=OPEN_CASES"),
    Shot("release-form", "case_manager", "/console/people/{participant}/releases/new"),
    Shot(
        "release-revoke",
        "case_manager",
        "/console/people/{participant}/releases/{release}/revoke",
    ),
    Shot("ending-soon", "case_manager", "/console/releases/expiring"),
    Shot("home-participant", "participant", "/console/"),
    Shot("what-i-signed", "participant", "/console/record"),
    Shot("my-team", "participant", "/console/record/team"),
    Shot("who-saw-my-record", "participant", "/console/record/seen"),
    Shot("take-back", "participant", "/console/record/releases/{release}/revoke"),
    Shot("privacy", "privacy_officer", "/console/privacy"),
    Shot("ledger", "privacy_officer", "/console/privacy/ledger"),
    Shot("review", "privacy_officer", "/console/privacy/{participant}", needs="review"),
    Shot(
        "denied-attempts",
        "privacy_officer",
        "/console/privacy/{participant}/attempts",
        needs="review",
    ),
    Shot(
        "emergency-access",
        "privacy_officer",
        "/console/privacy/{participant}/emergencies",
        needs="review",
    ),
    Shot(
        "record-incidents",
        "privacy_officer",
        "/console/privacy/{participant}/incidents",
        needs="review",
    ),
    Shot("privacy-alerts", "privacy_officer", "/console/privacy/alerts"),
    Shot("home-officer", "officer", "/console/"),
    Shot("my-training", "officer", "/console/training/mine"),
    Shot("own-calendar", "officer", "/console/training/mine/calendar"),
    Shot("agencies", "officer", "/console/agencies"),
    Shot("not-yours", "officer", "/console/agency"),
    Shot("nothing-here", "officer", "/console/nowhere"),
    Shot("signed-out", "officer", "/console/signed-out"),
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
