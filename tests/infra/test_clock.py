"""Which day it is: at a place, and at the latest and the earliest anywhere."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from infra import clock

WEST, EAST = ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("now", "west", "east", "latest"),
    [
        (datetime(2026, 11, 24, 7, 30, tzinfo=UTC), 23, 24, 24),  # 23:30 in the west
        (datetime(2026, 11, 24, 8, 30, tzinfo=UTC), 24, 24, 24),
        (datetime(2026, 11, 24, 14, 30, tzinfo=UTC), 24, 24, 25),  # 23:30 in the east
        (datetime(2026, 11, 24, 15, 30, tzinfo=UTC), 24, 25, 25),
        (datetime(2026, 11, 24, 9, 59, tzinfo=UTC), 24, 24, 24),
        (datetime(2026, 11, 24, 10, 0, tzinfo=UTC), 24, 24, 25),  # midnight of the Line Islands
    ],
)
def test_a_day_is_one_of_the_place(
    monkeypatch: pytest.MonkeyPatch, now: datetime, west: int, east: int, latest: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    assert clock.day_in(WEST) == date(2026, 11, west)
    assert clock.day_in(EAST) == date(2026, 11, east)
    assert clock.latest_day() == date(2026, 11, latest)
    assert clock.latest_day() == max(
        clock.day_in(ZoneInfo(each)) for each in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
    )


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        (datetime(2026, 11, 24, 11, 59, tzinfo=UTC), 23),
        (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), 24),  # midnight of the westmost place
    ],
)
def test_the_earliest_day_has_begun_everywhere(
    monkeypatch: pytest.MonkeyPatch, now: datetime, earliest: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    assert clock.earliest_day() == date(2026, 11, earliest)
    assert clock.earliest_day() <= min(clock.day_in(WEST), clock.day_in(EAST))
