"""Two people at the same moment: one change wins, the other is told; nothing breaks or doubles."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from infra.identity_token import Caller
from infra.vocabulary import Category
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

TODAY = datetime.now(UTC).date().isoformat()


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
