"""Contact and demographics: who writes them, versions, keys, and what others find."""

from typing import Any

import pytest
from sqlalchemy import true

from infra.authority.facts import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.people import repository
from tests.fixtures.participants_service import (
    SECOND_PROVIDER,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    permit,
    person,
    plant,
    project_manager,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key

CONTACT = "participant { contact { phone usualPlaces version emergencyContact { name } } }"
ANSWERS = {
    "race": ["WHITE", "ASIAN"],
    "sex": "FEMALE",
    "genderIdentity": "NON_BINARY",
    "preferredLanguageState": "NOT_ASKED",
    "veteran": "PREFERS_NOT_TO_ANSWER",
    "disability": "DOES_NOT_KNOW",
}


async def update(service: ServiceApp, asking: Caller, **given: Any) -> dict[str, Any]:
    return await change(service, asking, "updateContact", CONTACT, **given)


async def test_what_is_left_out_of_a_contact_stays_and_null_takes_away(
    participants: ServiceApp,
) -> None:
    who = person("p001")
    payload = await update(
        participants, case_manager(), participantId=who, expectedVersion=1, phone="206-555-0177",
        usualPlaces=["Demo Park"], emergencyContact={"name": "Lou Example-Friend"},
    )  # fmt: skip
    whole = {
        "phone": "206-555-0177", "usualPlaces": ["Demo Park"], "version": 2,
        "emergencyContact": {"name": "Lou Example-Friend"},
    }  # fmt: skip
    assert payload["participant"]["contact"] == whole
    payload = await update(
        participants, supervisor(), participantId=who, expectedVersion=2, phone=None
    )
    assert payload["participant"]["contact"] == {**whole, "phone": None, "version": 3}
    payload = await update(
        participants, supervisor(), participantId=who, expectedVersion=3,
        usualPlaces=None, emergencyContact=None,
    )  # fmt: skip
    assert payload["participant"]["contact"] == {
        "phone": None, "usualPlaces": [], "emergencyContact": None, "version": 4,
    }  # fmt: skip
    payload = await update(participants, supervisor(), participantId=who, expectedVersion=1)
    assert codes(payload) == ["VERSION_CONFLICT"]
    assert payload["participant"] is None


@pytest.mark.parametrize(
    "asking",
    [
        case_manager("case_manager_unassigned"),
        case_manager("case_manager_other_agency", SECOND_PROVIDER),
        supervisor(SECOND_PROVIDER),
        project_manager(),
        officer(),
    ],
    ids=["unassigned", "other agency", "other supervisor", "project manager", "officer"],
)
async def test_others_find_nobody_to_write_about(participants: ServiceApp, asking: Caller) -> None:
    answers = [
        codes(await update(participants, asking, participantId=each, expectedVersion=1))
        for each in (person("p002"), person("absent"), "no-id")
    ]
    assert answers == [["NOT_FOUND"]] * 3


async def may_write_by_release(service: ServiceApp) -> bool:
    who = person("p003")
    other = case_manager("case_manager_other_agency", SECOND_PROVIDER)
    fact = permit(who, agency_holder(SECOND_PROVIDER), Basis.RELEASE, category=Category.CONTACT)
    await service.apply_facts([fact])
    query = "query($id: ID!) { participant(id: $id) { contact { version } } }"
    seen = (await service.graphql(other, query, {"id": who})).data["participant"]
    version = seen["contact"]["version"]
    payload = await update(service, other, participantId=who, expectedVersion=version)
    return codes(payload) != ["NOT_FOUND"]


async def test_a_release_lets_read_and_never_write(participants: ServiceApp) -> None:
    assert not await may_write_by_release(participants)


async def test_planted_write_without_its_ground_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "may_write", lambda *_, **__: true())
    assert await may_write_by_release(participants)


async def test_demographics_are_the_persons_own_answers(participants: ServiceApp) -> None:
    who, key = person("p004"), new_key()
    selection = "participant { demographics { race sex preferredLanguageState veteran version } }"
    given = {"participantId": who, "expectedVersion": 1, "idempotencyKey": key, **ANSWERS}
    for _ in range(2):
        payload = await change(
            participants, case_manager(), "recordDemographics", selection, **given
        )
        assert payload["participant"]["demographics"] == {
            "race": ["WHITE", "ASIAN"], "sex": "FEMALE", "preferredLanguageState": "NOT_ASKED",
            "veteran": "PREFERS_NOT_TO_ANSWER", "version": 2,
        }  # fmt: skip
    given |= {"race": ["NOT_ASKED", "WHITE"], "expectedVersion": 2, "idempotencyKey": new_key()}
    payload = await change(participants, case_manager(), "recordDemographics", selection, **given)
    assert codes(payload) == ["ANSWER_CONTRADICTS"]
    assert payload["userErrors"][0]["field"] == ["input", "race"]


async def test_a_language_stays_while_its_question_is_answered(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    seen, answered = [], {"preferredLanguageState": "ANSWERED"}
    said: list[dict[str, Any]] = [
        {**answered, "preferredLanguage": "es"}, answered, {**answered, "preferredLanguage": None},
        {**answered, "preferredLanguage": "so"}, {"preferredLanguageState": "DOES_NOT_KNOW"},
    ]  # fmt: skip
    for version, given in enumerate(said):
        payload = await change(
            participants, supervisor(), "recordDemographics",
            "participant { demographics { preferredLanguage version } }",
            participantId=who, expectedVersion=version, **{**ANSWERS, **given},
        )  # fmt: skip
        assert payload["userErrors"] == []
        seen.append(payload["participant"]["demographics"]["preferredLanguage"])
    assert seen == ["es", "es", None, "so", None]
