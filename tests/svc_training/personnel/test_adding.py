"""Putting people on a roster, as a training manager does it before they attend anything."""

import asyncio
from typing import Any

from infra.vocabulary import Category, Role
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import CASE_MANAGEMENT, POLICE, account, training_manager

ADD = """
mutation Add($input: AddPersonnelInput!) {
  addPersonnel(input: $input) {
    personnel { id name isCertified externalId accountId appointmentType agency { id } version }
    userErrors { code field }
  }
}
"""


async def add(service: ServiceApp, asking: Any = None, **changes: Any) -> dict[str, Any]:
    given = {
        "givenName": "Ann",
        "familyName": "Example-Clerk",
        "appointmentType": "CIVILIAN",
        "idempotencyKey": new_key(),
        **changes,
    }
    answer = await service.graphql(asking or training_manager(), ADD, {"input": given})
    payload: dict[str, Any] = answer.data["addPersonnel"]
    return payload


PERSON = "query ($id: ID!) { rosterPerson(id: $id) { id name } }"


async def test_a_person_of_the_roster_is_found_by_id_by_the_own_agency(
    training: ServiceApp,
) -> None:
    id_ = (await add(training))["personnel"]["id"]

    async def found(asking: Any, wanted: str) -> Any:
        return (await training.graphql(asking, PERSON, {"id": wanted})).data["rosterPerson"]

    assert (await found(training_manager(), id_))["id"] == id_
    assert await found(training_manager(CASE_MANAGEMENT), id_) is None
    assert await found(training_manager(), "none") is None


async def test_civilian_is_added_to_the_own_roster_and_can_be_assigned(
    training: ServiceApp,
) -> None:
    payload = await add(training, externalId="CF100", accountId=account("defender"))
    assert payload["userErrors"] == []
    person = payload["personnel"]
    assert person["name"] == "Ann Example-Clerk"
    assert (person["isCertified"], person["version"]) == (False, 1)
    assert person["agency"] == {"id": POLICE}
    assert person["accountId"] == account("defender")
    assign = (
        "mutation A($i: AssignSessionInput!) { assignSession(input: $i) { outcomes { outcome } } }"
    )
    given = {"sessionNumber": "8020-1", "category": "LEAD", "personnelIds": [person["id"]]}
    answer = await training.graphql(
        training_manager(), assign, {"i": {**given, "idempotencyKey": new_key()}}
    )
    assert answer.data["assignSession"]["outcomes"] == [{"outcome": "ASSIGNED"}]


CHANGE = """mutation ($input: ChangePersonnelInput!) { changePersonnel(input: $input) {
  personnel { isActive email version } userErrors { code } } }"""


async def test_who_has_left_stays_so_where_a_change_does_not_speak_of_it(
    training: ServiceApp,
) -> None:
    person = (await add(training))["personnel"]
    version = person["version"]
    for said, expected in (({"isActive": False}, False), ({}, False), ({"isActive": True}, True)):
        given = {
            "personnelId": person["id"], "expectedVersion": version, "givenName": "Ann",
            "familyName": "Example-Clerk", "appointmentType": "CIVILIAN",
            "email": f"ann{version}@example.org", "idempotencyKey": new_key(), **said,
        }  # fmt: skip
        answer = await training.graphql(training_manager(), CHANGE, {"input": given})
        changed = answer.data["changePersonnel"]["personnel"]
        assert (changed["isActive"], changed["email"]) == (expected, given["email"])
        version = changed["version"]


async def test_same_key_adds_one_person(training: ServiceApp) -> None:
    key = new_key()
    first = await add(training, familyName="Example-Once", idempotencyKey=key)
    again = await add(training, familyName="Example-Once", idempotencyKey=key)
    assert first["personnel"] == again["personnel"] is not None


async def test_id_on_the_own_roster_is_refused_and_on_anothers_not(training: ServiceApp) -> None:
    assert (await add(training, externalId="CF001"))["userErrors"] == [
        {"code": "ALREADY_ON_ROSTER", "field": ["input", "externalId"]}
    ]
    assert (await add(training, accountId=account("officer")))["userErrors"] == [
        {"code": "ALREADY_ON_ROSTER", "field": ["input", "accountId"]}
    ]
    elsewhere = await add(training, training_manager(CASE_MANAGEMENT), externalId="CF001")
    assert elsewhere["userErrors"] == []


async def test_same_id_at_the_same_time_is_added_once(training: ServiceApp) -> None:
    payloads = await asyncio.gather(*(add(training, externalId="CF777") for _ in range(4)))
    codes = [error["code"] for payload in payloads for error in payload["userErrors"]]
    assert codes == ["ALREADY_ON_ROSTER"] * 3
    assert sum(payload["personnel"] is not None for payload in payloads) == 1


async def test_only_a_training_manager_adds(training: ServiceApp) -> None:
    for asking in (
        caller(Role.AGA, {Category.TRAINING: "o"}, agency_id=POLICE),
        caller(Role.LEO, {Category.TRAINING: "s"}, agency_id=POLICE),
        training_manager(access={}),
        training_manager(agency_id=""),
    ):
        payload = await add(training, asking)
        assert [error["code"] for error in payload["userErrors"]] == ["FORBIDDEN"]
        assert payload["personnel"] is None


async def test_social_security_number_is_never_stored(training: ServiceApp) -> None:
    payload = await add(training, externalId="123-45-6789")
    assert [error["code"] for error in payload["userErrors"]] == ["SOCIAL_SECURITY_NUMBER"]
