"""Whole dockets: the participants' legal cases among more than five times as many others.

A case says nothing about LEAD. What ties it to a participant is a row of its own, a `Match`.
Case numbers and names are given out alike to both kinds and depend on no date, so that neither
tells them apart and committed operations can name a case.
"""

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from infra.dev.demo.identifiers import demo_id, persona_subject
from infra.dev.demo.participants import NAMED, Participant, Stage, enrolled_on

_T = TypeVar("_T")

_ZONE = ZoneInfo("America/Los_Angeles")
_OTHERS_PER_MATCH = 6
_PREFIX = {"cedar-falls": "CF", "harbor-county": "HC"}
_OFFICES = {
    "cedar-falls": ("cedar-court", "cedar-prosecutor"),
    "harbor-county": ("harbor-court", "harbor-prosecutor"),
}


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge; `status` is PENDING, DISMISSED, CONVICTED or NOT_FILED."""

    id: UUID
    statute: str
    description: str
    nibrs: str
    charge_class: str
    status: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """A court date; `kind` is ARRAIGNMENT, PRETRIAL or REVIEW."""

    id: UUID
    kind: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Warrant:
    """A warrant by its public status: ACTIVE, QUASHED or SERVED."""

    id: UUID
    status: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class LegalCase:
    """A case on an office's docket, as the public record has it."""

    id: UUID
    number: str
    site_id: UUID
    court_agency_id: UUID
    prosecutor_agency_id: UUID
    defendant_given_name: str
    defendant_family_name: str
    status: str
    incident_on: date
    filed_on: date | None
    closed_on: date | None
    charges: tuple[Charge, ...]
    hearings: tuple[Hearing, ...]
    warrants: tuple[Warrant, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """That a case is a participant's; all of it is LEGAL_COORD.

    `relation` (DIVERTED, PRE_EXISTING, POST_ENROLLMENT, HISTORICAL) and `incident_timing`
    (INCIDENT_BEFORE_ENROLLMENT, INCIDENT_AFTER_ENROLLMENT, for POST_ENROLLMENT only) are what the
    dates must come out at: for checking, not for storing. `held_for_lead` is the prosecutor's hold.
    """

    id: UUID
    case_id: UUID
    participant_id: UUID
    matched_by_subject: str
    held_for_lead: bool
    relation: str
    incident_timing: str | None


@dataclass(frozen=True, slots=True)
class _Timing:
    """Days from enrollment (negative: before) to incident, filing and closing."""

    relation: str
    incident: int
    filed: int | None
    closed: int | None
    timing: str | None = None


_DIVERTED = _Timing("DIVERTED", -10, None, None)
_PRE_EXISTING = _Timing("PRE_EXISTING", -70, -45, None)
_POST_OLD_INCIDENT = _Timing("POST_ENROLLMENT", -40, 30, None, "INCIDENT_BEFORE_ENROLLMENT")
_POST_NEW_INCIDENT = _Timing("POST_ENROLLMENT", 25, 50, None, "INCIDENT_AFTER_ENROLLMENT")
_HISTORICAL = _Timing("HISTORICAL", -500, -480, -300)
_CYCLE = (_PRE_EXISTING, _DIVERTED, _POST_OLD_INCIDENT, _HISTORICAL, _POST_NEW_INCIDENT)
_OUTCOMES = ("DISMISSED", "RESOLVED_PLEA", "DISMISSED", "RESOLVED_TRIAL")
_GIVEN = ("Ada", "Ben", "Cleo", "Dov", "Esme", "Farid", "Gia", "Hugo", "Ines", "Jonah", "Kaya")
_TREES = ("Alder", "Beech", "Cherry", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood",
          "Juniper", "Katsura", "Larch", "Maple")  # fmt: skip


def build_dockets(
    participants: tuple[Participant, ...], on: date
) -> tuple[tuple[LegalCase, ...], tuple[Match, ...]]:
    """Return all cases, sorted by number, and the matches to participants."""
    pairs = [
        pair
        for index, participant in enumerate(participants)
        for pair in _cases_of(participant, index, on)
    ]
    cases = [case for case, _ in pairs]
    cases += [_other_case(index, on) for index in range(_OTHERS_PER_MATCH * len(pairs))]
    return _numbered(cases), tuple(match for _, match in pairs)


def _cases_of(participant: Participant, index: int, on: date) -> list[tuple[LegalCase, Match]]:
    """Named participants have two cases each, the others one or none."""
    if participant.stage is Stage.SCREENING:
        return []
    if participant.handle in NAMED:
        # One that is filed, and so on the public docket, and one of each other relation in turn.
        timings = [_PRE_EXISTING, _CYCLE[1 + index % (len(_CYCLE) - 1)]]
    else:
        timings = [] if index % 3 == 0 else [_CYCLE[index % len(_CYCLE)]]
    day = enrolled_on(participant, on)
    pairs = []
    for order, timing in enumerate(timings, start=1):
        key = f"{participant.handle}/{order}"
        names = (participant.given_name, participant.family_name)
        case = _case(key, participant.site_key, names, timing, day, on)
        match = Match(
            id=demo_id("match", key),
            case_id=case.id,
            participant_id=participant.id,
            matched_by_subject=persona_subject("case_manager"),
            held_for_lead=timing is _DIVERTED,
            relation=timing.relation,
            incident_timing=timing.timing,
        )
        pairs.append((case, match))
    return pairs


def _other_case(index: int, on: date) -> LegalCase:
    key = f"other/{index}"
    names = (_pick(f"{key}/given", _GIVEN), f"Example-{_pick(f'{key}/family', _TREES)}")
    site_key = "harbor-county" if index % 7 == 0 else "cedar-falls"
    day = on - timedelta(days=90 + demo_id("day", key).int % 250)
    return _case(key, site_key, names, _pick(f"{key}/timing", _CYCLE), day, on)


def _case(
    key: str, site_key: str, names: tuple[str, str], timing: _Timing, day: date, on: date
) -> LegalCase:
    court_key, prosecutor_key = _OFFICES[site_key]
    filed_on = None if timing.filed is None else day + timedelta(days=timing.filed)
    closed_on = None if timing.closed is None else day + timedelta(days=timing.closed)
    if filed_on is None:
        status = "UNDER_REVIEW"
    elif closed_on is None:
        status = "PENDING"
    else:
        status = _pick(f"{key}/outcome", _OUTCOMES)
    return LegalCase(
        id=demo_id("case", key),
        number=_PREFIX[site_key],  # the sequence follows in _numbered
        site_id=demo_id("site", site_key),
        court_agency_id=demo_id("agency", court_key),
        prosecutor_agency_id=demo_id("agency", prosecutor_key),
        defendant_given_name=names[0],
        defendant_family_name=names[1],
        status=status,
        incident_on=day + timedelta(days=timing.incident),
        filed_on=filed_on,
        closed_on=closed_on,
        charges=_charges(key, status),
        hearings=_hearings(key, status, on),
        warrants=_warrants(key, status, filed_on),
    )


def _charges(key: str, status: str) -> tuple[Charge, ...]:
    text = (resources.files(__package__) / "dockets.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)["charges"]
    outcome = {
        "UNDER_REVIEW": "NOT_FILED",
        "PENDING": "PENDING",
        "DISMISSED": "DISMISSED",
    }.get(status, "CONVICTED")
    first = demo_id("charge", key).int % len(table)
    count = 1 + demo_id("charges", key).int % 2
    rows = [table[(first + offset) % len(table)] for offset in range(count)]
    return tuple(
        Charge(
            id=demo_id("charge", f"{key}/{order}"),
            statute=row["statute"],
            description=row["description"],
            nibrs=row["nibrs"],
            charge_class=row["class"],
            status=outcome,
        )
        for order, row in enumerate(rows, start=1)
    )


def _hearings(key: str, status: str, on: date) -> tuple[Hearing, ...]:
    if status != "PENDING":
        return ()
    day = on + timedelta(days=3 + demo_id("hearing", key).int % 40)
    return (
        Hearing(
            id=demo_id("hearing", key),
            kind=_pick(f"{key}/hearing", ("ARRAIGNMENT", "PRETRIAL", "REVIEW")),
            starts_at=datetime.combine(day, time(9, 30), tzinfo=_ZONE).astimezone(UTC),
        ),
    )


def _warrants(key: str, status: str, filed_on: date | None) -> tuple[Warrant, ...]:
    named = key.startswith(tuple(NAMED)) and key.endswith("/1")
    if status != "PENDING" or filed_on is None or (demo_id("w", key).int % 4 and not named):
        return ()
    return (
        Warrant(
            id=demo_id("warrant", key),
            status=_pick(f"{key}/warrant", ("ACTIVE", "QUASHED", "SERVED")),
            issued_on=filed_on + timedelta(days=14),
        ),
    )


def _numbered(cases: list[LegalCase]) -> tuple[LegalCase, ...]:
    numbered: list[LegalCase] = []
    for prefix in _PREFIX.values():
        own = sorted((case for case in cases if case.number == prefix), key=lambda case: case.id)
        numbered += [
            replace(case, number=f"{prefix}-{sequence:05d}")
            for sequence, case in enumerate(own, start=10001)
        ]
    return tuple(numbered)


def _pick(key: str, options: tuple[_T, ...]) -> _T:
    return options[demo_id("pick", key).int % len(options)]
