"""Rows without names: only under an agreement in force, and nothing in them names anybody."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from infra.authority.changes import VisibilityFact, put_agency_window, put_visibility
from infra.identity_token import Caller
from infra.indicators import studies
from infra.vocabulary import Basis, Category, Form, Purpose, Role
from svc_participants.indicators import repository_after, repository_care, study
from tests.fixtures.service_app import ServiceApp, caller
from tests.svc_participants.indicators.people_of_a_site import Somebody, add_people, settle_site
from tests.svc_participants.indicators.test_merged import (
    FIRST,
    HOMELESS,
    HOUSED,
    LAST,
    _link,
    blind,
)

ROWS = frozenset(
    {
        Category.REFERRAL, Category.ELIGIBILITY, Category.ENROLLMENT, Category.DEMOGRAPHICS,
        Category.HOUSING, Category.INCOME,
    }
)  # fmt: skip
QUERY = """
query($first: Int! = 100, $after: String) {
  studyRows(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { pseudonym door counterfactual referredOn decision enrolledOn enrollmentStatus
      race age gender housingAtFirst housingLatest fundsSpent nightsLodged } }
  }
}
"""
EVALUATOR = str(uuid4())
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIVED_IN = ((date(2025, 3, 1), "EMERGENCY_SHELTER"),)


def evaluator(site: UUID, rows: frozenset[Category] = ROWS, agency: str = EVALUATOR) -> Caller:
    """Return an evaluator as the gateway describes one: rows of these categories."""
    asking = caller(
        Role.EVL, {}, site_id=str(site), agency_id=agency, purpose=Purpose.HRESCH,
        aggregates=ROWS,
    )  # fmt: skip
    return replace(asking, forms=dict.fromkeys(rows, Form.DEIDENTIFIED))


async def agree(
    service: ServiceApp, site: UUID, ends_at: datetime | None = None, number: UUID | None = None
) -> UUID:
    """Put an agreement on file."""
    found = number or uuid4()
    window = put_agency_window(found, EVALUATOR, studies.study_site(str(site)), LONG_AGO, ends_at)
    await service.apply_facts([window])
    return found


async def a_site(service: ServiceApp) -> tuple[UUID, list[UUID]]:
    """Make a site with 30 people."""
    site = uuid4()
    await settle_site(service, site)
    somebody = Somebody(enrolled_on=date(2025, 3, 1), homes=LIVED_IN, spent_cents=41_900)
    few = replace(somebody, race=("ASIAN",), gender="WOMAN")
    return site, await add_people(service, site, [*[somebody] * 27, *[few] * 3])


async def nodes(service: ServiceApp, asking: Caller) -> list[dict[str, Any]] | None:
    """Return all rows."""
    answer = await service.graphql(asking, QUERY)
    found = answer.data["studyRows"]
    return None if found is None else [each["node"] for each in found["edges"]]


async def test_without_an_agreement_in_force_there_are_no_rows(participants: ServiceApp) -> None:
    site, _ = await a_site(participants)
    assert await nodes(participants, evaluator(site)) is None
    number = await agree(participants, site)
    assert len(await nodes(participants, evaluator(site)) or ()) == 30
    assert await nodes(participants, evaluator(site, agency=str(uuid4()))) is None
    assert await nodes(participants, evaluator(uuid4())) is None
    await agree(participants, site, datetime.now(UTC) - timedelta(seconds=1), number)
    assert await nodes(participants, evaluator(site)) is None


async def test_an_answer_is_good_until_the_agreement_ends(participants: ServiceApp) -> None:
    site, _ = await a_site(participants)
    ends_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    await agree(participants, site, ends_at)
    answer = await participants.graphql(evaluator(site), QUERY)
    authority = answer.body["extensions"]["authority"]
    assert datetime.fromisoformat(authority["validUntil"]) == ends_at


async def test_nothing_in_a_row_names_anybody(participants: ServiceApp) -> None:
    site, people = await a_site(participants)
    number = await agree(participants, site)
    answer = await participants.graphql(evaluator(site), QUERY)
    text = orjson.dumps(answer.body).decode()
    for canary in ("Robin", "Example-Testcase", "officer-1", "Pike", str(number)):
        assert canary not in text
    # Pseudonyms and cursors are random letters and figures: a year may stand in them by chance.
    told = [each["node"] | {"pseudonym": None} for each in answer.data["studyRows"]["edges"]]
    assert "1980" not in orjson.dumps(told).decode()
    for person in people:
        assert str(person) not in text
        assert person.hex not in text
    found = [each["node"] for each in answer.data["studyRows"]["edges"]]
    assert {each["race"] for each in found if each["gender"] == "NOT_SHOWN"} == {"NOT_SHOWN"}
    assert sum(each["race"] == "NOT_SHOWN" for each in found) == 3
    assert len({each["pseudonym"] for each in found}) == 30
    costs = {(each["fundsSpent"], each["nightsLodged"]) for each in found}
    assert costs == {("UP_TO_1000_DOLLARS", "NONE")}, "a band, not the sum"
    gaps = {
        date.fromisoformat(each["enrolledOn"]) - date.fromisoformat(each["referredOn"])
        for each in found
    }
    assert gaps == {timedelta(days=19)}, "what lies between is kept"
    assert len({each["referredOn"] for each in found}) > 10, "all were referred on one day"


async def test_twin_that_does_not_shift_gives_the_day_away(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = await a_site(participants)
    await agree(participants, site)
    monkeypatch.setattr(studies.Study, "shifted", lambda _self, _person, day: day)
    found = await nodes(participants, evaluator(site)) or []
    assert {each["referredOn"] for each in found} == {"2025-02-10"}


async def test_who_said_no_is_not_among_the_rows(participants: ServiceApp) -> None:
    site, people = await a_site(participants)
    await agree(participants, site)
    no = VisibilityFact(
        id=uuid4(), participant_id=people[0], holder="any", basis=Basis.RELEASE,
        starts_at=LONG_AGO, is_denial=True,
    )  # fmt: skip
    await participants.apply_facts([put_visibility(no)])
    assert len(await nodes(participants, evaluator(site)) or ()) == 29


async def test_pages_join_to_the_whole(participants: ServiceApp) -> None:
    site, _ = await a_site(participants)
    await agree(participants, site)
    seen: list[str] = []
    after = None
    while True:
        answer = await participants.graphql(evaluator(site), QUERY, {"first": 11, "after": after})
        page = answer.data["studyRows"]
        assert page["totalCount"] is None
        seen += [each["node"]["pseudonym"] for each in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 30


async def test_a_category_without_rows_is_null_in_each(participants: ServiceApp) -> None:
    site, _ = await a_site(participants)
    await agree(participants, site)
    found = await nodes(participants, evaluator(site, ROWS - {Category.HOUSING})) or []
    assert {each["housingLatest"] for each in found} == {None}
    assert {each["door"] for each in found} == {"ARREST_DIVERSION"}


async def test_figures_alone_open_no_rows(participants: ServiceApp) -> None:
    site, _ = await a_site(participants)
    await agree(participants, site)
    assert await nodes(participants, evaluator(site, frozenset())) is None


EARLIER = Somebody(submitted_on=FIRST, homes=((FIRST, HOMELESS),), spent_cents=60_000)
LATER = Somebody(
    submitted_on=LAST, enrolled_on=LAST, homes=((LAST, HOUSED),), spent_cents=60_000,
    door="COMMUNITY",
)  # fmt: skip


async def of_one_person(
    service: ServiceApp, *records: Somebody
) -> tuple[UUID, list[UUID], studies.Study]:
    """Make a site with 30 people, and one more who has several records; the first one goes on.

    Returns:
        The site, the records, and an agreement under which each record would have its own shift.
    """
    site, _ = await a_site(service)
    ids = await add_people(service, site, records)
    async with service.chassis.database.write() as session:
        session.add_all(_link(each, ids[0]) for each in ids[1:])
    number = uuid4()
    while len({studies.Study(number.bytes, None).shifted(each, FIRST) for each in ids}) < len(ids):
        number = uuid4()
    await agree(service, site, number=number)
    return site, ids, studies.Study(number.bytes, None)


async def rows_of(
    service: ServiceApp, site: UUID, ids: list[UUID], under: studies.Study
) -> list[dict[str, Any] | None]:
    """Return the row of each record, None for one without its own; the others are there."""
    found = {each["pseudonym"]: each for each in await nodes(service, evaluator(site)) or ()}
    own = [found.pop(under.pseudonym(each), None) for each in ids]
    assert len(found) == 30
    return own


def days_between(row: dict[str, Any]) -> int:
    """Return how long after the referral somebody was enrolled, as the row has it."""
    gap = date.fromisoformat(row["enrolledOn"]) - date.fromisoformat(row["referredOn"])
    return gap.days


async def assert_one_row_with_all(service: ServiceApp) -> None:
    site, ids, under = await of_one_person(service, LATER, EARLIER)
    row, merged = await rows_of(service, site, ids, under)
    assert merged is None
    assert row is not None
    # Came in by the earlier record, was enrolled by the later one: both days are shifted alike.
    assert row["door"] == EARLIER.door
    assert days_between(row) == (LAST - FIRST).days
    assert (row["housingAtFirst"], row["housingLatest"]) == ("HOMELESS", "PERMANENT")
    assert row["fundsSpent"] == "MORE", "each record alone is of 1000 dollars at most"


async def test_whose_records_were_merged_has_one_row_with_all_that_they_hold(
    participants: ServiceApp,
) -> None:
    await assert_one_row_with_all(participants)


@pytest.mark.parametrize("module", [study, repository_care, repository_after])
async def test_planted_rows_that_are_blind_to_merges_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    blinded = blind(module)
    assert blinded
    for name, statement in blinded.items():
        monkeypatch.setattr(module, name, statement)
    with pytest.raises(AssertionError):
        await assert_one_row_with_all(participants)


async def test_planted_shift_of_each_record_by_itself_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = studies.Study.shifted
    site, (new, old), under = await of_one_person(participants, LATER, EARLIER)

    def by_record(self: studies.Study, person: UUID, day: date | None) -> date | None:
        return real(self, old if person == new and day == FIRST else person, day)

    monkeypatch.setattr(studies.Study, "shifted", by_record)
    row, _ = await rows_of(participants, site, [new, old], under)
    assert row is not None
    assert days_between(row) != (LAST - FIRST).days


async def test_records_that_were_taken_apart_have_a_row_each_again(
    participants: ServiceApp,
) -> None:
    site, ids, under = await of_one_person(participants, LATER, EARLIER)
    async with participants.chassis.database.write() as session:
        await session.execute(
            text(
                "update person_link set ended_at = now(), ended_by = 'pm', end_reason = 'Two.'"
                " where merged_id = :id"
            ),
            {"id": ids[1]},
        )
    later, earlier = await rows_of(participants, site, ids, under)
    assert later is not None
    assert earlier is not None
    assert (later["door"], earlier["door"]) == (LATER.door, EARLIER.door)
    assert days_between(later) == 0
    assert earlier["enrolledOn"] is None
    # Each has its own shift, as before the merge.
    assert later["referredOn"] == str(under.shifted(ids[0], LAST))
    assert earlier["referredOn"] == str(under.shifted(ids[1], FIRST))
    assert later["fundsSpent"] == earlier["fundsSpent"] == "UP_TO_1000_DOLLARS"
    assert (earlier["housingLatest"], later["housingAtFirst"]) == ("HOMELESS", "PERMANENT")


async def test_three_records_of_one_person_have_one_row(participants: ServiceApp) -> None:
    site, ids, under = await of_one_person(participants, LATER, EARLIER, EARLIER)
    row, *merged = await rows_of(participants, site, ids, under)
    assert row is not None
    assert merged == [None, None]


@pytest.mark.parametrize("who", [0, 1], ids=["the one that goes on", "the merged one"])
async def test_a_no_on_any_record_is_the_persons(participants: ServiceApp, who: int) -> None:
    site, ids, under = await of_one_person(participants, LATER, EARLIER)
    no = VisibilityFact(
        id=uuid4(), participant_id=ids[who], holder="any", basis=Basis.RELEASE,
        starts_at=LONG_AGO, is_denial=True,
    )  # fmt: skip
    await participants.apply_facts([put_visibility(no)])
    assert await rows_of(participants, site, ids, under) == [None, None]


async def assert_the_first_stay_counts(service: ServiceApp) -> None:
    """Hold with two stays of which the earlier was entered last."""
    stay = replace(EARLIER, enrolled_on=FIRST)
    site, ids, under = await of_one_person(service, LATER, stay)
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update enrollment set created_at = now() where participant_id = :id"),
            {"id": ids[1]},
        )
    row, _ = await rows_of(service, site, ids, under)
    assert row is not None
    assert days_between(row) == 0


async def test_the_stay_that_began_first_counts(participants: ServiceApp) -> None:
    await assert_the_first_stay_counts(participants)


async def test_planted_order_of_entry_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = "order by e.enrolled_on, e.created_at"
    assert sound in study._PEOPLE
    monkeypatch.setattr(study, "_PEOPLE", study._PEOPLE.replace(sound, "order by e.created_at"))
    with pytest.raises(AssertionError):
        await assert_the_first_stay_counts(participants)
