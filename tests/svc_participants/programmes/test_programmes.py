"""Programmes beside the core are data: entry, capacity, lodging."""

from datetime import UTC, datetime
from typing import Any

from tests.fixtures.participants_service import (
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    project_manager,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

TODAY = datetime.now(UTC).date().isoformat()
SELECTION = """programmes { id name capacity lodgingUnits version kind entryDoors isOpen }"""
PLACED = """participant { programmePlaces { edges { node { id version isLodged leftOn
  programme { name } } } } }"""


async def keep(service: ServiceApp, **given: Any) -> dict[str, Any]:
    asking = given.pop("asking", None) or project_manager()
    request = {"kind": "LODGING", "capacity": 2, "lodgingUnits": 1, **given}
    return await change(service, asking, "keepProgramme", SELECTION, **request)


async def place(service: ServiceApp, who: str, programme_id: str, **given: Any) -> dict[str, Any]:
    return await change(
        service, case_manager(), "placeInProgramme", PLACED,
        participantId=who, programmeId=programme_id, enteredOn=TODAY, **given,
    )  # fmt: skip


async def named(payload: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in payload["programmes"] if each["name"] == name]
    return dict(found)


async def test_programme_takes_as_many_as_it_has_places_and_units(
    participants: ServiceApp,
) -> None:
    made = await keep(participants, name="CoLEAD", entryDoors=["ARREST_DIVERSION"])
    programme = await named(made, "CoLEAD")
    people = [(await enrolled(participants))[0] for _ in range(3)]
    first = await place(participants, people[0], programme["id"], isLodged=True)
    assert first["userErrors"] == []
    assert codes(await place(participants, people[0], programme["id"])) == ["ALREADY_PLACED"]
    lodged = await place(participants, people[1], programme["id"], isLodged=True)
    assert codes(lodged) == ["LODGING_FULL"]
    assert codes(await place(participants, people[1], programme["id"])) == []
    assert codes(await place(participants, people[2], programme["id"])) == ["PROGRAMME_FULL"]
    (edge,) = first["participant"]["programmePlaces"]["edges"]
    assert edge["node"]["programme"] == {"name": "CoLEAD"}
    left = await change(
        participants, case_manager(), "leaveProgramme", PLACED,
        placeId=edge["node"]["id"], expectedVersion=1, leftOn=TODAY,
    )  # fmt: skip
    assert left["participant"]["programmePlaces"]["edges"][0]["node"]["leftOn"] == TODAY
    assert codes(await place(participants, people[2], programme["id"], isLodged=True)) == []


async def test_entry_and_closing_are_the_sites(participants: ServiceApp) -> None:
    made = await keep(
        participants, name="JustCARE", kind="ENCAMPMENT_RESOLUTION", entryDoors=["COMMUNITY"]
    )
    programme = await named(made, "JustCARE")
    who, _ = await enrolled(participants)
    assert codes(await place(participants, who, programme["id"])) == ["ENTRY_NOT_MET"]
    closed = await keep(
        participants, name="JustCARE", programmeId=programme["id"], isOpen=False,
        expectedVersion=programme["version"],
    )  # fmt: skip
    assert (await named(closed, "JustCARE"))["isOpen"] is False
    assert codes(await place(participants, who, programme["id"])) == ["PROGRAMME_CLOSED"]
    assert codes(await keep(participants, name="JustCARE")) == ["NAME_TAKEN"]
    assert codes(await keep(participants, name="New", lodgingUnits=9)) == ["OUT_OF_RANGE"]
    for asking in (supervisor(), officer()):
        assert codes(await keep(participants, name="New", asking=asking)) == ["NOT_ALLOWED"]
    shown = (await participants.graphql(officer(), "{ programmes { name } }")).data["programmes"]
    assert {"name": "JustCARE"} in shown
