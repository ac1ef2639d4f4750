"""Synthetic dockets: participants' cases, and at least as many of other people's."""

from datetime import date, timedelta
from typing import Any

from infra.bulk_copy import StableIds
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
    for person in people:
        if person["stage"] not in ENROLLED:
            continue
        ids = StableIds(f"{name}/cases/{person['id']}", prefix, 6 * _MOST_EACH)
        enrolled = date.fromisoformat(person["enrolled_on"])
        names = (person["given"] or "Unknown", person["family"] or "Unknown")
        for _ in range(int(draws.of(shares("case_count")))):
            relation = draws.of(shares("relation"))
            case = _case(draws, ids, names, relation, enrolled, on)
            case["match"] = {
                "id": ids.next(), "participant_id": person["id"], "by": person["manager"],
                "on": max(person["enrolled_on"], case["filed_on"] or ""),
                "is_diverted": relation == "DIVERTED",
            }  # fmt: skip
            cases.append(case)
    for number in range(OTHERS_PER_PERSON * len(people)):
        ids = StableIds(f"{name}/other/{number}", prefix, 8)
        day = on - timedelta(days=60 + draws.below(900))
        names = (given_name(draws), family_name(draws))
        cases.append(_case(draws, ids, names, draws.of(shares("relation")), day, on))
    # Numbers follow the ids, which say nothing, so that they do not tell the two kinds apart.
    cases.sort(key=lambda case: str(case["id"]))
    site = str(places.site["key"]).upper()
    for sequence, case in enumerate(cases, start=10_001):
        case["number"] = f"{site}-{sequence:05d}"
    return cases


def _case(
    draws: Draws, ids: StableIds, names: tuple[str, str], relation: str, day: date, on: date
) -> dict[str, Any]:
    incident, filed, closed = _DAYS[relation]
    shift = draws.below(30)
    filed_on = None if filed is None else min(day + timedelta(days=filed + shift), on)
    closed_on = None if closed is None else min(day + timedelta(days=closed + shift), on)
    status = "NOT_FILED" if filed_on is None else "PENDING"
    if closed_on is not None:
        status = draws.pick(_OUTCOMES)
    first, outcome = draws.below(len(_CHARGES)), _OUTCOME_OF_CHARGE.get(status, "CONVICTED")
    charges = [
        (ids.next(), *_CHARGES[(first + offset) % len(_CHARGES)], outcome)
        for offset in range(2 if draws.chance(0.4) else 1)
    ]
    hearing = None
    if status == "PENDING" and draws.chance(0.6):
        starts = on + timedelta(days=3 + draws.below(60))
        kind = draws.pick(("ARRAIGNMENT", "PRETRIAL", "REVIEW"))
        hearing = (ids.next(), kind, f"{starts.isoformat()} 17:30:00+00")
    return {
        "id": ids.next(), "given": names[0], "family": names[1], "status": status,
        "incident_on": min(day + timedelta(days=incident + shift // 3), on).isoformat(),
        "filed_on": filed_on.isoformat() if filed_on else None,
        "closed_on": closed_on.isoformat() if closed_on else None,
        "charges": charges, "hearing": hearing, "match": None,
    }  # fmt: skip
