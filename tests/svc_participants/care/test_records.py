"""Notes, goals and housing: written by whom, amended and never overwritten, and whose they are."""

from typing import Any

import pytest

from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose
from svc_participants.care.housing import repository as housing
from svc_participants.care.notes import repository as notes
from svc_participants.care.notes.tables import CaseNoteRow
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    SECOND_PROVIDER,
    assigned_to,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    officer,
    permit,
    plant,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
NOTES = """
query($id: ID!) { participant(id: $id) { notes { totalCount edges { node {
  id text originalText version authorName amendments { totalCount edges { node { text reason } } }
} } } goals { totalCount } housing { code situation } housingHistory { totalCount } } }
"""


async def write_note(service: ServiceApp, who: str, text: str = "Met at the square.") -> Any:
    payload = await change(
        service, case_manager(), "addCaseNote", "note { id text version authorName mode }",
        participantId=who, mode="STREET_OUTREACH", occurredOn=TODAY, text=text,
    )  # fmt: skip
    assert payload["userErrors"] == []
    return payload["note"]


async def read(service: ServiceApp, asking: Caller, who: str) -> Any:
    return (await service.graphql(asking, NOTES, {"id": who})).data["participant"]


async def test_an_amended_note_keeps_all_its_wordings(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    note = await write_note(participants, who)
    assert note["authorName"] == "Avery Sample-Okafor"
    for version, text in ((1, "Met at the park."), (2, "Met at the library.")):
        payload = await change(
            participants, supervisor(), "amendCaseNote", "note { text version }",
            noteId=note["id"], expectedVersion=version, text=text, reason="Wrong place.",
        )  # fmt: skip
        assert payload["note"] == {"text": text, "version": version + 1}
    found = (await read(participants, case_manager(), who))["notes"]["edges"][0]["node"]
    assert found["originalText"] == "Met at the square."
    assert found["text"] == "Met at the library."
    assert [edge["node"]["text"] for edge in found["amendments"]["edges"]] == [
        "Met at the park.", "Met at the library.",
    ]  # fmt: skip
    payload = await change(
        participants, case_manager(), "amendCaseNote", "note { id }",
        noteId=note["id"], expectedVersion=1, text="Late.", reason="Late.",
    )  # fmt: skip
    assert codes(payload) == ["VERSION_CONFLICT"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"text": "  "}, "TEXT_LENGTH"),
        ({"text": "x" * 20_001}, "TEXT_LENGTH"),
        ({"occurredOn": "2999-01-01"}, "DATE_IN_FUTURE"),
    ],
)
async def test_a_note_that_is_not_one_is_refused(
    participants: ServiceApp, given: dict[str, str], code: str
) -> None:
    who, _ = await enrolled(participants)
    note = {"participantId": who, "mode": "OFFICE", "occurredOn": TODAY, "text": "Fine.", **given}
    payload = await change(participants, case_manager(), "addCaseNote", "note { id }", **note)
    assert codes(payload) == [code]
    assert (await read(participants, case_manager(), who))["notes"]["totalCount"] == 0


async def test_a_supervisor_signs_each_wording_off_and_no_own_one(
    participants: ServiceApp,
) -> None:
    who, _ = await enrolled(participants)
    note = await write_note(participants, who)
    selection = "note { signOff { wording isCurrent signedByName } }"

    async def sign(asking: Caller, version: int) -> dict[str, Any]:
        return await change(
            participants, asking, "signOffCaseNote", selection,
            noteId=note["id"], expectedVersion=version,
        )  # fmt: skip

    async def amend(asking: Caller, version: int) -> None:
        payload = await change(
            participants, asking, "amendCaseNote", "note { version }", noteId=note["id"],
            expectedVersion=version, text=f"Wording {version + 1}.", reason="Better.",
        )  # fmt: skip
        assert payload["userErrors"] == []

    assert codes(await sign(case_manager(), 1)) == ["NOT_ALLOWED"]
    assert codes(await sign(supervisor(), 2)) == ["VERSION_CONFLICT"]
    signed = (await sign(supervisor(), 1))["note"]["signOff"]
    assert (signed["wording"], signed["isCurrent"]) == (1, True)
    assert codes(await sign(supervisor(), 1)) == ["ALREADY_SIGNED"]
    await amend(case_manager(), 1)
    query = (
        "query($id: ID!) { participant(id: $id) {"
        " notes { edges { node { signOff { isCurrent } } } } } }"
    )
    found = (await participants.graphql(case_manager(), query, {"id": who})).data["participant"]
    assert found["notes"]["edges"][0]["node"]["signOff"] == {"isCurrent": False}
    assert (await sign(supervisor(), 2))["note"]["signOff"]["wording"] == 2
    await amend(supervisor(), 2)
    assert codes(await sign(supervisor(), 3)) == ["OWN_WORDING"]


