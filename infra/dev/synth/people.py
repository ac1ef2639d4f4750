"""Synthetic people: who they are, how they came in, how far they are, what they signed."""

from datetime import date, timedelta
from typing import Any

from infra.bulk_copy import StableIds
from infra.dev.synth.draws import Draws, shares, tables
from infra.dev.synth.facts import Facts
from infra.dev.synth.places import Places

ENROLLED = frozenset({"ENROLLED_ACTIVE", "ENROLLED_INACTIVE", "EXITED"})
_IDS_EACH = 48
_GIVEN = (
    "Ada", "Amir", "Ben", "Bea", "Cleo", "Carl", "Dov", "Dana", "Esme", "Eli", "Farid", "Fern",
    "Gia", "Glen", "Hugo", "Hana", "Ines", "Ivan", "Jonah", "June", "Kaya", "Kurt", "Lena", "Luis",
    "Mara", "Milo", "Nora", "Noel", "Olga", "Omar", "Pia", "Pete", "Rosa", "Remy", "Sana", "Saul",
    "Tara", "Theo", "Uma", "Vito", "Wren", "Yara", "Zane", "Zoe",
)  # fmt: skip
_TREES = (
    "Alder", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Cypress", "Dogwood", "Elder", "Elm",
    "Fir", "Ginkgo", "Hawthorn", "Hazel", "Hemlock", "Holly", "Ironwood", "Juniper", "Katsura",
    "Larch", "Linden", "Madrone", "Maple", "Mulberry", "Myrtle", "Oak", "Olive", "Pecan", "Pine",
    "Poplar", "Redwood", "Rowan", "Spruce", "Sumac", "Sycamore", "Tamarack", "Walnut", "Willow",
)  # fmt: skip
_FIELDS = ("brook", "by", "dale", "field", "ford", "gate", "grove", "hill", "land", "man", "mead",
           "moor", "ridge", "side", "ton", "vale", "way", "wood", "worth", "yard")  # fmt: skip
_STREET = ("Red", "Smiles", "Sunny", "Doc", "Blue", "Lefty", "Slim", "Tex", "Cookie", "Ghost",
           "Shorty", "Books", "Duke", "Flaco", "Ma", "Pops")  # fmt: skip
# What each recipient of a release is told, and for what.
_PROVISIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "pma": (("IDENTITY", "ENROLLMENT", "GOALS_PLAN"), "LEAD_COORD"),
    "police": (("IDENTITY", "ENROLLMENT", "GOALS_PLAN"), "LEAD_COORD"),
    "prosecutor": (("IDENTITY", "LEGAL_COORD"), "LEAD_LEGAL_COORD"),
    "HOUS": (("IDENTITY", "HOUSING"), "COC"),
    "SUD": (("IDENTITY", "SUD"), "TREAT"),
    "DEF": (("IDENTITY", "LEGAL_COORD"), "LEAD_LEGAL_COORD"),
}
_AGENCY_OF = {"HOUS": "housing", "SUD": "sud", "DEF": "defender"}
_AWAITING = frozenset({"SCREENING"})


def family_name(draws: Draws) -> str:
    """Return an invented family name."""
    return f"Example-{draws.pick(_TREES)}{draws.pick(_FIELDS)}"


def given_name(draws: Draws) -> str:
    """Return a given name."""
    return draws.pick(_GIVEN)


def build_people(
    draws: Draws, places: Places, name: str, prefix: str, size: int, on: date, facts: Facts
) -> list[dict[str, Any]]:
    """Return the participants of a site, and put what is true of them among the facts."""
    people = []
    enrolled = 0
    for number in range(size):
        ids = StableIds(f"{name}/person/{number}", prefix, _IDS_EACH)
        person = _who(draws, ids, on)
        _way_in(draws, ids, person, places, on, facts)
        if person["stage"] in ENROLLED:
            # A caseload each, in turn; the same person for everybody who comes again.
            person["manager"] = places.managers[enrolled % len(places.managers)]
            enrolled += 1
            _stay(draws, ids, person, places, on, facts)
            _signed(draws, ids, person, places, on, facts)
        people.append(person)
    return people


def _who(draws: Draws, ids: StableIds, on: date) -> dict[str, Any]:
    age = tables()["age"]
    years = min(max(draws.normal(age["mean"], age["deviation"]), age["least"]), age["most"])
    born_on = on - timedelta(days=int(years * 365.25) + draws.below(365))
    sex = draws.of(shares("sex"))
    races = [draws.of(shares("race"))]
    if races[0] not in {"NOT_ASKED", "PREFERS_NOT_TO_ANSWER"} and draws.chance(
        tables()["several_races"]["share"]
    ):
        other = draws.of(shares("race"))
        if other not in {"NOT_ASKED", "PREFERS_NOT_TO_ANSWER", races[0]}:
            races.append(other)
    quality = draws.share()
    return {
        "id": ids.next(),
        "given": given_name(draws) if quality < 0.97 else None,
        "family": family_name(draws) if quality < 0.9 else None,
        "preferred": draws.pick(_GIVEN) if draws.chance(0.12) else None,
        "alias": draws.pick(_STREET) if quality >= 0.97 or draws.chance(0.3) else None,
        "born_on": born_on.isoformat() if quality < 0.85 else None,
        "estimated_year": None if quality < 0.85 else born_on.year,
        "sex": sex,
        "gender": draws.of(shares("gender", sex if sex in {"MALE", "FEMALE"} else "other")),
        "race": races,
        "language": draws.of(shares("language")) if draws.chance(0.9) else None,
        "veteran": draws.of(shares("veteran")),
        "disability": draws.of(shares("disability")),
        "phone": f"206-555-{draws.below(10_000):04d}" if draws.chance(0.6) else None,
        "stage": draws.of(shares("stage")),
    }


