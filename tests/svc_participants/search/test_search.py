"""Search finds by name, alias, number and slips of the pen, among those who may be seen only."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import true

from infra.authority.facts import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.people.tables import AliasRow, ContactRow, ParticipantRow
from svc_participants.search import repository
from svc_participants.search.rules import SearchError, has_sound, wanted
from tests.fixtures.participants_service import (
    CARE_PROVIDER,
    HOUSING_PROVIDER,
    case_manager,
    housing_provider,
    permit,
    person,
    plant,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp

SEARCH = """
query($text: String, $phone: String, $first: Int! = 100, $after: String) {
  searchParticipants(text: $text, phone: $phone, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id name { given family } } }
  }
}
"""


async def search(service: ServiceApp, asking: Caller, **variables: Any) -> Any:
    return (await service.graphql(asking, SEARCH, variables)).data["searchParticipants"]


async def ids(service: ServiceApp, asking: Caller, **variables: Any) -> list[str]:
    found = await search(service, asking, **variables)
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"]["id"] for edge in found["edges"]]


@pytest.mark.parametrize(
    "text",
    ["Ada Example-Alder", "example-alder ada", "ADA", "Adda Alder", "Alde"],
    ids=["as written", "turned round", "capitals", "slip", "beginning"],
)
async def test_a_name_is_found_as_people_type_it(participants: ServiceApp, text: str) -> None:
    assert person("roi_none") in await ids(participants, case_manager(), text=text)


async def test_the_most_alike_comes_first(participants: ServiceApp) -> None:
    found = await search(participants, supervisor(), text="Ben Example-Beech")
    assert found["edges"][0]["node"]["name"] == {"given": "Ben", "family": "Example-Beech"}


async def newcomer(service: ServiceApp, family_name: str) -> str:
    """Store somebody of this name whom the supervisor's agency serves."""
    whose = uuid4()
    async with service.chassis.database.write() as session:
        known = await session.get_one(ParticipantRow, UUID(person("roi_none")))
        row = ParticipantRow(
            id=whose, site_id=known.site_id, family_name=family_name, name_quality="FULL",
            birth_date_quality="NOT_COLLECTED", created_at=known.created_at,
        )  # fmt: skip
        session.add(row)
    await service.apply_facts([permit(whose, agency_holder(CARE_PROVIDER), Basis.OWN_AGENCY)])
    return str(whose)


@pytest.mark.parametrize("text", ["Filly", "Schmitt"], ids=["alias", "name in two words"])
async def test_a_name_is_found_by_its_sound(participants: ServiceApp, text: str) -> None:
    whose = UUID(await newcomer(participants, "Smythe-Smith"))
    async with participants.chassis.database.write() as session:
        session.add(AliasRow(id=uuid4(), participant_id=whose, name="Philley", kind="OTHER"))
    assert str(whose) in await ids(participants, supervisor(), text=text)


async def test_what_is_written_alike_comes_before_what_sounds_alike(
    participants: ServiceApp,
) -> None:
    heard = await newcomer(participants, "Maier")
    written = await newcomer(participants, "Meyer")
    found = await ids(participants, supervisor(), text="Meyer")
    assert found.index(written) < found.index(heard)


async def test_an_alias_is_found(participants: ServiceApp) -> None:
    async with participants.chassis.database.write() as session:
        row = AliasRow(
            id=uuid4(), participant_id=UUID(person("roi_active")), name="Quicksilver", kind="OTHER"
        )
        session.add(row)
    assert await ids(participants, case_manager(), text="quicksilvr") == [person("roi_active")]


async def test_a_number_is_found_by_its_last_digits(participants: ServiceApp) -> None:
    async with participants.chassis.database.write() as session:
        contact = await session.get(ContactRow, UUID(person("roi_active")))
        assert contact is not None
        contact.phone = "(206) 555-77 31"
    found = await ids(participants, case_manager(), phone="555 7731")
    assert found == [person("roi_active")]
    both = await ids(participants, case_manager(), phone="5557731", text="nobody like this")
    assert both == []


async def test_pages_go_through_everybody_once(participants: ServiceApp) -> None:
    # A name of their own: how many Examples there are depends on what other tests left.
    there = {await newcomer(participants, "Quillfeather") for _ in range(11)}
    whole = await ids(participants, supervisor(), text="Quillfeather")
    assert there <= set(whole)
    seen: list[str] = []
    after = None
    while True:
        page = await search(participants, supervisor(), text="Quillfeather", first=4, after=after)
        assert page["totalCount"] == len(whole)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == whole


async def finds_nobody_hidden(service: ServiceApp) -> bool:
    found = await search(service, case_manager("case_manager_unassigned"), text="example")
    return found["totalCount"] == 0 and not found["edges"]


async def test_who_may_not_be_seen_is_neither_found_nor_counted(participants: ServiceApp) -> None:
    assert await finds_nobody_hidden(participants)


async def test_planted_search_without_narrowing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "visible", lambda *_, **__: true())
    assert not await finds_nobody_hidden(participants)


async def hides_the_number(service: ServiceApp) -> bool:
    """Whoever has the identity and not the contact learns nothing by trying numbers."""
    async with service.chassis.database.write() as session:
        contact = await session.get(ContactRow, UUID(person("p036")))
        assert contact is not None
        contact.phone = "206-555-4242"
    await service.apply_facts(
        [released_to(person("p036"), HOUSING_PROVIDER, category=Category.IDENTITY)]
    )
    by_name = await ids(service, housing_provider(), text="example")
    assert person("p036") in by_name
    return await ids(service, housing_provider(), phone="2065554242") == []


async def test_a_number_that_is_not_released_finds_nobody(participants: ServiceApp) -> None:
    assert await hides_the_number(participants)


async def test_planted_search_by_any_number_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = repository.visible

    def identity_only(asking: Caller, column: Any) -> Any:
        return real(asking, Category.IDENTITY, column)

    plant(monkeypatch, repository, "contact_visible", identity_only)
    assert not await hides_the_number(participants)


@pytest.mark.parametrize(
    ("text", "phone"), [(None, None), ("a", None), (" ", None), ("x" * 101, None), (None, "123")]
)
def test_too_little_or_too_much_is_refused(text: str | None, phone: str | None) -> None:
    with pytest.raises(SearchError):
        wanted(text, phone)


def test_words_of_the_search_are_never_read_as_patterns() -> None:
    assert wanted("% _ '; drop", "206-555-0100").digits == "2065550100"
    assert wanted("% _ '; drop", None).words == ("%", "_", "';", "drop")


@pytest.mark.parametrize(
    ("word", "expected"), [("jo", False), ("joe", True), ("o'neil", False), ("4th", False)]
)
def test_only_words_of_letters_have_a_sound(word: str, expected: bool) -> None:
    assert has_sound(word) is expected
