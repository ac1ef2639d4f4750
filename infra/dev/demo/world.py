"""The demo world as one JSON document, the file that each service's `seed --world FILE` reads.

`up` builds it once, as of the day of seeding, writes `DIR/world.json` and hands it to the services.
`python -m infra.dev.demo` prints it. All ids are UUIDs that stay the same from day to day; dates
move with the day. A service takes from it what it owns and makes up the rest (notes, goals,
housing, income ...) by itself, from the participant's id, so that it is the same each time.

Top level::

    {"format": 1,
     "on": "2026-11-22",            the day that all other dates are reckoned from
     "sites": [Site], "agencies": [Agency], "mous": [Mou],
     "staff": [Staff],              personas first; each holds one role grant (grant_id)
     "rosters": [Person],           training personnel of two agencies; no participant is there
     "participants": [Participant], "referrals": [Referral], "enrollments": [Enrollment],
     "assignments": [Assignment],   caseloads
     "counsel": [Counsel], "account_bindings": [AccountBinding],
     "releases": [Release],         every version, with "provisions": [Provision]
     "legal_cases": [LegalCase],    whole dockets, with "charges", "hearings", "warrants"
     "matches": [Match],            which case is which participant's
     "course_page": "text"}         the public course page that the demo imports

Each row has exactly the fields of the dataclass of that name in `directory`, `participants`,
`releases` or `dockets`, as `snake_case` keys; dates are `YYYY-MM-DD`, instants
`YYYY-MM-DDTHH:MM:SS+00:00`, enums their codes, absent values null. Who reads what:

- consent: sites, agencies, mous, staff, releases, account_bindings;
- participants: participants, referrals, enrollments, assignments (hands their facts over);
- cases: legal_cases, matches, enrollments, counsel (hands counsel over);
- training: rosters, course_page, agencies.
"""

import dataclasses
import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from importlib import resources
from typing import Any
from uuid import UUID

from infra.dev.demo.directory import (
    Agency,
    Mou,
    Person,
    Site,
    Staff,
    build_mous,
    build_rosters,
    load_agencies,
    load_sites,
    load_staff,
)
from infra.dev.demo.dockets import LegalCase, Match, build_dockets
from infra.dev.demo.participants import (
    AccountBinding,
    Assignment,
    Counsel,
    Enrollment,
    Participant,
    Referral,
    build_account_bindings,
    build_assignments,
    build_counsel,
    build_enrollments,
    build_participants,
    build_referrals,
)
from infra.dev.demo.releases import Release, build_releases

FORMAT = 1


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the demo is made of."""

    format: int
    on: date
    sites: tuple[Site, ...]
    agencies: tuple[Agency, ...]
    mous: tuple[Mou, ...]
    staff: tuple[Staff, ...]
    rosters: tuple[Person, ...]
    participants: tuple[Participant, ...]
    referrals: tuple[Referral, ...]
    enrollments: tuple[Enrollment, ...]
    assignments: tuple[Assignment, ...]
    counsel: tuple[Counsel, ...]
    account_bindings: tuple[AccountBinding, ...]
    releases: tuple[Release, ...]
    legal_cases: tuple[LegalCase, ...]
    matches: tuple[Match, ...]
    course_page: str


def build_world(on: date) -> World:
    """Return the demo world as of the day `on`; the same day gives the same world."""
    agencies = load_agencies()
    staff = load_staff(on)
    participants = build_participants(on)
    legal_cases, matches = build_dockets(participants, on)
    return World(
        format=FORMAT,
        on=on,
        sites=load_sites(),
        agencies=agencies,
        mous=build_mous(agencies, on),
        staff=staff,
        rosters=build_rosters(staff),
        participants=participants,
        referrals=build_referrals(participants, on),
        enrollments=build_enrollments(participants, on),
        assignments=build_assignments(participants, on),
        counsel=build_counsel(participants, on),
        account_bindings=build_account_bindings(on),
        releases=build_releases(participants, agencies, on),
        legal_cases=legal_cases,
        matches=matches,
        course_page=(resources.files(__package__) / "course_page.txt").read_text(encoding="utf-8"),
    )


def world_json(world: World) -> str:
    """Return the world as the text of `world.json`."""
    return json.dumps(dataclasses.asdict(world), default=_plain, indent=1, ensure_ascii=False)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