def _way_in(
    draws: Draws, ids: StableIds, person: dict[str, Any], places: Places, on: date, facts: Facts
) -> None:
    door, stage = draws.of(shares("door")), person["stage"]
    is_enrolled = stage in ENROLLED
    days = 30 + draws.below(1000) if is_enrolled else draws.below(25)
    submitted = on - timedelta(days=days + 10)
    author = places.partner if door == "COMMUNITY" else draws.pick(places.officers)
    agency = places.agency_ids["business" if door == "COMMUNITY" else "police"]
    referral, began = ids.next(), f"{submitted.isoformat()} 21:{draws.below(60):02d}:00+00"
    status = "ENROLLED" if is_enrolled else stage
    person |= {
        "referral_id": referral, "door": door, "author": author, "author_agency": agency,
        "submitted_on": submitted.isoformat(), "submitted_at": began, "referral_status": status,
        "decided_on": (submitted + timedelta(days=1)).isoformat() if stage != "SCREENING" else None,
    }  # fmt: skip
    key, project = person["id"], places.agency_ids["pma"]
    facts.author(key, referral, author, began)
    categories = ["REFERRAL", "ELIGIBILITY"]
    if not is_enrolled:
        categories += ["IDENTITY", "CONTACT"]
    for category in categories:
        facts.screening(key, referral, project, category, began)
    if status in _AWAITING and door != "COMMUNITY":
        facts.screening(key, referral, agency, "ELIGIBILITY", began)
    if status not in _AWAITING:
        decided = f"{person['decided_on']} 10:00:00+00"
        facts.own_agency(key, places.agency_ids["cm"], decided)


def _stay(
    draws: Draws, ids: StableIds, person: dict[str, Any], places: Places, on: date, facts: Facts
) -> None:
    enrolled = date.fromisoformat(person["submitted_on"]) + timedelta(days=9)
    stage, key = person["stage"], person["id"]
    exited = None
    if stage == "EXITED":
        exited = enrolled + timedelta(days=draws.below(max(1, (on - enrolled).days)))
    person |= {
        "enrollment_id": ids.next(), "provider": places.agency_ids["cm"],
        "enrolled_on": enrolled.isoformat(), "exited_on": exited.isoformat() if exited else None,
        "exit_reason": draws.of(shares("exit_reason")) if exited else None, "assignment_id": None,
        "note_count": int(draws.of(shares("note_count"))),
        "housing": [
            draws.of(shares("housing_at_start")), *(
                [draws.of(shares("housing_later"))] if draws.chance(0.6) else []
            ),
        ],
    }  # fmt: skip
    if stage != "EXITED":
        person["assignment_id"] = ids.next()
        began = f"{enrolled.isoformat()} 08:00:00+00"
        facts.assignment(key, person["assignment_id"], person["manager"], began)


def _signed(
    draws: Draws, ids: StableIds, person: dict[str, Any], places: Places, on: date, facts: Facts
) -> None:
    enrolled = date.fromisoformat(person["enrolled_on"])
    state = draws.of(shares("release"))
    fourth = draws.of(shares("fourth_recipient"))
    recipients = ["pma", "police", "prosecutor", fourth]
    if (on - enrolled).days < 370 and state == "EXPIRED":
        state = "ACTIVE"
    # Whoever stays longer than a year has signed again; the last form is the one that is kept.
    signed = enrolled
    if state == "EXPIRED":
        signed = min(enrolled, on - timedelta(days=370))
    while state != "EXPIRED" and (on - signed).days > 300:
        signed += timedelta(days=300)
    releases = []
    if state == "SUPERSEDED":
        releases.append(_release(ids, places, signed - timedelta(days=5), recipients[:3]))
    releases.append(_release(ids, places, signed, recipients))
    last = releases[-1]
    if state == "SUPERSEDED":
        releases[0] |= {"status": "SUPERSEDED", "by": last["id"], "ended_on": signed.isoformat()}
    elif state == "DEFECTIVE":
        last["status"] = "DEFECTIVE"
    elif state == "REVOKED":
        ended = signed + timedelta(days=draws.below(max(1, (on - signed).days)))
        last |= {"status": "REVOKED", "ended_on": ended.isoformat()}
    person["releases"] = releases
    person["counsel_id"] = person["counsel"] = None
    if fourth == "DEF":
        person["counsel_id"], person["counsel"] = ids.next(), draws.pick(places.defenders)
        began = f"{person['enrolled_on']} 12:00:00+00"
        facts.counsel(person["id"], person["counsel_id"], person["counsel"], began)
    if last["status"] == "ACTIVE":
        begins, ends = f"{last['signed_on']} 17:00:00+00", f"{last['expires_on']} 17:00:00+00"
        for each in last["provisions"]:
            facts.provision(
                person["id"], last["id"], each["id"], each["agency_id"],
                tuple(each["categories"]), each["purpose"], begins, ends,
            )  # fmt: skip


def _release(ids: StableIds, places: Places, signed: date, recipients: list[str]) -> dict[str, Any]:
    provisions = []
    for recipient in recipients:
        categories, purpose = _PROVISIONS[recipient]
        agency = places.agency_ids[_AGENCY_OF.get(recipient, recipient)]
        provisions.append(
            {"id": ids.next(), "agency_id": agency, "categories": categories, "purpose": purpose}
        )
    return {
        "id": ids.next(), "status": "ACTIVE", "by": None, "ended_on": None,
        "signed_on": signed.isoformat(),
        "expires_on": (signed + timedelta(days=365)).isoformat(),
        "provisions": provisions,
    }  # fmt: skip