async def keeps_what_a_note_tells(service: ServiceApp) -> bool:
    """Counsel is told of notes; one of two tells of treatment, which is not released."""
    who, _ = await enrolled(service)
    await write_note(service, who)
    note = await write_note(service, who, "Spoke about the clinic.")
    asking = housing_provider(CASE_NOTES="r", SUD="r")
    await service.apply_facts(
        [
            released_to(who, HOUSING_PROVIDER, category=each)
            for each in (Category.IDENTITY, Category.CASE_NOTES)
        ]
    )
    assert (await read(service, asking, who))["notes"]["totalCount"] == 2
    marked = await change(
        service, case_manager(), "markCaseNote", "note { topics }",
        noteId=note["id"], topic="SUBSTANCE_USE",
    )  # fmt: skip
    assert marked["note"] == {"topics": ["SUBSTANCE_USE"]}
    again = await change(
        service, case_manager(), "markCaseNote", "note { id }",
        noteId=note["id"], topic="SUBSTANCE_USE",
    )  # fmt: skip
    assert codes(again) == ["ALREADY_MARKED"]
    assert (await read(service, case_manager(), who))["notes"]["totalCount"] == 2
    hidden = (await read(service, asking, who))["notes"]["totalCount"] == 1
    await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=Category.SUD)])
    return hidden and bool((await read(service, asking, who))["notes"]["totalCount"] == 2)


async def test_a_note_that_tells_of_treatment_needs_that_category(
    participants: ServiceApp,
) -> None:
    assert await keeps_what_a_note_tells(participants)


async def test_planted_topic_that_needs_nothing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, notes, "_tells_no_more", lambda _caller: CaseNoteRow.id.is_not(None))
    assert not await keeps_what_a_note_tells(participants)


async def test_notes_are_filtered_and_turned_over_what_may_be_seen(
    participants: ServiceApp,
) -> None:
    who, _ = await enrolled(participants)
    for text in ("First.", "Second."):
        await write_note(participants, who, text)
    query = """
    query($id: ID!, $order: RecordOrder!, $only: ContactMode, $after: String) {
      participant(id: $id) { notes(first: 1, order: $order, only: $only, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } edges { node { text } } } } }
    """

    async def page(**given: Any) -> Any:
        answer = await participants.graphql(case_manager(), query, {"id": who, **given})
        return answer.data["participant"]["notes"]

    oldest = await page(order="OLDEST_FIRST")
    assert oldest["edges"][0]["node"]["text"] == "First."
    after = oldest["pageInfo"]["endCursor"]
    rest = await page(order="OLDEST_FIRST", after=after)
    assert [edge["node"]["text"] for edge in rest["edges"]] == ["Second."]
    assert not rest["pageInfo"]["hasNextPage"]
    found = await page(order="NEWEST_FIRST", only="STREET_OUTREACH")
    assert (found["totalCount"], found["edges"][0]["node"]["text"]) == (2, "Second.")
    assert (await page(order="NEWEST_FIRST", only="OFFICE"))["totalCount"] == 0
    other = {"id": who, "order": "NEWEST_FIRST", "after": after}
    refused = await participants.graphql(case_manager(), query, other)
    assert refused.body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def keeps_to_the_agency(service: ServiceApp) -> bool:
    """A case manager of a second agency is assigned; the first agency's notes stay its own."""
    who, _ = await enrolled(service)
    note = await write_note(service, who)
    serves = permit(who, f"agency:{SECOND_PROVIDER}", Basis.OWN_AGENCY)
    await service.apply_facts([assigned_to(who, "case_manager_other_agency"), serves])
    other = case_manager("case_manager_other_agency", SECOND_PROVIDER)
    found = await read(service, other, who)
    key = {"__typename": "CaseNote", "id": note["id"]}
    query = (
        "query($keys: [_Any!]!) { _entities(representations: $keys) { ... on CaseNote { text } } }"
    )
    entity = (await service.graphql(other, query, {"keys": [key]})).data["_entities"]
    return bool(found["notes"]["totalCount"] == 0 and entity == [None])


async def test_another_agencys_records_need_a_release(participants: ServiceApp) -> None:
    assert await keeps_to_the_agency(participants)


