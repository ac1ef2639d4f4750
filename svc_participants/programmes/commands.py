"""Commands about programmes and places in them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.enrollments.rules import check_past
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import today_at
from svc_participants.programmes import repository, rules
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow


@dataclass(frozen=True, slots=True)
class Programme:
    """What a programme is; None: as it was, or as a new one is."""

    kind: rules.ProgrammeKind
    name: str
    entry_doors: tuple[str, ...] | None
    capacity: int
    lodging_units: int | None
    is_open: bool | None
    funding_source: rules.FundingSource | None


async def keep(
    session: WriteSession,
    caller: Caller,
    programme_id: str | None,
    expected_version: int,
    given: Programme,
) -> dict[str, Any]:
    """Add a programme to the caller's site, or change what one is.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, NAME_TAKEN, TEXT_LENGTH or
            OUT_OF_RANGE.
    """
    rules.check_keeper(caller.role)
    site_id = parse_id(caller.site_id)
    if site_id is None:
        raise not_found("programmeId")
    row: ProgrammeRow | None = None
    if programme_id is not None:
        key = parse_id(programme_id)
        row = None if key is None else await repository.for_update(session, caller, key)
        if row is None:
            raise not_found("programmeId")
        check_version(expected_version, row.version)
    units = given.lodging_units
    if units is None:
        units = 0 if row is None else row.lodging_units
    rules.check(given.name, given.capacity, units)
    is_renamed = row is None or row.name != given.name
    if is_renamed and await repository.name_is_taken(session, site_id, given.name):
        raise RuleError("NAME_TAKEN", "The site has a programme of this name.", ("input", "name"))
    if row is None:
        row = ProgrammeRow(
            id=uuid4(),
            site_id=site_id,
            entry_doors=[],
            is_open=True,
            funding_source=rules.FundingSource.NOT_KNOWN.value,
            created_at=clock.now(),
            version=0,
        )
        session.add(row)
    row.kind = given.kind.value
    row.name = given.name
    row.capacity = given.capacity
    row.lodging_units = units
    if given.entry_doors is not None:
        row.entry_doors = list(given.entry_doors)
    if given.is_open is not None:
        row.is_open = given.is_open
    if given.funding_source is not None:
        row.funding_source = given.funding_source.value
    row.version += 1
    return {"programme": str(row.id)}


async def place(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    programme_id: str,
    entered_on: date,
    *,
    is_lodged: bool,
) -> dict[str, Any]:
    """Give somebody a place in a programme.

    Raises:
        RuleError: NOT_FOUND, PROGRAMME_CLOSED, ENTRY_NOT_MET, PROGRAMME_FULL, LODGING_FULL,
            ALREADY_PLACED or DATE_IN_FUTURE.
    """
    found = await require_writable(session, caller, Category.ENROLLMENT, participant_id)
    key = parse_id(programme_id)
    row = None if key is None else await repository.for_update(session, caller, key)
    if row is None:
        raise not_found("programmeId")
    now = clock.now()
    check_past(entered_on, await today_at(session, caller), "enteredOn")
    doors = await repository.doors_of(session, found, row.site_id)
    rules.check_entry(is_open=row.is_open, entry_doors=row.entry_doors, doors=doors)
    if await repository.has_place(session, row.id, found):
        raise RuleError("ALREADY_PLACED", "The person has a place in it.")
    places, lodged = await repository.taken(session, row.id)
    rules.check_room(places, row.capacity, lodged, row.lodging_units, is_lodged=is_lodged)
    session.add(
        ProgrammePlaceRow(
            id=uuid4(),
            programme_id=row.id,
            participant_id=found,
            agency_id=own_agency(caller),
            entered_on=entered_on,
            left_on=None,
            is_lodged=is_lodged,
            created_at=now,
            recorded_by=caller.subject,
        )
    )
    return {"participant": str(found)}


async def leave_all(
    session: WriteSession, participant_id: UUID, agency_id: UUID, site_id: UUID, left_on: date
) -> None:
    """End the places of somebody who leaves LEAD at a site, as their provider has given them.

    One that began after that day ends on the day on which it began. The right to write about the
    participant was checked before.
    """
    for each in await repository.open_places(session, participant_id, agency_id, site_id):
        each.left_on = max(left_on, each.entered_on)
        each.version += 1


async def leave(
    session: WriteSession,
    caller: Caller,
    place_id: UUID | None,
    expected_version: int,
    left_on: date,
) -> dict[str, Any]:
    """End somebody's place; a place that was ended stays in the history.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, ALREADY_ENDED, DATE_IN_FUTURE or
            DATE_CONTRADICTS.
    """
    row = None
    if place_id is not None:
        row = await repository.place_for_update(session, caller, place_id)
    if row is None:
        raise not_found("placeId")
    check_version(expected_version, row.version)
    if row.left_on is not None:
        raise RuleError("ALREADY_ENDED", "This place was ended already.")
    check_past(left_on, await today_at(session, caller), "leftOn")
    rules.check_left(row.entered_on, left_on)
    row.left_on = left_on
    row.version += 1
    return {"participant": str(row.participant_id)}
