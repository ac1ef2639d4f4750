"""Who a person is, as it becomes known; what nobody spoke of stays."""

from datetime import date
from typing import Any

import pytest

from infra.errors import RuleError
from svc_participants.people import identity
from svc_participants.people.identity import Identity
from svc_participants.people.rules import AliasKind, BirthDateQuality, NameQuality
from tests.fixtures.participants_service import (
    SECOND_PROVIDER,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    person,
    plant,
    project_manager,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

TODAY = date(2026, 11, 22)
SELECTION = """participant { name { given family preferred quality version } dateOfBirth
  dateOfBirthQuality estimatedBirthYear aliases { name kind } }"""
KNOWN = {
    "nameQuality": "FULL", "givenName": "Mira", "familyName": "Example-Harbor",
    "birthDateQuality": "FULL", "dateOfBirth": "1990-04-01",
    "aliases": [{"name": "Smiles", "kind": "STREET_NAME"}],
}  # fmt: skip
PLAIN = Identity("Mira", "Example-Harbor", None, NameQuality.FULL, date(1990, 4, 1),
                 BirthDateQuality.FULL, None, ())  # fmt: skip


def known(**changes: Any) -> Identity:
    return Identity(**{name: getattr(PLAIN, name) for name in Identity.__slots__} | changes)


async def version_of(service: ServiceApp, who: str) -> int:
    query = "query($id: ID!) { participant(id: $id) { name { version } } }"
    answer = await service.graphql(supervisor(), query, {"id": who})
    return int(answer.data["participant"]["name"]["version"])


async def test_a_street_name_becomes_a_person(participants: ServiceApp) -> None:
    who = person("p005")
    version = await version_of(participants, who)
    payload = await change(
        participants, case_manager(), "recordIdentity", SELECTION,
        participantId=who, expectedVersion=version, preferredName="Mi", **KNOWN,
    )  # fmt: skip
    assert payload["userErrors"] == []
    assert payload["participant"] == {
        "name": {"given": "Mira", "family": "Example-Harbor", "preferred": "Mi",
                 "quality": "FULL", "version": version + 1},
        "dateOfBirth": "1990-04-01", "dateOfBirthQuality": "FULL", "estimatedBirthYear": None,
        "aliases": [{"name": "Smiles", "kind": "STREET_NAME"}],
    }  # fmt: skip
    found = await participants.graphql(
        supervisor(), '{ searchParticipants(text: "harbor mira") { edges { node { id } } } }'
    )
    assert who in [edge["node"]["id"] for edge in found.data["searchParticipants"]["edges"]]
    late = await change(
        participants, case_manager(), "recordIdentity", SELECTION,
        participantId=who, expectedVersion=version, **KNOWN,
    )  # fmt: skip
    assert codes(late) == ["VERSION_CONFLICT"]


async def test_what_nobody_spoke_of_stays_and_null_takes_away(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    qualities = {"nameQuality": "FULL", "birthDateQuality": "FULL"}
    given: list[dict[str, Any]] = [
        {**KNOWN, "preferredName": "Mi"},
        qualities,
        {**qualities, "preferredName": None, "familyName": "Example-Bay"},
        {**qualities, "birthDateQuality": "ESTIMATED", "estimatedBirthYear": 1991},
        {**qualities, "nameQuality": "PARTIAL_OR_STREET_NAME", "birthDateQuality": "ESTIMATED",
         "familyName": None, "aliases": None},
    ]  # fmt: skip
    seen = []
    for each in given:
        version = await version_of(participants, who)
        payload = await change(
            participants, case_manager(), "recordIdentity", SELECTION,
            participantId=who, expectedVersion=version, **each,
        )  # fmt: skip
        assert payload["userErrors"] == []
        found = payload["participant"]
        name = found["name"]
        seen.append(
            (name["given"], name["family"], name["preferred"], found["dateOfBirth"],
             found["estimatedBirthYear"], len(found["aliases"]))
        )  # fmt: skip
    assert seen == [
        ("Mira", "Example-Harbor", "Mi", "1990-04-01", None, 1),
        ("Mira", "Example-Harbor", "Mi", "1990-04-01", None, 1),
        ("Mira", "Example-Bay", None, "1990-04-01", None, 1),
        ("Mira", "Example-Bay", None, None, 1991, 1),
        ("Mira", None, None, None, 1991, 0),
    ]


async def strangers(service: ServiceApp) -> list[list[str]]:
    callers = (officer(), project_manager(), supervisor(SECOND_PROVIDER),
               case_manager("case_manager_unassigned"))  # fmt: skip
    return [
        codes(
            await change(
                service, asking, "recordIdentity", "participant { id }",
                participantId=person(handle), expectedVersion=1, **KNOWN,
            )
        )
        for asking in callers
        for handle in ("p006", "absent")
    ]  # fmt: skip


async def test_others_find_nobody_to_write_about(participants: ServiceApp) -> None:
    assert set(map(tuple, await strangers(participants))) == {("NOT_FOUND",)}


async def test_planted_write_without_its_ground_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import true

    from svc_participants.people import repository

    plant(monkeypatch, repository, "may_write", lambda *_, **__: true())
    assert set(map(tuple, await strangers(participants))) != {("NOT_FOUND",)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"family_name": None}, "ANSWER_MISSING"),
        ({"name_quality": NameQuality.NOT_ASKED}, "ANSWER_CONTRADICTS"),
        ({"given_name": None, "family_name": None,
          "name_quality": NameQuality.PARTIAL_OR_STREET_NAME}, "ANSWER_MISSING"),
        ({"born_on": None}, "ANSWER_MISSING"),
        ({"estimated_birth_year": 1990}, "ANSWER_MISSING"),
        ({"birth_date_quality": BirthDateQuality.DOES_NOT_KNOW}, "ANSWER_CONTRADICTS"),
        ({"born_on": date(2027, 1, 1)}, "DATE_IN_FUTURE"),
        ({"born_on": None, "estimated_birth_year": 1800,
          "birth_date_quality": BirthDateQuality.ESTIMATED}, "OUT_OF_RANGE"),
        ({"preferred_name": "x" * 101}, "TEXT_LENGTH"),
        ({"aliases": (("", AliasKind.OTHER),)}, "TEXT_LENGTH"),
    ],
    ids=["family", "not asked", "street", "no date", "two dates", "unknown", "future", "year",
         "long", "empty"],
)  # fmt: skip
def test_names_and_dates_are_what_their_qualities_say(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(RuleError) as refused:
        identity.check(known(**changes), TODAY)
    assert refused.value.code == code


def test_partial_identities_are_fine() -> None:
    identity.check(PLAIN, TODAY)
    identity.check(
        known(
            given_name=None, family_name=None, name_quality=NameQuality.PARTIAL_OR_STREET_NAME,
            aliases=(("Red", AliasKind.STREET_NAME),), born_on=None, estimated_birth_year=1985,
            birth_date_quality=BirthDateQuality.ESTIMATED,
        ),
        TODAY,
    )  # fmt: skip


def test_a_name_of_blanks_is_none() -> None:
    given = known(given_name=" Mira ", preferred_name="  ", aliases=((" M ", AliasKind.OTHER),))
    cleaned = identity.without_blanks(given)
    assert cleaned == known(aliases=(("M", AliasKind.OTHER),))
    with pytest.raises(RuleError, match="full name"):
        identity.check(identity.without_blanks(known(family_name="   ")), TODAY)
