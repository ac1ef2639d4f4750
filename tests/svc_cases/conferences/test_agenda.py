"""Who sees which item of an agenda, at the moment of asking."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from infra.authority.changes import delete_visibility
from infra.authority.predicate import subject_holder, visible
from infra.dev.demo.identifiers import demo_id
from infra.vocabulary import Basis, Category, Purpose
from svc_cases.conferences import repository
from tests.fixtures.cases_service import (
    DEFENDER,
    POLICE,
    PROSECUTOR,
    account,
    permit,
    released_to,
)
from tests.fixtures.conferences import (
    agenda,
    care,
    chair,
    codes,
    counsel,
    item,
    liaison,
    meeting,
    move,
    on_screen,
    pledge,
    police,
    run,
    step,
    version_of,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of


async def assert_release_and_pledge(service: ServiceApp) -> None:
    """An attendee sees an item with a release and after the pledge, and not with one of the two."""
    meeting_id = await meeting(service, police(), liaison(), pledged=False)
    released, _ = await item(service, meeting_id, POLICE)
    assert await on_screen(service, police(), meeting_id) == []
    await pledge(service, police(), meeting_id)
    await pledge(service, liaison(), meeting_id)
    assert await on_screen(service, police(), meeting_id) == [released]
    assert await on_screen(service, liaison(), meeting_id) == []


async def test_an_attendee_sees_what_release_and_pledge_open(cases: ServiceApp) -> None:
    await assert_release_and_pledge(cases)


@pytest.mark.parametrize("broken", ["rk", "k", "r"])
async def test_planted_grounds_without_release_or_pledge_are_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """With the release or the pledge forgotten, the same assertion fails; with both it holds."""
    right = visible

    def forgetful(asking: Any, category: Category, *columns: Any) -> Any:
        given = {Category.OWG: broken} if asking.access[Category.OWG] == "rk" else {}
        return right(replace(asking, access={**asking.access, **given}), category, *columns)

    monkeypatch.setattr(repository, "visible", forgetful)
    if broken == "r":  # the invitation of the meeting itself still asks for the pledge
        invited = repository._is_invited
        monkeypatch.setattr(
            repository,
            "_is_invited",
            lambda caller, which, has_pledged: invited(caller, which, has_pledged=False),
        )
    if broken == "rk":
        await assert_release_and_pledge(cases)
        return
    with pytest.raises(AssertionError):
        await assert_release_and_pledge(cases)


async def test_an_item_leaves_the_screens_with_the_release(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police(), liaison())
    item_id, whose = await item(cases, meeting_id, PROSECUTOR)
    fact = released_to(whose, POLICE)
    await cases.apply_facts([fact])
    await move(cases, meeting_id, "AGENDA_LOCKED", "IN_SESSION")
    assert await on_screen(cases, police(), meeting_id) == [item_id]
    row: Any = fact["row"]
    await cases.apply_facts([delete_visibility(UUID(row["id"]))])
    assert await on_screen(cases, police(), meeting_id) == []
    assert await on_screen(cases, liaison(), meeting_id) == [item_id]
    assert await on_screen(cases, care(), meeting_id) == [item_id]


async def test_the_chair_sees_which_agencies_step_out(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police(), liaison(), counsel(), care())
    await item(cases, meeting_id, POLICE)
    (row,) = await agenda(cases, chair(), meeting_id)
    assert {each["id"] for each in row["mustStepOut"]} == {PROSECUTOR, DEFENDER}
    assert set(row) >= {"mustStepOut"}


async def test_counsel_steps_out_of_what_is_no_client_s(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, counsel())
    item_id, whose = await item(cases, meeting_id, DEFENDER)
    (row,) = await agenda(cases, chair(), meeting_id)
    assert [each["id"] for each in row["mustStepOut"]] == [DEFENDER]
    assert await on_screen(cases, counsel(), meeting_id) == []
    fact = permit(whose, subject_holder(account("defender")), Basis.COUNSEL)
    await cases.apply_facts([fact])
    (row,) = await agenda(cases, chair(), meeting_id)
    assert row["mustStepOut"] == []
    assert await on_screen(cases, counsel(), meeting_id) == [item_id]


_RELEASES: list[tuple[str, dict[str, Any]]] = [
    ("everything", {}),
    ("this category", {"category": Category.OWG}),
    ("another category", {"category": Category.HOUSING}),
    ("this purpose", {"purpose": Purpose.LEAD_COORD}),
    ("another purpose", {"purpose": Purpose.TREAT}),
    ("a denial", {"is_denial": True}),
]


@pytest.mark.parametrize(
    "given", [each for _, each in _RELEASES], ids=[name for name, _ in _RELEASES]
)
async def test_who_steps_out_is_who_does_not_see_it(
    cases: ServiceApp, given: dict[str, Any]
) -> None:
    """The statement for the chair and the narrowing of the attendee's own view say the same."""
    meeting_id = await meeting(cases, police())
    denies = bool(given.get("is_denial"))
    item_id, whose = await item(cases, meeting_id, *([POLICE] if denies else []))
    await cases.apply_facts([released_to(whose, POLICE, **given)])
    (row,) = [each for each in await agenda(cases, chair(), meeting_id) if each["id"] == item_id]
    steps_out = [each["id"] for each in row["mustStepOut"]] == [POLICE]
    assert steps_out is (await on_screen(cases, police(), meeting_id) == [])


