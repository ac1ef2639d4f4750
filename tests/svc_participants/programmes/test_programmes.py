"""Programmes beside the core are data: entry, capacity, lodging."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from svc_participants.programmes import commands
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
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
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
    made = await keep(participants, name="Lodging of a test", entryDoors=["ARREST_DIVERSION"])
    programme = await named(made, "Lodging of a test")
    people = [(await enrolled(participants))[0] for _ in range(3)]
    first = await place(participants, people[0], programme["id"], isLodged=True)
    assert first["userErrors"] == []
    assert codes(await place(participants, people[0], programme["id"])) == ["ALREADY_PLACED"]
    lodged = await place(participants, people[1], programme["id"], isLodged=True)
    assert codes(lodged) == ["LODGING_FULL"]
    assert codes(await place(participants, people[1], programme["id"])) == []
    assert codes(await place(participants, people[2], programme["id"])) == ["PROGRAMME_FULL"]
    (edge,) = first["participant"]["programmePlaces"]["edges"]
    assert edge["node"]["programme"] == {"name": "Lodging of a test"}
    left = await change(
        participants, case_manager(), "leaveProgramme", PLACED,
        placeId=edge["node"]["id"], expectedVersion=1, leftOn=TODAY,
    )  # fmt: skip
    assert left["participant"]["programmePlaces"]["edges"][0]["node"]["leftOn"] == TODAY
    assert codes(await place(participants, people[2], programme["id"], isLodged=True)) == []


async def frees_the_place(service: ServiceApp, reason: str, name: str) -> bool:
    """Who leaves LEAD leaves their place on that day; another one moves into the unit."""
    made = await keep(service, name=name, capacity=1)
    programme = await named(made, name)
    who, enrollment_id = await enrolled(service)
    other, _ = await enrolled(service)
    assert codes(await place(service, who, programme["id"], isLodged=True)) == []
    assert codes(await place(service, other, programme["id"])) == ["PROGRAMME_FULL"]
    gone = await change(
        service, case_manager(), "exitEnrollment", "enrollment { id }", reason=reason,
        enrollmentId=enrollment_id, expectedVersion=2, exitedOn=TODAY,
    )  # fmt: skip
    assert codes(gone) == []
    async with service.chassis.database.read() as session:
        asked = "select left_on, version from programme_place where participant_id = :who"
        (row,) = (await session.execute(text(asked), {"who": UUID(who)})).all()
    if row.left_on is None:
        return False
    assert (row.left_on.isoformat(), row.version) == (TODAY, 2)
    return codes(await place(service, other, programme["id"], isLodged=True)) == []


@pytest.mark.parametrize("reason", ["PERSON_WITHDREW", "DECEASED", "ADMIN_ERROR"])
async def test_leaving_lead_ends_the_place_on_that_day(
    participants: ServiceApp, reason: str
) -> None:
    assert await frees_the_place(participants, reason, f"Lodging until {reason}")


async def test_planted_place_that_outlives_the_stay_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        """Leave the place as it is."""

    monkeypatch.setattr(commands, "leave_all", nothing)
    assert not await frees_the_place(participants, "MOVED", "Lodging for ever")


async def test_nobody_leaves_a_place_before_they_had_it(participants: ServiceApp) -> None:
    programme = await named(await keep(participants, name="Days of a test"), "Days of a test")
    who, _ = await enrolled(participants)
    placed = await place(participants, who, programme["id"])
    (edge,) = placed["participant"]["programmePlaces"]["edges"]
    before = (site_today() - timedelta(days=1)).isoformat()
    given = {"placeId": edge["node"]["id"], "expectedVersion": 1}
    for day, expected in ((before, ["DATE_CONTRADICTS"]), (TODAY, [])):
        payload = await change(
            participants, case_manager(), "leaveProgramme", PLACED, leftOn=day, **given
        )
        assert codes(payload) == expected
        assert all(each["field"] == ["input", "leftOn"] for each in payload["userErrors"])


async def test_what_is_left_out_of_a_programme_stays(participants: ServiceApp) -> None:
    name = "Milieu of a test"
    made = await keep(
        participants, name=name, kind="MILIEU_MANAGEMENT", entryDoors=["SOCIAL_CONTACT"],
        isOpen=False,
    )  # fmt: skip
    programme = await named(made, name)
    changed = await change(
        participants, project_manager(), "keepProgramme", SELECTION, programmeId=programme["id"],
        expectedVersion=programme["version"], kind="MILIEU_MANAGEMENT", name=name, capacity=5,
    )  # fmt: skip
    assert await named(changed, name) == {
        **programme, "capacity": 5, "version": programme["version"] + 1,
    }  # fmt: skip
    assert (programme["entryDoors"], programme["isOpen"], programme["lodgingUnits"]) == (
        ["SOCIAL_CONTACT"], False, 1,
    )  # fmt: skip


async def test_entry_and_closing_are_the_sites(participants: ServiceApp) -> None:
    made = await keep(
        participants, name="Camp of a test", kind="ENCAMPMENT_RESOLUTION", entryDoors=["COMMUNITY"]
    )
    programme = await named(made, "Camp of a test")
    who, _ = await enrolled(participants)
    assert codes(await place(participants, who, programme["id"])) == ["ENTRY_NOT_MET"]
    closed = await keep(
        participants, name="Camp of a test", programmeId=programme["id"], isOpen=False,
        expectedVersion=programme["version"],
    )  # fmt: skip
    assert (await named(closed, "Camp of a test"))["isOpen"] is False
    assert codes(await place(participants, who, programme["id"])) == ["PROGRAMME_CLOSED"]
    assert codes(await keep(participants, name="Camp of a test")) == ["NAME_TAKEN"]
    assert codes(await keep(participants, name="New", lodgingUnits=9)) == ["OUT_OF_RANGE"]
    for asking in (supervisor(), officer()):
        assert codes(await keep(participants, name="New", asking=asking)) == ["NOT_ALLOWED"]
    shown = (await participants.graphql(officer(), "{ programmes { name } }")).data["programmes"]
    assert {"name": "Camp of a test"} in shown
