"""The release form as a browser sends it: what it says, and what it still lacks.

The check is for the person at the desk; what counts is what the consent service finds when the
form is signed. The elements are those of a written consent in 42 CFR 2.31(a).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import end_of, posted_day
from gateway.web.console.visit import Visit
from infra import clock

CATEGORIES: Final = (
    "IDENTITY",
    "ENROLLMENT",
    "GOALS_PLAN",
    "CONTACT",
    "REFERRAL",
    "HOUSING",
    "INCOME",
    "LEGAL_COORD",
    "WARRANTS",
    "OWG",
    "DEMOGRAPHICS",
    "ELIGIBILITY",
    "CASE_NOTES",
    "PSYCHOSOCIAL",
    "SUD",
    "MENTAL_HEALTH",
    "HEALTH_HIV",
)
"""What a form can name, the everyday first; court records need no release."""
SENSITIVE: Final = frozenset({"SUD", "MENTAL_HEALTH", "HEALTH_HIV", "PSYCHOSOCIAL", "CASE_NOTES"})
"""Named one by one or not at all; the form marks them."""
PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    "CM": ("CAREMGT", "COC", "LEAD_COORD"),
    "PMA": ("LEAD_COORD", "LEAD_REFERRAL"),
    "LE": ("LEAD_COORD", "LEAD_REFERRAL"),
    "PROS": ("LEAD_LEGAL_COORD",),
    "DEF": ("LEAD_LEGAL_COORD",),
    "PROB": ("LEAD_COORD",),
    "SUD": ("TREAT", "COC"),
    "MH": ("TREAT", "COC"),
    "HOUS": ("COC",),
    "COMM": ("LEAD_REFERRAL", "LEAD_COORD"),
}
"""Purposes that the roles of each kind of agency ask for; other kinds get nothing by a release."""
DEFAULT_DAYS: Final = 365
EDITIONS: Final = {"en": "GENERAL@2026-01", "es": "GENERAL@2026-01-es"}
METHODS: Final = ("WET_INK", "ELECTRONIC")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One agency of the form, with what is ticked for it."""

    id: str
    name: str
    type: str
    categories: tuple[str, ...]
    purposes: tuple[str, ...]

    @property
    def offered(self) -> tuple[str, ...]:
        """The purposes that make sense for this kind of agency."""
        return PURPOSES.get(self.type, ())


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it stands."""

    recipients: tuple[Recipient, ...]
    expires_on: date | None
    signed_on: date | None
    method: str
    edition: str
    stands_beside: bool

    @property
    def ticked(self) -> list[Recipient]:
        """Recipients for whom something is ticked."""
        return [each for each in self.recipients if each.categories]


def read_draft(visit: Visit, agencies: list[Any], problems: Problems) -> Draft:
    """Return the posted form, or an empty one for a first look."""
    today = local_day(clock.now(), visit.standing.time_zone)
    is_posted = visit.request.method == "POST"
    recipients = tuple(
        Recipient(
            id=agency["id"],
            name=agency["name"],
            type=agency["type"],
            categories=_known(visit.texts(f"categories-{agency['id']}"), CATEGORIES),
            purposes=_known(
                visit.texts(f"purposes-{agency['id']}"), PURPOSES.get(agency["type"], ())
            )
            if is_posted
            else PURPOSES.get(agency["type"], ()),
        )
        for agency in agencies
        if agency["type"] in PURPOSES
    )
    method = visit.text("method", 20)
    edition = visit.text("edition", 40)
    return Draft(
        recipients=recipients,
        expires_on=posted_day(visit, "expires_on", problems)
        if is_posted
        else today + timedelta(days=DEFAULT_DAYS),
        signed_on=posted_day(visit, "signed_on", problems) if is_posted else today,
        method=method if method in METHODS else "",
        edition=edition if edition in EDITIONS.values() else EDITIONS["en"],
        stands_beside=visit.text("stands_beside") == "yes",
    )


def _known(values: list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in known if each in values)


def check(draft: Draft, zone: str, problems: Problems) -> None:
    """Note what the form still lacks, beside its fields."""
    today = local_day(clock.now(), zone)
    if not draft.ticked:
        problems.add("recipients", "Tick what at least one agency may be told.")
    for each in draft.ticked:
        if not each.purposes:
            problems.add(f"agency-{each.id}", f"Say what for {each.name} may use it.")
    if draft.expires_on is None and not problems.of("expires_on"):
        problems.add("expires_on", "Say when the release ends.")
    elif draft.expires_on is not None and draft.expires_on <= today:
        problems.add("expires_on", "The end must lie in the future.")
    if draft.signed_on is None and not problems.of("signed_on"):
        problems.add("signed_on", "Say when it was signed.")
    elif draft.signed_on is not None and draft.signed_on > today:
        problems.add("signed_on", "The signature cannot lie in the future.")
    if not draft.method:
        problems.add("method", "Say how it was signed.")


def as_input(draft: Draft, participant_id: str, zone: str, key: str) -> dict[str, Any]:
    """Return the mutation's input for a form without problems."""
    signed_at = _signed_at(draft.signed_on, zone)
    return {
        "participantId": participant_id,
        "kind": "GENERAL",
        "formVersion": draft.edition,
        "expiresAt": end_of(draft.expires_on, zone).isoformat() if draft.expires_on else None,
        "standsBeside": draft.stands_beside,
        "provisions": [
            {
                "recipientAgencyId": each.id,
                "categories": list(each.categories),
                "purposes": list(each.purposes),
            }
            for each in draft.ticked
        ],
        "signature": {
            "signedAt": signed_at.isoformat() if signed_at else None,
            "method": draft.method or None,
        },
        "idempotencyKey": key,
    }


def _signed_at(day: date | None, zone: str) -> datetime | None:
    """Return the moment of a signature of which only the day is known: noon, but never later."""
    if day is None:
        return None
    return min(datetime.combine(day, time(12), ZoneInfo(zone)), clock.now())
