"""Sites, agencies, memoranda, and the people who work there: read from the two tables beside."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

from infra.dev.demo.identifiers import demo_id, persona_subject
from infra.vocabulary import AgencyType, Purpose, Role

_MOU_DAYS_BEFORE = 700
_MOU_DAYS_AFTER = 700
_GRANT_DAYS_BEFORE = 600


@dataclass(frozen=True, slots=True)
class Site:
    """One LEAD initiative."""

    id: UUID
    key: str
    name: str
    county: str
    time_zone: str
    privacy_officer_subject: str


@dataclass(frozen=True, slots=True)
class Agency:
    """One organisation; `part2` is PROGRAM, NOT_PROGRAM or UNDETERMINED."""

    id: UUID
    key: str
    name: str
    type: AgencyType
    part2: str
    site_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mou:
    """An agency's memorandum of understanding with a site, live from start to end (both days in).

    It stands for the membership as well: there is one for each agency and site.
    """

    id: UUID
    agency_id: UUID
    site_id: UUID
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Staff:
    """A person with one role. `persona` is true for those who can sign in.

    `agency_id` is empty for a participant's and a representative's account; `participant_handle`
    is the record that such an account is bound to. `service` is SUD, MH or HOUSING for role SVC.
    """

    id: UUID
    handle: str
    subject: str
    persona: bool
    name: str
    role: Role
    agency_id: UUID | None
    agency_key: str | None
    site_id: UUID
    site_key: str
    liaison: bool
    service: str | None
    participant_handle: str | None
    purposes: tuple[Purpose, ...]
    grant_id: UUID
    grant_starts_on: date


@dataclass(frozen=True, slots=True)
class Person:
    """A row of an agency's training roster; participants are never on one."""

    id: UUID
    external_id: str
    agency_id: UUID
    given_name: str
    family_name: str
    email: str
    appointment_type: str
    certified: bool
    subject: str | None


def _table(name: str) -> dict[str, Any]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def load_sites() -> tuple[Site, ...]:
    """Return the sites of the demo world."""
    return tuple(
        Site(
            id=demo_id("site", key),
            key=key,
            name=row["name"],
            county=row["county"],
            time_zone=row["time_zone"],
            privacy_officer_subject=persona_subject(row["privacy_officer"]),
        )
        for key, row in _table("agencies.toml")["sites"].items()
    )


def load_agencies() -> tuple[Agency, ...]:
    """Return the agencies of the demo world."""
    return tuple(
        Agency(
            id=demo_id("agency", key),
            key=key,
            name=row["name"],
            type=AgencyType(row["type"]),
            part2=row["part2"],
            site_keys=tuple(row["sites"]),
        )
        for key, row in _table("agencies.toml")["agencies"].items()
    )


def build_mous(agencies: tuple[Agency, ...], on: date) -> tuple[Mou, ...]:
    """Return one live memorandum for each agency and site, as of the day `on`."""
    return tuple(
        Mou(
            id=demo_id("mou", f"{agency.key}@{site_key}"),
            agency_id=agency.id,
            site_id=demo_id("site", site_key),
            starts_on=on - timedelta(days=_MOU_DAYS_BEFORE),
            ends_on=on + timedelta(days=_MOU_DAYS_AFTER),
        )
        for agency in agencies
        for site_key in agency.site_keys
    )


def load_staff(on: date) -> tuple[Staff, ...]:
    """Return the personas, then the staff who cannot sign in; grants run since long before `on`."""
    table = _table("personas.toml")
    return tuple(
        _staff(handle, row, persona=persona, on=on)
        for persona, rows in ((True, table["personas"]), (False, table["staff"]))
        for handle, row in rows.items()
    )


def _staff(handle: str, row: dict[str, Any], *, persona: bool, on: date) -> Staff:
    agency_key = row.get("agency")
    return Staff(
        id=demo_id("staff", handle),
        handle=handle,
        subject=persona_subject(handle),
        persona=persona,
        name=row["name"],
        role=Role(row["role"]),
        agency_id=demo_id("agency", agency_key) if agency_key else None,
        agency_key=agency_key,
        site_id=demo_id("site", row["site"]),
        site_key=row["site"],
        liaison=row.get("liaison", False),
        service=row.get("service"),
        participant_handle=row.get("participant"),
        purposes=tuple(Purpose(code) for code in row["purposes"]),
        grant_id=demo_id("grant", handle),
        grant_starts_on=on - timedelta(days=_GRANT_DAYS_BEFORE),
    )


# Two rosters: certified officers, and civilian case managers, who are not on one by default.
_ROSTERS = {
    "cedar-police": ("CF", "PEACE_OFFICER", True, 14),
    "cedar-cm": ("BW", "CIVILIAN", False, 8),
}
_GIVEN = ("Alex", "Bo", "Cam", "Dale", "Eden", "Flynn", "Gray", "Hollis", "Indy", "Jess", "Kit")
_FAMILY = ("Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gum", "Hazel", "Ivy", "Juniper")


def build_rosters(staff: tuple[Staff, ...]) -> tuple[Person, ...]:
    """Return the training rosters: staff of two agencies, filled up with invented colleagues."""
    return tuple(
        person
        for agency_key, (prefix, appointment, certified, size) in _ROSTERS.items()
        for person in _roster(staff, agency_key, prefix, appointment, certified, size)
    )


def _roster(
    staff: tuple[Staff, ...],
    agency_key: str,
    prefix: str,
    appointment: str,
    certified: bool,
    size: int,
) -> list[Person]:
    members = [member for member in staff if member.agency_key == agency_key]
    names: list[tuple[str, str, str | None]] = [
        (*_split(member.name), member.subject) for member in members
    ]
    names += [
        (_GIVEN[index % len(_GIVEN)], f"Sample-{_FAMILY[index % len(_FAMILY)]}", None)
        for index in range(size - len(names))
    ]
    return [
        Person(
            id=demo_id("personnel", f"{prefix}{number:03d}"),
            external_id=f"{prefix}{number:03d}",
            agency_id=demo_id("agency", agency_key),
            given_name=given,
            family_name=family,
            email=f"{prefix.lower()}{number:03d}@{agency_key}.example",
            appointment_type=appointment,
            certified=certified,
            subject=subject,
        )
        for number, (given, family, subject) in enumerate(names, start=1)
    ]


def _split(name: str) -> tuple[str, str]:
    given, _, family = name.partition(" ")
    return given, family
