"""Pseudonyms, shifted dates and masks: alike for one person and agreement, for no other."""

from datetime import date, timedelta
from uuid import uuid4

from infra.indicators.studies import MASKED, MOST_SHIFT_DAYS, Study, masks

ONE, OTHER = Study(uuid4().bytes, None), Study(uuid4().bytes, None)
DAY = date(2025, 2, 1)


def test_a_person_has_one_name_under_one_agreement_and_another_under_the_next() -> None:
    person = uuid4()
    assert ONE.pseudonym(person) == Study(ONE.secret, None).pseudonym(person)
    assert ONE.pseudonym(person) != OTHER.pseudonym(person)
    assert ONE.pseudonym(person) != ONE.pseudonym(uuid4())
    assert str(person).replace("-", "") not in ONE.pseudonym(person)


def test_all_dates_of_a_person_are_shifted_alike_and_not_those_of_others() -> None:
    people = [uuid4() for _ in range(200)]
    shifts = set()
    for person in people:
        first, later = ONE.shifted(person, DAY), ONE.shifted(person, DAY + timedelta(days=30))
        assert first is not None
        assert later is not None
        assert later - first == timedelta(days=30)
        assert abs((first - DAY).days) <= MOST_SHIFT_DAYS
        shifts.add((first - DAY).days)
    assert len(shifts) > 100
    assert ONE.shifted(people[0], None) is None


def test_who_looks_like_fewer_than_eleven_loses_the_most_telling_trait_first() -> None:
    people = [
        *[("WHITE", "25_TO_34", "MAN")] * 11,
        *[("WHITE", "25_TO_34", "WOMAN")] * 6,
        *[("WHITE", "25_TO_34", "NON_BINARY")] * 5,
        *[("ASIAN", "35_TO_44", "MAN")] * 3,
    ]
    shown = masks(people)
    assert shown[0] == ("WHITE", "25_TO_34", "MAN")
    assert shown[11] == shown[17] == ("WHITE", "25_TO_34", MASKED)
    assert shown[22] == (MASKED, MASKED, MASKED)
    assert masks([]) == []


def test_twin_that_masks_nothing_singles_somebody_out() -> None:
    people = [*[("WHITE", "MAN")] * 20, ("ASIAN", "WOMAN")]
    assert people.count(people[-1]) == 1
    assert masks(people)[-1] == (MASKED, MASKED)
