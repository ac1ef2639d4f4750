"""CDS Hooks ``patient-consent-consult``: may this be shared with these, for this? Pure.

For the discloser's own staff, who may read the releases. Everybody else gets one constant answer,
whoever they ask about: it is what is said of somebody who has signed nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Record:
    """What the asker may read about one person, as ``operations/Releases.graphql`` gives it."""

    releases: Sequence[Mapping[str, Any]]
    restrictions: Sequence[Mapping[str, Any]] = ()
    incidents: Sequence[Mapping[str, Any]] = ()


def consult(record: Record, question: Mapping[str, Any], now: datetime) -> Json:
    """Answer a consult from the releases that the asker may read.

    Permitted is what every actor may be told of every category for every purpose asked about, of
    all dates. A wish to be told about less, a freeze, a form that opens nothing and a provision
    that has ended stand against it, as they do wherever the platform decides.

    Args:
        record: releases, restrictions and incidents.
        question: the hook's context.
        now: provisions that end by then permit nothing.
    """
    kinds = codes()["opens"]["kinds"]
    active = [e for e in record.releases if e["status"] == "ACTIVE" and e["kind"] in kinds]
    if not active:
        return card(NONE)
    actors = {_plain(each.get("value")) for each in question.get("actor") or ()}
    purposes = {str(each) for each in question.get("purposeOfUse") or ()}
    categories = [str(each) for each in question.get("category") or ()]
    if not actors or not purposes or not categories:
        return card(DENY)
    cells = [
        each
        for release in active
        for each in release["provisions"] or ()
        if _is_in_force(each["expiresAt"], now)
    ]
    if any(_is_frozen(record.incidents, actor) for actor in actors):
        return card(DENY)
    told = [
        category
        for category in categories
        if all(
            _covers(cells, actor, category, purpose)
            and not _is_restricted(record.restrictions, actor, category, purpose)
            for actor in actors
            for purpose in purposes
        )
    ]
    if not told:
        return card(DENY)
    return card(PERMIT, [each for each in categories if each not in told])


def _is_in_force(ends_at: str | None, now: datetime) -> bool:
    return ends_at is None or datetime.fromisoformat(ends_at) > now


def _is_frozen(incidents: Iterable[Mapping[str, Any]], actor: str) -> bool:
    return any(
        each["agency"] and each["agency"]["id"] == actor
        for each in incidents
        if each["frozenAt"] and not each["liftedAt"]
    )


def _is_restricted(
    restrictions: Iterable[Mapping[str, Any]], actor: str, category: str, purpose: str
) -> bool:
    return any(
        each["agency"]
        and each["agency"]["id"] == actor
        and each["category"] in (None, category)
        and each["purpose"] in (None, purpose)
        for each in restrictions
        if not each["liftedAt"]
    )


def _covers(cells: Iterable[Mapping[str, Any]], actor: str, category: str, purpose: str) -> bool:
    found = {
        each["effect"] if not (each["dataFrom"] or each["dataTo"]) else f"{each['effect']} IN PART"
        for each in cells
        if each["recipient"]
        and each["recipient"]["id"] == actor
        and category in (each["categories"] or ())
        and purpose in (each["purposes"] or ())
    }
    # A permit for records of some dates says nothing of all; beside one without, it adds nothing.
    return "PERMIT" in found and not any(each.startswith("DENY") for each in found)


def _plain(value: object) -> str:
    return str(value).removeprefix("Organization/")
