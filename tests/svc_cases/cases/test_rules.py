"""Dates of a case, and days at a court."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_cases.cases.rules import (
    CaseStatus,
    ChargeStatus,
    DateError,
    bounds_of_day,
    check_dates,
    docket_name,
    local_day,
)

ZONE = "America/Los_Angeles"
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("incident_on", "filed_on", "closed_on"),
    [
        (TOMORROW, None, None),
        (None, TOMORROW, None),
        (TODAY, YESTERDAY, None),
        (None, None, TODAY),
        (None, TODAY, YESTERDAY),
    ],
)
def test_dates_that_contradict_are_refused(
    incident_on: date | None, filed_on: date | None, closed_on: date | None
) -> None:
    with pytest.raises(DateError):
        check_dates(incident_on, filed_on, closed_on, TODAY)


def test_dates_that_agree_pass() -> None:
    check_dates(None, None, None, TODAY)
    check_dates(YESTERDAY, YESTERDAY, TODAY, TODAY)


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_a_day_has_exactly_the_instants_of_that_day(day: date) -> None:
    start, end = bounds_of_day(day, ZONE)
    assert local_day(start.astimezone(UTC), ZONE) == day
    last = end.astimezone(UTC) - timedelta(microseconds=1)
    assert local_day(last, ZONE) == day
    assert local_day(end.astimezone(UTC), ZONE) == day + timedelta(days=1)


def test_the_day_of_the_clock_change_is_an_hour_longer() -> None:
    start, end = bounds_of_day(date(2026, 11, 1), ZONE)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=25)


def test_an_evening_in_utc_is_the_day_before_at_the_court() -> None:
    assert local_day(datetime(2026, 11, 22, 4, tzinfo=UTC), ZONE) == date(2026, 11, 21)


def test_public_words_say_nothing_of_lead() -> None:
    assert not [word for word in (*CaseStatus, *ChargeStatus) if "LEAD" in word or "HELD" in word]


def test_our_own_ignorance_is_apart_from_the_court_s() -> None:
    for words in (CaseStatus, ChargeStatus):
        assert {"INTERNAL_UNKNOWN", "EXTERNAL_UNKNOWN"} <= set(words)


def test_dockets_write_the_family_name_first() -> None:
    assert docket_name("Sam", "Example-Elm") == "Example-Elm, Sam"
