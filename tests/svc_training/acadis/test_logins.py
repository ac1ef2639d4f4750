"""As whom people sign in: files leave it alone and count who has no login; what a link does."""

from typing import Any

import pytest

from infra.vocabulary import Role
from svc_training.acadis import taking
from svc_training.acadis.taking import WITHOUT_LOGIN
from svc_training.background import BackgroundWork
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import POLICE, account, staff_member, training_manager
from tests.svc_training.acadis.test_files import LINK, batch, counts, run, send, table

PEOPLE = """query ($who: String!) { personnel(search: $who, first: 100) {
  edges { node { id version accountId externalId givenName familyName } } } }"""
CHANGE = """mutation ($input: ChangePersonnelInput!) { changePersonnel(input: $input) {
  personnel { accountId } userErrors { code } } }"""
ADD = """mutation ($input: AddPersonnelInput!) { addPersonnel(input: $input) {
  personnel { accountId } userErrors { code field } } }"""
CHANGED = CHANGE.replace("code }", "code field }")
NOT_OF_AGENCY = {"code": "NOT_OF_AGENCY", "field": ["input", "accountId"]}
OWN = "{ myCompliance { status requirement { key } } }"
LEAD_101 = "lead-101-before-owg"


def row(number: int, **changes: str) -> dict[str, str]:
    return {
        "person_external_id": f"LG{number:03d}", "last_name": "Login", "first_name": f"N{number}",
        "email": "", "organization_id": "ORG-LOGIN", "appointment_type": "CIVILIAN",
        "certified": "N", "active": "Y", "training_manager": "N", **changes,
    }  # fmt: skip


async def taken(training: ServiceApp, name: str, *rows: dict[str, str]) -> dict[str, int]:
    await run(training, LINK, organizationId="ORG-LOGIN")
    files = batch(name, personnel_csv=table("personnel.csv", rows))
    return counts(await send(training, files))


async def entry(training: ServiceApp, number: int) -> Any:
    answer = await training.graphql(training_manager(), PEOPLE, {"who": f"LG{number:03d}"})
    (edge,) = answer.data["personnel"]["edges"]
    return edge["node"]


async def link(training: ServiceApp, number: int, account_id: str | None) -> None:
    person = await entry(training, number)
    payload = await run(
        training, CHANGE, personnelId=person["id"], expectedVersion=person["version"],
        givenName=person["givenName"], familyName=person["familyName"],
        appointmentType="CIVILIAN", externalId=person["externalId"], accountId=account_id,
    )  # fmt: skip
    assert payload["userErrors"] == []


async def files_leave_logins_alone(training: ServiceApp, first: int) -> None:
    whose = f"account-of-{first}"
    rows = [row(first), row(first + 1), row(first + 2, active="N")]
    told = await taken(training, f"b-login-{first}", *rows)
    assert told == {"people created": 3, WITHOUT_LOGIN: 2}
    await link(training, first, whose)
    rows[0]["email"] = "n@example.org"
    told = await taken(training, f"b-login-{first}-again", *rows)
    assert told == {"people updated": 1, "people unchanged": 2, WITHOUT_LOGIN: 1}
    assert (await entry(training, first))["accountId"] == whose
    # Whom two rows name is one person.
    told = await taken(training, f"b-login-{first}-twice", rows[1], rows[1])
    assert told == {"people unchanged": 2, WITHOUT_LOGIN: 1}
    assert WITHOUT_LOGIN not in await taken(training, f"b-login-{first}-linked", rows[0])


async def test_files_leave_logins_alone_and_count_who_has_none(training: ServiceApp) -> None:
    await files_leave_logins_alone(training, 1)


async def test_planted_import_that_takes_links_away_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = taking._set
    monkeypatch.setattr(
        taking, "_set", lambda person, columns: real(person, {**columns, "account_id": None})
    )
    with pytest.raises(AssertionError):
        await files_leave_logins_alone(training, 11)


async def only_who_serves_the_agency_is_linked(training: ServiceApp, first: int) -> None:
    """By the API as well, whatever a page offers: who is added, and who is on the roster."""
    stranger, colleague = f"stranger-{first}", f"colleague-{first}"
    assert training.consent is not None
    training.consent.strangers.add((stranger, POLICE))
    await taken(training, f"b-login-{first}", row(first))
    person = await entry(training, first)
    said = {"givenName": "N", "familyName": "Login", "appointmentType": "CIVILIAN"}
    kept = {
        **said, "personnelId": person["id"], "expectedVersion": person["version"],
        "externalId": person["externalId"],
    }  # fmt: skip
    for payload in (
        await run(training, ADD, **said, accountId=stranger),
        await run(training, CHANGED, **kept, accountId=stranger),
    ):
        assert payload == {"personnel": None, "userErrors": [NOT_OF_AGENCY]}
    assert (await entry(training, first))["accountId"] is None
    payload = await run(training, CHANGED, **kept, accountId=colleague)
    assert payload == {"personnel": {"accountId": colleague}, "userErrors": []}
    # Who serves no longer keeps the link that stands: a name may still be mended.
    training.consent.strangers.add((colleague, POLICE))
    await link(training, first, colleague)
    # Somebody else's login is nobody's second one.
    taken_already = await run(training, ADD, **said, accountId=colleague)
    assert [each["code"] for each in taken_already["userErrors"]] == ["ALREADY_ON_ROSTER"]


async def test_only_who_serves_the_agency_is_linked(training: ServiceApp) -> None:
    await only_who_serves_the_agency_is_linked(training, 31)


@pytest.mark.parametrize(
    ("first", "name"), [(41, "_require_colleague"), (51, "repository.is_taken")]
)
async def test_planted_link_to_anybody_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch, first: int, name: str
) -> None:
    async def nothing(*_given: Any, **_named: Any) -> None:
        return None

    monkeypatch.setattr(f"svc_training.personnel.commands.{name}", nothing)
    with pytest.raises(AssertionError):
        await only_who_serves_the_agency_is_linked(training, first)


async def test_nobody_is_linked_while_nobody_says_who_serves(training: ServiceApp) -> None:
    said = {
        "givenName": "N", "familyName": "Login-Away", "appointmentType": "CIVILIAN",
        "accountId": "colleague-of-the-outage", "idempotencyKey": new_key(),
    }  # fmt: skip
    assert training.consent is not None
    training.consent.is_refusing = True
    try:
        answer = await training.graphql(training_manager(), ADD, {"input": said})
    finally:
        training.consent.is_refusing = False
    assert answer.error_codes == ["SERVICE_UNAVAILABLE"]
    found = await training.graphql(training_manager(), PEOPLE, {"who": "Login-Away"})
    names = [edge["node"]["familyName"] for edge in found.data["personnel"]["edges"]]
    assert "Login-Away" not in names


async def test_who_is_linked_is_asked_for_lead_101_and_sees_it(training: ServiceApp) -> None:
    """The prosecutor's twin is the time before: on the roster, and nobody to the requirement."""
    await taken(training, "b-login-asked", row(21))
    own = staff_member("prosecutor", Role.PRO, POLICE)

    async def asked() -> list[str]:
        await BackgroundWork(training.chassis.database, None).settle()
        answer = await training.graphql(own, OWN)
        return [each["requirement"]["key"] for each in answer.data["myCompliance"] or []]

    assert LEAD_101 not in await asked()
    await link(training, 21, account("prosecutor"))
    assert LEAD_101 in await asked()
    await link(training, 21, None)
    assert LEAD_101 not in await asked()
