"""Synthetic dockets: participants' cases, and at least as many of other people's."""

from datetime import date
from operator import itemgetter
from typing import Any

from infra.bulk_copy import StableIds, iso
from infra.dev.synth.draws import Draws, shares
from infra.dev.synth.people import ENROLLED, family_name, given_name
from infra.dev.synth.places import Places

_MOST_EACH = 12
OTHERS_PER_PERSON = 2
"""Cases of people who have nothing to do with LEAD, for each participant."""

# statute, description, NIBRS, class; Washington's offences of the kind that sites divert.
_CHARGES = (
    ("RCW 69.50.4013", "Possession of a controlled substance", "35A", "GROSS_MISDEMEANOR"),
    ("RCW 69.50.412", "Prohibited acts: drug paraphernalia", "35B", "MISDEMEANOR"),
    ("RCW 9A.56.050", "Theft in the third degree", "23C", "GROSS_MISDEMEANOR"),
    ("RCW 9A.52.080", "Criminal trespass in the second degree", "90J", "MISDEMEANOR"),
    ("RCW 9A.84.030", "Disorderly conduct", "90C", "MISDEMEANOR"),
    ("RCW 9A.48.090", "Malicious mischief in the third degree", "290", "GROSS_MISDEMEANOR"),
)
# Days from enrollment to incident, filing and closing.
_DAYS: dict[str, tuple[int, int | None, int | None]] = {
    "HISTORICAL": (-500, -480, -300),
    "PRE_EXISTING": (-70, -45, None),
    "DIVERTED": (-10, None, None),
    "POST_ENROLLMENT": (10, 15, None),
}
_OUTCOMES = ("DISMISSED", "RESOLVED_PLEA", "DISMISSED", "RESOLVED_TRIAL")
_OUTCOME_OF_CHARGE = {"NOT_FILED": "NOT_FILED", "PENDING": "PENDING", "DISMISSED": "DISMISSED"}


def build_dockets(
    draws: Draws, places: Places, people: list[dict[str, Any]], name: str, prefix: str, on: date
) -> list[dict[str, Any]]:
    """Return all cases of a site, numbered alike; a match says which is a participant's."""
    cases = []
    today, counts, relations = on.toordinal(), shares("case_count"), shares("relation")
    ids = StableIds(f"{name}/cases", prefix, 6 * _MOST_EACH * len(people))
    for person in people:
        if person["stage"] not in ENROLLED:
            continue
        enrolled = date.fromisoformat(person["enrolled_on"]).toordinal()
        given, family = person["given"] or "Unknown", person["family"] or "Unknown"
        for _ in range(int(draws.of(counts))):
            relation = draws.of(relations)
            case = _case(draws, ids, given, family, relation, enrolled, today)
            case["match"] = {
                "id": ids.next(), "participant_id": person["id"], "by": person["manager"],
                "on": max(person["enrolled_on"], case["filed_on"] or ""),
                "is_diverted": relation == "DIVERTED",
            }  # fmt: skip
            cases.append(case)
    count = OTHERS_PER_PERSON * len(people)
    ids = StableIds(f"{name}/other", prefix, 8 * count)
    for _ in range(count):
        day = today - 60 - draws.below(900)
        given, family = given_name(draws), family_name(draws)
        cases.append(_case(draws, ids, given, family, draws.of(relations), day, today))
    # Numbers follow the ids, which say nothing, so that they do not tell the two kinds apart.
    cases.sort(key=itemgetter("id"))
    site = str(places.site["key"]).upper()
    for sequence, case in enumerate(cases, start=10_001):
        case["number"] = f"{site}-{sequence:05d}"
    return cases


def _case(
    draws: Draws, ids: StableIds, given: str, family: str, relation: str, day: int, today: int
) -> dict[str, Any]:
    """Return one case; days are given by their numbers."""
    incident, filed, closed = _DAYS[relation]
    shift = draws.below(30)
    filed_on = None if filed is None else iso(min(day + filed + shift, today))
    closed_on = None if closed is None else iso(min(day + closed + shift, today))
    status = "NOT_FILED" if filed_on is None else "PENDING"
    if closed_on is not None:
        status = draws.pick(_OUTCOMES)
    first, outcome = draws.below(len(_CHARGES)), _OUTCOME_OF_CHARGE.get(status, "CONVICTED")
    charges = [(ids.next(), *_CHARGES[first], outcome)]
    if draws.chance(0.4):
        charges.append((ids.next(), *_CHARGES[(first + 1) % len(_CHARGES)], outcome))
    hearing = None
    if status == "PENDING" and draws.chance(0.6):
        starts = iso(today + 3 + draws.below(60))
        kind = draws.pick(("ARRAIGNMENT", "PRETRIAL", "REVIEW"))
        hearing = (ids.next(), kind, f"{starts} 17:30:00+00")
    return {
        "id": ids.next(), "given": given, "family": family, "status": status,
        "incident_on": iso(min(day + incident + shift // 3, today)), "filed_on": filed_on,
        "closed_on": closed_on, "charges": charges, "hearing": hearing, "match": None,
    }  # fmt: skip
