"""Several people at the same moment: one change wins, the others are told; nothing is lost."""

import asyncio
import itertools
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.notes import commands as note_commands
from svc_participants.people import repository
from svc_participants.people.tables import ParticipantRow
from tests.fixtures.participants_service import (
    account,
    case_manager,
    change,
    codes,
    enrolled,
    plant,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
WRITERS = 32
AT_ONCE = 3
"""Of them, in the test run: each reads and writes once more for each of the others that wins."""
WORDING = "text amendments(first: 1) { totalCount }"
WORDINGS = "text amendments(first: 50) { totalCount edges { node { text } } }"


async def at_once(*changes: Any) -> list[list[str]]:
    return sorted(codes(payload) for payload in await asyncio.gather(*changes))


async def test_two_first_contacts(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    given: dict[str, Any] = {"participantId": who, "expectedVersion": 0}
    found = await at_once(
        *(
            change(participants, asking, "updateContact", "participant { id }", **given)
            for asking in (case_manager(), supervisor())
        )
    )
    assert found == [[], ["VERSION_CONFLICT"]]


async def test_two_amendments_of_one_note(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    note = await change(
        participants, case_manager(), "addCaseNote", "note { id }",
        participantId=who, mode="OFFICE", occurredOn=TODAY, text="First.",
    )  # fmt: skip
    given = {"noteId": note["note"]["id"], "expectedVersion": 1, "reason": "Better."}
    found = await at_once(
        *(
            change(participants, supervisor(), "amendCaseNote", "note { id }", text=text, **given)
            for text in ("One.", "Another.", "A third.")
        )
    )
    assert found == [[], ["VERSION_CONFLICT"], ["VERSION_CONFLICT"]]


async def read_note(service: ServiceApp, note_id: str, selection: str) -> dict[str, Any]:
    note = f"... on CaseNote {{ {selection} }}"
    query = f"query($of: [_Any!]!) {{ _entities(representations: $of) {{ {note} }} }}"
    of = [{"__typename": "CaseNote", "id": note_id}]
    (found,) = (await service.graphql(supervisor(), query, {"of": of})).data["_entities"]
    return dict(found)


async def summed_up(service: ServiceApp, at_once: int) -> tuple[int, list[int]]:
    """Let many add their own amount to one number, each reading again when told of a conflict."""
    who, _ = await enrolled(service)
    note = await change(
        service, case_manager(), "addCaseNote", "note { id }",
        participantId=who, mode="OFFICE", occurredOn=TODAY, text="0",
    )  # fmt: skip
    note_id, turns = str(note["note"]["id"]), asyncio.Semaphore(at_once)

    async def add(amount: int) -> None:
        for _ in range(WRITERS):
            async with turns:
                before = await read_note(service, note_id, WORDING)
                payload = await change(
                    service, supervisor(), "amendCaseNote", "note { id }", noteId=note_id,
                    expectedVersion=before["amendments"]["totalCount"] + 1, reason="Counted.",
                    text=str(int(before["text"]) + amount),
                )  # fmt: skip
            if not codes(payload):
                return
            assert codes(payload) == ["VERSION_CONFLICT"]
        raise AssertionError("of as many writers as there are one wins each time")

    await asyncio.gather(*(add(amount) for amount in range(1, WRITERS + 1)))
    found = await read_note(service, note_id, WORDINGS)
    later = [int(edge["node"]["text"]) for edge in found["amendments"]["edges"]]
    return int(found["text"]), [0, *later]


async def nothing_is_lost(service: ServiceApp, at_once: int = AT_ONCE) -> None:
    total, versions = await summed_up(service, at_once)
    assert total == sum(range(1, WRITERS + 1))
    steps = [after - before for before, after in itertools.pairwise(versions)]
    assert sorted(steps) == list(range(1, WRITERS + 1))


async def test_of_many_writers_none_is_lost(participants: ServiceApp) -> None:
    await nothing_is_lost(participants)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_of_many_writers_at_once_none_is_lost(participants: ServiceApp) -> None:
    await nothing_is_lost(participants, WRITERS)


async def test_without_versions_an_amount_would_be_lost(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: whoever comes later writes over what was written meanwhile."""
    plant(monkeypatch, note_commands, "check_version", lambda _expected, _actual: None)
    with pytest.raises(AssertionError):
        await nothing_is_lost(participants)


async def test_two_assignments_to_the_same_person(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    given = {"participantId": who, "accountId": account("staff_at_once")}
    found = await at_once(
        *(
            change(participants, supervisor(), "assignCaseManager", "assignment { id }", **given)
            for _ in range(2)
        )
    )
    assert found == [[], ["ALREADY_ASSIGNED"]]


async def two_approvals(service: ServiceApp) -> list[list[str]]:
    who, _ = await enrolled(service)
    drafts = [
        await change(
            service, case_manager(), "writeProgressSummary", "summary { id }",
            participantId=who, statement=statement,
        )
        for statement in ("One.", "Another.")
    ]  # fmt: skip
    return await at_once(
        *(
            change(
                service, case_manager(), "approveProgressSummary", "summary { state }",
                summaryId=each["summary"]["id"], expectedVersion=1,
            )
            for each in drafts
        )
    )  # fmt: skip


async def test_two_approvals_leave_one_summary_standing(participants: ServiceApp) -> None:
    for _ in range(3):
        assert await two_approvals(participants) == [[], []]


async def test_the_same_request_twice_at_once_has_one_effect(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    given = {
        "participantId": who, "mode": "OFFICE", "occurredOn": TODAY, "text": "Once.",
        "idempotencyKey": new_key(),
    }  # fmt: skip
    payloads = await asyncio.gather(
        *(
            change(participants, case_manager(), "addCaseNote", "note { id }", **given)
            for _ in range(3)
        )
    )
    assert len({payload["note"]["id"] for payload in payloads}) == 1
    query = "query($id: ID!) { participant(id: $id) { notes { totalCount } } }"
    found = (await participants.graphql(case_manager(), query, {"id": who})).data["participant"]
    assert found["notes"]["totalCount"] == 1


async def test_without_turns_two_first_contacts_would_collide(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: a right that is checked without the lock lets both see that there is none yet."""

    async def unlocked(
        session: Any, asking: Caller, category: Category, participant_id: UUID
    ) -> bool:
        found = await session.scalar(
            select(ParticipantRow.id).where(
                ParticipantRow.id == participant_id,
                repository.may_write(asking, category, ParticipantRow.id),
            )
        )
        await asyncio.sleep(0.05)
        return found is not None

    plant(monkeypatch, repository, "writable", unlocked)
    who, _ = await enrolled(participants)
    with pytest.raises(AssertionError):
        assert await at_once(
            *(
                change(
                    participants, asking, "updateContact", "participant { id }",
                    participantId=who, expectedVersion=0,
                )
                for asking in (case_manager(), supervisor())
            )
        ) == [[], ["VERSION_CONFLICT"]]  # fmt: skip
