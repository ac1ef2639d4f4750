"""The participant's own record: theirs, without an agency, and without what others have told."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from infra.authority.facts import subject_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Role
from svc_participants.care.notes import repository as notes
from svc_participants.care.notes.tables import CaseNoteRow
from svc_participants.people.repository import holding
from svc_participants.referrals.schema import referral as referral_schema
from tests.fixtures.participants_service import (
    account,
    case_manager,
    change,
    participant,
    permit,
    person,
    plant,
)
from tests.fixtures.service_app import ServiceApp

OWN = """
query($id: ID!) { participant(id: $id) {
  id name { given } contact { phone usualPlaces } demographics { race } enrolledOn
  notes(first: 50) { totalCount edges { node { mode text } } }
  referrals { edges { node { door receipt account safetyConcerns
    arrestDiversion { incidentNumber } socialContact { pattern } community { concern } } } } } }
"""
WHO = person("roi_active")


@pytest.fixture
async def own(participants: ServiceApp) -> Caller:
    asking = replace(participant(), subject=str(uuid4()))
    fact = permit(WHO, subject_holder(asking.subject), Basis.SELF)
    await participants.apply_facts([fact])
    return asking


async def read(service: ServiceApp, asking: Caller, who: str = WHO) -> Any:
    return (await service.graphql(asking, OWN, {"id": who})).data["participant"]


async def test_one_reads_the_own_record_and_no_other(participants: ServiceApp, own: Caller) -> None:
    found = await read(participants, own)
    assert found["name"] == {"given": "Ben"}
    assert found["notes"]["totalCount"] >= 3
    assert found["enrolledOn"] is not None
    assert await read(participants, own, person("roi_none")) is None
    everyone = "{ participants { totalCount } caseload { totalCount } }"
    counted = (await participants.graphql(own, everyone)).data
    assert counted == {"participants": {"totalCount": 1}, "caseload": {"totalCount": 0}}


async def test_a_representative_reads_it_on_a_ground_of_their_own(
    participants: ServiceApp,
) -> None:
    asking = participant("representative", Role.REP)
    assert await read(participants, asking) is None
    holder = subject_holder(account("representative"))
    await participants.apply_facts([permit(WHO, holder, Basis.REPRESENTATIVE)])
    assert (await read(participants, asking))["name"] == {"given": "Ben"}


async def keeps_back_what_others_told(service: ServiceApp, own: Caller) -> bool:
    payload = await change(
        service, case_manager(), "addCaseNote", "note { id }", participantId=WHO,
        mode="COLLATERAL", occurredOn="2026-11-01", text="A neighbour called.",
    )  # fmt: skip
    assert payload["userErrors"] == []
    found = await read(service, own)
    told = [edge["node"]["mode"] for edge in found["notes"]["edges"]]
    forms = [edge["node"] for edge in found["referrals"]["edges"]]
    hidden = ("account", "safetyConcerns", "arrestDiversion", "socialContact", "community")
    return (
        "COLLATERAL" not in told
        and found["notes"]["totalCount"] == len(told)
        and all(form["receipt"] for form in forms)
        and all(form[name] is None for form in forms for name in hidden)
    )


async def test_what_others_have_told_is_excepted(participants: ServiceApp, own: Caller) -> None:
    assert await keeps_back_what_others_told(participants, own)
    async with participants.chassis.database.read() as session:
        kept = await session.scalars(
            select(CaseNoteRow.mode).where(CaseNoteRow.participant_id == WHO)
        )
        assert "COLLATERAL" in set(kept)


async def test_planted_note_of_others_is_caught(
    participants: ServiceApp, own: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_notes(caller: Caller) -> Any:
        return holding(
            caller, Category.CASE_NOTES, CaseNoteRow.participant_id, CaseNoteRow.agency_id
        )

    plant(monkeypatch, notes, "note_visible", all_notes)
    assert not await keeps_back_what_others_told(participants, own)


async def test_planted_account_of_others_is_caught(
    participants: ServiceApp, own: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, referral_schema, "_is_the_person", lambda _info: False)
    assert not await keeps_back_what_others_told(participants, own)


async def test_nobody_writes_into_the_own_record(participants: ServiceApp, own: Caller) -> None:
    payload = await change(
        participants, own, "updateContact", "participant { id }",
        participantId=WHO, expectedVersion=1,
    )  # fmt: skip
    assert [each["code"] for each in payload["userErrors"]] == ["NOT_FOUND"]
