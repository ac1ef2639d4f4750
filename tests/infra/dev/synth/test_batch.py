"""A synthetic site follows from its outline alone, has the sizes asked for, invents everybody."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest

from infra.dev.synth.batch import SITE_SIZE, Batch, Outline, build_batch, outlines
from infra.dev.synth.people import ENROLLED
from infra.vocabulary import Category, Purpose
from svc_consent.releases.rules import Terms, row_ids
from svc_participants.caseloads.rules import LIMIT
from svc_participants.referrals.rules import fact_id
from tests.infra.dev.synth.fact_rows import rows_of

ON = date(2026, 11, 22)
OUTLINE = Outline(seed=7, number=0, size=400, on=ON)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return build_batch(OUTLINE)


def digest(batch: Batch) -> str:
    content = orjson.dumps([batch.of_all(), batch.places.mous, batch.people, batch.cases])
    return hashlib.sha256(content + batch.facts).hexdigest()


def ids_of_facts(batch: Batch) -> dict[str, dict[str, bytes | None]]:
    return {str(UUID(bytes=row["id"])): row for row in rows_of(batch.facts)}


def test_the_same_outline_is_the_same_site_everywhere(batch: Batch) -> None:
    assert digest(build_batch(OUTLINE)) == digest(batch)
    # Written down once: another machine, or another release, makes the same rows.
    small = build_batch(Outline(seed=1, number=0, size=5, on=ON))
    assert digest(small) == SMALL_SITE


def test_another_seed_number_or_size_shares_no_id(batch: Batch) -> None:
    ids = set(ids_of_facts(batch)) | {each["id"] for each in batch.people}
    for other in (Outline(8, 0, 400, ON), Outline(7, 1, 400, ON), Outline(7, 0, 399, ON)):
        made = build_batch(other)
        assert ids.isdisjoint(ids_of_facts(made))
        assert ids.isdisjoint({each["id"] for each in made.people})


def test_sites_add_up_to_what_was_asked_for() -> None:
    for count in (1, SITE_SIZE, SITE_SIZE + 1, 3 * SITE_SIZE - 1):
        assert sum(each.size for each in outlines(count, 1, ON)) == count
    assert len(list(outlines(1_000_000, 1, ON))) == 1000


def test_everybody_has_about_one_release_two_cases_and_eight_notes() -> None:
    batch = build_batch(Outline(3, 0, 1000, ON))
    releases = [each for person in batch.people for each in person.get("releases", ())]
    assert 0.85 <= len(releases) / 1000 <= 1.05
    assert sum(len(each["provisions"]) for each in releases) / len(releases) > 3.9
    matched = [case for case in batch.cases if case["match"]]
    assert 1.7 <= len(matched) / 1000 <= 2.3
    assert len(batch.cases) - len(matched) >= len(matched) * 0.8
    assert 7.0 <= sum(person.get("note_count", 0) for person in batch.people) / 1000 <= 9.0


def test_caseloads_keep_the_standard(batch: Batch) -> None:
    loads: dict[str, int] = {}
    for person in batch.people:
        if person.get("assignment_id"):
            loads[person["manager"]] = loads.get(person["manager"], 0) + 1
    assert loads
    assert max(loads.values()) <= 20 < LIMIT


def test_everybody_is_clearly_invented(batch: Batch) -> None:
    for person in batch.people:
        assert person["family"] is None or person["family"].startswith("Example-")
        assert person["phone"] is None or "-555-" in person["phone"]
    assert all(row["name"].partition(" ")[2].startswith("Sample-") for row in batch.places.staff)


def test_other_peoples_cases_look_like_participants_cases(batch: Batch) -> None:
    """Neither number nor fields of a case tell whether it is a participant's."""
    matched = [case for case in batch.cases if case["match"]]
    others = [case for case in batch.cases if not case["match"]]
    assert {frozenset(case) for case in matched} == {frozenset(case) for case in others}
    assert {case["status"] for case in matched} == {case["status"] for case in others}
    middle = len(batch.cases) // 2
    first_half = sum(1 for case in batch.cases[:middle] if case["match"])
    assert 0.35 <= first_half / len(matched) <= 0.65


def test_facts_have_the_ids_that_their_owners_give_them(batch: Batch) -> None:
    """So that the owner can take each of them back: a release, a referral, an assignment."""
    by_id = ids_of_facts(batch)
    site = batch.places.site["id"]
    for person in batch.people:
        author = fact_id("author", UUID(person["referral_id"]), person["author"])
        assert by_id[str(author)]["basis"] == b"w"
        if person["stage"] != "SCREENING":
            provider = f"{batch.places.agency_ids['cm']}@{site}"
            own = by_id[str(fact_id("own-agency", UUID(person["id"]), provider))]
            assert (own["holder"], own["basis"]) == (f"agency:{provider}".encode(), b"o")
        for release in person.get("releases", ())[-1:]:
            expected = set(map(str, row_ids(terms(release))))
            is_active = release["status"] == "ACTIVE"
            assert expected.issubset(by_id) if is_active else expected.isdisjoint(by_id)


def terms(release: dict[str, Any]) -> list[Terms]:
    return [
        Terms(
            id=UUID(each["id"]),
            recipient_agency_id=UUID(each["agency_id"]),
            categories=tuple(Category(code) for code in each["categories"]),
            purposes=(Purpose(each["purpose"]),),
        )
        for each in release["provisions"]
    ]


def test_only_who_is_enrolled_has_signed_anything(batch: Batch) -> None:
    for person in batch.people:
        assert ("releases" in person) == (person["stage"] in ENROLLED)


SMALL_SITE = "338170d5976af06bba2e6ae15be785d8ce9610dd12c516a3aa44c6dcd449b420"