async def test_planted_assignment_across_agencies_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infra.authority.predicate import visible

    def by_assignment(
        caller: Caller, category: Category, column: Any, _agency: Any, dated: Any = None
    ) -> Any:
        return visible(caller, category, column, dated)

    plant(monkeypatch, notes, "holding", by_assignment)
    assert not await keeps_to_the_agency(participants)


async def test_an_assignment_alone_opens_nothing_elsewhere(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    await participants.apply_facts([assigned_to(who, "case_manager_other_agency")])
    other = case_manager("case_manager_other_agency", SECOND_PROVIDER)
    assert await read(participants, other, who) is None


async def test_a_release_opens_another_agencys_records(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    await write_note(participants, who)
    fact = released_to(who, SECOND_PROVIDER, category=Category.CASE_NOTES, purpose=Purpose.CAREMGT)
    await participants.apply_facts([fact])
    other = case_manager("case_manager_other_agency", SECOND_PROVIDER)
    assert (await read(participants, other, who))["notes"]["totalCount"] == 1
    payload = await change(
        participants, other, "addCaseNote", "note { id }",
        participantId=who, mode="OFFICE", occurredOn=TODAY, text="Not mine to write.",
    )  # fmt: skip
    assert codes(payload) == ["NOT_FOUND"]


async def test_police_gets_no_notes_whatever_is_released(participants: ServiceApp) -> None:
    """The service's own check: without the category in the token, rows do not come."""
    who, _ = await enrolled(participants)
    await write_note(participants, who)
    facts = [released_to(who, officer().agency_id, category=None)]
    await participants.apply_facts(facts)
    found = await read(participants, officer(), who)
    assert found["notes"] is None
    assert found["housing"] is None


async def test_goals_move_by_steps_and_have_no_way_to_fail(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    payload = await change(
        participants, case_manager(), "addGoal", "goal { id state version ownWords }",
        participantId=who, ownWords="I want a door that I can lock.", area="HOUSING",
        stage="CONTEMPLATION", setOn=TODAY,
    )  # fmt: skip
    goal = payload["goal"]
    assert (goal["state"], goal["version"]) == ("OPEN", 1)
    path = (("SET_ASIDE", "SET_ASIDE"), ("TRIED_AGAIN", "OPEN"), ("REACHED", "REACHED"))
    for version, (marker, state) in enumerate(path, start=1):
        payload = await change(
            participants, case_manager(), "recordGoalProgress",
            "goal { state version stage progress { totalCount } }",
            goalId=goal["id"], expectedVersion=version, marker=marker, notedOn=TODAY,
            ownWords="In my own words.", stage="ACTION",
        )  # fmt: skip
        assert payload["goal"] == {
            "state": state, "version": version + 1, "stage": "ACTION",
            "progress": {"totalCount": version},
        }  # fmt: skip
    payload = await change(
        participants, case_manager(), "recordGoalProgress", "goal { id }",
        goalId=goal["id"], expectedVersion=4, marker="STEP_FORWARD", notedOn=TODAY,
    )  # fmt: skip
    assert codes(payload) == ["GOAL_REACHED"]


async def record_housing(service: ServiceApp, who: str, situation: str, as_of: str) -> None:
    payload = await change(
        service, case_manager(), "recordHousing", "housing { code display asOf codeSystem }",
        participantId=who, situation=situation, asOf=as_of,
    )  # fmt: skip
    assert payload["userErrors"] == []


async def hides_the_facility(service: ServiceApp) -> bool:
    """A housing provider with a release for housing alone, after a stay in a treatment facility."""
    who, _ = await enrolled(service)
    await record_housing(service, who, "EMERGENCY_SHELTER", "2026-01-01")
    await record_housing(service, who, "SUBSTANCE_USE_FACILITY", "2026-02-01")
    fact = released_to(who, HOUSING_PROVIDER, category=Category.HOUSING, purpose=Purpose.COC)
    await service.apply_facts([fact])
    own = await read(service, case_manager(), who)
    assert (own["housing"]["code"], own["housingHistory"]["totalCount"]) == (205, 2)
    found = await read(service, housing_provider(), who)
    return bool(
        found["housing"] == {"code": 101, "situation": "EMERGENCY_SHELTER"}
        and found["housingHistory"]["totalCount"] == 1
    )


async def test_a_stay_in_treatment_is_no_housing_news(participants: ServiceApp) -> None:
    assert await hides_the_facility(participants)


async def test_planted_facility_as_plain_housing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, housing, "TELLING_SITUATIONS", {})
    assert not await hides_the_facility(participants)
