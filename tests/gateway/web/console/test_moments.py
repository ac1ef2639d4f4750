"""Times are the site's, in the words of the page's language."""

from datetime import UTC, date, datetime

from gateway.web.console.moments import day_text, days_until, hour_text, local_day, zone_name
from gateway.web.console.site_days import end_of

PACIFIC = "America/Los_Angeles"
LATE = datetime(2027, 3, 14, 7, 30, tzinfo=UTC)  # 23:30 the day before, an hour before summer time


def test_a_day_is_the_sites_day() -> None:
    assert local_day(LATE, PACIFIC) == date(2027, 3, 13)
    assert day_text(LATE, PACIFIC, "en") == "13 Mar 2027"
    assert day_text(LATE, PACIFIC, "es") == "13 mar 2027"
    assert day_text(date(2027, 3, 14), PACIFIC, "en") == "14 Mar 2027"


def test_an_hour_is_written_as_the_language_does() -> None:
    assert hour_text(LATE, PACIFIC, "en") == "11:30 PM"
    assert hour_text(LATE, PACIFIC, "es") == "23:30"
    assert hour_text(datetime(2027, 7, 1, 19, 5, tzinfo=UTC), PACIFIC, "en") == "12:05 PM"
    assert hour_text(datetime(2027, 7, 1, 7, 5, tzinfo=UTC), PACIFIC, "en") == "12:05 AM"


def test_the_zone_has_the_name_of_the_season() -> None:
    assert zone_name(LATE, PACIFIC) == "PST"
    assert zone_name(datetime(2027, 7, 1, tzinfo=UTC), PACIFIC) == "PDT"


def test_days_are_counted_on_the_sites_calendar() -> None:
    assert days_until(datetime(2027, 3, 15, 6, 0, tzinfo=UTC), PACIFIC, LATE) == 1
    assert days_until(date(2027, 3, 13), PACIFIC, LATE) == 0
    assert days_until(date(2027, 3, 1), PACIFIC, LATE) == -12


def test_a_day_ends_at_the_sites_midnight_also_when_clocks_change() -> None:
    assert end_of(date(2027, 3, 13), PACIFIC).astimezone(UTC) == datetime(
        2027, 3, 14, 8, tzinfo=UTC
    )
    assert end_of(date(2027, 3, 14), PACIFIC).astimezone(UTC) == datetime(
        2027, 3, 15, 7, tzinfo=UTC
    )
