"""Lists of people by stage, programme, contact and case manager; hidden records choose nobody."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import true

from infra.vocabulary import Category
from svc_participants.caseloads import repository as caseloads
from svc_participants.enrollments import repository as enrollments
from svc_participants.lists import repository
from tests.fixtures.participants_service import SECOND_PROVIDER, plant
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.lists.people_of_an_agency import Agency, agency_of, day, found, without

LISTS = ("participants", "caseload")


async def chosen(agency: Agency, root: str, arguments: str) -> list[str]:
    """Return whom a supervisor's list, or the one case manager's, holds under a choice."""
    asking = agency.supervisor if root == "participants" else agency.manager("one")
    return await found(agency.service, asking, root, f", {arguments}" if arguments else "")


@pytest.mark.parametrize("root", LISTS)
async def test_by_where_the_newest_enrollment_stands(participants: ServiceApp, root: str) -> None:
    agency = await agency_of(participants)
    active = await agency.somebody("EXITED", "ENROLLED_ACTIVE")
    custody = await agency.somebody("ENROLLED_INACTIVE", reason="CUSTODY")
    lost = await agency.somebody("ENROLLED_INACTIVE", reason="IN_THE_WIND")
    left = await agency.somebody("EXITED")
    in_error = await agency.somebody("EXITED", "EXITED", exit="ADMIN_ERROR")
    none = await agency.somebody()
    everybody = [active, custody, lost, left, in_error, none]
    for each in everybody:
        await agency.put_on(each, "one")
    assert await chosen(agency, root, "") == everybody
    assert await chosen(agency, root, "status: ENROLLED_ACTIVE") == [active]
    assert await chosen(agency, root, "status: ENROLLED_INACTIVE") == [custody, lost]
    assert await chosen(agency, root, "status: EXITED") == [left, in_error]
    assert await chosen(agency, root, "inactiveReason: CUSTODY") == [custody]
    both = "status: ENROLLED_ACTIVE, inactiveReason: CUSTODY"
    assert await chosen(agency, root, both) == []


@pytest.mark.parametrize("root", LISTS)
async def test_by_who_has_a_place_in_a_programme_now(participants: ServiceApp, root: str) -> None:
    agency, programme, other = await agency_of(participants), uuid4(), uuid4()
    inside, outside, left = [await agency.somebody("ENROLLED_ACTIVE") for _ in range(3)]
    for each in (inside, outside, left):
        await agency.put_on(each, "one")
    await agency.placed(inside, programme)
    await agency.placed(outside, other)
    await agency.placed(left, programme, has_left=True)
    assert await chosen(agency, root, f'programmeId: "{programme}"') == [inside]
    assert await chosen(agency, root, f'programmeId: "{uuid4()}"') == []
    assert await chosen(agency, root, 'programmeId: "no-id"') == []


@pytest.mark.parametrize("root", LISTS)
async def test_by_the_last_contact(participants: ServiceApp, root: str) -> None:
    """Word of somebody else is no contact, nor is word left; an attempt that reached them is."""
    agency = await agency_of(participants)
    people = [await agency.somebody("ENROLLED_ACTIVE") for _ in range(6)]
    today, long_ago, never, heard, reached, elsewhere = people
    for each in people:
        await agency.put_on(each, "one")
    await agency.met(today, 90)
    await agency.met(today, 0)
    await agency.met(long_ago, 40)
    await agency.met(heard, 0, mode="COLLATERAL")
    await agency.met(heard, 0, outcome="LEFT_WORD")
    await agency.tried(heard, 0, "NOT_FOUND")
    await agency.met(heard, 50)
    await agency.tried(reached, 10, "REACHED")
    await agency.met(elsewhere, 0, agency_id=SECOND_PROVIDER)
    silent = f'lastContactBefore: "{day(30)}"'
    assert await chosen(agency, root, silent) == [long_ago, never, heard, elsewhere]
    assert await chosen(agency, root, f'lastContactBefore: "{day(40)}"') == [
        never, heard, elsewhere,
    ]  # fmt: skip
    unmet = sorted((never, elsewhere))
    longest = [*unmet, heard, long_ago, reached, today]
    assert await chosen(agency, root, "order: LONGEST_WITHOUT_CONTACT") == longest
    latest = [today, reached, long_ago, heard, *reversed(unmet)]
    assert await chosen(agency, root, "order: LATEST_CONTACT_FIRST") == latest
    both = f"{silent}, order: LONGEST_WITHOUT_CONTACT"
    assert await chosen(agency, root, both) == [*unmet, heard, long_ago]


async def test_by_who_works_with_them(participants: ServiceApp) -> None:
    agency = await agency_of(participants)
    mine, theirs, nobodys = [await agency.somebody("ENROLLED_ACTIVE") for _ in range(3)]
    one = await agency.put_on(mine, "one")
    await agency.put_on(theirs, "two")
    assert await chosen(agency, "participants", f'caseManagerId: "{one}"') == [mine]
    assert await chosen(agency, "participants", "isAssigned: true") == [mine, theirs]
    assert await chosen(agency, "participants", "isAssigned: false") == [nobodys]
    assert await chosen(agency, "participants", 'caseManagerId: "x"') == []


PAGE = """query($after: String, $order: ContactOrder) {
  participants(first: 2, after: $after, order: $order, status: %s) { totalCount
    pageInfo { endCursor hasNextPage } edges { node { id } } } }"""


@pytest.mark.parametrize("order", ["LONGEST_WITHOUT_CONTACT", "LATEST_CONTACT_FIRST", None])
async def test_pages_of_a_choice_follow_each_other(
    participants: ServiceApp, order: str | None
) -> None:
    agency = await agency_of(participants)
    people = [await agency.somebody("ENROLLED_ACTIVE") for _ in range(5)]
    for number, each in enumerate(people[1:]):
        await agency.met(each, number // 2)  # two on the same day
    arguments = f"status: ENROLLED_ACTIVE, order: {order or 'null'}"
    whole = await chosen(agency, "participants", arguments)
    assert sorted(whole) == sorted(people)
    seen: list[str] = []
    given: dict[str, Any] = {"after": None, "order": order}
    has_next = True
    while has_next:
        asked = PAGE % "ENROLLED_ACTIVE"
        page = (await participants.graphql(agency.supervisor, asked, given)).data["participants"]
        assert page["totalCount"] == len(people)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        given["after"], has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == whole


async def test_a_cursor_of_one_choice_opens_no_other(participants: ServiceApp) -> None:
    agency = await agency_of(participants)
    for _ in range(3):
        await agency.somebody("ENROLLED_ACTIVE")
    asked = PAGE % "ENROLLED_ACTIVE"
    given: dict[str, Any] = {"order": "LONGEST_WITHOUT_CONTACT"}
    page = (await participants.graphql(agency.supervisor, asked, given)).data["participants"]
    after = page["pageInfo"]["endCursor"]
    for document, order in (
        (PAGE % "EXITED", "LONGEST_WITHOUT_CONTACT"),
        (PAGE % "ENROLLED_ACTIVE", "LATEST_CONTACT_FIRST"),
        (PAGE % "ENROLLED_ACTIVE", None),
    ):
        given = {"order": order, "after": after}
        answer = await participants.graphql(agency.supervisor, document, given)
        assert answer.error_codes == ["BAD_USER_INPUT"]


BY_ENROLLMENT = (
    "status: ENROLLED_INACTIVE", "inactiveReason: CUSTODY", "isAssigned: true",
    "isAssigned: false", 'caseManagerId: "%(account)s"', 'programmeId: "%(programme)s"',
)  # fmt: skip
BY_CONTACT = (f'lastContactBefore: "{day(30)}"', "order: LATEST_CONTACT_FIRST")


async def chooses_nobody_hidden(service: ServiceApp, arguments: str, hidden: Category) -> bool:
    """Return whether somebody is neither found nor counted by what is hidden of them.

    The same person with the category open is found: the choice fits them but for `isAssigned`.
    """
    agency, programme = await agency_of(service), uuid4()
    told: dict[str, Any] = {"reason": "CUSTODY"}
    open_ = await agency.somebody("ENROLLED_INACTIVE", **told)
    closed = await agency.somebody("ENROLLED_INACTIVE", **told, without=[hidden])
    account_id = ""
    for each in (open_, closed):
        await agency.met(each, 60)
        await agency.placed(each, programme)
        if arguments != "isAssigned: false":
            account_id = await agency.put_on(each, "one")
    assert await chosen(agency, "participants", "") == [open_, closed]
    filled = arguments % {"account": account_id, "programme": programme}
    document = f"{{ participants({filled}) {{ totalCount edges {{ node {{ id }} }} }} }}"
    answer = (await service.graphql(agency.supervisor, document)).data["participants"]
    ids = [edge["node"]["id"] for edge in answer["edges"]]
    assert open_ in ids
    return ids == [open_] and answer["totalCount"] == 1


@pytest.mark.parametrize("arguments", BY_ENROLLMENT)
async def test_a_hidden_enrollment_chooses_nobody(participants: ServiceApp, arguments: str) -> None:
    assert await chooses_nobody_hidden(participants, arguments, Category.ENROLLMENT)


@pytest.mark.parametrize("arguments", BY_CONTACT)
async def test_hidden_contacts_choose_and_sort_nobody(
    participants: ServiceApp, arguments: str
) -> None:
    assert await chooses_nobody_hidden(participants, arguments, Category.CASE_NOTES)


@pytest.mark.parametrize("arguments", BY_ENROLLMENT)
async def test_planted_choice_without_narrowing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    """The list itself stays narrowed; what it is chosen by is looked up among all records."""
    plant(monkeypatch, enrollments, "enrollment_visible", lambda _: true())
    plant(monkeypatch, caseloads, "assignment_visible", lambda _: true())
    plant(monkeypatch, repository, "assignment_visible", lambda _: true())
    plant(monkeypatch, repository, "place_visible", lambda _: true())
    open_to_all_but_identity(monkeypatch)
    assert not await chooses_nobody_hidden(participants, arguments, Category.ENROLLMENT)


@pytest.mark.parametrize("arguments", BY_CONTACT)
async def test_planted_choice_by_contacts_of_all_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    open_to_all_but_identity(monkeypatch)
    assert not await chooses_nobody_hidden(participants, arguments, Category.CASE_NOTES)


def open_to_all_but_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = repository.visible

    def broken(caller: Any, category: Category, *given: Any, **named: Any) -> Any:
        is_sound = category is Category.IDENTITY
        return sound(caller, category, *given, **named) if is_sound else true()

    plant(monkeypatch, repository, "visible", broken)


@pytest.mark.parametrize(
    ("arguments", "category"),
    [("status: ENROLLED_ACTIVE", Category.ENROLLMENT), (BY_CONTACT[1], Category.CASE_NOTES)],
)
async def test_a_role_without_the_category_finds_nobody_by_it(
    participants: ServiceApp, arguments: str, category: Category
) -> None:
    """The gateway refuses the argument before; the service does not rely on that."""
    agency = await agency_of(participants)
    who = await agency.somebody("ENROLLED_ACTIVE")
    await agency.met(who, 1)
    asking = without(agency.supervisor, category)
    assert await found(participants, asking, "participants") == [who]
    assert await found(participants, asking, "participants", f", {arguments}") == []