async def test_removal_is_acknowledged_when_the_ground_is_gone(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    item_id, _ = await item(cases, meeting_id, POLICE)
    assert await on_screen(cases, police(), meeting_id) == [item_id]
    taken_off = await step(cases, item_id, "REMOVED_CONSENT", 2, asking=care())
    assert taken_off["item"]["status"] == "REMOVED_CONSENT"
    assert await on_screen(cases, police(), meeting_id) == []
    again = await step(cases, item_id, "DISCUSSED", 3)
    assert codes(again) == ["ILLEGAL_STEP"]


async def test_an_invitation_taken_back_clears_the_screen(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    await item(cases, meeting_id, POLICE)
    read = await cases.graphql(
        chair(),
        "query($id: ID!) { owgMeeting(id: $id) { attendees { id } } }",
        {"id": meeting_id},
    )
    attendee = read.data["owgMeeting"]["attendees"][0]["id"]
    given = {"meetingId": meeting_id, "attendeeId": attendee}
    seen = await version_of(cases, meeting_id)
    late = await run(cases, chair(), "removeAttendee", expectedVersion=seen - 1, **given)
    assert codes(late) == ["VERSION_CONFLICT"]
    assert len(await on_screen(cases, police(), meeting_id)) == 1
    done = await run(cases, chair(), "removeAttendee", expectedVersion=seen, **given)
    assert codes(done) == []
    assert await on_screen(cases, police(), meeting_id) == []


async def test_a_proposal_is_on_no_partner_s_screen(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    item_id, _ = await item(cases, meeting_id, POLICE, admitted=False)
    assert await on_screen(cases, police(), meeting_id) == []
    assert await on_screen(cases, chair(), meeting_id) == [item_id]


async def test_after_the_release_is_gone_nothing_is_written_to_the_item(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, counsel())
    item_id, whose = await item(cases, meeting_id)
    fact = released_to(whose, DEFENDER)
    ground = permit(whose, subject_holder(account("defender")), Basis.COUNSEL)
    await cases.apply_facts([fact, ground])
    await move(cases, meeting_id, "AGENDA_LOCKED", "IN_SESSION")
    given = {"itemId": item_id, "body": "We could ask for a later date."}
    assert codes(await run(cases, counsel(), "addConferenceNote", **given)) == []
    row: Any = fact["row"]
    await cases.apply_facts([delete_visibility(UUID(row["id"]))])
    assert codes(await run(cases, counsel(), "addConferenceNote", **given)) == ["NOT_FOUND"]


async def test_police_write_no_notes_and_do_their_actions(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police())
    item_id, _ = await item(cases, meeting_id, POLICE)
    await move(cases, meeting_id, "AGENDA_LOCKED", "IN_SESSION")
    note = {"itemId": item_id, "body": "Seen near the bridge."}
    assert codes(await run(cases, police(), "addConferenceNote", **note)) == ["NOT_ALLOWED"]
    action = {"itemId": item_id, "what": "Bring him to the clinic.", "dueOn": "2026-12-10"}
    given = {**action, "responsibleAgencyId": POLICE}
    assert codes(await run(cases, chair(), "addConferenceAction", **given)) == []
    stranger = {**action, "responsibleAgencyId": str(demo_id("agency", "cedar-housing"))}
    assert codes(await run(cases, chair(), "addConferenceAction", **stranger)) == ["NOT_INVITED"]
    read = await cases.graphql(
        police(),
        "query($id: ID!) { owgAgenda(id: $id) { edges { node { actions { id version } } } } }",
        {"id": meeting_id},
    )
    (made,) = read.data["owgAgenda"]["edges"][0]["node"]["actions"]
    done = {"actionId": made["id"], "status": "DONE", "expectedVersion": 1}
    assert codes(await run(cases, liaison(), "closeConferenceAction", **done)) == ["NOT_FOUND"]
    assert codes(await run(cases, police(), "closeConferenceAction", **done)) == []


async def test_who_does_not_work_with_somebody_proposes_them_not(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases)
    _, whose = await item(cases, meeting_id)
    stranger = replace(care(), subject=account("case_manager_unassigned"))
    given = {"participantId": str(whose), "topic": "CONCERN", "question": "Who is this?"}
    refused = await run(cases, stranger, "proposeAgendaItem", meetingId=meeting_id, **given)
    assert codes(refused) == ["NOT_FOUND"]
    refused = await run(cases, police(), "proposeAgendaItem", meetingId=meeting_id, **given)
    assert codes(refused) == ["NOT_ALLOWED"]


async def test_statements_do_not_grow_with_the_agenda(cases: ServiceApp) -> None:
    meeting_id = await meeting(cases, police(), liaison())
    for _ in range(4):
        await item(cases, meeting_id, POLICE)
    counts = []
    for first in (1, 4):
        async with statements_of(cases) as found:
            document = """query($id: ID!, $first: Int!) { owgAgenda(id: $id, first: $first) {
              edges { node { id notes { body } actions { what } mustStepOut { id } } } } }"""
            await cases.graphql(chair(), document, {"id": meeting_id, "first": first})
        counts.append(len(found))
    assert counts[0] == counts[1] <= 9
