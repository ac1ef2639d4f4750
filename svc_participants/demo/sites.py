"""What the sites of the demo keep beside people: a rota of who is on call, and programmes."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

from infra.tables import Base
from svc_participants.demo.choice import number, row_id
from svc_participants.demo.world import World, at, day, id_of
from svc_participants.handoffs.tables import OnCallShiftRow
from svc_participants.programmes.rules import FundingSource, ProgrammeKind
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow

_SHIFT_DAYS = 28
_SHIFTS = 12
"""The rota lasts most of a year, so that a demo that is kept finds somebody on call."""
_PLACED_IN = 4
"""One enrolled person in four has a place in a programme beside the core."""

_K, _F = ProgrammeKind, FundingSource
_ARREST, _SOCIAL, _COMMUNITY = "ARREST_DIVERSION", "SOCIAL_CONTACT", "COMMUNITY"
_Programme = tuple[str, ProgrammeKind, tuple[str, ...], int, int, FundingSource]
# Name, kind, doors (none: all), places, units of lodging, who pays. The first site has what King
# County has, the others what the rest of the state has.
_LARGE: tuple[_Programme, ...] = (
    ("LEAD core", _K.CORE, (), 700, 0, _F.CITY),
    ("CoLEAD", _K.LODGING, (_ARREST, _SOCIAL), 60, 50, _F.COUNTY),
    ("JustCARE", _K.ENCAMPMENT_RESOLUTION, (_COMMUNITY, _SOCIAL), 40, 40, _F.FEDERAL),
    ("Third Avenue Project", _K.MILIEU_MANAGEMENT, (), 80, 0, _F.CITY),
    ("Recovery Navigator Program", _K.RECOVERY_NAVIGATION, (), 120, 0, _F.STATE_RNP),
    ("Arrest and Jail Alternatives", _K.ARREST_JAIL_ALTERNATIVE, (_ARREST,), 60, 0, _F.STATE_AJA),
)
_SMALL = (_LARGE[0], *_LARGE[4:])


def site_rows(world: World) -> Iterator[Base]:
    """Return the rota and the programmes of each site, and who has a place in one."""
    for place, site in enumerate(world.sites):
        site_id = id_of(site["id"])
        yield from _rota(world, site_id)
        programmes = [_programme(world, site_id, each) for each in (_SMALL if place else _LARGE)]
        yield from programmes
        open_to_some = [each for each in programmes if each.kind != _K.CORE]
        for person in world.participants:
            enrollment = world.enrollments.get(person["id"])
            if person["site_id"] == site["id"] and enrollment is not None:
                yield from _places(world, person, enrollment, open_to_some)


def _rota(world: World, site_id: UUID) -> Iterator[Base]:
    """Take turns among the case managers of the provider with most people."""
    at_site = {each["id"] for each in world.participants if each["site_id"] == str(site_id)}
    agencies = Counter(
        each["agency_id"] for key, each in world.enrollments.items() if key in at_site
    )
    if not agencies:
        return
    agency = min(agencies, key=lambda each: (-agencies[each], each))
    subjects = Counter(
        each["subject"]
        for each in world.assignments
        if world.enrollments.get(each["participant_id"], {}).get("agency_id") == agency
    )
    turns = cycle(sorted(subjects, key=lambda each: (-subjects[each], each)))
    began = at(world.on, 8) - timedelta(days=7)
    for shift, subject in zip(range(_SHIFTS if subjects else 0), turns, strict=False):
        starts_at = began + timedelta(days=shift * _SHIFT_DAYS)
        yield OnCallShiftRow(
            id=row_id(site_id, f"on-call:{shift}"),
            site_id=site_id,
            agency_id=id_of(agency),
            account_id=world.accounts[subject],
            duty_phone="206-555-0190",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(days=_SHIFT_DAYS),
            recorded_by="",
        )


def _programme(world: World, site_id: UUID, given: _Programme) -> ProgrammeRow:
    name, kind, doors, capacity, units, funding = given
    return ProgrammeRow(
        id=row_id(site_id, f"programme:{name}"),
        site_id=site_id,
        kind=kind.value,
        name=name,
        entry_doors=list(doors),
        capacity=capacity,
        lodging_units=units,
        is_open=True,
        funding_source=funding.value,
        created_at=at(world.on - timedelta(days=2 * 365), 9),
    )


def _places(
    world: World, person: dict[str, Any], enrollment: dict[str, Any], programmes: list[ProgrammeRow]
) -> Iterator[Base]:
    key = id_of(person["id"])
    if number(key, "programme", _PLACED_IN):
        return
    door = world.referrals[person["id"]]["door"]
    fitting = [each for each in programmes if not each.entry_doors or door in each.entry_doors]
    chosen = fitting[number(key, "which-programme", len(fitting))]
    entered = day(enrollment["enrolled_on"])
    yield ProgrammePlaceRow(
        id=row_id(key, "programme-place"),
        programme_id=chosen.id,
        participant_id=key,
        agency_id=id_of(enrollment["agency_id"]),
        entered_on=entered,
        left_on=day(enrollment["exited_on"]) if enrollment["exited_on"] else None,
        is_lodged=chosen.lodging_units > 0,
        created_at=at(entered, 15),
        recorded_by=world.author(person),
    )
