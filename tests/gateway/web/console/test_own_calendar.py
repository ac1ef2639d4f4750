"""The own calendar's page: an address is made, shown once, replaced and ended."""

import re
from typing import Any

import pytest

from gateway.web.console.views import own_calendar
from tests.gateway.web.console.test_long_training_lists import shown
from tests.gateway.web.console.test_session import settings_of
from tests.gateway.web.console.test_training_forms import Desk

PATH = f"/training/calendar/{'S' * 43}.ics"
MADE = "2026-11-20T12:00:00+00:00"


class CalendarDesk(Desk):
    """Has an address or none."""

    def __init__(self, made: str | None = None, *, may: bool = True) -> None:
        super().__init__()
        self.made, self.may = made, may
        self.path: str | None = PATH

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "myTrainingCalendar": lambda _info: {
                "maySubscribe": self.may, "subscribedAt": self.made
            },
            "subscribeToCalendar": self._keeping("subscribeToCalendar", path=self.path),
            "endCalendar": self._keeping("endCalendar"),
        }  # fmt: skip


async def shown_once(desk: CalendarDesk) -> None:
    page = await shown(desk, own_calendar.shown, form={"key": "k"}, role="LEO")
    assert f'value="{settings_of().public_url}{PATH}"' in page
    assert "shown this once" in page
    assert f'href="{PATH}' not in page  # nothing asks for it from this page
    desk.made = MADE
    later = await shown(desk, own_calendar.shown, role="LEO")
    assert "There is an address" in later
    assert PATH not in later
    assert "Make another one in its place" in later


async def test_an_address_is_shown_to_whom_it_is_made_and_once() -> None:
    desk = CalendarDesk()
    assert "There is no address" in await shown(desk, own_calendar.shown, role="LEO")
    await shown_once(desk)
    assert desk.sent["subscribeToCalendar"] == {"idempotencyKey": "k"}


async def test_planted_page_that_shows_it_again_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = CalendarDesk()
    real = own_calendar.shown

    async def remembers(visit: Any) -> Any:
        response = await real(visit)
        response.body = bytes(response.body) + PATH.encode()
        return response

    monkeypatch.setattr(own_calendar, "shown", remembers)
    with pytest.raises(AssertionError):
        await shown_once(desk)


async def test_a_form_that_comes_again_is_told_so_and_offers_another_key() -> None:
    desk = CalendarDesk(MADE)
    desk.path = None
    page = await shown(desk, own_calendar.shown, form={"key": "used"}, role="LEO")
    assert "stored nowhere" in page
    keys = re.findall(r'name="key" value="([^"]+)"', page)
    assert keys
    assert "used" not in keys


async def test_it_is_ended() -> None:
    desk = CalendarDesk(MADE)
    assert "End it" in await shown(desk, own_calendar.shown, role="LEO")
    assert await shown(desk, own_calendar.ended, form={"key": "e"}, role="LEO") == ""
    assert desk.sent["endCalendar"] == {"idempotencyKey": "e"}


async def test_who_may_have_none_is_told_why() -> None:
    desk = CalendarDesk(may=False)
    page = await shown(desk, own_calendar.shown, role="LEO")
    assert "the agency's roster" in page.replace("&#39;", "'")
    assert ">Subscribe<" not in page
    desk.refusal = {"code": "NOT_ON_ROSTER", "message": "Only who.", "field": None}
    desk.path = None
    refused = await shown(desk, own_calendar.shown, form={"key": "k"}, role="LEO")
    assert 'id="problems"' in refused
    assert PATH not in refused
