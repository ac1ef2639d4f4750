"""CDS Hooks ``patient-consent-consult``: may this be shared with these, for this? Pure.

For the discloser's own staff, who may read the releases. Everybody else gets one constant answer,
whoever they ask about: it is what is said of somebody who has signed nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.web.doors.fhir import codes

Json = dict[str, Any]
SERVICE = "patient-consent-consult"
PERMIT, DENY, NONE = "CONSENT_PERMIT", "CONSENT_DENY", "NO_CONSENT"
_SUMMARY = {
    PERMIT: "There is consent for this.",
    DENY: "There is no consent for this.",
    NONE: "No consent is known.",
}
DISCOVERY: Json = {
    "services": [
        {
            "hook": SERVICE,
            "id": SERVICE,
            "title": "Consent consult",
            "description": "Whether a participant's releases cover a disclosure.",
        }
    ]
}


def card(decision: str, withheld: Iterable[str] = ()) -> Json:
    """Return the answer; categories that may not be told are to be redacted."""
    extension: Json = {"decision": decision, "obligations": []}
    known = codes()
    left_out = [{"system": known["own_category"], "code": code} for code in withheld]
    if decision == PERMIT and left_out:
        action = {"system": known["act_code"], "code": "REDACT"}
        extension["obligations"] = [{"id": action, "parameters": {"codes": left_out}}]
    return {
        "cards": [
            {
                "summary": _SUMMARY[decision],
                "indicator": "info",
                "source": {"label": "Golden Thread"},
                "extension": extension,
            }
        ]
    }


def consult(releases: list[Mapping[str, Any]], question: Mapping[str, Any]) -> Json:
    """Answer a consult from the releases that the asker may read.

    Permitted is what every actor may be told of every category for every purpose asked about.

    Args:
        releases: as ``operations/Releases.graphql`` gives them.
        question: the hook's context.
    """
    active = [each for each in releases if each["status"] == "ACTIVE"]
    if not active:
        return card(NONE)
    actors = {_plain(each.get("value")) for each in question.get("actor") or ()}
    purposes = {str(each) for each in question.get("purposeOfUse") or ()}
    categories = [str(each) for each in question.get("category") or ()]
    if not actors or not purposes or not categories:
        return card(DENY)
    cells = [each for release in active for each in release["provisions"] or ()]
    told = [
        category
        for category in categories
        if all(_covers(cells, actor, category, p) for actor in actors for p in purposes)
    ]
    if not told:
        return card(DENY)
    return card(PERMIT, [each for each in categories if each not in told])


def _covers(cells: Iterable[Mapping[str, Any]], actor: str, category: str, purpose: str) -> bool:
    found = {
        each["effect"]
        for each in cells
        if each["recipient"]
        and each["recipient"]["id"] == actor
        and category in (each["categories"] or ())
        and purpose in (each["purposes"] or ())
    }
    return found == {"PERMIT"}


def _plain(value: object) -> str:
    return str(value).removeprefix("Organization/")
