"""Two records of one person: proposed with reasons, linked, and taken apart again."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import true

from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.duplicates import repository, rules
from svc_participants.duplicates.rules import MatchAspect, Record, compare
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    business_partner,
    case_manager,
    change,
    codes,
    housing_provider,
    officer,
    participant_of,
    plant,
    project_manager,
    refer,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.lists.people_of_an_agency import without

PERSON = """query($id: ID!) { participant(id: $id) { id name { given family }
  possibleDuplicates { score reasons { aspect points } participant { id } }
  mergedRecords { version needsReaffirmedRelease participant { id } }
  mergedInto { participant { id } } } }"""


@pytest.mark.parametrize(
    ("one", "other", "aspects", "is_proposed"),
    [
        (Record(("Michael", "T."), ("Red",), birth_year=1988),
         Record((), ("Red",), birth_year=1989), {MatchAspect.ALIAS, MatchAspect.BIRTH}, True),
        (Record(("Robin", "Example"), born_on=date(1990, 5, 4)),
         Record(("Robyn", "Exampel"), born_on=date(1990, 4, 5)),
         {MatchAspect.NAME, MatchAspect.BIRTH}, True),
        (Record(("Catherine",)), Record(("Kathryn",)), {MatchAspect.SOUND}, False),
        (Record(("Robin", "Example"), born_on=date(1990, 5, 4)),
         Record(("Robin", "Example"), born_on=date(1961, 1, 1)),
         {MatchAspect.NAME, MatchAspect.CONTRADICTION}, False),
        (Record(("José", "Núñez"), phone="+1 206 555-0142"),
         Record(("Jose", "Nunez"), phone="(206) 555 0142"),
         {MatchAspect.NAME, MatchAspect.PHONE}, True),
    ],
)  # fmt: skip
def test_score_says_why(
    one: Record, other: Record, aspects: set[MatchAspect], is_proposed: bool
) -> None:
    score, reasons = compare(one, other)
    assert {each.aspect for each in reasons} == aspects
    assert (score >= rules.PROPOSED_FROM) == is_proposed
    assert score == max(0, min(100, sum(each.points for each in reasons)))


NAMES = st.text(alphabet="abcdeiklmnorstu ", min_size=1, max_size=12)
RECORDS = st.builds(
    Record, names=st.tuples(NAMES), aliases=st.lists(NAMES, max_size=2).map(tuple),
    birth_year=st.none() | st.integers(1940, 2008), phone=st.none() | st.just("206-555-0101"),
)  # fmt: skip


@given(RECORDS, RECORDS)
def test_score_is_the_same_both_ways(one: Record, other: Record) -> None:
    assert compare(one, other)[0] == compare(other, one)[0]
    assert 0 <= compare(one, other)[0] <= 100


async def seen(service: ServiceApp, asking: Caller, who: str) -> dict[str, Any] | None:
    answer = await service.graphql(asking, PERSON, {"id": who})
    found: dict[str, Any] | None = answer.data["participant"]
    return found


async def two_records(service: ServiceApp, alias: str) -> tuple[str, str, str, str]:
    """An officer and a business refer the same person; returns both referrals and records."""
    first = await refer(
        service, person={"givenName": "Michael", "familyName": "T.", "alias": alias,
                         "estimatedBirthYear": 1988},
    )  # fmt: skip
    payload = await change(
        service, business_partner(), "submitCommunityReferral", "receipt referral { id }",
        form={"person": {"alias": alias, "estimatedBirthYear": 1989}, "account": "By the shop.",
              "urgency": "ROUTINE", "interceptPoint": "COMMUNITY_SERVICES",
              "counterfactual": "WOULD_NOT_ACT", "personIsAware": "NOT_ASKED"},
        concern="Sleeps by the door.",
    )  # fmt: skip
    second = str(payload["referral"]["id"])
    ids = [await participant_of(service, each) for each in (first, second)]
    return first, second, ids[0], ids[1]


async def merge(
    service: ServiceApp, surviving: str, merged: str, asking: Caller | None = None
) -> dict[str, Any]:
    return await change(
        service, asking or project_manager(), "mergePeople", "participant { id }",
        survivingId=surviving, mergedId=merged, reason="Same street name and age.",
    )  # fmt: skip


async def test_likely_duplicate_is_proposed_with_its_reasons(participants: ServiceApp) -> None:
    _, _, one, other = await two_records(participants, "Zigzag")
    found = await seen(participants, project_manager(), other)
    assert found is not None
    (proposed,) = found["possibleDuplicates"]
    assert proposed["participant"] == {"id": one}
    assert {each["aspect"] for each in proposed["reasons"]} == {"ALIAS", "BIRTH"}


async def two_with_one_number(service: ServiceApp, number: str, again: str) -> tuple[str, str]:
    """Two people whose names say nothing, of about one age, with one telephone number."""
    ids = []
    for alias, year, phone in (("Umber", 1971, number), ("Vetch", 1972, again)):
        person = {"alias": alias, "estimatedBirthYear": year, "phone": phone}
        ids.append(await participant_of(service, await refer(service, person=person)))
    return ids[0], ids[1]


async def assert_a_number_is_proposed_where_it_may_be_seen(service: ServiceApp) -> None:
    one, other = await two_with_one_number(service, "(206) 555-0147", "+1 206 555 0147")
    found = await seen(service, project_manager(), other)
    assert found is not None
    (proposed,) = [p for p in found["possibleDuplicates"] if p["participant"] == {"id": one}]
    assert {each["aspect"] for each in proposed["reasons"]} == {"PHONE", "BIRTH"}
    found = await seen(service, without(project_manager(), Category.CONTACT), other)
    assert found is not None
    assert one not in [p["participant"]["id"] for p in found["possibleDuplicates"]]


async def test_people_with_one_telephone_number_are_proposed(participants: ServiceApp) -> None:
    await assert_a_number_is_proposed_where_it_may_be_seen(participants)


async def test_planted_number_compared_for_anybody_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "contact_visible", lambda *_: true())
    with pytest.raises(AssertionError):
        await assert_a_number_is_proposed_where_it_may_be_seen(participants)


async def test_referrers_learn_nothing_of_each_other(participants: ServiceApp) -> None:
    first, second, one, other = await two_records(participants, "Quixote")
    assert codes(await merge(participants, one, other)) == []
    query = "{ myReferrals(first: 100) { edges { node { id receipt participant { id } } } } }"
    receipts = []
    for asking, own, foreign in ((officer(), first, second), (business_partner(), second, first)):
        edges = (await participants.graphql(asking, query)).data["myReferrals"]["edges"]
        nodes = {edge["node"]["id"]: edge["node"] for edge in edges}
        assert foreign not in nodes
        assert nodes[own]["participant"] is None
        receipts.append(nodes[own]["receipt"])
    assert receipts[0] == receipts[1]


async def test_merge_is_undone_exactly(participants: ServiceApp) -> None:
    _, _, one, other = await two_records(participants, "Boomerang")
    before = [await seen(participants, project_manager(), each) for each in (one, other)]
    assert codes(await merge(participants, one, other)) == []
    assert codes(await merge(participants, one, other)) == ["ALREADY_MERGED"]
    assert codes(await merge(participants, other, one)) == ["ALREADY_MERGED"]
    survivor = await seen(participants, project_manager(), one)
    merged = await seen(participants, project_manager(), other)
    assert survivor is not None
    assert merged is not None
    (link,) = survivor["mergedRecords"]
    assert link["participant"] == {"id": other}
    assert link["needsReaffirmedRelease"] is True
    assert merged["mergedInto"] == {"participant": {"id": one}}
    undone = await change(
        participants, project_manager(), "unmergePeople", "participant { id }",
        mergedId=other, expectedVersion=link["version"], reason="Two people.",
    )  # fmt: skip
    assert undone["userErrors"] == []
    after = [await seen(participants, project_manager(), each) for each in (one, other)]
    assert after == before
    assert codes(await merge(participants, one, other)) == []


async def release_stays_with_its_record(service: ServiceApp, alias: str) -> bool:
    """A release of one record shows that one to its recipient, and no trace of the other."""
    _, _, one, other = await two_records(service, alias)
    await service.apply_facts([released_to(one, HOUSING_PROVIDER, category=Category.IDENTITY)])
    alone = await seen(service, housing_provider(), one)
    assert codes(await merge(service, one, other)) == []
    together = await seen(service, housing_provider(), one)
    hidden = await seen(service, housing_provider(), other)
    return together == alone and hidden is None


async def test_merge_never_widens_consent(participants: ServiceApp) -> None:
    assert await release_stays_with_its_record(participants, "Narrow")


async def test_planted_link_that_tells_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import true

    plant(monkeypatch, repository, "visible", lambda *_, **__: true())
    assert not await release_stays_with_its_record(participants, "Blabber")


async def test_only_who_screens_or_supervises_merges(participants: ServiceApp) -> None:
    _, _, one, other = await two_records(participants, "Noboby")
    for asking, expected in (
        (case_manager(), "NOT_ALLOWED"), (officer(), "NOT_ALLOWED"), (supervisor(), "NOT_FOUND"),
    ):  # fmt: skip
        assert codes(await merge(participants, one, other, asking)) == [expected]
    assert codes(await merge(participants, one, one)) == ["NOT_FOUND"]
