"""A confidential contact is for those who work with the person; no release opens it."""

from typing import Any

import pytest

from infra.authority.predicate import visible
from infra.vocabulary import Category
from svc_participants.people import repository
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    case_manager,
    change,
    enrolled,
    housing_provider,
    plant,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

QUERY = "query($id: ID!) { participant(id: $id) { contact { phone isConfidential } } }"

SEARCH = "query($wanted: String!) { searchParticipants(phone: $wanted) { edges { node { id } } } }"


async def hidden_from_a_recipient(service: ServiceApp) -> bool:
    who, _ = await enrolled(service)
    await service.apply_facts(
        [
            released_to(who, HOUSING_PROVIDER, category=each)
            for each in (Category.IDENTITY, Category.CONTACT)
        ]
    )
    shown: list[Any] = []
    for version, is_confidential in ((0, False), (1, True)):
        await change(
            service, case_manager(), "updateContact", "participant { id }", participantId=who,
            expectedVersion=version, phone="206-555-0177", isConfidential=is_confidential,
        )  # fmt: skip
        found = await service.graphql(housing_provider(), QUERY, {"id": who})
        shown.append(found.data["participant"]["contact"])
        by_number = await service.graphql(housing_provider(), SEARCH, {"wanted": "206-555-0177"})
        hits = [each["node"]["id"] for each in by_number.data["searchParticipants"]["edges"]]
        shown.append(who in hits)
    assert shown[:2] == [{"phone": "206-555-0177", "isConfidential": False}, True]
    for asking in (case_manager(), supervisor()):
        own = (await service.graphql(asking, QUERY, {"id": who})).data["participant"]["contact"]
        assert own == {"phone": "206-555-0177", "isConfidential": True}
    return shown[2:] == [None, False]


async def test_confidential_contact_is_kept_from_recipients(participants: ServiceApp) -> None:
    assert await hidden_from_a_recipient(participants)


async def test_planted_contact_by_release_alone_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_release(caller: Any, participant_id: Any) -> Any:
        return visible(caller, Category.CONTACT, participant_id)

    plant(monkeypatch, repository, "contact_visible", by_release)
    assert not await hidden_from_a_recipient(participants)


async def test_a_change_of_the_number_alone_leaves_a_contact_confidential(
    participants: ServiceApp,
) -> None:
    who, _ = await enrolled(participants)
    changes: list[dict[str, Any]] = [{"isConfidential": True}, {"phone": "206-555-0178"}]
    for version, given in enumerate(changes):
        await change(
            participants, case_manager(), "updateContact", "participant { id }",
            participantId=who, expectedVersion=version, **given,
        )  # fmt: skip
    found = await participants.graphql(case_manager(), QUERY, {"id": who})
    shown = found.data["participant"]["contact"]
    assert shown == {"phone": "206-555-0178", "isConfidential": True}
